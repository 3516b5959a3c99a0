"""What the gate checks, one subject a module."""

from reporting.checks.conformance import check_conformance
from reporting.checks.content import check_complete, check_references
from reporting.checks.geometry import Frame, centroids_mm, check_segmentations, read_frames
from reporting.checks.identity import SourceHeaders, check_identity
from reporting.checks.values import check_values
from reporting.findings import Checked, GateCode, GateFinding

__all__ = [
    "Checked",
    "Frame",
    "GateCode",
    "GateFinding",
    "SourceHeaders",
    "centroids_mm",
    "check_complete",
    "check_conformance",
    "check_identity",
    "check_references",
    "check_segmentations",
    "check_values",
    "read_frames",
]
