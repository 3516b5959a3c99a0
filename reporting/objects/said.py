"""What an analysis says as coded statements: numbers with a unit, and values of questions, each named in code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from highdicom.sr import FindingSite, Measurement, QualitativeEvaluation, RelationshipTypeValues, TextContentItem
from pydicom.sr.coding import Code

from inference.result import Analysis, Evaluation, Key, NotAssessable, Site
from inference.types import Side
from reporting.language import Language
from reporting.objects import codes
from reporting.objects.digits import coded_number
from reporting.presentation import Presentation, Terms
from reporting.probabilities import bound_statement, is_bounded, probability_words, shown_probability
from reporting.sites import concept_of, is_paired, of_whole_study
from reporting.words import why_not

Thing = tuple[Key, Site]


@dataclass(frozen=True, slots=True)
class Number:
    """A number; ``note`` is said below it."""

    name: Code
    value: float
    unit: Code
    note: str = ""

    def words(self, language: Language) -> str:
        """The number with its unit; of a probability beyond the bounds, the note."""
        if self.note:
            return self.note
        number = language.shortest(self.value)
        return number if self.unit == codes.NO_UNITS else f"{number} {self.unit.value}"

    @property
    def measurement(self) -> Measurement:
        """The same as content of a measurement group (PS3.16 TID 300)."""
        made = Measurement(self.name, self.value, self.unit)
        if self.note:
            note = TextContentItem(codes.BOUNDED, self.note, RelationshipTypeValues.HAS_PROPERTIES)
            made[0].ContentSequence = [*made[0].get("ContentSequence", ()), note]
        return made


@dataclass(frozen=True, slots=True)
class Answered:
    """The value of a question; ``why`` there is none is said below it."""

    name: Code
    value: Code
    why: str = ""

    @property
    def evaluation(self) -> QualitativeEvaluation:
        """The same as content of a measurement group."""
        made = QualitativeEvaluation(self.name, self.value)
        if self.why:
            made[0].ContentSequence = [
                TextContentItem(codes.LIMITATION, self.why, RelationshipTypeValues.HAS_PROPERTIES)
            ]
        return made


@dataclass
class Said:
    """What is said of one thing: numbers, and values of questions."""

    numbers: list[Number] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)

    def number(self, name: Code, value: float | NotAssessable, unit: Code, terms: Terms) -> None:
        """Add a number, or that there is none and why."""
        if isinstance(value, NotAssessable):
            self.answers.append(Answered(name, codes.NOT_ASSESSABLE, why_not(terms, value)))
        else:
            self.numbers.append(Number(name, *coded_number(value, unit)))

    def evaluation(self, evaluation: Evaluation, terms: Terms) -> None:
        """Add the value of an evaluation, or that there is none and why."""
        term = terms.evaluations[evaluation.key]
        name = concept_of(term.concepts, evaluation.site)
        if isinstance(evaluation.value, NotAssessable):
            self.answers.append(Answered(name, codes.NOT_ASSESSABLE, why_not(terms, evaluation.value)))
            return
        value = term.values[evaluation.value]
        self.answers.append(Answered(name, value.concept))
        if value.suggests is not None:
            self.answers.append(Answered(codes.SUGGESTS, value.suggests))

    def probabilities(self, evaluation: Evaluation, terms: Terms) -> None:
        """Add the probability of each value that has a name in code for it, as far as it is shown to people."""
        if isinstance(evaluation.value, NotAssessable):
            return
        values = terms.evaluations[evaluation.key].values
        for key, probability in evaluation.probabilities.items():
            name = values[key].probability
            if name is not None:
                self.numbers.append(_probability(name, float(probability), terms.language))


def _probability(name: Code, probability: float, language: Language) -> Number:
    """A probability within the bounds, with a note where it lies beyond them."""
    note = ""
    if is_bounded(probability):
        note = f"{probability_words(probability, language)}. {bound_statement(language)}"
    return Number(name, *coded_number(shown_probability(probability), codes.NO_UNITS), note)


def say_study(analysis: Analysis, presentation: Presentation) -> dict[Thing | None, Said]:
    """What is said of the study, by what it is said of.

    None is the study's own site, and is always there: first the probabilities of its evaluations, then its
    measurements, then its evaluations, each in the order of the analysis. What its concept alone does not place in the
    body, a side for example, is said of a thing: of the segment to which it belongs; and so is what is missing of a
    segment that could not be looked for.
    """
    terms = presentation.terms
    said: dict[Thing | None, Said] = {None: Said()}

    def of(concepts: Mapping[Side | None, Code], key: Key, site: Site) -> Said:
        return said.setdefault(None if of_whole_study(concepts, site, presentation) else (key, site), Said())

    for one in analysis.evaluations:
        term = terms.evaluations[one.key]
        of(term.concepts, term.of or one.key, one.site).probabilities(one, terms)
    for number in analysis.measurements:
        measured = terms.measurements[number.key]
        if measured.of_study:
            here = of(measured.concepts, number.of or number.key, number.site)
            here.number(concept_of(measured.concepts, number.site), number.value, measured.unit, terms)
    for one in analysis.evaluations:
        term = terms.evaluations[one.key]
        of(term.concepts, term.of or one.key, one.site).evaluation(one, terms)
    return said | {thing: say_segment(thing, analysis, presentation) for thing in missing_segments(analysis, terms)}


def say_segment(segment: Thing, analysis: Analysis, presentation: Presentation) -> Said:
    """What is said beside the outline of one segment: its measurements, its volume first, and what belongs to it."""
    terms, said = presentation.terms, Said()
    key, site = segment
    measured = [one for one in analysis.measurements if (one.of, one.site) == segment]
    for one in sorted(measured, key=lambda one: one.key != terms.segments[key].volume):
        term = terms.measurements[one.key]
        is_volume = one.key == terms.segments[key].volume
        name = codes.VOLUME if is_volume else concept_of(term.concepts, site)
        said.number(name, one.value, term.unit, terms)
    for evaluation in analysis.evaluations:
        if (terms.evaluations[evaluation.key].of, evaluation.site) == segment:
            said.evaluation(evaluation, terms)
            said.probabilities(evaluation, terms)
    return said


def missing_segments(analysis: Analysis, terms: Terms) -> list[Thing]:
    """Segments that could not be looked for, and of which nothing else would say anything."""
    there = {(one.key, one.site) for one in analysis.segments}
    unsaid = (
        (one.of, one.site)
        for one in analysis.measurements
        if one.of and isinstance(one.value, NotAssessable) and not terms.measurements[one.key].of_study
    )
    return [one for one in dict.fromkeys(unsaid) if one not in there]


def finding_sites(site: Site, terms: Terms) -> Sequence[FindingSite]:
    """A site in code: the part of the body, its side (both, where a part that is paired has none), its level.

    Where no one concept names the whole, its other parts follow, each on both sides.
    """
    term = terms.anatomy[site.anatomy]
    anatomy = term.concept
    side = None if site.side is None else codes.SIDE[site.side]
    if side is None and is_paired(anatomy, terms):
        side = codes.BILATERAL
    level = level_concept(site.level, terms) if site.level else None
    first = FindingSite(anatomic_location=anatomy, laterality=side, topographical_modifier=level)
    return [first, *(FindingSite(anatomic_location=one, laterality=codes.BILATERAL) for one in term.others)]


def level_concept(level: Key, terms: Terms) -> Code:
    """A level in code; one that the terms do not know is of the local scheme."""
    return terms.levels[level].concept if level in terms.levels else codes.local(level[:16], level)
