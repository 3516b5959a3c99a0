"""The published framework for single MR slices: its models side by side, on pictures or on the slices of a study.

Its labels are a function of the brightness of the same image. What its models say is what the published models say; it
is no finding, and no node sends it as one.
"""

from inference.mri_slices.application import MriSlices
from inference.mri_slices.cutter import CUTTER, SliceCutter, to_gray
from inference.mri_slices.types import (
    AS_LABELS,
    CLASSIFIERS,
    FOCUSED,
    GRAD_CAM,
    MASK_THRESHOLD,
    SEGMENTERS,
    SLICES,
    STAGES,
    as_key,
    region_key,
    specification,
    stage_key,
)

__all__ = [
    "AS_LABELS",
    "CLASSIFIERS",
    "CUTTER",
    "FOCUSED",
    "GRAD_CAM",
    "MASK_THRESHOLD",
    "SEGMENTERS",
    "SLICES",
    "STAGES",
    "MriSlices",
    "SliceCutter",
    "as_key",
    "region_key",
    "specification",
    "stage_key",
    "to_gray",
]
