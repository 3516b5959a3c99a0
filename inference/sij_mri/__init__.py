"""The sacroiliac application: from two series to what is seen at the sacroiliac joints."""

from inference.sij_mri.application import SacroiliacMri, read_volumes
from inference.sij_mri.asas import asas as asas_rule
from inference.sij_mri.conclusion import Conclusion, answer_of, conclude_reading
from inference.sij_mri.crossing import carry_joints
from inference.sij_mri.joints import TYPICAL_LATERAL_MM, find_joints, joint_slices
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.midline import find_midline
from inference.sij_mri.region import RegionReader, region_spec
from inference.sij_mri.region_cutter import RegionCutter, RegionGrid, StandardizedRegionCutter, region_cutter
from inference.sij_mri.stage import HEAT_FLOOR, HEAT_FULL_SCALE
from inference.sij_mri.types import (
    STAGES,
    AsasResult,
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
    "HEAT_FLOOR",
    "HEAT_FULL_SCALE",
    "STAGES",
    "TYPICAL_LATERAL_MM",
    "AsasResult",
    "Conclusion",
    "Cutoff",
    "Edema",
    "EdemaParts",
    "Joint",
    "LimitationCode",
    "Prediction",
    "Reading",
    "RegionCutter",
    "RegionGrid",
    "RegionReader",
    "Role",
    "SacroiliacMri",
    "SlicePrediction",
    "Stage",
    "StandardizedRegionCutter",
    "answer_of",
    "asas_rule",
    "carry_joints",
    "conclude_reading",
    "find_joints",
    "find_midline",
    "joint_slices",
    "read_volumes",
    "region_cutter",
    "region_spec",
    "select",
]
