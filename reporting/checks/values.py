"""The reports say what the analysis says: every number, every code, and "not assessable" where there is neither."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.result import Analysis, Images, Segment
from reporting.checks.facts import (
    Fact,
    code_of,
    content_of,
    heard,
    name_of,
    of_segment,
    of_study,
    sited,
    where_of,
)
from reporting.checks.outlines import encloses, part_of, plane_of, stated_area
from reporting.checks.references import lead_of
from reporting.findings import Checked, GateCode, GateFinding
from reporting.levels import Level
from reporting.objects import codes, tracking_identifier
from reporting.presentation import Presentation, SegmentGroup, Terms
from reporting.words import image_number

SUM_TOLERANCE = 0.01

_GROUP, _REGION, _SEGMENT = "125007", "111030", "121191"


def check_values(objects: Sequence[Checked], analysis: Analysis, presentation: Presentation) -> Iterator[GateFinding]:
    """Numbers and codes of the reports equal those of the analysis; outlines lie on what they outline."""
    lead = lead_of(objects, presentation)
    yield from _probabilities(analysis, "" if lead is None else lead.kind)
    segments = _segments_of(objects, presentation)
    outlined: set[str] = set()
    for item in objects:
        group = next((one for one in presentation.groups if one.report and one.report == item.kind), None)
        if group is not None:
            report = _Report(item, group, analysis, presentation.terms, segments)
            yield from report.findings()
            outlined |= report.outlined if item is lead else set()
    if lead is not None and analysis.applicable:
        yield from _study(lead, analysis, presentation, outlined)
    for item in objects:
        if item is not lead and any(_is_results(part) for part in content_of(item.levels)):
            yield _changed(item.kind)


@dataclass(frozen=True, slots=True)
class _Named:
    """A segment as its segmentation names it."""

    tracking_uid: str
    instance: str
    number: int


def _segments_of(objects: Sequence[Checked], presentation: Presentation) -> dict[str, _Named]:
    """Segments of all segmentations, by tracking identifier."""
    kinds = {group.segmentation for group in presentation.groups}
    return {
        segment.text("TrackingID"): _Named(
            segment.text("TrackingUID"), item.levels.text("SOPInstanceUID"), segment.number("SegmentNumber")
        )
        for item in objects
        if item.kind in kinds
        for segment in item.levels.below("SegmentSequence")
    }


def _probabilities(analysis: Analysis, kind: str) -> Iterator[GateFinding]:
    for evaluation in analysis.evaluations:
        values = np.array(list(evaluation.probabilities.values()), float)
        if values.size and (
            not np.isfinite(values).all()
            or values.min() < 0
            or values.max() > 1
            or abs(float(values.sum()) - 1) > SUM_TOLERANCE
        ):
            sentence = "Probabilities lie outside 0 to 1 or do not sum to 1."
            yield GateFinding(GateCode.PROBABILITY_WRONG, sentence, kind)


def _study(lead: Checked, analysis: Analysis, presentation: Presentation, outlined: set[str]) -> Iterator[GateFinding]:
    """The report that leads says in code what no outline of its own says."""
    said = [fact for part in content_of(lead.levels) if _is_results(part) for fact in heard(part)]
    expected = [
        fact
        for thing, facts in of_study(analysis, presentation).items()
        if thing is None or tracking_identifier(*thing) not in outlined
        for fact in facts
    ]
    if Counter(said) != Counter(expected):
        yield _changed(lead.kind)


def _is_results(part: Level) -> bool:
    names = (codes.QUALITATIVE_EVALUATIONS.value, codes.SUMMARY.value)
    return part.text("ValueType") == "CONTAINER" and name_of(part) in names


def _changed(kind: str) -> GateFinding:
    return GateFinding(GateCode.VALUE_CHANGED, f"The {kind} object does not say what the analysis says.", kind)


@dataclass
class _Report:
    """One report that outlines, before the analysis.

    Attributes
    ----------
    outlined : set of str
        Tracking identifiers of the segments of which it says something.
    """

    item: Checked
    group: SegmentGroup
    analysis: Analysis
    terms: Terms
    named: dict[str, _Named]
    outlined: set[str] = field(default_factory=set)

    def findings(self) -> Iterator[GateFinding]:
        """What is wrong with it."""
        groups = [part for part in content_of(self.item.levels) if _is_group(part)]
        images = self._series(groups)
        if images is None:
            yield self._find(GateCode.CONTENT_CHANGED, "its outlines are not on the images of one series")
            return
        segments = {
            tracking_identifier(one.key, one.site): one
            for one in self.analysis.segments
            if one.role == images.role and one.key in self.group.keys
        }
        said: dict[str, list[Fact]] = {name: [] for name in segments}
        for group in groups:
            name = _identifier(group)
            segment = segments.get(name.partition(" image ")[0])
            if segment is None or not self._is_of(group, segment, whole=name in segments):
                yield self._find(GateCode.SEGMENT_MISTAKEN, "a measurement names another segment than it measures")
                continue
            if name in segments:
                self.outlined.add(name)
            said[name.partition(" image ")[0]] += heard(group, at=sited(group))
            yield from self._outline(group, segment, images, whole=name in segments)
        for name, segment in segments.items():
            expected = of_segment((segment.key, segment.site), self.analysis, self.terms)
            if name not in self.outlined:
                yield self._find(GateCode.OBJECT_INCOMPLETE, "some segments have no measurement")
            elif Counter(said[name]) != Counter(expected):
                yield _changed(self.item.kind)

    def _series(self, groups: Sequence[Level]) -> Images | None:
        """The images on which all outlines lie."""
        regions = [region for group in groups for region in _regions(group)]
        for images in self.analysis.images:
            if regions and all(plane_of(region, images) is not None for region in regions):
                return images
        return None

    def _is_of(self, group: Level, segment: Segment, *, whole: bool) -> bool:
        """True where a group names its segment: by tracking UID, finding, site, and by reference if it has one."""
        named = self.named.get(tracking_identifier(segment.key, segment.site))
        finding = self.terms.segments[segment.key].finding.value
        if sited(group) != where_of(segment.site, self.terms) or _code(group, codes.FINDING.value) != finding:
            return False
        if named is not None and whole != (_tracking_uid(group) == named.tracking_uid):
            return False
        references = [part.below("ReferencedSOPSequence")[0] for part in _parts(group, _SEGMENT)]
        found = [(one.text("ReferencedSOPInstanceUID"), one.number("ReferencedSegmentNumber")) for one in references]
        return not found or (named is not None and found == [(named.instance, named.number)])

    def _outline(self, group: Level, segment: Segment, images: Images, *, whole: bool) -> Iterator[GateFinding]:
        for region in _regions(group):
            plane = plane_of(region, images)
            mask = segment.mask[0 if plane is None else plane]
            part = part_of(mask, 1 if whole else _part(group))
            if not whole and plane is not None and not _names(group, images, plane):
                yield self._find(GateCode.SEGMENT_MISTAKEN, "an outline is named by another image")
            if not part.any() or not encloses(region, part):
                yield self._find(GateCode.CONTENT_CHANGED, "an outline does not lie on its segment")
            elif whole and mask.sum() < segment.mask.sum(axis=(1, 2)).max():
                yield self._find(GateCode.CONTENT_CHANGED, "a segment is not outlined where it is largest")
            stated = [
                float(part.below("MeasuredValueSequence")[0].text("NumericValue"))
                for part in _parts(group, codes.AREA.value)
            ]
            if stated != [one for one in (stated_area(part, images),) if one is not None]:
                yield _changed(self.item.kind)

    def _find(self, code: GateCode, what: str) -> GateFinding:
        return GateFinding(code, f"The {self.item.kind} object: {what}.", self.item.kind)


def _is_group(part: Level) -> bool:
    return part.text("ValueType") == "CONTAINER" and name_of(part) == _GROUP


def _parts(group: Level, name: str) -> list[Level]:
    return [part for part in group.below("ContentSequence") if name_of(part) == name]


def _regions(group: Level) -> list[Level]:
    return _parts(group, _REGION)


def _identifier(group: Level) -> str:
    return _parts(group, codes.TRACKING_IDENTIFIER.value)[0].text("TextValue")


def _names(group: Level, images: Images, plane: int) -> bool:
    """True where the tracking identifier of an outline names the number of its image."""
    number = image_number(images.sources[plane])
    image = _identifier(group).partition(" part ")[0]
    return image.endswith(f" image {plane + 1 if number is None else number}")


def _part(group: Level) -> int:
    """Which part of its segment an outline says that it is of; 0 where that cannot be read."""
    _, named, number = _identifier(group).partition(" part ")
    return 1 if not named else int(number) if number.isdecimal() else 0


def _tracking_uid(group: Level) -> str:
    return _parts(group, codes.TRACKING_UID.value)[0].text("UID")


def _code(group: Level, name: str) -> str:
    return code_of(_parts(group, name)[0], "ConceptCodeSequence")
