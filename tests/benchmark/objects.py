"""Time and size of the objects of one result, built and checked as a worker does it, from a made-up analysis.

Beside the time on the clock stands that of the processor, which is the same on a machine that does other work.
"""

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reporting import objects
from reporting.kinds import Kind
from reporting.objects import Material
from reporting.types import ResultObject
from reporting.writer import encode
from tests.factories.analysis import build_outputs, gate_findings, make_analysis

ROUNDS = 7
PANEL = "panel"
"""What is not of one object: headers, words, the panel's pictures and the summary of the result."""


@dataclass(frozen=True, slots=True)
class Case:
    """A study of both series, each of so many slices of so many pixels a side, about."""

    slices: int
    pixels: int


CASES = (Case(25, 336), Case(60, 512))


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds by the clock and of the processor, from any start."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Moment":
        """This moment."""
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, other: "Moment") -> "Moment":
        """What lies between two moments."""
        return Moment(self.wall - other.wall, self.cpu - other.cpu)


@dataclass
class ByKind:
    """Processor seconds of one result by the kind of object that they went into."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    mark: float = field(default_factory=time.process_time)

    def until_now(self, kind: str) -> None:
        """Count what passed since the last time for a kind."""
        now = time.process_time()
        self.seconds[kind] += now - self.mark
        self.mark = now

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count what passes between the start of a builder, and each object that it finishes."""
        with ExitStack() as stack:
            for name in {kind.value.builder for kind in Kind}:
                stack.enter_context(patch.object(objects, name, self._started(getattr(objects, name))))
            stack.enter_context(patch.object(Material, "finish", self._finished(Material.finish)))
            yield
        self.until_now(PANEL)

    def _started(self, builder: Callable[..., Any]) -> Callable[..., Any]:
        def build(*args: Any) -> Any:
            self.until_now(PANEL)
            return builder(*args)

        return build

    def _finished(self, finish: Callable[..., ResultObject]) -> Callable[..., ResultObject]:
        def finished(*args: Any, **options: Any) -> ResultObject:
            made = finish(*args, **options)
            self.until_now(made.kind)
            return made

        return finished


def object_figures() -> list[dict[str, Any]]:
    """Of each case: objects, bytes and seconds by kind, and medians of what building and checking take."""
    return [_figures(case) for case in CASES]


def _figures(case: Case) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="axspa-objects-") as name:
        analysis = make_analysis(Path(name), slices=case.slices, size=case.pixels)
        build, check, kinds = [], [], []
        for _ in range(ROUNDS + 1):
            start, by_kind = Moment.now(), ByKind()
            with by_kind.watching():
                outputs = build_outputs(analysis)
            built = Moment.now()
            findings = gate_findings(outputs.objects, analysis)
            build.append(built - start)
            check.append(Moment.now() - built)
            kinds.append(by_kind.seconds)
        if findings:
            raise SystemExit(f"the gate would hold this result: {findings}")
    size: dict[str, int] = defaultdict(int)
    number: dict[str, int] = defaultdict(int)
    for item in outputs.objects:
        size[item.kind] += len(encode(item.dataset))
        number[item.kind] += 1
    pictures = sum(len(one.data) for one in outputs.pictures)
    # The first round loads fonts and tables, which a worker does once.
    seconds = {kind: _median(one[kind] for one in kinds[1:]) for kind in (*number, PANEL)}
    return {
        "slices": case.slices,
        "pixels": case.pixels,
        "build_s": _median(one.wall for one in build[1:]),
        "build_cpu_s": _median(one.cpu for one in build[1:]),
        "check_s": _median(one.wall for one in check[1:]),
        "check_cpu_s": _median(one.cpu for one in check[1:]),
        "objects": [
            {"kind": kind, "number": number[kind], "bytes": size[kind], "cpu_s": seconds[kind]} for kind in number
        ],
        PANEL: {"number": len(outputs.pictures), "bytes": pictures, "cpu_s": seconds[PANEL]},
    }


def _median(seconds: Iterable[float]) -> float:
    return round(statistics.median(seconds), 3)
