"""Bone marrow edema: normal marrow, voxel features, lesions."""

from inference.sij_mri.edema.features import FEATURES, candidate_voxels, region_depth, voxel_features
from inference.sij_mri.edema.find import EdemaClassifier, find_edema, left_half
from inference.sij_mri.edema.marrow import find_normal_marrow, smooth

__all__ = [
    "FEATURES",
    "EdemaClassifier",
    "candidate_voxels",
    "find_edema",
    "find_normal_marrow",
    "left_half",
    "region_depth",
    "smooth",
    "voxel_features",
]
