"""What reports must say of an analysis, and what they say: coded facts, each with the part of the body it is of."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from pydicom.sr.coding import Code

from inference.result import Analysis, Evaluation, Key, Measurement, NotAssessable, Site
from inference.types import Side
from reporting.levels import Level
from reporting.objects import coded_number, codes, level_concept
from reporting.presentation import Presentation, Terms
from reporting.probabilities import shown_probability
from reporting.sites import concept_of, is_paired, of_whole_study

Where = tuple[tuple[str, str, str], ...]  # of each site: codes of the part of the body, its side, its level
Thing = tuple[Key, Site]


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """A coded statement: its site (empty: the study's own), the code of its name, its value.

    ``value`` is the code of an answer, or a number as text with the code of its unit.
    """

    where: Where
    name: str
    value: str


def number_fact(where: Where, name: Code, value: float, unit: Code) -> Fact:
    """A number as reports state it."""
    stated, stated_unit = coded_number(value, unit)
    return Fact(where, str(name.value), _number(stated, str(stated_unit.value)))


def _number(value: float, unit: str) -> str:
    return f"{round(value, 9):g} {unit}"


def of_study(analysis: Analysis, presentation: Presentation) -> dict[Thing | None, list[Fact]]:
    """What must be said of the study, by what it is said of; None is the study's own site."""
    terms = presentation.terms
    facts: dict[Thing | None, list[Fact]] = {None: []}

    def add(concepts: Mapping[Side | None, Code], key: Key, site: Site, said: Iterator[Fact]) -> None:
        thing = None if of_whole_study(concepts, site, presentation) else (key, site)
        where = () if thing is None else where_of(site, terms)
        facts.setdefault(thing, []).extend(Fact(where, one.name, one.value) for one in said)

    for one in analysis.measurements:
        term = terms.measurements[one.key]
        if term.of_study:
            add(term.concepts, one.of or one.key, one.site, _measured(one, terms))
    for evaluation in analysis.evaluations:
        asked = terms.evaluations[evaluation.key]
        add(asked.concepts, asked.of or evaluation.key, evaluation.site, _evaluated(evaluation, terms))
    for thing in _unsaid(analysis, terms):
        facts[thing] = of_segment(thing, analysis, terms)
    return facts


def of_segment(thing: Thing, analysis: Analysis, terms: Terms) -> list[Fact]:
    """What must be said of one segment, all at its site."""
    key, site = thing
    volume = terms.segments[key].volume
    measured = (
        _measured(one, terms, named=codes.VOLUME if one.key == volume else None)
        for one in analysis.measurements
        if (one.of, one.site) == thing
    )
    judged = (
        _evaluated(one, terms) for one in analysis.evaluations if (terms.evaluations[one.key].of, one.site) == thing
    )
    where = where_of(site, terms)
    return [Fact(where, one.name, one.value) for one in chain(*measured, *judged)]


def _measured(one: Measurement, terms: Terms, *, named: Code | None = None) -> Iterator[Fact]:
    term = terms.measurements[one.key]
    name = concept_of(term.concepts, one.site) if named is None else named
    if isinstance(one.value, NotAssessable):
        yield Fact((), str(name.value), codes.NOT_ASSESSABLE.value)
    else:
        yield number_fact((), name, float(one.value), term.unit)


def _evaluated(one: Evaluation, terms: Terms) -> Iterator[Fact]:
    term = terms.evaluations[one.key]
    name = str(concept_of(term.concepts, one.site).value)
    if isinstance(one.value, NotAssessable):
        yield Fact((), name, codes.NOT_ASSESSABLE.value)
        return
    value = term.values[one.value]
    yield Fact((), name, str(value.concept.value))
    if value.suggests is not None:
        yield Fact((), codes.SUGGESTS.value, str(value.suggests.value))
    for key, probability in one.probabilities.items():
        named = term.values[key].probability
        if named is not None:
            yield number_fact((), named, shown_probability(probability), codes.NO_UNITS)


def _unsaid(analysis: Analysis, terms: Terms) -> set[Thing]:
    """Segments that are not there, and could not be looked for."""
    there = {(one.key, one.site) for one in analysis.segments}
    unsaid = {
        (one.of, one.site)
        for one in analysis.measurements
        if isinstance(one.value, NotAssessable) and not terms.measurements[one.key].of_study
    }
    return {one for one in unsaid - there if one[0]}


def where_of(site: Site, terms: Terms) -> Where:
    """A site as reports must code it."""
    term = terms.anatomy[site.anatomy]
    anatomy = term.concept
    side = codes.SIDE[site.side].value if site.side else codes.BILATERAL.value if is_paired(anatomy, terms) else ""
    first = (anatomy.value, side, level_concept(site.level, terms).value if site.level else "")
    return (first, *((one.value, codes.BILATERAL.value, "") for one in term.others))


def heard(container: Level, *, at: Where | None = None) -> list[Fact]:
    """The coded facts of a group or container, each at `at` or else at the site below it."""
    return [
        Fact(sited(part) if at is None else at, name_of(part), value)
        for part in container.below("ContentSequence")
        if part.text("RelationshipType") == "CONTAINS"
        and name_of(part) not in _DESCRIBES
        and (value := _value(part)) is not None
    ]


_NUMBER = re.compile(r"(-?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?)(?: (\S+))?")
_DESCRIBES = {one.value for one in (codes.FINDING, codes.AREA)}
_WORDS = {one.value for one in (codes.CONCLUSION, codes.LIMITATION, codes.KEY_SLICE, codes.SHOWN_IN)}


def _value(part: Level) -> str | None:
    kind = part.text("ValueType")
    if kind == "NUM":
        (measured,) = part.below("MeasuredValueSequence")
        return _number(float(measured.text("NumericValue")), code_of(measured, "MeasurementUnitsCodeSequence"))
    if kind == "CODE":
        return code_of(part, "ConceptCodeSequence")
    if kind == "TEXT" and name_of(part) not in _WORDS:
        return _read(part.text("TextValue"))
    return None


def _read(text: str) -> str:
    """The first number of a text, in any language: ``4.2 cm3``, ``0,78``, ``over 0.95. No probability ...``.

    Raises
    ------
    ValueError
        There is none.
    """
    found = _NUMBER.search(text)
    if found is None:
        raise ValueError("a text that should hold a number holds none")
    return _number(float(found[1].replace(",", ".")), found[2] or str(codes.NO_UNITS.value))


def content_of(level: Level) -> Iterator[Level]:
    """A document or an item of its content, and every item below it."""
    yield level
    for item in level.below("ContentSequence"):
        yield from content_of(item)


def name_of(item: Level) -> str:
    """Code of what an item is; empty where it does not say that."""
    return code_of(item, "ConceptNameCodeSequence")


def code_of(item: Level, keyword: str) -> str:
    """The first code of a sequence of codes; empty where there is none."""
    return next((code.text("CodeValue") for code in item.below(keyword)), "")


def sited(item: Level) -> Where:
    """The finding sites of an item: part of the body, side, level; each empty where it is not said."""
    return tuple(_place(part) for part in item.below("ContentSequence") if name_of(part) == codes.FINDING_SITE.value)


def _place(site: Level) -> tuple[str, str, str]:
    more = {name_of(part): code_of(part, "ConceptCodeSequence") for part in site.below("ContentSequence")}
    part_of_body = code_of(site, "ConceptCodeSequence")
    return part_of_body, more.get(codes.LATERALITY.value, ""), more.get(codes.TOPOGRAPHICAL_MODIFIER.value, "")
