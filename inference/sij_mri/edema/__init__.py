"""Bone marrow edema: normal marrow, voxel features, lesions."""

from inference.sij_mri.edema.bands import Surroundings
from inference.sij_mri.edema.features import FEATURES, candidate_voxels, region_depth, voxel_features
from inference.sij_mri.edema.find import STEP, PossibleEdema, find_edema, possible_edema, thresholds_at
from inference.sij_mri.edema.marrow import find_normal_marrow, smooth
from inference.sij_mri.edema.model import CUTTER as VOXELS
from inference.sij_mri.edema.model import VoxelCutter, edema_spec

__all__ = [
    "FEATURES",
    "STEP",
    "VOXELS",
    "PossibleEdema",
    "Surroundings",
    "VoxelCutter",
    "candidate_voxels",
    "edema_spec",
    "find_edema",
    "find_normal_marrow",
    "possible_edema",
    "region_depth",
    "smooth",
    "thresholds_at",
    "voxel_features",
]
