"""Bone marrow edema: normal marrow, voxel features, lesions."""

from inference.sij_mri.edema.bands import SUBCHONDRAL_MM, Surroundings
from inference.sij_mri.edema.features import FEATURES, candidate_voxels, region_depth, voxel_features
from inference.sij_mri.edema.find import NETWORK_STEP, STEP, PossibleEdema, find_edema, possible_edema, thresholds_at
from inference.sij_mri.edema.marrow import find_normal_marrow, smooth
from inference.sij_mri.edema.model import CUTTER as VOXELS
from inference.sij_mri.edema.model import VoxelCutter, edema_spec
from inference.sij_mri.edema.network import CUTTER as NETWORK
from inference.sij_mri.edema.network import NEAR_MM, EdemaCutter, EdemaNetwork, edema_network_spec
from inference.sij_mri.edema.pictures import Frame, Places, picture_mapping, picture_planes, stacked
from inference.sij_mri.edema.shading import (
    VARIATION,
    Fields,
    Levels,
    Relative,
    marrow_levels,
    relative_marrow,
    relative_to,
    sacral_marrow,
    slow_field,
)

__all__ = [
    "FEATURES",
    "NEAR_MM",
    "NETWORK",
    "NETWORK_STEP",
    "STEP",
    "SUBCHONDRAL_MM",
    "VARIATION",
    "VOXELS",
    "EdemaCutter",
    "EdemaNetwork",
    "Fields",
    "Frame",
    "Levels",
    "Places",
    "PossibleEdema",
    "Relative",
    "Surroundings",
    "VoxelCutter",
    "candidate_voxels",
    "edema_network_spec",
    "edema_spec",
    "find_edema",
    "find_normal_marrow",
    "marrow_levels",
    "picture_mapping",
    "picture_planes",
    "possible_edema",
    "region_depth",
    "relative_marrow",
    "relative_to",
    "sacral_marrow",
    "slow_field",
    "smooth",
    "stacked",
    "thresholds_at",
    "voxel_features",
]
