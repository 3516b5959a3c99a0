"""Normal marrow of the sacrum on a fluid-sensitive volume, and every voxel's intensity in its standard deviations.

A surface coil makes marrow far from it darker, so a smooth field is divided out first. It is estimated from marrow that
looks normal only; edema is left out of it and the field bridges it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.sij_mri.types import Joint
from inference.types import BoolArray, FloatArray, Volume

CORE_MM = 35.0  # half width of the central sacrum, where normal marrow is looked for
FIELD_MM = 25.0  # smoothness of the coil's field
EDGE_MM = 2.0  # the outermost marrow is mixed with cortex
FEWEST_VOXELS = 300
LEAST_VARIATION = 0.12  # normal marrow varies at least so much, relative to its mean, however little noise there is
_STEP = 4  # the field is estimated on a coarser grid


@dataclass(frozen=True, slots=True)
class NormalMarrow:
    """Normal marrow of one volume.

    Attributes
    ----------
    mean, sd : float
        Intensity of normal sacral marrow, in the units of the volume, where the field is 1. `sd` is at least
        LEAST_VARIATION of `mean`.
    field : float32 array (slices, rows, columns)
        Smooth gain of the coil; its median in the central sacrum is 1.
    deviations : float32 array (slices, rows, columns)
        Each voxel's distance from normal marrow, in standard deviations, field removed.
    """

    mean: float
    sd: float
    field: FloatArray
    deviations: FloatArray


def find_normal_marrow(
    fluid: Volume, region: BoolArray, joints: tuple[Joint, ...], *, middle_px: float
) -> NormalMarrow | None:
    """Find normal marrow: the commonest intensity in the central sacrum, between the joints.

    Parameters
    ----------
    fluid : Volume
        Fluid-sensitive, fat-suppressed.
    region : bool array (slices, rows, columns)
        Sacrum and ilia, on the grid of `fluid`.
    joints : tuple of Joint
        On the grid of `fluid`; may be empty.
    middle_px : float
        Column of the midline.

    Returns
    -------
    NormalMarrow or None
        None where the region holds too little marrow.
    """
    core = _central_sacrum(fluid, region, joints, middle_px)
    if core is None:
        return None
    first, spread = robust_mean_sd(fluid.voxels[core])
    if first <= 0 or spread <= 0:
        return None
    spread = max(spread / first, LEAST_VARIATION)
    field = _coil_field(fluid, region, first, spread)
    field /= np.float32(np.median(field[core]))
    flat = fluid.voxels / field
    mean, measured_sd = robust_mean_sd(flat[core])
    if mean <= 0:
        return None
    sd = max(measured_sd, LEAST_VARIATION * mean)
    return NormalMarrow(mean, sd, field, ((flat - np.float32(mean)) / np.float32(sd)).astype(np.float32))


def robust_mean_sd(values: FloatArray) -> tuple[float, float]:
    """Median and standard deviation of the bulk of some values; tails (vessels, lesions, cortex) are cut off.

    Parameters
    ----------
    values : float32 array (n,)
    """
    middle = float(np.median(values))
    for _ in range(5):
        spread = 1.4826 * float(np.median(np.abs(values - middle)))
        kept = values[np.abs(values - middle) <= 2.5 * spread]
        if len(kept) == len(values) or not len(kept):
            break
        values, middle = kept, float(np.median(kept))
    return middle, 1.1 * float(values.std())  # 1.1 gives back what the cut at 2.5 took


def smooth(voxels: FloatArray, volume: Volume, sigma_mm: float) -> FloatArray:
    """Gaussian smoothing in the slice plane.

    Parameters
    ----------
    voxels : float32 array (slices, rows, columns)
    volume : Volume
        Gives the grid.
    sigma_mm : float
    """
    rows, columns = volume.shape[1:]
    sigmas_px = [sigma_mm / spacing for spacing in volume.pixel_spacing_mm]
    step = max(1, int(min(sigmas_px) // 3))  # wide kernels lose nothing on a coarser grid
    size = (max(1, columns // step), max(1, rows // step))
    planes = []
    for plane in voxels:
        small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA) if step > 1 else plane
        small = cv2.GaussianBlur(small, (0, 0), sigmas_px[1] / step, None, sigmas_px[0] / step)
        planes.append(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR) if step > 1 else small)
    return np.stack(planes).astype(np.float32, copy=False)


def kernel(volume: Volume, radius_mm: float) -> NDArray[np.uint8]:
    """A box of this half width in the slice plane, for erosion and dilation: ones, uint8 array (rows, columns), odd."""
    rows, columns = (2 * max(1, round(radius_mm / spacing)) + 1 for spacing in volume.pixel_spacing_mm)
    return np.ones((rows, columns), dtype=np.uint8)


def _central_sacrum(fluid: Volume, region: BoolArray, joints: tuple[Joint, ...], middle_px: float) -> BoolArray | None:
    """Marrow near the midline, at the height and depth of the joints where these are known."""
    inner = np.stack([cv2.erode(plane, kernel(fluid, EDGE_MM)) for plane in region.astype(np.uint8)]).astype(np.bool_)
    away_mm = np.abs(np.arange(fluid.shape[2]) - middle_px) * fluid.pixel_spacing_mm[1]
    core: BoolArray = inner & (away_mm < CORE_MM)
    beside = np.zeros(fluid.shape[:2], dtype=np.bool_)
    for joint in joints:
        beside |= np.isfinite(joint.columns_px)
    for candidate in (core & beside[:, :, None], core, inner):
        if np.count_nonzero(candidate) >= FEWEST_VOXELS:
            return candidate
    return None


def _coil_field(fluid: Volume, region: BoolArray, level: float, spread: float) -> FloatArray:
    """Smooth intensity of normal-looking marrow everywhere, (slices, rows, columns)."""
    rows, columns = fluid.shape[1:]
    small_size = (max(1, columns // _STEP), max(1, rows // _STEP))
    coarse = np.stack([cv2.resize(plane, small_size, interpolation=cv2.INTER_AREA) for plane in fluid.voxels])
    share = np.stack([cv2.resize(p, small_size, interpolation=cv2.INTER_AREA) for p in region.astype(np.float32)])
    inside = share > 0.99
    row_mm, column_mm = (spacing * _STEP for spacing in fluid.pixel_spacing_mm)
    sigma = (FIELD_MM / fluid.slice_spacing_mm, FIELD_MM / row_mm, FIELD_MM / column_mm)
    field = np.full(coarse.shape, level, dtype=np.float32)
    for _ in range(4):
        weight = (inside & (np.abs(coarse / field - 1) < 2 * spread)).astype(np.float32)
        total = ndimage.gaussian_filter(coarse * weight, sigma, truncate=2.5)
        field = (total + 0.02 * level) / (ndimage.gaussian_filter(weight, sigma, truncate=2.5) + 0.02)
    planes = [cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_LINEAR) for plane in field.astype(np.float32)]
    return np.stack(planes)
