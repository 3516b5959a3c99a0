"""What the edema classifier is told of each voxel of a fluid-sensitive volume.

Everything is in standard deviations of normal marrow or in millimeters, so that it means the same on every scanner and
grid. Place in the body is left out on purpose: with few patients to learn from it was learnt by heart.
"""

import cv2
import numpy as np
from scipy import ndimage

from inference.sij_mri.edema.marrow import kernel, smooth
from inference.sij_mri.types import Joint
from inference.space import distance_to, surface_distance
from inference.types import BoolArray, FloatArray, Volume

FEATURES = (
    "intensity", "mean 0.7 mm", "mean 2 mm", "mean 5 mm", "mean 12 mm", "brighter neighbour slice",
    "darker neighbour slice", "least within 3 mm", "most within 3 mm", "bright ridge", "bright spot", "depth",
    "joint within 4 mm", "joint within 15 mm", "contrast 3 mm", "contrast 6 mm", "contrast along the row",
)  # fmt: skip
BRIGHT_SD = 1.0  # voxels farther than SEARCH_MM from anything this bright are never edema
SEARCH_MM = 2.0
MARGIN_MM = 2.4  # edema may reach this far out of the region


def candidate_voxels(deviations: FloatArray, region: BoolArray, fluid: Volume) -> BoolArray:
    """Voxels that could be edema: in the region or at its edge, and near something brighter than normal.

    Parameters
    ----------
    deviations : float32 array (slices, rows, columns)
        Intensity in standard deviations of normal marrow.
    region : bool array (slices, rows, columns)
    fluid : Volume
        Gives the grid.

    Returns
    -------
    bool array (slices, rows, columns)
    """
    calm = smooth(deviations, fluid, 1.0)
    near = np.stack([cv2.dilate(plane, kernel(fluid, SEARCH_MM)) for plane in calm]) > BRIGHT_SD
    margin = kernel(fluid, MARGIN_MM)
    wide = np.stack([cv2.dilate(plane, margin) for plane in region.astype(np.uint8)]) > 0
    return np.asarray(near & wide, dtype=np.bool_)


def voxel_features(
    deviations: FloatArray, region: BoolArray, joints: tuple[Joint, ...], fluid: Volume, *, at: BoolArray
) -> FloatArray:
    """Features of some voxels.

    Parameters
    ----------
    deviations : float32 array (slices, rows, columns)
        Intensity in standard deviations of normal marrow.
    region : bool array (slices, rows, columns)
    joints : tuple of Joint
        On the grid of `fluid`; may be empty.
    fluid : Volume
        Gives the grid.
    at : bool array (slices, rows, columns)
        The voxels.

    Returns
    -------
    float32 array (voxels, features)
        In the order of FEATURES.
    """
    fine, calm = smooth(deviations, fluid, 0.7), smooth(deviations, fluid, 2.0)
    mask = region.astype(np.float32)
    weighted = deviations * mask
    near = smooth(weighted, fluid, 5.0) / (smooth(mask, fluid, 5.0) + 1e-3)
    wide_weight = ndimage.gaussian_filter1d(smooth(mask, fluid, 12.0), 0.7, axis=0)
    wide = ndimage.gaussian_filter1d(smooth(weighted, fluid, 12.0), 0.7, axis=0) / (wide_weight + 1e-3)
    before, after = np.concatenate([calm[:1], calm[:-1]]), np.concatenate([calm[1:], calm[-1:]])
    box = kernel(fluid, 3.0)
    least = np.stack([cv2.erode(plane, box) for plane in fine])
    most = np.stack([cv2.dilate(plane, box) for plane in fine])
    across, along = _curvatures(deviations, fluid)
    width = 2 * round(5.0 / fluid.pixel_spacing_mm[1]) + 1
    row_mean = np.stack([cv2.blur(plane, (width, 1)) for plane in fine])
    joint_mm = _joint_distance(joints, fluid)
    columns = [
        *(_squash(value[at]) for value in (deviations, fine, calm, near, wide)),
        _squash(np.maximum(before, after)[at]),
        _squash(np.minimum(before, after)[at]),
        *(_squash(value[at]) for value in (least, most, across, along)),
        np.tanh(region_depth(region, fluid)[at] / 5.0),
        np.exp(-joint_mm[at] / 4.0),
        np.exp(-joint_mm[at] / 15.0),
        _squash((fine - smooth(deviations, fluid, 3.0))[at]),
        _squash((fine - smooth(deviations, fluid, 6.0))[at]),
        _squash((fine - row_mean)[at]),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _squash(values: FloatArray) -> FloatArray:
    return np.asarray(np.arcsinh(values / 2), dtype=np.float32)


def _curvatures(deviations: FloatArray, fluid: Volume) -> tuple[FloatArray, FloatArray]:
    """Downward curvature at 1 mm across and along the strongest bright ridge through each voxel."""
    calm = smooth(deviations, fluid, 1.0)
    row_mm, column_mm = fluid.pixel_spacing_mm
    down = np.gradient(calm, row_mm, axis=1)
    down_down = np.gradient(down, row_mm, axis=1)
    down_right = np.gradient(down, column_mm, axis=2)
    right_right = np.gradient(np.gradient(calm, column_mm, axis=2), column_mm, axis=2)
    middle = (down_down + right_right) / 2
    root = np.sqrt(((down_down - right_right) / 2) ** 2 + down_right**2)
    return np.asarray(root - middle, dtype=np.float32), np.asarray(-root - middle, dtype=np.float32)


def region_depth(region: BoolArray, fluid: Volume) -> FloatArray:
    """Distance to the region's edge in the slice plane, mm; negative outside.

    Parameters
    ----------
    region : bool array (slices, rows, columns)
    fluid : Volume
        Gives the grid.

    Returns
    -------
    float32 array (slices, rows, columns)
    """
    out = np.full(fluid.shape, -50.0, dtype=np.float32)
    for index, plane in enumerate(region):
        if plane.any() and not plane.all():
            out[index] = distance_to(~plane, fluid.pixel_spacing_mm) - distance_to(plane, fluid.pixel_spacing_mm)
    return out


def _joint_distance(joints: tuple[Joint, ...], fluid: Volume) -> FloatArray:
    """Distance to the nearest joint surface in the slice plane, mm; infinite where there is none."""
    nearest = np.full(fluid.shape, np.inf, dtype=np.float32)
    for joint in joints:
        np.minimum(nearest, surface_distance(joint.columns_px, fluid), out=nearest)
    return nearest
