"""What differs between two golden records."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far records may differ.

    Attributes
    ----------
    number : float
        Relative, and absolute below 1.
    unequal_share : float
        Share of a mask's voxels that may differ.
    same_pictures : bool
        Pictures equal pixel by pixel; else their thumbnails alike.
    """

    number: float
    unequal_share: float
    same_pictures: bool


ONE_MACHINE = Tolerance(1e-6, 0.0, True)
ANY_MACHINE = Tolerance(2e-2, 5e-3, False)
"""Networks differ in the last digits from processor to processor, and a voxel at the threshold with them."""


def compare(before: Path, after: Path, tolerance: Tolerance) -> list[str]:
    """One line for each difference; empty where the records agree."""
    return [*_records(load(before), load(after), tolerance), *_arrays(before, after, tolerance)]


def load(folder: Path) -> dict[str, Any]:
    """The record in a folder, without its arrays."""
    content: dict[str, Any] = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return content


def _records(before: dict[str, Any], after: dict[str, Any], tolerance: Tolerance) -> Iterator[str]:
    yield from _maps(before["summary"], after["summary"], "summary", tolerance)
    yield from _maps(dict.fromkeys(before["objects"], 0), dict.fromkeys(after["objects"], 0), "objects", tolerance)
    for name in sorted(set(before["objects"]) & set(after["objects"])):
        yield from _maps(before["objects"][name], after["objects"][name], name, tolerance)
    if before["way"] != after["way"]:
        yield f"way: {before['way']} became {after['way']}"


def _maps(before: dict[str, Any], after: dict[str, Any], place: str, tolerance: Tolerance) -> Iterator[str]:
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in after:
            yield f"{place}: {key} is gone: {before[key]!r}"
        elif key not in before:
            yield f"{place}: {key} is new: {after[key]!r}"
        elif key.endswith("sha256") and not tolerance.same_pictures:
            continue
        elif not _alike(before[key], after[key], tolerance):
            yield f"{place}: {key}: {before[key]!r} became {after[key]!r}"


def _alike(before: Any, after: Any, tolerance: Tolerance) -> bool:
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(_alike(a, b, tolerance) for a, b in zip(before, after, strict=True))
    if isinstance(before, int | float) and isinstance(after, int | float):
        return abs(before - after) <= tolerance.number * max(1.0, abs(before))
    if isinstance(before, str) and isinstance(after, str) and not tolerance.same_pictures:
        numbers = [float(a) - float(b) for a, b in zip(_NUMBER.findall(before), _NUMBER.findall(after), strict=False)]
        return _NUMBER.sub("#", before) == _NUMBER.sub("#", after) and all(abs(one) <= 0.5 for one in numbers)
    return bool(before == after)


def _arrays(before: Path, after: Path, tolerance: Tolerance) -> Iterator[str]:
    with np.load(before / "arrays.npz") as old, np.load(after / "arrays.npz") as new:
        for name in sorted(set(old) & set(new)):
            if "seg" in name:
                yield from _masks(name, np.unpackbits(old[name]), np.unpackbits(new[name]), tolerance)
            elif np.abs(old[name].astype(float) - new[name]).mean() > 2.0:
                yield f"{name}: the picture differs"


def _masks(name: str, old: np.ndarray, new: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    if old.shape != new.shape:
        yield f"{name}: the mask has other frames"
        return
    unequal = int(np.count_nonzero(old != new))
    if unequal > tolerance.unequal_share * max(1, int(old.sum())):
        yield f"{name}: {unequal} of {int(old.sum())} voxels differ"
