"""Joints and voxels of one volume, on the grid of another: everything crosses by patient coordinates."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.sij_mri.types import Joint
from inference.space import resample, same_grid, surface_band, to_index, to_patient
from inference.types import FloatArray, Volume

ROUNDS = 4
ONE_PLANE = 0.97
"""Least cosine between the normals of two volumes whose slices show the same (14 degrees)."""
PARALLEL = 0.5
"""Least cosine between the rows of the two grids; beyond that a row of one says nothing of a column of the other."""


def carry_joints(joints: tuple[Joint, ...], source: Volume, onto: Volume) -> tuple[Joint, ...]:
    """Read joint surfaces on another grid.

    Parameters
    ----------
    joints : tuple of Joint
        On the grid of `source`.
    source, onto : Volume
        In one frame of reference; slices, spacing and angle may differ.

    Returns
    -------
    tuple of Joint
        On the grid of `onto`; a joint of which nothing lies on that grid is left out, and all are where the rows of the
        two grids stand at more than 60 degrees.
    """
    if same_grid(source, onto):
        return joints
    if abs(float(np.dot(source.row_direction, onto.row_direction))) < PARALLEL:
        return ()
    carried = []
    for joint in joints:
        columns = _columns(joint.columns_px, source, onto)
        if np.isfinite(columns).any():
            band = surface_band(columns, onto)
            carried.append(Joint(joint.side, columns, band, _visibility(joint, columns, source, onto)))
    return tuple(carried)


def carry_voxels(source: Volume, onto: Volume) -> Volume | None:
    """Read a volume on the grid of another.

    Parameters
    ----------
    source, onto : Volume
        In one frame of reference and in the standard orientation.

    Returns
    -------
    Volume or None
        `onto` with the voxels of `source`, 0 where that has none; None where the slices of the two stand at more than
        ONE_PLANE: what lies in one slice of the one is then spread over many of the other.
    """
    if abs(float(np.dot(source.normal, onto.normal))) < ONE_PLANE:
        return None
    return replace(onto, voxels=resample(source.voxels, source, onto))


def _columns(surface: FloatArray, source: Volume, onto: Volume) -> FloatArray:
    """Column of the surface in each row of each slice of `onto`; NaN where there is none.

    A point on the target row is moved along it by the distance that it misses the surface by on the source grid, some
    times over; the surface is nearly upright in both, so this converges at once.
    """
    slices, rows, width = onto.shape
    slice_index, row_index = np.meshgrid(np.arange(slices), np.arange(rows), indexing="ij")
    step = np.dot(source.row_direction, onto.row_direction) * onto.pixel_spacing_mm[1] / source.pixel_spacing_mm[1]
    column = np.full((slices, rows), _start(surface, source, onto))
    for _ in range(ROUNDS):
        points = to_patient(onto, np.stack([slice_index, row_index, column], axis=-1))
        place = to_index(source, points)
        missed = _sample(surface, place[..., 0], place[..., 1]) - place[..., 2]
        column = np.where(np.isfinite(missed), column + missed / step, column)
    found = np.isfinite(missed) & (column >= 0) & (column <= width - 1)
    return np.where(found, column, np.nan).astype(np.float32)


def _start(surface: FloatArray, source: Volume, onto: Volume) -> float:
    at = np.argwhere(np.isfinite(surface))
    middle = at.mean(axis=0)
    place = to_patient(source, [float(middle[0]), float(middle[1]), float(np.nanmean(surface))])
    return float(to_index(onto, place)[2])


def _sample(
    surface: FloatArray, slice_index: NDArray[np.float64], row_index: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The surface between slices and rows, linear; NaN beyond its edge (by more than half a slice or row)."""
    slices, rows = surface.shape
    total = np.zeros(slice_index.shape)
    weight = np.zeros(slice_index.shape)
    low_slice, low_row = np.floor(slice_index).astype(np.intp), np.floor(row_index).astype(np.intp)
    for slice_step in (0, 1):
        for row_step in (0, 1):
            at_slice, at_row = low_slice + slice_step, low_row + row_step
            inside = (at_slice >= 0) & (at_slice < slices) & (at_row >= 0) & (at_row < rows)
            value = surface[np.clip(at_slice, 0, slices - 1), np.clip(at_row, 0, rows - 1)]
            share = np.abs(1 - slice_step - (slice_index - low_slice)) * np.abs(1 - row_step - (row_index - low_row))
            use = inside & np.isfinite(value)
            total += np.where(use, share * np.nan_to_num(value), 0.0)
            weight += np.where(use, share, 0.0)
    return np.where(weight >= 0.5, total / np.maximum(weight, 0.5), np.nan)


def _visibility(joint: Joint, columns: FloatArray, source: Volume, onto: Volume) -> FloatArray:
    """Visibility of the nearest source slice, for each slice that shows the surface."""
    visibility = np.zeros(len(columns), np.float32)
    for index in np.flatnonzero(np.isfinite(columns).any(axis=1)):
        row = int(np.flatnonzero(np.isfinite(columns[index])).mean())
        place = to_patient(onto, [float(index), float(row), float(np.nanmean(columns[index]))])
        nearest = int(np.clip(np.rint(to_index(source, place)[0]), 0, len(joint.visibility) - 1))
        visibility[index] = joint.visibility[nearest]
    return visibility
