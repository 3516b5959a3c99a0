"""Coil shading: the slow field of marrow, and fluid-sensitive signal over that of the T1-weighted series.

A surface coil brightens both series alike where it lies near, so the quotient of the two is free of it; edema, bright
on the one and dark on the other, stays. Everything is in millimeters, so that it means the same on every grid.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from inference.sij_mri.edema.marrow import kernel
from inference.types import BoolArray, FloatArray, Volume

FIELD_MM = 5.0  # smoothness of the field in the slice plane, standard deviation
ACROSS_MM = 3.3  # and across the slices
GRID_MM = 3.0  # nothing is lost where so smooth a field is estimated on this grid
CLIPPED = (0.75, 1.25)  # what is darker or brighter than the field by more than this does not pull it
ROUNDS = 3
SACRUM_MM = 30.0  # half width of the sacral marrow that gives the normal level
EDGE_MM = 2.4  # the outermost marrow is mixed with cortex
VARIATION = 0.14
"""Standard deviation of normal marrow as a share of its level: 0.10 to 0.17 in eight scans with a manual sample."""
FEWEST_VOXELS = 300
LEAST_SHARE = 0.05  # of the normal level: a field is nowhere weaker, so that no quotient grows without bound


@dataclass(frozen=True, slots=True)
class Relative:
    """Signal of marrow relative to that of normal marrow; arrays are float32 (slices, rows, columns).

    Attributes
    ----------
    ratio : float32 array
        Fluid-sensitive signal over the slow field of the T1-weighted series, in standard deviations (VARIATION) above
        normal sacral marrow.
    t1_slow : float32 array
        T1-weighted signal over its own slow field: marrow is about 1, edema less, fat more.
    t1_level : float32 array
        The same over that of normal sacral marrow.
    fluid_slow : float32 array
        Fluid-sensitive signal over its own slow field.
    fluid_level : float32 array
        The same in standard deviations above normal sacral marrow; it holds the shading.
    """

    ratio: FloatArray
    t1_slow: FloatArray
    t1_level: FloatArray
    fluid_slow: FloatArray
    fluid_level: FloatArray


@dataclass(frozen=True, slots=True)
class Levels:
    """Signal of normal sacral marrow: of the quotient, and of either series."""

    ratio: float
    t1: float
    fluid: float


@dataclass(frozen=True, slots=True)
class Fields:
    """Slow fields of either series, float32 arrays (slices, rows, columns)."""

    t1: FloatArray
    fluid: FloatArray


def relative_marrow(fluid: Volume, t1: Volume, region: BoolArray, *, middle_px: float) -> Relative | None:
    """Measure two series against the normal marrow of the sacrum.

    Parameters
    ----------
    fluid, t1 : Volume
        On one grid.
    region : bool array (slices, rows, columns)
        Sacrum and ilia, on that grid.
    middle_px : float
        Column of the midline.

    Returns
    -------
    Relative or None
        None where there is too little sacral marrow, or no signal in it.
    """
    fields = Fields(slow_field(t1, region), slow_field(fluid, region))
    levels = marrow_levels(fluid, t1, fields, sacral_marrow(fluid, region, middle_px))
    return None if levels is None else relative_to(fluid.voxels, t1.voxels, fields, levels)


def marrow_levels(fluid: Volume, t1: Volume, fields: Fields, marrow: BoolArray) -> Levels | None:
    """The levels of some marrow, bool array (slices, rows, columns); None where it has no signal."""
    if not marrow.any():
        return None
    here, there = fluid.voxels[marrow], t1.voxels[marrow]
    levels = Levels(most_frequent(here / fields.t1[marrow]), most_frequent(there), most_frequent(here))
    return levels if min(levels.ratio, levels.t1, levels.fluid) > 0 else None


def relative_to(fluid: FloatArray, t1: FloatArray, fields: Fields, levels: Levels) -> Relative:
    """Voxels of two series, float32 arrays of any shape, against fields of the same shape and levels."""

    def above(values: FloatArray, level: float) -> FloatArray:
        return np.asarray((values / np.float32(level) - 1) / np.float32(VARIATION), np.float32)

    t1_field = np.maximum(fields.t1, np.float32(LEAST_SHARE * levels.t1))
    fluid_field = np.maximum(fields.fluid, np.float32(LEAST_SHARE * levels.fluid))
    return Relative(
        ratio=above(np.asarray(fluid / t1_field, np.float32), levels.ratio),
        t1_slow=np.asarray(t1 / t1_field, np.float32),
        t1_level=np.asarray(t1 / np.float32(levels.t1), np.float32),
        fluid_slow=np.asarray(fluid / fluid_field, np.float32),
        fluid_level=above(fluid, levels.fluid),
    )


def slow_field(volume: Volume, region: BoolArray) -> FloatArray:
    """Smooth signal of marrow.

    Parameters
    ----------
    volume : Volume
    region : bool array (slices, rows, columns)
        On the grid of `volume`.

    Returns
    -------
    float32 array (slices, rows, columns)
        Positive; far from the region the mean of all marrow.
    """
    _, rows, columns = volume.shape
    row_mm, column_mm = volume.pixel_spacing_mm
    size = (max(1, round(columns * column_mm / GRID_MM)), max(1, round(rows * row_mm / GRID_MM)))
    coarse = _resized(volume.voxels, size)
    weight = _resized(region.astype(np.float32), size)
    coarse_mm = (volume.slice_spacing_mm, rows * row_mm / size[1], columns * column_mm / size[0])
    sigma = tuple(wanted / spacing for wanted, spacing in zip((ACROSS_MM, FIELD_MM, FIELD_MM), coarse_mm, strict=True))
    count = ndimage.gaussian_filter(weight, sigma, truncate=2.5) + 1e-3
    level = max(float((coarse * weight).sum() / max(float(weight.sum()), 1e-3)), 1e-6)

    def mean(values: FloatArray) -> FloatArray:
        total = ndimage.gaussian_filter(values * weight, sigma, truncate=2.5) + 1e-3 * level
        return np.asarray(np.maximum(total / count, LEAST_SHARE * level), np.float32)

    field = mean(coarse)
    for _ in range(ROUNDS):
        field = mean(np.clip(coarse, CLIPPED[0] * field, CLIPPED[1] * field))
    return _resized(field, (columns, rows), cv2.INTER_LINEAR)


def sacral_marrow(volume: Volume, region: BoolArray, middle_px: float) -> BoolArray:
    """Marrow near the midline, off the edge of the region.

    Parameters
    ----------
    volume : Volume
        Gives the grid.
    region : bool array (slices, rows, columns)
    middle_px : float
        Column of the midline.

    Returns
    -------
    bool array (slices, rows, columns)
        Empty where there is too little of it.
    """
    inner = np.stack([cv2.erode(plane, kernel(volume, EDGE_MM)) for plane in region.astype(np.uint8)]) > 0
    near = np.abs(np.arange(volume.shape[2]) - middle_px) * volume.pixel_spacing_mm[1] <= SACRUM_MM
    marrow = np.asarray(inner & near, dtype=np.bool_)
    return marrow if np.count_nonzero(marrow) >= FEWEST_VOXELS else np.zeros_like(marrow)


def most_frequent(values: FloatArray) -> float:
    """The value about which most of some positive values lie, float32 array (n,)."""
    counted = values[values > 0]
    if not len(counted):
        return 0.0
    middle = float(np.median(counted))
    counts, edges = np.histogram(counted, bins=200, range=(0.0, 3.0 * middle))
    smooth = ndimage.gaussian_filter1d(counts.astype(np.float64), 4.0)
    best = int(smooth.argmax())
    return float((edges[best] + edges[best + 1]) / 2)


def _resized(voxels: FloatArray, size: tuple[int, int], how: int = cv2.INTER_AREA) -> FloatArray:
    return np.stack([cv2.resize(plane, size, interpolation=how) for plane in voxels]).astype(np.float32)
