"""Class and stage: straightened joints, the network, the rule from slices to study, its explanation."""

from inference.sij_mri.stage.aggregation import QUESTIONS, Aggregation, aggregate, suspicion
from inference.sij_mri.stage.classifier import StagePredictor
from inference.sij_mri.stage.focus import explain
from inference.sij_mri.stage.strips import CHANNELS, T1_CEILING, pictures, stage_input

__all__ = [
    "CHANNELS",
    "QUESTIONS",
    "T1_CEILING",
    "Aggregation",
    "StagePredictor",
    "aggregate",
    "explain",
    "pictures",
    "stage_input",
    "suspicion",
]
