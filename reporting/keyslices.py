"""Which slices to show first, and which slice of the other series lies at the same place."""

import numpy as np

from inference.types import Analysis, Volume

MIN_APART = 2


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
    """The slices of the reference volume that show most: edema, then the classifier's strongest, then the middle.

    Parameters
    ----------
    analysis : Analysis
        Applicable; otherwise nothing is chosen.
    count : int
        At most so many, at least two apart where there is room.

    Returns
    -------
    tuple of int
        Slice indices of the reference volume, ascending.
    """
    volume = analysis.reference
    if volume is None:
        return ()
    candidates = sorted(analysis.joint_slices) or _slices_with_region(analysis, volume)
    edema = _edema_by_slice(analysis, volume)
    predicted = {item.slice_index: item.as_probability for item in analysis.prediction.slices} if analysis.prediction else {}
    ranked = sorted((index for index in range(volume.shape[0]) if edema[index] > 0), key=lambda index: -edema[index])[:1]
    ranked += sorted((index for index in candidates if index in predicted), key=lambda index: -predicted[index])[:1]
    middle = candidates[len(candidates) // 2]
    ranked += sorted(candidates, key=lambda index: (abs(index - middle) % MIN_APART, abs(index - middle)))
    chosen: list[int] = []
    for apart in (MIN_APART, 1):
        for index in ranked:
            if len(chosen) < count and all(abs(index - other) >= apart for other in chosen):
                chosen.append(index)
    return tuple(sorted(chosen))


def _slices_with_region(analysis: Analysis, volume: Volume) -> list[int]:
    if analysis.region is None or not analysis.region.any():
        middle = volume.shape[0] // 2
        return [index for index in range(middle - 2, middle + 3) if 0 <= index < volume.shape[0]]
    area = analysis.region.sum(axis=(1, 2))
    return [int(index) for index in np.flatnonzero(area >= area.max() / 2)]


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
