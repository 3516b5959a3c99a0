"""What the gate checks, one subject a module."""

from reporting.checks.conformance import check_conformance
from reporting.checks.content import check_complete
from reporting.checks.frames import centroids_mm
from reporting.checks.geometry import check_places, check_segmentations
from reporting.checks.identity import SourceHeaders, check_identity
from reporting.checks.modules import check_modules
from reporting.checks.references import check_references
from reporting.checks.reports import check_reports
from reporting.checks.representations import check_representations
from reporting.checks.values import check_values
from reporting.findings import Checked, GateCode, GateFinding

__all__ = [
    "Checked",
    "GateCode",
    "GateFinding",
    "SourceHeaders",
    "centroids_mm",
    "check_complete",
    "check_conformance",
    "check_identity",
    "check_modules",
    "check_places",
    "check_references",
    "check_reports",
    "check_representations",
    "check_segmentations",
    "check_values",
]
