"""The sacroiliac application: from two series to what is seen at the sacroiliac joints."""

from inference.sij_mri.application import SacroiliacMri
from inference.sij_mri.crossing import carry_joints
from inference.sij_mri.joints import find_joints, joint_slices
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.midline import find_midline
from inference.sij_mri.region import RegionCutter, RegionReader, region_spec
from inference.sij_mri.types import (
    STAGES,
    Cutoff,
    Edema,
    EdemaParts,
    Joint,
    Prediction,
    Reading,
    Role,
    SlicePrediction,
    Stage,
)
from inference.sij_mri.wanted import select

__all__ = [
    "STAGES",
    "Cutoff",
    "Edema",
    "EdemaParts",
    "Joint",
    "LimitationCode",
    "Prediction",
    "Reading",
    "RegionCutter",
    "RegionReader",
    "Role",
    "SacroiliacMri",
    "SlicePrediction",
    "Stage",
    "carry_joints",
    "find_joints",
    "find_midline",
    "joint_slices",
    "region_spec",
    "select",
]
