"""Surfaces through a stack of slices, column = f(slice, row): the cheapest one, its band, the distance from it,
and its way to another grid.

The surface of least cost is approached by semi-global aggregation: the costs of the best paths along the rows and along
the slices are summed, then one shortest path is taken in each slice.

References
----------
H. Hirschmüller, "Stereo processing by semiglobal matching and mutual information", IEEE TPAMI 2008, 30(2).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.types import BoolArray, FloatArray, Volume

BAND_MM = 7.5


@dataclass(frozen=True, slots=True)
class Steps:
    """What it costs to move sideways by some columns in one step.

    Attributes
    ----------
    penalty : float
        Cost of one column more or less than usual; grows with the square.
    reach : int
        Longest move, columns.
    usual : float
        The move that costs nothing, columns.
    """

    penalty: float
    reach: int
    usual: float

    def reversed(self) -> "Steps":
        """The same steps, walked the other way."""
        return Steps(self.penalty, self.reach, -self.usual)


def least_surface(cost: FloatArray, *, down: Steps, across: Steps) -> FloatArray:
    """Surface of least cost through a volume of costs.

    Parameters
    ----------
    cost : float32 array (slices, rows, columns)
        Cost of a surface that passes there; smaller is better, not negative.
    down, across : Steps
        From row to row, and from slice to slice.

    Returns
    -------
    float32 array (slices, rows)
        Column index.
    """
    turned = np.ascontiguousarray(cost.transpose(1, 0, 2))
    total = _both_ways(cost, down) - 3 * cost
    total += _both_ways(turned, across).transpose(1, 0, 2)
    return _shortest_paths(total, replace(down, penalty=3 * down.penalty))


def _both_ways(cost: FloatArray, steps: Steps) -> FloatArray:
    return _aggregate(cost, steps) + _aggregate(cost[:, ::-1], steps.reversed())[:, ::-1]


def _aggregate(cost: FloatArray, steps: Steps) -> FloatArray:
    """Cost of the best path that ends at each node, along the second axis; its growth is removed at each step."""
    out = np.empty_like(cost)
    out[:, 0] = cost[:, 0]
    for index in range(1, cost.shape[1]):
        arrive, _ = _cheapest_step(out[:, index - 1], steps)
        out[:, index] = cost[:, index] + arrive - arrive.min(axis=1, keepdims=True)
    return out


def _cheapest_step(before: FloatArray, steps: Steps) -> tuple[FloatArray, NDArray[np.int8]]:
    """Cheapest way to each column from the columns within reach of it, and how far off the column it comes from is."""
    reach, width = steps.reach, before.shape[1]
    padded = np.pad(before, ((0, 0), (reach, reach)), constant_values=np.float32(1e6))
    ways = np.stack(
        [
            padded[:, reach + off : reach + off + width] + np.float32(steps.penalty * (-off - steps.usual) ** 2)
            for off in range(-reach, reach + 1)
        ]
    )
    cheapest = ways.argmin(axis=0)
    return np.take_along_axis(ways, cheapest[None], axis=0)[0], (cheapest - reach).astype(np.int8)


def _shortest_paths(cost: FloatArray, steps: Steps) -> FloatArray:
    """One shortest path from the first to the last row in each slice."""
    slices, rows, _ = cost.shape
    came_from = np.zeros(cost.shape, dtype=np.int8)
    sums = cost[:, 0].copy()
    for row in range(1, rows):
        arrive, came_from[:, row] = _cheapest_step(sums, steps)
        sums = arrive + cost[:, row]
    path = np.empty((slices, rows), dtype=np.float32)
    here = sums.argmin(axis=1)
    every = np.arange(slices)
    for row in range(rows - 1, -1, -1):
        path[:, row] = here
        here = here + came_from[every, row, here]
    return path


def surface_band(columns_px: FloatArray, volume: Volume, *, half_width_mm: float = BAND_MM) -> BoolArray:
    """All voxels within `half_width_mm` of a surface, in the slice plane.

    Parameters
    ----------
    columns_px : float32 array (slices, rows)
        Column of the surface, NaN where there is none.
    volume : Volume
        Gives the grid.
    half_width_mm : float

    Returns
    -------
    bool array (slices, rows, columns)
    """
    distance_mm = surface_distance(columns_px, volume)
    return np.asarray(distance_mm <= half_width_mm, dtype=np.bool_)


def surface_distance(columns_px: FloatArray, volume: Volume) -> FloatArray:
    """Distance of each voxel from a surface, in the slice plane.

    Parameters
    ----------
    columns_px : float32 array (slices, rows)
        Column of the surface, NaN where there is none.
    volume : Volume
        Gives the grid.

    Returns
    -------
    float32 array (slices, rows, columns)
        Millimeters; infinite in slices without a surface.
    """
    out = np.full(volume.shape, np.inf, dtype=np.float32)
    for index, line in enumerate(columns_px):
        rows = np.flatnonzero(np.isfinite(line))
        if not len(rows):
            continue
        trace = np.stack([np.rint(line[rows]), rows], axis=1).astype(np.int32)
        canvas = np.zeros(volume.shape[1:], dtype=np.uint8)
        cv2.polylines(canvas, [trace.reshape(-1, 1, 2)], False, 1)
        out[index] = distance_to(canvas > 0, volume.pixel_spacing_mm)
    return out


def distance_to(mask: BoolArray, pixel_spacing_mm: tuple[float, float]) -> FloatArray:
    """Distance of each pixel of a plane from the nearest pixel of a mask.

    Parameters
    ----------
    mask : bool array (rows, columns)
        Not empty.
    pixel_spacing_mm : (float, float)
        Between rows, between columns.

    Returns
    -------
    float32 array (rows, columns)
        Millimeters.
    """
    row_mm, column_mm = pixel_spacing_mm
    if abs(row_mm - column_mm) < 0.01 * row_mm:  # by far the commonest, and much faster
        distance_px = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return np.asarray(distance_px * np.float32(row_mm), dtype=np.float32)
    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=pixel_spacing_mm), dtype=np.float32)
