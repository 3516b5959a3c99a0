"""DICOM objects of a result, built from its analysis and its presentation."""

from reporting.objects import codes
from reporting.objects.capture import build_heatmaps, build_summary, sent_planes
from reporting.objects.codes import local
from reporting.objects.digits import coded_number
from reporting.objects.identity import local_time, mended, take_identity
from reporting.objects.keyobjects import build_key_objects
from reporting.objects.material import Material
from reporting.objects.measurement_report import build_outline_reports
from reporting.objects.parametric import build_parametric_map, mapped
from reporting.objects.pdf import build_pdf
from reporting.objects.presentation_state import build_presentation_states, drawn_series
from reporting.objects.said import level_concept
from reporting.objects.seg import build_segmentations
from reporting.objects.sources import Evidence, losses_among, read_header
from reporting.objects.stamp import ResultContext, tracking_identifier
from reporting.objects.text import build_text_report

__all__ = [
    "Evidence",
    "Material",
    "ResultContext",
    "build_heatmaps",
    "build_key_objects",
    "build_outline_reports",
    "build_parametric_map",
    "build_pdf",
    "build_presentation_states",
    "build_segmentations",
    "build_summary",
    "build_text_report",
    "coded_number",
    "codes",
    "drawn_series",
    "level_concept",
    "local",
    "local_time",
    "losses_among",
    "mapped",
    "mended",
    "read_header",
    "sent_planes",
    "take_identity",
    "tracking_identifier",
]
