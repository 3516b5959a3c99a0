"""Which slices to show first, and which slice of the other series lies at the same place."""

import numpy as np

from inference.sij_mri import Analysis
from inference.types import Volume

MAX_APART = 3


def matching_slice(volume: Volume, index: int, onto: Volume) -> int | None:
    """Slice of another volume nearest to the middle of a slice.

    Parameters
    ----------
    volume, index
        The slice to match.
    onto : Volume
        Where to look.

    Returns
    -------
    int or None
        None where the other volume has no slice within its own slice spacing, or lies in another frame of reference.
    """
    if volume.frame_of_reference_uid != onto.frame_of_reference_uid:
        return None
    distances = (onto.positions_mm - _centre_mm(volume, index)) @ onto.normal
    nearest = int(np.argmin(np.abs(distances)))
    return nearest if abs(distances[nearest]) <= onto.slice_spacing_mm else None


def _centre_mm(volume: Volume, index: int) -> np.ndarray:
    _, rows, columns = volume.shape
    across = np.asarray(volume.row_direction) * volume.pixel_spacing_mm[1] * (columns - 1) / 2
    down = np.asarray(volume.column_direction) * volume.pixel_spacing_mm[0] * (rows - 1) / 2
    centre: np.ndarray = volume.positions_mm[index] + across + down
    return centre


def choose_key_slices(analysis: Analysis, count: int = 3) -> tuple[int, ...]:
    """The slices that show most: the most edema, the classifier's strongest, then those about the middle of the joints.

    Parameters
    ----------
    analysis : Analysis
        Applicable; otherwise nothing is chosen.
    count : int
        At most so many, apart from each other where there is room.

    Returns
    -------
    tuple of int
        Slice indices of the reference volume, ascending.
    """
    volume = analysis.reference
    if volume is None:
        return ()
    candidates = _well_shown(analysis, volume)
    middle = candidates[len(candidates) // 2]
    edema = _edema_by_slice(analysis, volume)
    predicted: dict[int, float] = {}
    if analysis.prediction is not None:
        predicted = {item.slice_index: item.as_probability for item in analysis.prediction.slices}

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


def _well_shown(analysis: Analysis, volume: Volume) -> list[int]:
    """Slices that hold at least half as much of the joints as the fullest; without joints, of the region."""
    slices = range(volume.shape[0])
    masks = [joint.band for joint in analysis.joints] or ([] if analysis.region is None else [analysis.region])
    area = sum((mask.sum(axis=(1, 2)) for mask in masks), np.zeros(volume.shape[0]))
    if not area.any():
        middle = volume.shape[0] // 2
        return [index for index in slices if abs(index - middle) <= MAX_APART]
    return [index for index in slices if area[index] >= area.max() / 2]


def _edema_by_slice(analysis: Analysis, volume: Volume) -> np.ndarray:
    area = np.zeros(volume.shape[0])
    if analysis.edema is None or analysis.fluid is None:
        return area
    both = (analysis.edema.left | analysis.edema.right).sum(axis=(1, 2))
    for index in range(volume.shape[0]):
        match = matching_slice(volume, index, analysis.fluid)
        if match is not None:
            area[index] = both[match]
    return area
