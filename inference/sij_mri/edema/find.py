"""Bone marrow edema on the fluid-sensitive series.

The published method calls marrow edematous that is brighter than normal sacral marrow by some standard deviations.
Here a small classifier draws that line: it weighs a voxel's brightness in those standard deviations against what lies
about it, how deep in the bone it lies and how far from the joint. It is the bundle's model in the role ``edema``;
`axspa-train evaluate edema` shows how well one does on patients it was not taught by.

References
----------
C. Hepburn et al., "Volume of hyperintense inflammation (VHI)": the threshold from normal sacral marrow.
"""

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from inference.serving import VoxelClassifier
from inference.sij_mri.edema.features import candidate_voxels, voxel_features
from inference.sij_mri.edema.marrow import NormalMarrow, find_normal_marrow, smooth
from inference.sij_mri.edema.model import POSSIBLE, SURE
from inference.sij_mri.midline import find_midline
from inference.sij_mri.types import Edema, Joint
from inference.space import check_standard
from inference.types import BoolArray, FloatArray, Volume

THRESHOLD_SD = 2.0  # every lesion holds marrow that is brighter than normal by so many standard deviations
SEED_MM = 0.7  # smoothing of the intensity that is compared with the threshold
SMALLEST_MM3 = 10.0


def find_edema(
    fluid: Volume, region: BoolArray, joints: tuple[Joint, ...], *, classifier: VoxelClassifier
) -> Edema | None:
    """Find bone marrow edema.

    Parameters
    ----------
    fluid : Volume
        Fluid-sensitive, fat-suppressed (STIR, T2 FS, TIRM, Dixon water), in the standard orientation.
    region : bool array (slices, rows, columns)
        Sacrum and ilia, on the grid of `fluid`.
    joints : tuple of Joint
        On the grid of `fluid`; may be empty.
    classifier : VoxelClassifier
        As :mod:`inference.sij_mri.edema.model` says.

    Returns
    -------
    Edema or None
        None where the region holds too little marrow to judge.

    Raises
    ------
    ValueError
        If `region` is not on the grid of `fluid`, or `fluid` not in the standard orientation.
    """
    if region.shape != fluid.shape:
        raise ValueError(f"the region must lie on the grid of the volume {fluid.shape}, received {region.shape}")
    check_standard(fluid)
    middle_px = find_midline(fluid.voxels, fluid.pixel_spacing_mm)
    normal = find_normal_marrow(fluid, region, joints, middle_px=middle_px)
    if normal is None:
        return None
    chance = edema_probability(fluid, region, joints, normal, classifier=classifier)
    bright = smooth(normal.deviations, fluid, SEED_MM) > THRESHOLD_SD
    found = _lesions(chance, bright, fluid.voxel_volume_mm3, thresholds=classifier.spec.thresholds)
    left = found & left_half(fluid, joints, middle_px)
    right = found & ~left
    return Edema(
        left=left,
        right=right,
        normal_mean=normal.mean,
        normal_sd=normal.sd,
        threshold=normal.mean + THRESHOLD_SD * normal.sd,
        left_mm3=float(np.count_nonzero(left)) * fluid.voxel_volume_mm3,
        right_mm3=float(np.count_nonzero(right)) * fluid.voxel_volume_mm3,
    )


def edema_probability(
    fluid: Volume,
    region: BoolArray,
    joints: tuple[Joint, ...],
    normal: NormalMarrow,
    *,
    classifier: VoxelClassifier,
) -> FloatArray:
    """Probability of edema in each voxel, (slices, rows, columns); 0 outside the candidates."""
    at = candidate_voxels(normal.deviations, region, fluid)
    chance = np.zeros(fluid.shape, dtype=np.float32)
    if at.any():
        chance[at], _ = classifier.predict(voxel_features(normal.deviations, region, joints, fluid, at=at))
    return chance


def _lesions(chance: FloatArray, bright: BoolArray, voxel_mm3: float, *, thresholds: Mapping[str, float]) -> BoolArray:
    """Hysteresis: connected possible voxels that hold a sure and bright one, unless they are too small to see."""
    labels, count = ndimage.label(chance > thresholds[POSSIBLE], np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    surely = (chance > thresholds[SURE]) & bright
    sure = np.bincount(labels.ravel(), weights=surely.ravel(), minlength=count + 1)
    keep = (sure > 0) & (sizes * voxel_mm3 >= SMALLEST_MM3)
    keep[0] = False
    return np.asarray(keep[labels], dtype=np.bool_)


def left_half(fluid: Volume, joints: tuple[Joint, ...], middle_px: float) -> BoolArray:
    """The patient's left half: up to the middle between the joints, else to the body's plane of symmetry.

    Parameters
    ----------
    fluid : Volume
        Gives the grid, in the standard orientation.
    joints : tuple of Joint
        On the same grid.
    middle_px : float
        Column of the plane of symmetry.

    Returns
    -------
    bool array (slices, rows, columns)
    """
    medians = [float(np.nanmedian(joint.columns_px)) for joint in joints]
    if len(medians) == 2:
        middle_px = sum(medians) / 2
    left = np.arange(fluid.shape[2]) > middle_px
    return np.broadcast_to(left, fluid.shape)
