"""Places about one joint: how deep under its surface, how far along it, in which slice; and normal marrow there."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.space import check_standard, slice_places_mm, surface_distance
from inference.types import BoolArray, FloatArray, Side, Volume

MARGIN_MM = 34.0
JOINT_GAP_MM = 1.3
MARROW_SIGMA_MM = 7.0

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class JointFrame:
    """One joint and the box of voxels about it; all arrays are (slices, rows, columns) of that box.

    Attributes
    ----------
    side : Side
    box : tuple of slice
        Where the box lies in the volume.
    depth_mm : float32 array
        Distance from the joint surface in the slice plane; positive on the iliac, negative on the sacral side.
    along_mm : float32 array
        Row position from the upper end of the joint of that slice, downwards.
    across_mm : float32 array
        Slice position from the first slice of the joint.
    length_mm : float32 array (slices,)
        Length of the joint in each slice; zero where there is none.
    columns_px : float32 array (slices, rows)
        Column of the surface within the box, extrapolated beyond its ends.
    bone : bool array
        Marrow: inside the region, outside the joint gap.
    spacing_mm : (float, float, float)
        Between slices, rows, columns.
    """

    side: Side
    box: Box
    depth_mm: FloatArray
    along_mm: FloatArray
    across_mm: FloatArray
    length_mm: FloatArray
    columns_px: FloatArray
    bone: BoolArray
    spacing_mm: tuple[float, float, float]

    @property
    def present(self) -> NDArray[np.intp]:
        """Slices of the box that show the joint, ascending indices (n,)."""
        return np.flatnonzero(self.length_mm > 0)

    @property
    def extent(self) -> BoolArray:
        """Voxels in rows between the two ends of the joint, bool (slices, rows, columns) of the box."""
        length = self.length_mm[:, None, None]
        return np.asarray((self.along_mm >= 0) & (self.along_mm <= length) & (length > 0), dtype=np.bool_)


def joint_frame(volume: Volume, region: BoolArray, side: Side, columns_px: FloatArray) -> JointFrame | None:
    """Lay the frame about one joint.

    Parameters
    ----------
    volume : Volume
        Gives the grid, in the standard orientation.
    region : bool array (slices, rows, columns)
        Bones and joints.
    side : Side
    columns_px : float32 array (slices, rows)
        The joint surface; NaN where there is none.

    Returns
    -------
    JointFrame or None
        None where the surface is empty.

    Raises
    ------
    ValueError
        The volume is not in the standard orientation.
    """
    check_standard(volume)
    known = np.isfinite(columns_px)
    if not known.any():
        return None
    box = _box(volume, columns_px)
    surface = columns_px[box[0], box[1]] - box[2].start
    shape = tuple(part.stop - part.start for part in box)
    row_mm, column_mm = volume.pixel_spacing_mm
    along = np.zeros(shape, np.float32)
    length = np.zeros(shape[0], np.float32)
    filled = np.zeros(shape[:2], np.float32)
    for index, line in enumerate(surface):
        rows = np.flatnonzero(np.isfinite(line))
        if len(rows):
            along[index] = ((np.arange(shape[1]) - rows[0]) * row_mm)[:, None]
            length[index] = (rows[-1] - rows[0] + 1) * row_mm
            filled[index] = np.interp(np.arange(shape[1]), rows, line[rows])
    lateral = 1.0 if side is Side.LEFT else -1.0
    distance = surface_distance(surface, replace(volume, voxels=volume.voxels[box]))
    sign = np.where((np.arange(shape[2]) - filled[:, :, None]) * lateral >= 0, 1, -1)
    depth = np.where(np.isfinite(distance), distance, 1e3) * sign
    places = slice_places_mm(volume)[box[0]]
    return JointFrame(
        side=side,
        box=box,
        depth_mm=depth.astype(np.float32),
        along_mm=along,
        across_mm=np.broadcast_to((places - places[0])[:, None, None], shape).astype(np.float32),
        length_mm=length,
        columns_px=filled,
        bone=np.asarray(region[box] & (np.abs(depth) > JOINT_GAP_MM), dtype=np.bool_),
        spacing_mm=(volume.slice_spacing_mm, row_mm, column_mm),
    )


def _box(volume: Volume, columns_px: FloatArray) -> Box:
    known = np.isfinite(columns_px)
    slices, rows = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    row_px, column_px = (int(np.ceil(MARGIN_MM / spacing)) for spacing in volume.pixel_spacing_mm)
    first, last = int(np.nanmin(columns_px)), int(np.nanmax(columns_px))
    return (
        slice(int(slices[0]), int(slices[-1]) + 1),
        slice(max(0, int(rows[0]) - row_px), min(volume.shape[1], int(rows[-1]) + row_px)),
        slice(max(0, first - column_px), min(volume.shape[2], last + column_px)),
    )


def local_marrow(frame: JointFrame, voxels: FloatArray) -> FloatArray:
    """Local intensity of marrow.

    Parameters
    ----------
    frame : JointFrame
    voxels : float32 array (slices, rows, columns)
        The box of a volume.

    Returns
    -------
    float32 array (slices, rows, columns)
        Mean of the marrow within some 7 mm in the slice plane; the median of all marrow where there is none near.
    """
    weight = (frame.bone & (np.abs(frame.depth_mm) > 2.5)).astype(np.float32)
    typical = np.float32(np.median(voxels[frame.bone])) if frame.bone.any() else np.float32(np.median(voxels))
    sigma = (0.5, MARROW_SIGMA_MM / frame.spacing_mm[1], MARROW_SIGMA_MM / frame.spacing_mm[2])
    capped = np.minimum(voxels, 2 * typical)
    total = ndimage.gaussian_filter(capped * weight, sigma, truncate=2.0)
    count = ndimage.gaussian_filter(weight, sigma, truncate=2.0)
    return np.asarray((total + 0.02 * typical) / (count + 0.02), dtype=np.float32)


def mottle(rng: np.random.Generator, frame: JointFrame, *, size_mm: float) -> FloatArray:
    """Smooth noise of zero mean and unit standard deviation, features about ``size_mm`` wide in the slice plane.

    Returns
    -------
    float32 array (slices, rows, columns) of the frame's box
    """
    slices, rows, columns = frame.depth_mm.shape
    steps = [max(1, round(size_mm / 2 / spacing)) for spacing in frame.spacing_mm[1:]]
    coarse_shape = (slices, rows // steps[0] + 3, columns // steps[1] + 3)
    coarse = ndimage.gaussian_filter(rng.standard_normal(coarse_shape).astype(np.float32), (0.5, 0.8, 0.8))
    size = (coarse_shape[2] * steps[1], coarse_shape[1] * steps[0])
    fine = np.stack([cv2.resize(plane, size)[:rows, :columns] for plane in coarse])
    return np.asarray((fine - fine.mean()) / (fine.std() + 1e-6), dtype=np.float32)
