"""Which slices to show first, and why each."""

import numpy as np
from numpy.typing import NDArray

from inference.sij_mri.types import Reading
from inference.space import matching_slice
from inference.types import Key

MAX_APART = 3
MOST_EDEMA, STRONGEST_CLASS, MIDDLE = "most-edema", "strongest-class", "middle-of-joints"


def choose_key_slices(reading: Reading, count: int = 3) -> tuple[tuple[int, Key], ...]:
    """The slices that show most: the most edema, the classifier's strongest, then those about the middle of the joints.

    Parameters
    ----------
    reading : Reading
    count : int
        At most so many, apart from each other where there is room.

    Returns
    -------
    tuple of (int, Key)
        Slice indices of the reference volume, ascending, and why each was chosen. None where no joint was traced.
    """
    candidates = _well_shown(reading)
    if not candidates:
        return ()
    middle = candidates[len(candidates) // 2]
    edema = _edema_by_slice(reading)
    predicted: dict[int, float] = {}
    if reading.prediction is not None:
        predicted = {item.slice_index: item.as_probability for item in reading.prediction.slices}

    def near_middle(index: int) -> int:
        return abs(index - middle)

    with_edema = sorted((index for index in candidates if edema[index] > 0), key=lambda index: -edema[index])
    shown = [index for index in candidates if index in predicted]
    strongest = sorted(shown, key=lambda index: (-predicted[index], near_middle(index)))
    ranked = [(index, MOST_EDEMA) for index in with_edema[:1]]
    ranked += [(index, STRONGEST_CLASS) for index in strongest[:1]]
    ranked += [(index, MIDDLE) for index in sorted(candidates, key=near_middle)]
    chosen: dict[int, Key] = {}
    for apart in range(MAX_APART, 0, -1):
        for index, why in ranked:
            if len(chosen) < count and all(abs(index - other) >= apart for other in chosen):
                chosen[index] = why
    return tuple(sorted(chosen.items()))


def _well_shown(reading: Reading) -> list[int]:
    """Slices that hold at least half as much of the joints as the fullest."""
    area = sum((joint.band.sum(axis=(1, 2)) for joint in reading.joints), np.zeros(reading.reference.shape[0]))
    return [index for index in range(len(area)) if area[index] >= area.max() / 2] if area.any() else []


def _edema_by_slice(reading: Reading) -> NDArray[np.float64]:
    """Edema of the joints, near and deep, in the slice that lies at each slice of the reference."""
    area = np.zeros(reading.reference.shape[0])
    if reading.edema is None or reading.fluid is None:
        return area
    parts = reading.edema.usual
    masks = (*parts.near.values(), *parts.deep.values())
    both = sum((mask.sum(axis=(1, 2)) for mask in masks), np.zeros(reading.fluid.shape[0]))
    for index in range(len(area)):
        match = matching_slice(reading.reference, index, reading.fluid)
        if match is not None:
            area[index] = both[match]
    return area
