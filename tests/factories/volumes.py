"""Volumes by hand: a stack of planes anywhere in the patient, and what is drawn on it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.sij_mri.types import Joint
from inference.space.surfaces import surface_band
from inference.types import BoolArray, FloatArray, Side, Vector, Volume
from training.data.dataset import Subject

LEFT: Vector = (1.0, 0.0, 0.0)
FEET: Vector = (0.0, 0.0, -1.0)


def as_vector(values: Any) -> Vector:
    """Three plain floats."""
    x, y, z = (float(value) for value in values)
    return x, y, z


def volume(
    voxels: NDArray[Any] | tuple[int, int, int],
    *,
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    gap_mm: float | Sequence[float] | NDArray[np.float64] = 3.0,
    row: Any = LEFT,
    column: Any = FEET,
    flipped: bool = False,
    shear_mm: float = 0.0,
    middle_mm: Any = (0.0, 0.0, 0.0),
    frame: str = "1.2.3",
) -> Volume:
    """A volume whose middle lies at a place of the patient; by default coronal, in the radiological habit.

    Parameters
    ----------
    voxels : array (slices, rows, columns) or shape
        A shape makes empty voxels.
    spacing_mm : (float, float)
        Between rows, between columns.
    gap_mm : float or floats
        Between slices along the normal: one for all, or one for each pair of neighbors.
    row, column : vectors
        Unit LPS vectors along increasing column and row index.
    flipped : bool
        The rows run the other way: the patient's left lies at low columns, and the slices from back to front.
    shear_mm : float
        Shift of each slice along the rows against the one before.
    """
    array = np.zeros(voxels, np.float32) if isinstance(voxels, tuple) else np.asarray(voxels, np.float32)
    slices, rows, columns = array.shape
    along_row, along_column = np.asarray(row, float) * (-1 if flipped else 1), np.asarray(column, float)
    gaps = np.broadcast_to(np.asarray(gap_mm, float), slices - 1)
    place = np.concatenate([[0.0], np.cumsum(gaps)])
    corner = -along_row * spacing_mm[1] * (columns - 1) / 2 - along_column * spacing_mm[0] * (rows - 1) / 2
    step = (place - place[-1] / 2)[:, None] * np.cross(along_row, along_column)
    shear = shear_mm * np.arange(slices)[:, None] * along_row
    return Volume(
        voxels=array,
        positions_mm=np.asarray(middle_mm, float) + corner + step + shear,
        row_direction=as_vector(along_row),
        column_direction=as_vector(along_column),
        pixel_spacing_mm=spacing_mm,
        slice_spacing_mm=float(np.median(gaps)) if slices > 1 else float(np.max(gap_mm)),
        frame_of_reference_uid=frame,
    )


def stored_otherwise(given: Volume, how: str) -> Volume:
    """The same patient, stored with other directions; slices always ascend along row x column.

    Parameters
    ----------
    given : Volume
    how : str
        ``"columns"`` or ``"rows"`` the other way round, or ``"transposed"``.
    """
    row, column = np.array(given.row_direction), np.array(given.column_direction)
    _, rows, columns = given.shape
    positions, (between_rows, between_columns) = given.positions_mm, given.pixel_spacing_mm
    if how == "columns":
        positions, row = positions + row * (columns - 1) * between_columns, -row
    elif how == "rows":
        positions, column = positions + column * (rows - 1) * between_rows, -column
    else:
        row, column = column, row
        between_rows, between_columns = between_columns, between_rows
    return replace(
        given,
        voxels=array_otherwise(given.voxels, how),
        positions_mm=positions[::-1],
        row_direction=as_vector(row),
        column_direction=as_vector(column),
        pixel_spacing_mm=(between_rows, between_columns),
    )


def array_otherwise(array: NDArray[Any], how: str) -> NDArray[Any]:
    """An array (slices, rows, columns) in the order of :func:`stored_otherwise`."""
    turned = {"columns": array[:, :, ::-1], "rows": array[:, ::-1], "transposed": array.transpose(0, 2, 1)}[how]
    return np.ascontiguousarray(turned[::-1])


def upright_joint(on: Volume, side: Side, column: float, *, slices: slice = slice(None), rows: slice) -> Joint:
    """A joint that runs along one column of the given slices and rows."""
    surface = np.full(on.shape[:2], np.nan, np.float32)
    surface[slices, rows] = column
    return joint_along(on, side, surface)


def joint_along(on: Volume, side: Side, surface: FloatArray) -> Joint:
    """A well visible joint whose surface is given as columns (slices, rows)."""
    return Joint(side, surface, surface_band(surface, on), np.ones(len(surface), np.float32))


def subject(name: str, image: FloatArray, region: BoolArray, *, spacing_mm: float = 1.0) -> Subject:
    """A scan for training: one T1-weighted image and its region, (slices, rows, columns)."""
    place = volume(image.shape, gap_mm=3.3, spacing_mm=(spacing_mm, spacing_mm))
    return Subject(
        subject=name,
        patient=name,
        images={"t1w": image.astype(np.float32)},
        labels={"region": region},
        positions_mm=place.positions_mm,
        directions=np.array([place.row_direction, place.column_direction]),
        pixel_spacing_mm=place.pixel_spacing_mm,
    )
