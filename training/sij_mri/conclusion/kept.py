"""Answers kept while they are counted: a count that was cut off goes on, and its page is written again at once."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inference.sij_mri import Stage
from training.sij_mri.conclusion.evaluate import Judged, ReadScan

Answers = Sequence[Judged | ReadScan]


class KeptAnswers:
    """A file of JSON lines: first what gave the answers, then those of one task in each.

    Parameters
    ----------
    path : Path
        Made if it is not there.
    made_by : str
        What gives the answers: bundle and version.

    Raises
    ------
    ValueError
        The answers in it were given by something else.
    """

    def __init__(self, path: Path, *, made_by: str) -> None:
        self._path = path
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"made by": made_by}) + "\n", encoding="utf-8")
        first, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        before = json.loads(first)["made by"]
        if before != made_by:
            raise ValueError(f"these answers were given by {before}, not by {made_by}; give another --answers")
        whole = [line for line in lines if line.endswith("\n")]  # the last may have been cut off
        if len(whole) < len(lines):
            path.write_text("".join([first, *whole]), encoding="utf-8")
        self._known: dict[str, list[dict[str, Any]]] = dict(_entries(whole))

    def of(self, task: str) -> Answers | None:
        """The answers of a task, if they were given."""
        kept = self._known.get(task)
        return None if kept is None else [_read(one) for one in kept]

    def keep(self, task: str, answers: Answers) -> None:
        """Write the answers of a task down."""
        self._known[task] = [asdict(one) for one in answers]
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"task": task, "answers": self._known[task]}) + "\n")


def _entries(lines: Sequence[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for line in lines:
        entry = json.loads(line)
        yield entry["task"], entry["answers"]


def _read(values: dict[str, Any]) -> Judged | ReadScan:
    return Judged(**{**values, "truth": Stage(values["truth"])}) if "truth" in values else ReadScan(**values)
