"""The one table of what a result is made of: kind, SOP class, place among the series, and when it is made.

A further kind of result is a builder in :mod:`reporting.objects` and a row here: outputs, gate and delivery go by the
table. What is stored of an object says its kind, title, series number and SOP class, so that the panel needs no table.
"""

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from pydicom.uid import (
    Comprehensive3DSRStorage,
    EnhancedSRStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from reporting.types import KindRow

if TYPE_CHECKING:
    from inference.result import Analysis
    from reporting.presentation import Presentation

MAX_CAPTURES = 17
"""The summary page, and at most 16 planes of a heat map."""

_SEG = (
    "FrameOfReferenceUID",
    "SegmentSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelData",
    "ReferencedSeriesSequence",
    "ContentLabel",
    "ImageType",
)
_SR = (
    "CompletionFlag",
    "VerificationFlag",
    "ValueType",
    "ConceptNameCodeSequence",
    "ContentSequence",
    "ContentTemplateSequence",
    "CurrentRequestedProcedureEvidenceSequence",
)
_SC = ("ConversionType", "Rows", "Columns", "PixelData", "SamplesPerPixel", "ImageType", "BurnedInAnnotation")
_UNVERIFIED = {"CompletionFlag": "COMPLETE", "VerificationFlag": "UNVERIFIED", "PreliminaryFlag": "PRELIMINARY"}


def _study_reports(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    return Counter({"sr-root": int(analysis.applicable)})


def _segmentations(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    """One for each group and role that has segments, on images with a place in the patient."""
    placed = {images.role for images in analysis.images if images.placed}
    return Counter(
        {
            group.name: len({one.role for one in analysis.segments if one.key in group.keys} & placed)
            for group in presentation.groups
        }
    )


def _measurements(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    return Counter({"sr-measurements": int(_segmentations(analysis, presentation).total() > 0)})


def _texts(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    return Counter({"sr-text": 1})


def _captures(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    """The summary page, and the planes of the first heat map."""
    heat = len(analysis.heatmaps[0].planes) if analysis.heatmaps else 0
    return Counter({"sc": min(1 + heat, MAX_CAPTURES) * analysis.applicable})


class Kind(Enum):
    """The kinds of result objects, in the order in which a result has them."""

    STUDY_REPORT = KindRow(
        "sr-root",
        "Report of the study",
        Comprehensive3DSRStorage,
        "SR",
        offset=2,
        made="for every study that was read",
        builder="build_study_report",
        count=_study_reports,
        names_others=True,
        never_empty=_SR,
        expected=_UNVERIFIED,
    )
    SEGMENTATION = KindRow(
        "seg",
        "Segmentation",
        SegmentationStorage,
        "SEG",
        offset=1,
        made="where a group has segments on images in space",
        builder="build_segmentations",
        count=_segmentations,
        never_empty=_SEG,
        expected={"SegmentationType": "BINARY"},
    )
    MEASUREMENTS = KindRow(
        "sr-measurements",
        "Measurements of the segments",
        Comprehensive3DSRStorage,
        "SR",
        offset=3,
        made="where there is a segmentation",
        builder="build_measurements",
        count=_measurements,
        never_empty=_SR,
        expected=_UNVERIFIED,
    )
    TEXT = KindRow(
        "sr-text",
        "Report in words",
        EnhancedSRStorage,
        "SR",
        offset=4,
        made="always",
        builder="build_text_report",
        count=_texts,
        always=True,
        never_empty=_SR,
        expected=_UNVERIFIED,
    )
    CAPTURE = KindRow(
        "sc",
        "Summary page and heat maps",
        SecondaryCaptureImageStorage,
        "OT",
        offset=5,
        made="for every study that was read",
        builder="build_captures",
        count=_captures,
        most=MAX_CAPTURES,
        never_empty=_SC,
        expected={"BurnedInAnnotation": "YES", "PhotometricInterpretation": "RGB"},
    )


def expected_kinds(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    """How many objects of each name an analysis calls for."""
    expected: Counter[str] = Counter()
    for kind in Kind:
        expected.update(kind.value.count(analysis, presentation))
    return +expected


def row_of(name: str, presentation: "Presentation") -> KindRow | None:
    """The row of an object's name, which for a segmentation is that of its group; None for a name that nothing has."""
    if any(group.name == name for group in presentation.groups):
        return Kind.SEGMENTATION.value
    return next((kind.value for kind in Kind if kind.value.name == name and kind is not Kind.SEGMENTATION), None)


def sop_classes() -> Mapping[str, str]:
    """Every SOP class that a result can hold, by a short name for people."""
    return {
        kind.value.sop_class.name.removesuffix(" Storage").removesuffix(" Image"): str(kind.value.sop_class)
        for kind in Kind
    }
