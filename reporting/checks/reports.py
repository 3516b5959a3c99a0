"""A report of measurements can be drawn: every group has an outline, and all outlines lie where they are looked for.

Viewers open a report titled Imaging Measurement Report by drawing its outlines: what it says of one tracking UID is one
thing, that must have an outline; the outlines of one series are shown, and no others.

References
----------
PS3.16 TID 1500, 1410 and 1411; PS3.3 C.18.6 (Spatial Coordinates).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reporting.checks.facts import code_of, content_of, name_of
from reporting.checks.identity import SourceHeaders
from reporting.checks.outlines import FEWEST_POINTS, points_of
from reporting.findings import Checked, GateCode, GateFinding
from reporting.levels import Level
from reporting.objects import codes

TITLE, GROUP = "126000", "125007"
TRACKING_UID, SEGMENT, SOURCE_SERIES = "112040", "121191", "121232"
FEWEST_OUTLINES = 2  # of a report with segments: with one, validators take all its groups for outlines


@dataclass(frozen=True, slots=True)
class Outline:
    """A line on a source image; `points` are columns and rows, the corner of the first pixel being (0, 0)."""

    points: tuple[tuple[float, float], ...]
    kind: str
    image: str
    frame: int | None

    @property
    def is_drawn(self) -> bool:
        """True for a closed line of enough points."""
        return self.kind == "POLYLINE" and len(self.points) >= FEWEST_POINTS and self.points[0] == self.points[-1]


@dataclass(frozen=True, slots=True)
class Group:
    """What a report says of one thing: its outlines, the segments that it names, their series, its sides."""

    tracking: str
    outlines: tuple[Outline, ...]
    segments: tuple[tuple[str, int], ...]
    series: tuple[str, ...]
    sides: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment as its segmentation has it."""

    instance: str
    number: int
    sides: frozenset[str]


def check_reports(objects: Sequence[Checked], source: SourceHeaders) -> Iterator[GateFinding]:
    """Outlines of every report of measurements, and the segments that it names."""
    reports = [item for item in objects if is_report(item.levels)]
    segments: dict[str, list[_Segment]] = {}
    for item in objects if reports else ():
        for uid, one in _segments_of(item):
            segments.setdefault(uid, []).append(one)
    for item in reports:
        groups = tuple(groups_of(item.levels))
        for fault in dict.fromkeys(_undrawn(groups, source)):
            yield GateFinding(GateCode.OUTLINES_WRONG, f"The {item.kind} object {fault}.", item.kind)
        yield from _mistaken(item, groups, segments)


def is_report(whole: Level) -> bool:
    """True for an object that viewers open by drawing what it measures."""
    return whole.text("Modality") == "SR" and code_of(whole, "ConceptNameCodeSequence") == TITLE


def groups_of(whole: Level) -> Iterator[Group]:
    """The measurement groups of a report, in its order."""
    for level in content_of(whole):
        if level.text("ValueType") == "CONTAINER" and code_of(level, "ConceptNameCodeSequence") == GROUP:
            parts = level.below("ContentSequence")
            yield Group(
                tracking=next((part.text("UID") for part in parts if name_of(part) == TRACKING_UID), ""),
                outlines=tuple(_outline(part) for part in parts if part.text("ValueType") in ("SCOORD", "SCOORD3D")),
                segments=tuple(
                    (one.text("ReferencedSOPInstanceUID"), one.number("ReferencedSegmentNumber"))
                    for part in parts
                    if name_of(part) == SEGMENT
                    for one in part.below("ReferencedSOPSequence")
                ),
                series=tuple(part.text("UID") for part in parts if name_of(part) == SOURCE_SERIES),
                sides=frozenset(
                    code_of(more, "ConceptCodeSequence")
                    for part in parts
                    if name_of(part) == codes.FINDING_SITE.value
                    for more in part.below("ContentSequence")
                    if name_of(more) == codes.LATERALITY.value
                ),
            )


def _outline(part: Level) -> Outline:
    images = [one for below in part.below("ContentSequence") for one in below.below("ReferencedSOPSequence")]
    frames = images[0].numbers("ReferencedFrameNumber") if images else ()
    kind = part.text("GraphicType") if part.text("ValueType") == "SCOORD" else "in space"
    return Outline(
        points=tuple(map(tuple, points_of(part).tolist())),
        kind=kind,
        image=images[0].text("ReferencedSOPInstanceUID") if images else "",
        frame=frames[0] if frames else None,
    )


def _undrawn(groups: Sequence[Group], source: SourceHeaders) -> Iterator[str]:
    """Why a viewer cannot draw a report."""
    outlines = [outline for group in groups for outline in group.outlines]
    if not outlines:
        yield "has no outline, so that viewers show nothing"
        return
    merged: dict[str, int] = {}
    for group in groups:
        merged[group.tracking] = merged.get(group.tracking, 0) + len(group.outlines)
    if "" in merged or 0 in merged.values():
        yield "measures something that has no outline under its tracking UID"
    if max(merged.values()) > 1:
        yield "has several outlines under one tracking UID, of which viewers draw one"
    if not all(outline.is_drawn for outline in outlines):
        yield f"has an outline that is no closed line of {FEWEST_POINTS} points or more on an image"
    if len(outlines) < FEWEST_OUTLINES and any(group.segments for group in groups):
        yield "names segments, and has fewer than two outlines"
    series = {_series(outline.image, source) for outline in outlines}
    if len(series) > 1 or any(named not in series for group in groups for named in group.series):
        yield "has outlines or segments of several series"
    if "" in series:
        yield "has an outline on no image of the study"
    elif not all(_inside(outline, source) for outline in outlines):
        yield "has an outline that leaves its image"


def _series(image: str, source: SourceHeaders) -> str:
    """UID of the series of an image of the study; empty for any other."""
    header = source.by_uid.get(image)
    return "" if header is None else str(header.get("SeriesInstanceUID", "") or "").strip()


def _inside(outline: Outline, source: SourceHeaders) -> bool:
    header = source.by_uid[outline.image]
    return all(0 <= x <= int(header.Columns) and 0 <= y <= int(header.Rows) for x, y in outline.points)


def _mistaken(
    item: Checked, groups: Sequence[Group], segments: Mapping[str, Sequence[_Segment]]
) -> Iterator[GateFinding]:
    """Groups that name another segment or another side than the segment of their tracking UID."""
    known = {(one.instance, one.number) for same in segments.values() for one in same}
    for group in groups:
        own = segments.get(group.tracking, ())
        if not set(group.segments) & known <= {(one.instance, one.number) for one in own}:
            sentence = "A measurement names another segment than it measures."
            yield GateFinding(GateCode.SEGMENT_MISTAKEN, sentence, item.kind)
        if any(group.sides - {codes.BILATERAL.value} != one.sides for one in own):
            sentence = f"A measurement of the {item.kind} object names another side than its segment."
            yield GateFinding(GateCode.SIDE_CODE_WRONG, sentence, item.kind)


def _segments_of(item: Checked) -> Iterator[tuple[str, _Segment]]:
    whole = item.levels
    if whole.text("SegmentationType") != "BINARY":
        return
    for one in whole.below("SegmentSequence"):
        number = one.number("SegmentNumber")
        sides = frozenset(
            modifier.text("CodeValue")
            for region in one.below("AnatomicRegionSequence")
            for modifier in region.below("AnatomicRegionModifierSequence")
        )
        yield one.text("TrackingUID"), _Segment(whole.text("SOPInstanceUID"), number, sides)
