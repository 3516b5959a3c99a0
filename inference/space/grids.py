"""Between voxel indices and the patient: all that crosses from one grid to another goes through here.

Indices are (slice, row, column), fractional ones allowed; points are LPS millimeters. Slices need not be equally
spaced: between two slices positions are interpolated, beyond the ends they continue with the median spacing.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from inference.types import Volume

Points = NDArray[np.float64]
SAME_GRID_MM = 1e-3
_HALF_VOXEL = 0.5 + 1e-6


def to_patient(volume: Volume, indices: ArrayLike) -> Points:
    """Patient coordinates of voxel indices.

    Parameters
    ----------
    volume : Volume
    indices : array_like (..., 3)
        (slice, row, column), counted from the center of the first voxel.

    Returns
    -------
    float64 array (..., 3)
        LPS, millimeters.
    """
    index = np.asarray(indices, dtype=np.float64)
    rows_mm = index[..., 1, None] * volume.pixel_spacing_mm[0]
    columns_mm = index[..., 2, None] * volume.pixel_spacing_mm[1]
    origin = _origins(volume, index[..., 0])
    points: Points = (
        origin + columns_mm * np.asarray(volume.row_direction) + rows_mm * np.asarray(volume.column_direction)
    )
    return points


def to_index(volume: Volume, points: ArrayLike) -> Points:
    """Voxel indices of patient coordinates; the inverse of :func:`to_patient`.

    Parameters
    ----------
    volume : Volume
    points : array_like (..., 3)
        LPS, millimeters.

    Returns
    -------
    float64 array (..., 3)
        (slice, row, column); outside the volume negative or beyond its shape.
    """
    point = np.asarray(points, dtype=np.float64)
    slices = _slice_index(volume, point @ volume.normal)
    offset = point - _origins(volume, slices)
    rows = offset @ np.asarray(volume.column_direction) / volume.pixel_spacing_mm[0]
    columns = offset @ np.asarray(volume.row_direction) / volume.pixel_spacing_mm[1]
    return np.stack([slices, rows, columns], axis=-1)


def same_space(a: Volume, b: Volume) -> bool:
    """True where two volumes share a frame of reference, so that positions in one mean the same in the other."""
    return bool(a.frame_of_reference_uid) and a.frame_of_reference_uid == b.frame_of_reference_uid


def same_grid(a: Volume, b: Volume) -> bool:
    """True where every voxel of ``a`` lies on the voxel of ``b`` with the same index, to 0.001 mm."""
    if a.shape != b.shape:
        return False
    slices, rows, columns = a.shape
    corners = [[k, r, c] for k in range(slices) for r in (0, rows - 1) for c in (0, columns - 1)]
    return bool(np.abs(to_patient(a, corners) - to_patient(b, corners)).max() <= SAME_GRID_MM)


def resample(array: NDArray[Any], source: Volume, onto: Volume, *, order: int = 1) -> NDArray[Any]:
    """Values of an array on the grid of one volume, read on the grid of another.

    Parameters
    ----------
    array : array (slices, rows, columns)
        On the grid of ``source``; bool, integer or float.
    source, onto : Volume
    order : int
        0 nearest (labels), 1 linear. A bool array read linearly is cut at one half.

    Returns
    -------
    array (slices, rows, columns) of the shape of ``onto``, of the same dtype
        Voxels whose center lies outside every voxel of ``source`` are 0 or False.

    Raises
    ------
    ValueError
        The array does not lie on the grid of ``source``.
    """
    if array.shape != source.shape:
        raise ValueError(f"the array must have the shape {source.shape} of its volume, received {array.shape}")
    if same_grid(source, onto):
        return array.copy()
    values = array.astype(np.float32) if array.dtype == np.bool_ and order > 0 else array
    values = values.astype(np.uint8) if values.dtype == np.bool_ else values
    result = np.zeros(onto.shape, dtype=values.dtype)
    for index in range(onto.shape[0]):
        place, inside = _lookup(source, onto, index)
        if inside.any():
            found = map_coordinates(values, place, order=order, mode="nearest", prefilter=order > 1)
            result[index][inside] = found[inside]
    return result >= 0.5 if array.dtype == np.bool_ else result


def _places(volume: Volume) -> Points:
    """Place of each slice along the normal; ascending."""
    places: Points = volume.positions_mm @ volume.normal
    return places


def _slice_index(volume: Volume, along_mm: Points) -> Points:
    """Fractional slice index of places along the normal."""
    places = _places(volume)
    last = len(places) - 1
    index: Points = np.interp(along_mm, places, np.arange(last + 1, dtype=np.float64))
    below = (along_mm - places[0]) / volume.slice_spacing_mm
    above = last + (along_mm - places[-1]) / volume.slice_spacing_mm
    return np.where(along_mm < places[0], below, np.where(along_mm > places[-1], above, index))


def _origins(volume: Volume, slices: Points) -> Points:
    """Position of the first pixel at fractional slice indices, (..., 3)."""
    last = volume.shape[0] - 1
    inside = np.clip(slices, 0, last)
    low = np.minimum(np.floor(inside).astype(np.intp), max(last - 1, 0))
    part = (inside - low)[..., None]
    positions = volume.positions_mm
    between = positions[low] * (1 - part) + positions[np.minimum(low + 1, last)] * part
    beyond: Points = between + (slices - inside)[..., None] * volume.slice_spacing_mm * volume.normal
    return beyond


def _lookup(source: Volume, onto: Volume, index: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where the pixels of a slice of ``onto`` lie on ``source``: clipped indices (3, rows, columns), and the inside."""
    _, rows, columns = onto.shape
    corner = to_patient(onto, [index, 0, 0])
    down = np.asarray(onto.column_direction) * onto.pixel_spacing_mm[0]
    right = np.asarray(onto.row_direction) * onto.pixel_spacing_mm[1]
    along = _plane(corner, down, right, source.normal, (rows, columns))
    place = np.empty((3, rows, columns), dtype=np.float32)
    place[0] = slices = _slice_index(source, along)
    axes = (np.asarray(source.column_direction), np.asarray(source.row_direction))
    for axis, direction, spacing in zip((1, 2), axes, source.pixel_spacing_mm, strict=True):
        offset = _plane(corner, down, right, direction, (rows, columns)) - _shift(source, direction, slices)
        place[axis] = offset / spacing
    limits = np.array(source.shape, dtype=np.float32)[:, None, None] - 1
    inside: NDArray[np.bool_] = np.all((place >= -_HALF_VOXEL) & (place <= limits + _HALF_VOXEL), axis=0)
    return np.clip(place, 0, limits), inside


def _shift(source: Volume, direction: Points, slices: Points) -> Points | float:
    """In-plane coordinate of the first pixel at fractional slice indices; one number for an unsheared stack."""
    starts = source.positions_mm @ direction
    if np.ptp(starts) < SAME_GRID_MM:
        return float(starts[0])
    return np.interp(slices, np.arange(len(starts), dtype=np.float64), starts)


def _plane(corner: Points, down: Points, right: Points, direction: Points, shape: tuple[int, int]) -> Points:
    """Coordinate along a direction of all pixels of a plane, (rows, columns)."""
    rows = np.arange(shape[0])[:, None] * float(down @ direction)
    columns = np.arange(shape[1])[None, :] * float(right @ direction)
    return rows + columns + float(corner @ direction)


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
    distances = (onto.positions_mm - _center_mm(volume, index)) @ onto.normal
    nearest = int(np.argmin(np.abs(distances)))
    return nearest if abs(distances[nearest]) <= onto.slice_spacing_mm else None


def _center_mm(volume: Volume, index: int) -> NDArray[np.float64]:
    _, rows, columns = volume.shape
    across = np.asarray(volume.row_direction) * volume.pixel_spacing_mm[1] * (columns - 1) / 2
    down = np.asarray(volume.column_direction) * volume.pixel_spacing_mm[0] * (rows - 1) / 2
    center: NDArray[np.float64] = volume.positions_mm[index] + across + down
    return center
