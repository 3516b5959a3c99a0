"""The one table of what a result is made of: kind, SOP class, place among the series, and when it is made.

A further kind of result is a builder in :mod:`reporting.objects` and a row here: outputs, gate and delivery go by the
table. What is stored of an object says its kind, title, series number and SOP class, so that the panel needs no table.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING

from pydicom.uid import (
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EncapsulatedPDFStorage,
    EnhancedSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
    ParametricMapStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from reporting.objects import drawn_series, mapped, sent_planes
from reporting.types import KindRow, Named, Predecessor

if TYPE_CHECKING:
    from inference.result import Analysis
    from reporting.presentation import Presentation, SegmentGroup

MAX_HEAT = 6
"""Planes of a heat map in the default set."""
MAX_PLANES = 1000
"""Planes of a heat map where all are wanted."""

_LATEST_S = 10
"""Of what is read first, in seconds after the start of the analysis; the reports that outline follow a second apart."""

_SR = ("ContentSequence", "ContentTemplateSequence", "CurrentRequestedProcedureEvidenceSequence")
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
    """Some planes of the first heat map."""
    return Counter({"sc-heat": _heat_planes(analysis, MAX_HEAT, key=True)})


def _all_heat(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    """The planes of the first heat map."""
    return Counter({"sc-heat-all": _heat_planes(analysis, MAX_PLANES, key=False)})


def _heat_planes(analysis: "Analysis", most: int, *, key: bool) -> int:
    return sum(len(sent_planes(analysis, heat, most, key=key)) for heat in analysis.heatmaps[:1])


def _key_objects(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    return Counter({"ko": int(analysis.applicable and bool(analysis.key_slices))})


def _presentation_states(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    """One for each series with segments of the default set, wherever its images lie."""
    return Counter({"pr": len(drawn_series(analysis, presentation))})


def _documents(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    return Counter({"pdf": int(analysis.applicable)})


def _parametric_maps(analysis: "Analysis", presentation: "Presentation") -> Counter[str]:
    return Counter({"pm": int(analysis.applicable and mapped(analysis) is not None)})


class Kind(Enum):
    """The kinds of result objects, in the order in which a result has them."""

    SUMMARY = KindRow(
        "sc-summary",
        "Summary",
        SecondaryCaptureImageStorage,
        "OT",
        offset=1,
        made="for every study that was read",
        builder="build_summary",
        count=_summaries,
        never_empty=("ImageType",),
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
        never_empty=("ReferencedSeriesSequence",),
        expected={"SegmentationType": "BINARY"},
    )
    HEATMAPS = KindRow(
        "sc-heat",
        "Heat maps",
        SecondaryCaptureImageStorage,
        "OT",
        offset=7,
        made="where a heat map has something to draw",
        builder="build_heatmaps",
        count=_heat,
        most=MAX_HEAT,
        never_empty=("ImageType",),
        expected={"BurnedInAnnotation": "YES", "PhotometricInterpretation": "RGB"},
    )
    ALL_HEATMAPS = KindRow(
        "sc-heat-all",
        "Heat maps of all slices",
        SecondaryCaptureImageStorage,
        "OT",
        offset=9,
        made="on request, where a heat map has something to draw",
        builder="build_heatmaps",
        count=_all_heat,
        most=MAX_PLANES,
        default=False,
        never_empty=("ImageType",),
        expected={"BurnedInAnnotation": "YES", "PhotometricInterpretation": "RGB"},
    )
    KEY_OBJECTS = KindRow(
        "ko",
        "Key images",
        KeyObjectSelectionDocumentStorage,
        "KO",
        offset=10,
        made="on request, where there are slices to look at first",
        builder="build_key_objects",
        count=_key_objects,
        default=False,
        never_empty=("ContentSequence", "ContentTemplateSequence"),
    )
    PRESENTATION_STATES = KindRow(
        "pr",
        "Outlines as presentation states",
        GrayscaleSoftcopyPresentationStateStorage,
        "PR",
        offset=11,
        made="on request, one for each series with segments of the default set",
        builder="build_presentation_states",
        count=_presentation_states,
        default=False,
        never_empty=("GraphicAnnotationSequence", "SoftcopyVOILUTSequence"),
    )
    DOCUMENT = KindRow(
        "pdf",
        "Report as a PDF",
        EncapsulatedPDFStorage,
        "DOC",
        offset=12,
        made="on request, for every study that was read",
        builder="build_pdf",
        count=_documents,
        default=False,
        never_empty=("DocumentTitle", "ConceptNameCodeSequence"),
        expected={"MIMETypeOfEncapsulatedDocument": "application/pdf", "VerificationFlag": "UNVERIFIED"},
    )
    PARAMETRIC_MAP = KindRow(
        "pm",
        "Values of the heat map",
        ParametricMapStorage,
        "OT",
        offset=13,
        made="on request, where there is a heat map on images in space",
        builder="build_parametric_map",
        count=_parametric_maps,
        default=False,
        never_empty=("ReferencedSeriesSequence",),
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


def reports_among(objects: Iterable[Named]) -> tuple[Predecessor, ...]:
    """The structured reports among the objects of a result, for the result that follows it."""
    classes = {
        str(one)
        for kind in Kind
        if kind.value.modality == "SR"
        for one in (kind.value.sop_class, *kind.value.or_classes)
    }
    return tuple(
        Predecessor(one.kind, one.sop_class_uid, one.sop_instance_uid, one.series_instance_uid)
        for one in objects
        if one.sop_class_uid in classes
    )


def sop_classes() -> Mapping[str, str]:
    """Every SOP class that a result can hold, by a short name for people."""
    return {
        kind.value.sop_class.name.removesuffix(" Storage").removesuffix(" Image"): str(kind.value.sop_class)
        for kind in Kind
    }
