"""The sacroiliac application: from two series to what is seen at the sacroiliac joints."""

from inference.sij_mri.crossing import carry_joints
from inference.sij_mri.joints import find_joints, joint_slices
from inference.sij_mri.midline import find_midline
from inference.sij_mri.needs import SacroiliacNeeds
from inference.sij_mri.region import RegionCutter, RegionReader, region_spec
from inference.sij_mri.types import STAGES, Analysis, Edema, Joint, Prediction, Role, SlicePrediction, Stage
from inference.sij_mri.wanted import select

__all__ = [
    "STAGES",
    "Analysis",
    "Edema",
    "Joint",
    "Prediction",
    "RegionCutter",
    "RegionReader",
    "Role",
    "SacroiliacNeeds",
    "SlicePrediction",
    "Stage",
    "carry_joints",
    "find_joints",
    "find_midline",
    "joint_slices",
    "region_spec",
    "select",
]
