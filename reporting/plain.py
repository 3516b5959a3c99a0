"""A presentation that needs nothing but terms: every thing said is a line. Applications start from it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydicom.sr.coding import Code as Concept

from inference.result import Analysis, Evaluation, Key, Measurement, NotAssessable, Site
from reporting.findings import Checked, GateFinding
from reporting.objects import codes
from reporting.pictures import has_heat
from reporting.presentation import ByteArray, Report, SegmentGroup, Terms, limitation_lines
from reporting.probabilities import probability_words
from reporting.series_words import nothing_lines
from reporting.sites import level_words
from reporting.words import research_lines, why_not


class PlainPresentation:
    """Defaults for all of :class:`reporting.presentation.Presentation` but what only the application knows.

    Attributes
    ----------
    application, title, terms, study_finding, study_site
        To be given by a subclass.
    """

    application: Key
    title: str
    terms: Terms
    study_finding: Concept
    study_site: Concept
    groups: tuple[SegmentGroup, ...] = ()
    body_parts: tuple[str, ...] = ()
    procedure: Concept = codes.IMAGING

    @property
    def language(self) -> str:
        """That of the terms."""
        return self.terms.language.code

    def report(self, analysis: Analysis) -> Report:
        """A line for each measurement and evaluation, the first of which is the headline."""
        terms, research = self.terms, research_lines(self.terms)
        limitations = tuple(line for one in analysis.limitations for line in limitation_lines(terms, one))
        if not analysis.applicable:
            reasons = limitations or nothing_lines(terms, analysis.selection)
            return Report(f"{terms.say('not-analysed')}.", reasons, research, (), reasons=reasons)
        lines = (
            *(self._evaluation(one) for one in analysis.evaluations),
            *(self._measurement(one) for one in analysis.measurements),
        )
        headline = lines[0] if lines else self.title
        cold = (terms.say("heatmap-none"),) if analysis.heatmaps and not has_heat(analysis) else ()
        return Report(headline, lines, (*cold, terms.say("sides-statement"), *research), limitations)

    def page(self, analysis: Analysis, report: Report, *, software: str) -> ByteArray | None:
        """None: the page (rows, columns, 3) that every application has."""
        return None

    def summary(self, analysis: Analysis) -> Mapping[str, Any]:
        """Nothing beside the language."""
        return {}

    def laws(self, analysis: Analysis, objects: Sequence[Checked]) -> Iterator[GateFinding]:
        """None of its own."""
        return iter(())

    def _evaluation(self, one: Evaluation) -> str:
        term = self.terms.evaluations[one.key]
        if isinstance(one.value, NotAssessable):
            return self._line(term.words, one.site, why_not(self.terms, one.value))
        words = term.values[one.value].words
        if one.value in one.probabilities:
            probability = probability_words(one.probabilities[one.value], self.terms.language)
            words = self.terms.say("with-probability", value=words, probability=probability)
        return self._line(term.words, one.site, f"{words}.")

    def _measurement(self, one: Measurement) -> str:
        term = self.terms.measurements[one.key]
        value = why_not(self.terms, one.value) if isinstance(one.value, NotAssessable) else f"{term.show(one.value)}."
        return self._line(term.words, one.site, value)

    def _line(self, words: str, site: Site, value: str) -> str:
        where = [level_words(site.level, self.terms)] if site.level else []
        where += [self.terms.say("patient-side", side=site.side.value)] if site.side else []
        return ", ".join([words, *where]) + f": {value}"
