"""DICOM objects of a result, built from its analysis and its presentation."""

from reporting.objects import codes
from reporting.objects.capture import build_captures
from reporting.objects.codes import local
from reporting.objects.identity import local_time, take_identity
from reporting.objects.material import Material
from reporting.objects.said import level_concept
from reporting.objects.seg import build_segmentations
from reporting.objects.sources import Evidence, read_header
from reporting.objects.sr import build_measurements, build_study_report
from reporting.objects.stamp import DESCRIPTION_PREFIX, ResultContext
from reporting.objects.text import build_text_report

__all__ = [
    "DESCRIPTION_PREFIX",
    "Evidence",
    "Material",
    "ResultContext",
    "build_captures",
    "build_measurements",
    "build_segmentations",
    "build_study_report",
    "build_text_report",
    "codes",
    "level_concept",
    "local",
    "local_time",
    "read_header",
    "take_identity",
]
