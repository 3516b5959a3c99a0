"""The drawn patient in the scanner: body axes in LPS, and grids of voxels laid along them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.types import Volume
from training.phantom.anatomy import Anatomy, draw_anatomy
from training.phantom.fields import BodyPoints, rotation
from training.phantom.spec import GridSpec, PhantomSpec


@dataclass(frozen=True, slots=True)
class Body:
    """The drawn patient.

    Attributes
    ----------
    anatomy : Anatomy
    axes : float64 array (3, 3)
        Rotation from body axes to LPS: its columns are u, v and w.
    origin_mm : float64 array (3,)
        Of the body axes, LPS.
    """

    anatomy: Anatomy
    axes: NDArray[np.float64]
    origin_mm: NDArray[np.float64]

    @property
    def middle_mm(self) -> NDArray[np.float64]:
        """Where a technician would center the slices, LPS (3,)."""
        middle: NDArray[np.float64] = self.origin_mm + self.axes @ np.array([0.0, 24.0, 6.0])
        return middle


def draw_body(rng: np.random.Generator, spec: PhantomSpec) -> Body:
    """Draw the anatomy and the patient's position in the scanner."""
    anatomy = draw_anatomy(rng, asymmetry=spec.asymmetry)
    drawn_tilt, drawn_turn = rng.uniform(27.0, 50.0), rng.normal(0.0, 1.5, 2)
    tilt = drawn_tilt if spec.sacral_tilt_deg is None else spec.sacral_tilt_deg
    about_z, about_y = drawn_turn if spec.rotation_deg is None else spec.rotation_deg
    tilted = np.radians(tilt)
    axes = np.array(
        [[1.0, 0.0, 0.0], [0.0, np.sin(tilted), np.cos(tilted)], [0.0, -np.cos(tilted), np.sin(tilted)]]
    )  # columns: u, v and w in LPS
    axes = rotation(2, float(about_z)) @ rotation(1, float(about_y)) @ axes
    return Body(anatomy, axes, rng.normal(0.0, 8.0, 3))


def stack(middle_mm: NDArray[np.float64], axes: NDArray[np.float64], grid: GridSpec) -> Volume:
    """An empty volume about a point.

    Parameters
    ----------
    middle_mm : float64 array (3,)
        Its middle, LPS.
    axes : float64 array (3, 3)
        Row direction, column direction and normal in LPS, as columns.
    grid : GridSpec
    """
    row, column, normal = axes[:, 0], axes[:, 1], axes[:, 2]
    corner = middle_mm - grid.pixel_mm * (row * (grid.columns - 1) + column * (grid.rows - 1)) / 2
    steps = (np.arange(grid.slices) - (grid.slices - 1) / 2) * grid.step_mm
    return Volume(
        voxels=np.zeros((grid.slices, grid.rows, grid.columns), np.float32),
        positions_mm=corner + steps[:, None] * normal,
        row_direction=(float(row[0]), float(row[1]), float(row[2])),
        column_direction=(float(column[0]), float(column[1]), float(column[2])),
        pixel_spacing_mm=(grid.pixel_mm, grid.pixel_mm),
        slice_spacing_mm=grid.step_mm,
    )


def place_grid(body: Body, grid: GridSpec) -> Volume:
    """An empty volume along the sacrum of a body."""
    axes = body.axes @ rotation(0, grid.tilt_deg) @ rotation(2, grid.turn_deg)
    return stack(body.middle_mm + np.asarray(grid.shift_mm), axes, grid)


def body_points(body: Body, volume: Volume, *, along_normal_mm: float = 0.0) -> BodyPoints:
    """Body coordinates of a volume's voxel centers, moved along the slice normal."""
    positions = volume.positions_mm + along_normal_mm * volume.normal - body.origin_mm
    corners = positions @ body.axes
    right = np.asarray(volume.row_direction) @ body.axes * volume.pixel_spacing_mm[1]
    down = np.asarray(volume.column_direction) @ body.axes * volume.pixel_spacing_mm[0]
    _, rows, columns = volume.shape
    r = np.arange(rows, dtype=np.float32)[None, :, None]
    c = np.arange(columns, dtype=np.float32)[None, None, :]
    axes = [
        corners[:, i, None, None].astype(np.float32) + r * np.float32(down[i]) + c * np.float32(right[i])
        for i in range(3)
    ]
    return BodyPoints(*axes)
