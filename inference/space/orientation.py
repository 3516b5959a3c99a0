"""One standard orientation for everything that looks at voxels, and the way back to the source's own.

A series may be stored with rows that run from head to feet, from left to right, or the other way round; only its
header says so. What reads voxels reads them in one orientation: columns run to the patient's left, rows to the feet (to
the back in an axial plane), and in a sagittal plane columns to the back. Only the part of 90 degrees is turned:
axes change places or direction, no voxel is resampled, and oblique planes stay as oblique as they are.

References
----------
PS3.3 C.7.6.2.1.1 (Image Position and Image Orientation): any direction of rows and columns is legal.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.types import Vector, Volume

Value = TypeVar("Value", bound=np.generic)
Slices = TypeVar("Slices", NDArray[Any], tuple[Any, ...])

UPRIGHT = 0.3
"""Rows whose direction has this part along the body (sine of 17 degrees) are told by head and feet, others by front
and back: a semicoronal plane of the sacrum has 0.6 to 1, an axial one less than 0.2."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How one grid is stored against another: rows and columns change places first, then axes are read backwards.

    Attributes
    ----------
    shape : (int, int, int)
        Slices, rows, columns before the turn.
    transposed : bool
        Rows become columns.
    backwards : (bool, bool, bool)
        Slices, rows, columns, after the transposition, that are read from their other end.
    """

    shape: tuple[int, int, int]
    transposed: bool = False
    backwards: tuple[bool, bool, bool] = (False, False, False)

    @property
    def nothing(self) -> bool:
        """True where everything stays as it is."""
        return not self.transposed and not any(self.backwards)

    @property
    def turned_shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns after the turn."""
        slices, rows, columns = self.shape
        return (slices, columns, rows) if self.transposed else self.shape

    @property
    def back(self) -> "Turn":
        """The turn that undoes this one."""
        slices, rows, columns = self.backwards
        return Turn(
            self.turned_shape, self.transposed, (slices, columns, rows) if self.transposed else (slices, rows, columns)
        )

    @property
    def in_plane(self) -> "Turn":
        """The same turn of each picture, with the slices left in their order."""
        return replace(self, backwards=(False, *self.backwards[1:]))

    def array(self, values: NDArray[Value], *, copy: bool = True) -> NDArray[Value]:
        """Turn an array (slices, rows, columns): in one piece of memory, or without a copy a view of the same.

        Raises
        ------
        ValueError
            It has another shape.
        """
        if values.shape != self.shape:
            raise ValueError(f"the array must have the shape {self.shape}, received {values.shape}")
        if self.nothing:
            return values
        laid = values.transpose(0, 2, 1) if self.transposed else values
        view = laid[tuple(slice(None, None, -1 if way else 1) for way in self.backwards)]
        return np.ascontiguousarray(view) if copy else view

    def points(self, points_px: ArrayLike) -> NDArray[np.float64]:
        """Turn points (..., 2) of (row, column) in a plane."""
        points = np.array(points_px, dtype=np.float64)
        if self.transposed:
            points = points[..., ::-1].copy()
        for axis in (0, 1):
            if self.backwards[axis + 1]:
                points[..., axis] = self.turned_shape[axis + 1] - 1 - points[..., axis]
        return points

    def plane(self, index: int) -> int:
        """Turn the index of a slice."""
        return self.shape[0] - 1 - index if self.backwards[0] else index

    def profile(self, values: Slices) -> Slices:
        """Turn an array or a tuple that has one item a slice."""
        turned: Slices = values[::-1] if self.backwards[0] else values
        return turned

    def volume(self, volume: Volume, *, copy: bool = True) -> Volume:
        """Turn a volume; every voxel keeps its place in the patient.

        Headers stay those of the sources, in the new order of the slices.
        """
        if self.nothing:
            return volume
        first_row, first_column = self.back.points((0.0, 0.0))
        row, column = np.asarray(volume.row_direction), np.asarray(volume.column_direction)
        between_rows, between_columns = volume.pixel_spacing_mm
        corner_mm = first_row * between_rows * column + first_column * between_columns * row
        to_right, down = (column, row) if self.transposed else (row, column)
        return replace(
            volume,
            voxels=self.array(volume.voxels, copy=copy),
            positions_mm=self.profile(volume.positions_mm + corner_mm),
            row_direction=_vector(-to_right if self.backwards[2] else to_right),
            column_direction=_vector(-down if self.backwards[1] else down),
            pixel_spacing_mm=(between_columns, between_rows) if self.transposed else volume.pixel_spacing_mm,
            images=self.profile(volume.images),
        )


def standard(volume: Volume) -> tuple[Volume, Turn]:
    """Turn a volume to the standard orientation.

    Parameters
    ----------
    volume : Volume
        Its slices may be sorted either way.

    Returns
    -------
    Volume
        Columns to the patient's left as far as possible, rows to the feet (to the back where they hardly run along the
        body), slices ascending along ``row x column``; the same object where it is so already.
    Turn
        From the given volume to the returned one; ``turn.back`` is the way back.
    """
    turn = standard_turn(volume)
    return turn.volume(volume), turn


def standard_turn(volume: Volume) -> Turn:
    """The turn that brings a volume to the standard orientation."""
    row, column = np.asarray(volume.row_direction), np.asarray(volume.column_direction)
    transposed = _transposed(row, column)
    across, down = (column, row) if transposed else (row, column)
    flip_columns, flip_rows = _leftward(across, down) < 0, _downward(down) < 0
    normal = np.cross(-across if flip_columns else across, -down if flip_rows else down)
    first_to_last = volume.positions_mm[-1] - volume.positions_mm[0]
    return Turn(volume.shape, transposed, (bool(first_to_last @ normal < 0), bool(flip_rows), bool(flip_columns)))


def check_standard(volume: Volume) -> None:
    """Refuse a volume in which left could be taken for right.

    Raises
    ------
    ValueError
        It is not in the standard orientation.
    """
    turn = standard_turn(volume)
    if not turn.nothing:
        raise ValueError(f"a volume in the standard orientation is needed, received one that lacks {turn}")


def _transposed(row: NDArray[np.float64], column: NDArray[np.float64]) -> bool:
    """True where the axis that is to run down the picture is that of the rows."""
    if _sagittal(row, column):
        return bool(abs(row[2]) > abs(column[2]))
    return bool(abs(row[0]) < abs(column[0]))


def _leftward(across: NDArray[np.float64], down: NDArray[np.float64]) -> float:
    """How far a direction points to the patient's left; in a sagittal plane, to the back."""
    return float(across[1] if _sagittal(across, down) else across[0])


def _downward(direction: NDArray[np.float64]) -> float:
    """How far a direction points to the feet; where it hardly runs along the body, to the back."""
    return float(-direction[2]) if abs(direction[2]) > UPRIGHT else float(direction[1])


def _sagittal(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """True where a plane stands nearer to sagittal than to coronal and axial."""
    normal = np.abs(np.cross(first, second))
    return bool(normal[0] > max(normal[1], normal[2]))


def _vector(direction: NDArray[np.float64]) -> Vector:
    x, y, z = (float(value) + 0.0 for value in direction)  # no negative zero
    return x, y, z
