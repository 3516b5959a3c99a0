"""Which slices to show first."""

import numpy as np
from numpy.typing import NDArray

from inference.sij_mri.types import Reading
from inference.space import matching_slice

MAX_APART = 3


def choose_key_slices(reading: Reading, count: int = 3) -> tuple[int, ...]:
    """The slices that show most: the most edema, the classifier's strongest, then those about the middle of the joints.

    Parameters
    ----------
    reading : Reading
    count : int
        At most so many, apart from each other where there is room.

    Returns
    -------
    tuple of int
        Slice indices of the reference volume, ascending.
    """
    candidates = _well_shown(reading)
    middle = candidates[len(candidates) // 2]
    edema = _edema_by_slice(reading)
    predicted: dict[int, float] = {}
    if reading.prediction is not None:
        predicted = {item.slice_index: item.as_probability for item in reading.prediction.slices}

    def near_middle(index: int) -> int:
        return abs(index - middle)

    ranked = sorted((index for index in candidates if edema[index] > 0), key=lambda index: -edema[index])[:1]
    shown = [index for index in candidates if index in predicted]
    ranked += sorted(shown, key=lambda index: (-predicted[index], near_middle(index)))[:1]
    ranked += sorted(candidates, key=near_middle)
    chosen: list[int] = []
    for apart in range(MAX_APART, 0, -1):
        for index in ranked:
            if len(chosen) < count and all(abs(index - other) >= apart for other in chosen):
                chosen.append(index)
    return tuple(sorted(chosen))


def _well_shown(reading: Reading) -> list[int]:
    """Slices that hold at least half as much of the joints as the fullest; without joints, of the region."""
    count = reading.reference.shape[0]
    masks = [joint.band for joint in reading.joints] or ([] if reading.region is None else [reading.region])
    area = sum((mask.sum(axis=(1, 2)) for mask in masks), np.zeros(count))
    if not area.any():
        return [index for index in range(count) if abs(index - count // 2) <= MAX_APART]
    return [index for index in range(count) if area[index] >= area.max() / 2]


def _edema_by_slice(reading: Reading) -> NDArray[np.float64]:
    area = np.zeros(reading.reference.shape[0])
    if reading.edema is None or reading.fluid is None:
        return area
    both = (reading.edema.left | reading.edema.right).sum(axis=(1, 2))
    for index in range(len(area)):
        match = matching_slice(reading.reference, index, reading.fluid)
        if match is not None:
            area[index] = both[match]
    return area
