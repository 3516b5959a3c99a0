"""The one table of what a result is made of: kind, SOP class, place among the series, and when it is made.

A further kind of result is a builder in :mod:`reporting.objects` and a row here: outputs, gate and delivery go by the
table. What is stored of an object says its kind, title, series number and SOP class, so that the panel needs no table.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import TYPE_CHECKING

from pydicom.uid import (
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EnhancedSRStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from reporting.types import KindRow

if TYPE_CHECKING:
    from inference.result import Analysis
    from reporting.presentation import Presentation, SegmentGroup

MAX_HEAT = 6
"""Planes of a heat map in the default set."""

_LATEST_S = 10
"""Of what is read first, in seconds after the start of the analysis; the reports that outline follow a second apart."""

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


def _segmentations(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    """One for each group and role that has segments, on images with a place in the patient."""
    placed = {images.role for images in analysis.images if images.placed}
    return Counter({group.segmentation: len(_roles(analysis, group) & placed) for group in presentation.groups})


def _outlines(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    """One for each group that has a report and each role on which it has segments."""
    return Counter({group.report: len(_roles(analysis, group)) for group in presentation.groups if group.report})


def _roles(analysis: "Analysis", group: "SegmentGroup") -> set[str]:
    return {one.role for one in analysis.segments if one.key in group.keys}


def _texts(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    return Counter({"sr-text": 1})


def _summaries(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    return Counter({"sc-summary": int(analysis.applicable)})


def _heat(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    """The planes of the first heat map."""
    planes = len(analysis.heatmaps[0].planes) if analysis.heatmaps else 0
    return Counter({"sc-heat": min(planes, MAX_HEAT) * analysis.applicable})


class Kind(Enum):
    """The kinds of result objects, in the order in which a result has them."""

    SUMMARY = KindRow(
        "sc-summary",
        "Summary page",
        SecondaryCaptureImageStorage,
        "OT",
        offset=1,
        made="for every study that was read",
        builder="build_summary",
        count=_summaries,
        never_empty=_SC,
        expected={"BurnedInAnnotation": "YES", "PhotometricInterpretation": "RGB"},
    )
    TEXT = KindRow(
        "sr-text",
        "Report in words",
        EnhancedSRStorage,
        "SR",
        offset=2,
        made="always",
        builder="build_text_report",
        count=_texts,
        later_s=_LATEST_S,
        always=True,
        turn=1,
        never_empty=_SR,
        expected=_UNVERIFIED,
    )
    OUTLINES = KindRow(
        "sr",
        "Outlines and measurements",
        Comprehensive3DSRStorage,
        "SR",
        or_classes=(ComprehensiveSRStorage, EnhancedSRStorage),
        offset=3,
        made="where a group with outlines has segments, for each series",
        builder="build_outline_reports",
        count=_outlines,
        later_s=_LATEST_S - 1,
        turn=2,
        never_empty=_SR,
        expected=_UNVERIFIED,
    )
    SEGMENTATION = KindRow(
        "seg",
        "Segmentation",
        SegmentationStorage,
        "SEG",
        offset=5,
        made="where a group has segments on images in space",
        builder="build_segmentations",
        count=_segmentations,
        later_s=None,
        never_empty=_SEG,
        expected={"SegmentationType": "BINARY"},
    )
    HEATMAPS = KindRow(
        "sc-heat",
        "Heat maps",
        SecondaryCaptureImageStorage,
        "OT",
        offset=7,
        made="where there is a heat map",
        builder="build_heatmaps",
        count=_heat,
        most=MAX_HEAT,
        never_empty=_SC,
        expected={"BurnedInAnnotation": "YES", "PhotometricInterpretation": "RGB"},
    )


_BY_GROUP: Mapping[Kind, Callable[["SegmentGroup"], str]] = {
    Kind.OUTLINES: lambda group: group.report,
    Kind.SEGMENTATION: lambda group: group.segmentation,
}
"""Kinds whose objects have a name by their group."""


def expected_kinds(
    analysis: "Analysis", presentation: "Presentation", kinds: Collection[str] | None = None
) -> Counter[str]:
    """How many objects of each name an analysis calls for; of those kinds that are wanted, else of the default set."""
    wanted = default_kinds(presentation) if kinds is None else kinds
    expected: Counter[str] = Counter()
    for kind in Kind:
        expected.update(kind.value.count(analysis, presentation))
    return Counter({name: count for name, count in expected.items() if count and name in wanted})


def every_kind(presentation: "Presentation") -> tuple[str, ...]:
    """Names of all kinds of objects that a presentation can give."""
    return tuple(_defaults(presentation))


def default_kinds(presentation: "Presentation") -> frozenset[str]:
    """Names of those that are made where nobody asks for others."""
    return frozenset(name for name, default in _defaults(presentation).items() if default)


def _defaults(presentation: "Presentation") -> dict[str, bool]:
    names = {kind.value.name: kind.value.default for kind in Kind if kind not in _BY_GROUP}
    for group in presentation.groups:
        names |= {name: group.default for name in (group.report, group.segmentation) if name}
    return names


def row_of(name: str, presentation: "Presentation") -> KindRow | None:
    """The row of an object's name, which may be that of a group; None for a name that nothing has."""
    for kind, of_group in _BY_GROUP.items():
        if name in {of_group(group) for group in presentation.groups} - {""}:
            return kind.value
    return next((kind.value for kind in Kind if kind.value.name == name and kind not in _BY_GROUP), None)


def is_made(kind: Kind, presentation: "Presentation", kinds: Collection[str]) -> bool:
    """True where objects of a kind are among those that are wanted."""
    if kind in _BY_GROUP:
        return any(_BY_GROUP[kind](group) in kinds for group in presentation.groups)
    return kind.value.name in kinds


def sop_classes() -> Mapping[str, str]:
    """Every SOP class that a result can hold, by a short name for people."""
    return {
        kind.value.sop_class.name.removesuffix(" Storage").removesuffix(" Image"): str(kind.value.sop_class)
        for kind in Kind
    }
