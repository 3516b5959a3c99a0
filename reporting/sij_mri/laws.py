"""What every sacroiliac result must obey: left lies left of right, and nothing lies across the midline."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reporting.checks import centroids_mm, read_frames
from reporting.findings import Checked, GateCode, GateFinding

FloatVector = NDArray[np.float64]

_JOINT = "sacroiliac joint band"
_NAMES = ((_JOINT, "seg-anatomy"), ("bone marrow edema at the joint", "seg-edema"))


def sides(objects: Sequence[Checked]) -> Iterator[GateFinding]:
    """The patient's left has the larger LPS x; edema at a joint lies on its side of the plane midway between both.

    Edema farther from the joint may reach across: it belongs to the side of the lesion that it is part of.
    """
    kinds = {kind for _, kind in _NAMES}
    centroids: dict[str, FloatVector] = {}
    for item in objects:
        if item.kind in kinds:
            centroids |= centroids_mm(item.dataset, read_frames(item.dataset))
    for name, kind in _NAMES:
        left, right = centroids.get(f"Left {name}"), centroids.get(f"Right {name}")
        if left is not None and right is not None and left[0] <= right[0]:
            yield GateFinding(GateCode.SIDES_SWAPPED, f"The left {name} lies to the right of the right one.", kind)
    yield from _across(centroids)


def _across(centroids: dict[str, FloatVector]) -> Iterator[GateFinding]:
    middle, axis = _midline(centroids)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for name, kind in _NAMES:
            center = centroids.get(f"{side} {name}")
            if center is not None and middle is not None and sign * float((center - middle) @ axis) <= 0:
                yield GateFinding(GateCode.SIDES_SWAPPED, f"{side} {name} lies across the midline.", kind)


def _midline(centroids: dict[str, FloatVector]) -> tuple[FloatVector | None, FloatVector]:
    """A point of the midline and the direction to the patient's left."""
    towards_left = np.array([1.0, 0.0, 0.0])
    left, right = centroids.get(f"Left {_JOINT}"), centroids.get(f"Right {_JOINT}")
    if left is not None and right is not None:
        axis = left - right
        length = float(np.linalg.norm(axis))
        return (left + right) / 2, axis / length if length else towards_left
    return centroids.get("Sacroiliac bone region"), towards_left
