"""Bone marrow edema: normal marrow, voxel features, lesions."""

from inference.sij_mri.edema.features import FEATURES, candidate_voxels, region_depth, voxel_features
from inference.sij_mri.edema.find import find_edema, left_half
from inference.sij_mri.edema.marrow import find_normal_marrow, smooth
from inference.sij_mri.edema.model import CUTTER as VOXELS
from inference.sij_mri.edema.model import VoxelCutter, edema_spec

__all__ = [
    "FEATURES",
    "VOXELS",
    "VoxelCutter",
    "candidate_voxels",
    "edema_spec",
    "find_edema",
    "find_normal_marrow",
    "left_half",
    "region_depth",
    "smooth",
    "voxel_features",
]
