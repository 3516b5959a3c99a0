"""Class and stage: straightened joints, the network, the rule from slices to study, its explanation."""

from inference.sij_mri.stage.aggregation import QUESTIONS, Aggregation, aggregate, suspicion
from inference.sij_mri.stage.focus import FLOOR as HEAT_FLOOR
from inference.sij_mri.stage.focus import FULL_SCALE as HEAT_FULL_SCALE
from inference.sij_mri.stage.focus import explain
from inference.sij_mri.stage.reader import StageReader, read_stage_spec, stage_spec
from inference.sij_mri.stage.strips import CUTTER as STRIPS
from inference.sij_mri.stage.strips import StageInput, StripCutter, pictures

__all__ = [
    "HEAT_FLOOR",
    "HEAT_FULL_SCALE",
    "QUESTIONS",
    "STRIPS",
    "Aggregation",
    "StageInput",
    "StageReader",
    "StripCutter",
    "aggregate",
    "explain",
    "pictures",
    "read_stage_spec",
    "stage_spec",
    "suspicion",
]
