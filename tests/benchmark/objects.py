"""Time and size of the objects of one result, built and checked as a worker does it, from a made-up analysis."""

import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting.writer import encode
from tests.factories.analysis import build_outputs, gate_findings, make_analysis

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Case:
    """A study of both series, each of so many slices of so many pixels a side, about."""

    slices: int
    pixels: int


CASES = (Case(25, 336), Case(60, 512))


def object_figures() -> list[dict[str, Any]]:
    """Of each case: objects and bytes by kind, and medians of the seconds that building and checking take."""
    return [_figures(case) for case in CASES]


def _figures(case: Case) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="axspa-objects-") as name:
        analysis = make_analysis(Path(name), slices=case.slices, size=case.pixels)
        build, check = [], []
        for _ in range(ROUNDS + 1):
            start = time.perf_counter()
            outputs = build_outputs(analysis)
            built = time.perf_counter()
            findings = gate_findings(outputs.objects, analysis)
            build.append(built - start)
            check.append(time.perf_counter() - built)
        if findings:
            raise SystemExit(f"the gate would hold this result: {findings}")
    size: dict[str, int] = defaultdict(int)
    number: dict[str, int] = defaultdict(int)
    for item in outputs.objects:
        size[item.kind] += len(encode(item.dataset))
        number[item.kind] += 1
    return {
        "slices": case.slices,
        "pixels": case.pixels,
        # The first round loads fonts and tables, which a worker does once.
        "build_s": round(statistics.median(build[1:]), 3),
        "check_s": round(statistics.median(check[1:]), 3),
        "objects": [{"kind": kind, "number": number[kind], "bytes": size[kind]} for kind in number],
    }
