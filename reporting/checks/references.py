"""Whatever an object names is there: an image of the study, an object of the result, or the report that it follows.

References
----------
PS3.3 C.12.2 (Common Instance Reference), C.17.2.3 (evidence of SR documents), C.17.6.2.1 (evidence of key objects),
C.17.3.2.4 and Table 10-3 (frames and segments of a reference).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from reporting.checks.identity import SourceHeaders
from reporting.findings import Checked, GateCode, GateFinding
from reporting.kinds import Kind
from reporting.levels import Level, name_of
from reporting.presentation import Presentation
from reporting.types import Predecessor, is_followed

CONTENT, PREDECESSORS = "ContentSequence", "PredecessorDocumentsSequence"
EVIDENCE = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
SERIES = ("ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence")
NO_INSTANCES = frozenset(
    ("ReferencedStudySequence", "ReferencedPatientSequence", "ReferencedPerformedProcedureStepSequence")
)
LISTS_SERIES = ("SEG", "PR", "PM")
"""Modalities of objects that must list by series whatever they name."""


@dataclass(frozen=True, slots=True)
class Named:
    """An instance as an object names it.

    Attributes
    ----------
    uid, sop_class : str
    top : str
        Keyword of the sequence of the object below which it is named.
    series, study : str
        UIDs under which it is named; empty where the object does not say them there.
    frames, segments : tuple of int
    """

    uid: str
    sop_class: str
    top: str
    series: str
    study: str
    frames: tuple[int, ...]
    segments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _There:
    """An instance as it is: what a reference to it may say."""

    sop_class: str
    series: str
    frames: int
    segments: frozenset[int] = frozenset()


def check_references(
    objects: Sequence[Checked], source: SourceHeaders, predecessors: Sequence[Predecessor], presentation: Presentation
) -> Iterator[GateFinding]:
    """References of every object lead to what they say, and its lists of them are complete."""
    there = {uid: _of_source(header) for uid, header in source.by_uid.items()}
    there |= {item.levels.text("SOPInstanceUID"): _of_object(item.levels) for item in objects}
    studies = {"", *(str(header.get("StudyInstanceUID", "") or "").strip() for header in source.by_uid.values())}
    leading = lead_of(objects, presentation)
    for item in objects:
        beside = {one.kind for one in objects if one is not item} if item is leading else None
        earlier = {
            one.sop_instance_uid: _There(one.sop_class_uid, one.series_instance_uid, 1)
            for one in predecessors
            if is_followed(one.kind, item.kind, beside=beside)
        }
        named = tuple(references(item.levels))
        if not all(_leads(one, earlier if one.top == PREDECESSORS else there, studies) for one in named):
            yield GateFinding(
                GateCode.REFERENCE_UNKNOWN, f"The {item.kind} object names an instance that is not there.", item.kind
            )
        yield from _lists(item, named)
        if item is leading:
            yield from _names_others(item, named, objects)


def references(level: Level, top: str = "", series: str = "", study: str = "") -> Iterator[Named]:
    """Every instance that an object names, with the place where it does."""
    if level.holds("ReferencedSOPInstanceUID"):
        yield Named(
            uid=level.text("ReferencedSOPInstanceUID"),
            sop_class=level.text("ReferencedSOPClassUID"),
            top=top,
            series=series,
            study=study,
            frames=level.numbers("ReferencedFrameNumber"),
            segments=level.numbers("ReferencedSegmentNumber"),
        )
    for tag, items in level.items.items():
        name = name_of(tag)
        if name not in NO_INSTANCES:
            for item in items:
                own = (item.text("SeriesInstanceUID") or series, item.text("StudyInstanceUID") or study)
                yield from references(item, top or name, *own)


def _of_source(header: Dataset) -> _There:
    return _There(
        str(header.get("SOPClassUID", "") or ""),
        str(header.get("SeriesInstanceUID", "") or "").strip(),
        int(header.get("NumberOfFrames", 1) or 1),
    )


def _of_object(whole: Level) -> _There:
    return _There(
        whole.text("SOPClassUID"),
        whole.text("SeriesInstanceUID"),
        int(whole.text("NumberOfFrames") or 1),
        frozenset(one.number("SegmentNumber") for one in whole.below("SegmentSequence")),
    )


def _leads(one: Named, there: Mapping[str, _There], studies: Set[str]) -> bool:
    target = there.get(one.uid)
    return (
        target is not None
        and one.sop_class == target.sop_class
        and one.series in ("", target.series)
        and one.study in studies
        and all(1 <= number <= target.frames for number in one.frames)
        and target.segments.issuperset(one.segments)
    )


def _lists(item: Checked, named: Sequence[Named]) -> Iterator[GateFinding]:
    """What a document or an image names is in its list of evidence or of series, each instance once.

    The evidence of a report may hold more than its content names; that of key objects may not.
    """
    modality = item.levels.text("Modality")
    if modality in ("SR", "KO"):
        listed = Counter(one.uid for one in named if one.top in EVIDENCE)
        wanted = {one.uid for one in named if one.top == CONTENT}
        whole = item.levels.text("SOPClassUID") != KeyObjectSelectionDocumentStorage or wanted == set(listed)
    elif modality in LISTS_SERIES or item.levels.holds(SERIES[0]):
        listed = Counter(one.uid for one in named if one.top in SERIES and one.series)
        wanted = {one.uid for one in named if one.top not in SERIES}
        whole = True
    else:
        return
    if not whole or not wanted <= set(listed) or max(listed.values(), default=1) > 1:
        sentence = f"What the {item.kind} object rests on is not the list of what it names."
        yield GateFinding(GateCode.EVIDENCE_INCOMPLETE, sentence, item.kind)


def _names_others(item: Checked, named: Sequence[Named], objects: Sequence[Checked]) -> Iterator[GateFinding]:
    """The object from which a display starts names all others."""
    others = {other.levels.text("SOPInstanceUID") for other in objects if other is not item}
    missing = others - {one.uid for one in named}
    if missing:
        sentence = f"The report that leads does not name {len(missing)} objects."
        yield GateFinding(GateCode.ROOT_INCOMPLETE, sentence, item.kind)


def lead_of(objects: Sequence[Checked], presentation: Presentation) -> Checked | None:
    """The report that leads: the first that outlines, in the order of the groups, else that in words."""
    order = [*(group.report for group in presentation.groups if group.report), Kind.TEXT.value.name]
    return next((item for kind in order for item in objects if item.kind == kind), None)
