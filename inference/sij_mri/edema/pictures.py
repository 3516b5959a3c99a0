"""What the edema network sees: slices about the region, in millimeters, free of coil shading."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.sij_mri.edema.shading import Relative
from inference.space import PlaneMapping, slice_places_mm
from inference.types import BoolArray, FloatArray, Volume

NEIGHBORS = 3
PLANES = ("ratio", "fluid level", "fluid slow", "T1W slow", "T1W level", "edge", "depth", "middle", "height")
CHANNELS = (*(f"ratio {place}" for place in ("before", "here", "after")), *PLANES[1:])
SOFT_SD = 2.0  # deviations are compressed beyond this
SOFT_SHARE = 0.3  # quotients about 1, in units of this
EDGE_MM = 8.0
PLACE_MM = 80.0
DEPTH_MM = 40.0
LIMIT = 4.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the region lies in a volume.

    Attributes
    ----------
    row, column : float
        Middle of the region, pixels.
    middle_px : float
        Column of the midline.
    slice_mm : float
        Middle of the region's slices along the normal, from the first.
    """

    row: float
    column: float
    middle_px: float
    slice_mm: float

    @classmethod
    def of(cls, volume: Volume, region: BoolArray, middle_px: float) -> "Frame":
        """Measure a region (slices, rows, columns) that is not empty."""
        rows, columns = region.sum(axis=(0, 2)), region.sum(axis=(0, 1))
        slices = np.flatnonzero(region.any(axis=(1, 2)))
        places = slice_places_mm(volume)
        return cls(
            row=float((rows * np.arange(len(rows))).sum() / rows.sum()),
            column=float((columns * np.arange(len(columns))).sum() / columns.sum()),
            middle_px=middle_px,
            slice_mm=float(places[slices[0]] + places[slices[-1]]) / 2,
        )


def picture_planes(
    relative: Relative, edge_mm: FloatArray, depth_mm: NDArray[np.float64], at: "Places", frame: Frame
) -> FloatArray:
    """The planes of some slices, on the grid of the network.

    Parameters
    ----------
    relative : Relative
        Of these slices, on that grid.
    edge_mm : float32 array (slices, size_px, size_px)
        Depth within the region; negative outside.
    depth_mm : float64 array (slices,)
        Place of each slice along the normal, from the first of its volume.
    at : Places
        Where the pixels of the grid lie in the volume.
    frame : Frame

    Returns
    -------
    float32 array (slices, len(PLANES), size_px, size_px)
    """
    out = np.empty((len(edge_mm), len(PLANES), *edge_mm.shape[1:]), np.float32)
    for index, values in enumerate((relative.ratio, relative.fluid_level)):
        out[:, index] = np.arcsinh(values / SOFT_SD)
    for index, values in enumerate((relative.fluid_slow, relative.t1_slow, relative.t1_level), 2):
        out[:, index] = (values - 1) / SOFT_SHARE
    out[:, 5] = np.tanh(edge_mm / EDGE_MM)
    out[:, 6] = ((depth_mm - frame.slice_mm) / DEPTH_MM)[:, None, None]
    out[:, 7] = np.abs(at.columns_px - frame.middle_px) * (at.pixel_spacing_mm[1] / PLACE_MM)
    out[:, 8] = (at.rows_px - frame.row) * (at.pixel_spacing_mm[0] / PLACE_MM)
    return np.clip(out, -LIMIT, LIMIT, out=out)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pixels of a grid lie in the planes of a volume.

    Attributes
    ----------
    columns_px, rows_px : float32 array (size_px, size_px)
    pixel_spacing_mm : (float, float)
        Of the volume: between rows, between columns.
    """

    columns_px: FloatArray
    rows_px: FloatArray
    pixel_spacing_mm: tuple[float, float]

    @classmethod
    def of(cls, mapping: PlaneMapping, volume: Volume) -> "Places":
        """Of a grid that lies in a volume as a mapping says."""
        axis = np.arange(mapping.size_px)
        columns, rows = np.meshgrid(axis, axis)
        column, row = np.tensordot(mapping.matrix, np.stack([columns, rows, np.ones_like(rows)]), axes=1)
        return cls(column.astype(np.float32), row.astype(np.float32), volume.pixel_spacing_mm)


def picture_mapping(volume: Volume, frame: Frame, *, spacing_mm: float, size_px: int) -> PlaneMapping:
    """A grid about the middle of the region, onto the planes of a volume."""
    row_mm, column_mm = volume.pixel_spacing_mm
    linear = np.diag([spacing_mm / column_mm, spacing_mm / row_mm])
    offset = np.array([frame.column, frame.row]) - linear @ np.full(2, (size_px - 1) / 2)
    return PlaneMapping(np.column_stack([linear, offset]).astype(np.float64), volume.shape, size_px)


def stacked(planes: FloatArray, order: NDArray[np.intp]) -> FloatArray:
    """Put the quotient of neighboring slices before the planes of the slice itself.

    Parameters
    ----------
    planes : float32 array (slices, len(PLANES), rows, columns)
    order : int array (pictures, NEIGHBORS)
        The slices of each picture, its own in the middle.

    Returns
    -------
    float32 array (pictures, rows, columns, len(CHANNELS))
    """
    here = planes[order[:, NEIGHBORS // 2]]
    around = planes[:, 0][order]
    return np.ascontiguousarray(np.concatenate([around, here[:, 1:]], axis=1).transpose(0, 2, 3, 1))
