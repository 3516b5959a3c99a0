"""The reports say what the analysis says: every number, every code, and "not assessable" where there is neither."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from inference.result import Analysis, Evaluation, Measurement, NotAssessable, Site
from inference.types import Side
from reporting.findings import Checked, GateCode, GateFinding, walk
from reporting.kinds import Kind
from reporting.objects import codes, level_concept
from reporting.presentation import Presentation, Terms
from reporting.probabilities import shown_probability
from reporting.sites import concept_of, is_paired, of_whole_study, segment_label

RELATIVE_TOLERANCE = 1e-5
SUM_TOLERANCE = 0.01

_GROUP, _TRACKING_UID, _SEGMENT = "125007", "112040", "121191"
Where = tuple[tuple[str, str, str], ...]  # of each site: codes of the part of the body, its side, its level


@dataclass
class Heard:
    """What a group of a report says, or must say: numbers and codes by the code of what they are."""

    numbers: list[tuple[str, float]] = field(default_factory=list)
    values: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: Code, value: float | NotAssessable) -> None:
        """A number, or that there is none."""
        if isinstance(value, NotAssessable):
            self.values.append((name.value, codes.NOT_ASSESSABLE.value))
        else:
            self.numbers.append((name.value, float(value)))

    def says(self, other: "Heard") -> bool:
        """True where both say the same, in whatever order."""
        if sorted(self.values) != sorted(other.values) or len(self.numbers) != len(other.numbers):
            return False
        pairs = zip(sorted(self.numbers), sorted(other.numbers), strict=True)
        return all(
            name == wanted and abs(value - true) <= RELATIVE_TOLERANCE * max(abs(true), 1.0)
            for (name, value), (wanted, true) in pairs
        )


def check_values(objects: Sequence[Checked], analysis: Analysis, presentation: Presentation) -> Iterator[GateFinding]:
    """Numbers and codes of the reports equal those of the analysis; probabilities are probabilities."""
    yield from _probabilities(analysis)
    names = {group.name for group in presentation.groups}
    segments = {
        str(segment.TrackingUID): (
            str(item.dataset.SOPInstanceUID),
            int(segment.SegmentNumber),
            str(segment.SegmentLabel),
        )
        for item in objects
        if item.kind in names
        for segment in item.dataset.SegmentSequence
    }
    for item in objects:
        if item.kind == Kind.STUDY_REPORT.value.name:
            yield from _study_values(item, analysis, presentation)
        elif item.kind == Kind.MEASUREMENTS.value.name:
            yield from _segment_values(item, analysis, presentation, segments)


def _probabilities(analysis: Analysis) -> Iterator[GateFinding]:
    for evaluation in analysis.evaluations:
        values = np.array(list(evaluation.probabilities.values()), float)
        if values.size and (
            not np.isfinite(values).all()
            or values.min() < 0
            or values.max() > 1
            or abs(float(values.sum()) - 1) > SUM_TOLERANCE
        ):
            sentence = "Probabilities lie outside 0 to 1 or do not sum to 1."
            yield GateFinding(GateCode.PROBABILITY_WRONG, sentence, Kind.STUDY_REPORT.value.name)


def _study_values(item: Checked, analysis: Analysis, presentation: Presentation) -> Iterator[GateFinding]:
    expected: dict[Where, list[Heard]] = {}
    for where, heard in _expected(analysis, presentation):
        expected.setdefault(where, []).append(heard)
    for group in (level for level in walk(item.dataset) if _is_group(level)):
        said, where = _said(group), _where(group)
        same = next((heard for heard in expected.get(where, ()) if heard.says(said)), None)
        if same is None:
            yield _changed(item.kind)
            return
        expected[where].remove(same)
    if any(expected.values()):
        yield _changed(item.kind)


def _changed(kind: str) -> GateFinding:
    return GateFinding(GateCode.VALUE_CHANGED, "The root report does not say what the analysis says.", kind)


def _expected(analysis: Analysis, presentation: Presentation) -> Iterator[tuple[Where, Heard]]:
    """What each group of the study's report must say, and of which part of the body."""
    terms, study = presentation.terms, Heard()
    apart: dict[tuple[str, Site], Heard] = {}

    def group(key: str, site: Site, concepts: Mapping[Side | None, Code]) -> Heard:
        return study if of_whole_study(concepts, site, presentation) else apart.setdefault((key, site), Heard())

    for one in analysis.measurements:
        number = terms.measurements[one.key]
        if number.of_study:
            group(one.of or one.key, one.site, number.concepts).add(concept_of(number.concepts, one.site), one.value)
    for evaluation in analysis.evaluations:
        term = terms.evaluations[evaluation.key]
        _evaluated(group(term.of or evaluation.key, evaluation.site, term.concepts), evaluation, terms)
    for key, site in _unsaid(analysis, terms):
        apart[key, site] = _of_segment(key, site, analysis, terms)
    paired = is_paired(presentation.study_site, terms)
    yield ((presentation.study_site.value, codes.BILATERAL.value if paired else "", ""),), study
    for (_, site), heard in apart.items():
        yield _where_of(site, terms), heard


def _evaluated(heard: Heard, evaluation: Evaluation, terms: Terms) -> None:
    term = terms.evaluations[evaluation.key]
    name = concept_of(term.concepts, evaluation.site)
    if isinstance(evaluation.value, NotAssessable):
        heard.add(name, evaluation.value)
        return
    value = term.values[evaluation.value]
    heard.values.append((name.value, value.concept.value))
    if value.suggests is not None:
        heard.values.append((codes.SUGGESTS.value, value.suggests.value))
    for key, probability in evaluation.probabilities.items():
        named = term.values[key].probability
        if named is not None:
            heard.add(named, shown_probability(probability))


def _unsaid(analysis: Analysis, terms: Terms) -> set[tuple[str, Site]]:
    """Segments that are not there, and could not be looked for."""
    there = {(one.key, one.site) for one in analysis.segments}
    unsaid = {(one.of, one.site) for one in analysis.measurements if _only_of_segment(one, terms)}
    return {one for one in unsaid - there if one[0]}


def _only_of_segment(one: Measurement, terms: Terms) -> bool:
    return isinstance(one.value, NotAssessable) and not terms.measurements[one.key].of_study


def _of_segment(key: str, site: Site, analysis: Analysis, terms: Terms) -> Heard:
    """What the report of one segment must say."""
    heard = Heard()
    for one in analysis.measurements:
        if (one.of, one.site) == (key, site):
            volume = one.key == terms.segments[key].volume
            name = codes.VOLUME if volume else concept_of(terms.measurements[one.key].concepts, site)
            heard.add(name, one.value)
    for evaluation in analysis.evaluations:
        if (terms.evaluations[evaluation.key].of, evaluation.site) == (key, site):
            answered = Evaluation(evaluation.key, site, evaluation.value, evaluation.basis)
            _evaluated(heard, answered, terms)
    return heard


def _segment_values(
    item: Checked, analysis: Analysis, presentation: Presentation, segments: Mapping[str, tuple[str, int, str]]
) -> Iterator[GateFinding]:
    """Each group names one segment by tracking UID and by reference, at its site, with what was measured of it."""
    terms = presentation.terms
    sites = {segment_label(one, terms): (one.key, one.site) for one in analysis.segments}
    measured = set()
    for group in (level for level in walk(item.dataset) if _is_group(level)):
        parts = {_name(part): part for part in group.ContentSequence}
        tracking = str(parts[_TRACKING_UID].UID)
        reference = parts[_SEGMENT].ReferencedSOPSequence[0]
        instance, number, label = segments.get(tracking, ("", 0, ""))
        measured.add(tracking)
        named = (str(reference.ReferencedSOPInstanceUID), int(reference.ReferencedSegmentNumber))
        if named != (instance, number) or label not in sites:
            sentence = "A measurement names another segment than it measures."
            yield GateFinding(GateCode.SEGMENT_MISTAKEN, sentence, item.kind)
            continue
        key, site = sites[label]
        if not _of_segment(key, site, analysis, terms).says(_said(group)) or _where(group) != _where_of(site, terms):
            sentence = f"{label}: its measurement is not that of the analysis."
            yield GateFinding(GateCode.VALUE_CHANGED, sentence, item.kind)
    if measured != set(segments):
        yield GateFinding(GateCode.OBJECT_INCOMPLETE, "Some segments have no measurement.", item.kind)


def _said(group: Dataset) -> Heard:
    """Numbers and values that a group says; what describes the group itself lies apart."""
    heard = Heard()
    for part in group.ContentSequence:
        if part.get("RelationshipType") != "CONTAINS":
            continue
        if part.ValueType == "NUM":
            heard.numbers.append((_name(part), float(part.MeasuredValueSequence[0].NumericValue)))
        elif part.ValueType == "CODE" and _name(part) not in _DESCRIBES:
            heard.values.append((_name(part), str(part.ConceptCodeSequence[0].CodeValue)))
    return heard


_DESCRIBES = {codes.FINDING.value, codes.FINDING_SITE.value}


def _name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def _is_group(level: Dataset) -> bool:
    return level.get("ValueType") == "CONTAINER" and _name(level) == _GROUP


def _where(group: Dataset) -> Where:
    """The finding sites of a group: part of the body, side, level; each empty where it is not said."""
    return tuple(_place(part) for part in group.ContentSequence if _name(part) == codes.FINDING_SITE.value)


def _place(site: Dataset) -> tuple[str, str, str]:
    more = {_name(part): str(part.ConceptCodeSequence[0].CodeValue) for part in site.get("ContentSequence", ())}
    part_of_body = str(site.ConceptCodeSequence[0].CodeValue)
    return part_of_body, more.get(codes.LATERALITY.value, ""), more.get(codes.TOPOGRAPHICAL_MODIFIER.value, "")


def _where_of(site: Site, terms: Terms) -> Where:
    term = terms.anatomy[site.anatomy]
    anatomy = term.concept
    side = codes.SIDE[site.side].value if site.side else codes.BILATERAL.value if is_paired(anatomy, terms) else ""
    first = (anatomy.value, side, level_concept(site.level, terms).value if site.level else "")
    return (first, *((one.value, codes.BILATERAL.value, "") for one in term.others))
