"""A presentation that needs nothing but terms: every thing said is a line. Applications start from it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydicom.sr.coding import Code as Concept

from inference.result import Analysis, Evaluation, Key, Measurement, NotAssessable, Site
from reporting.findings import Checked, GateFinding
from reporting.objects import codes
from reporting.presentation import ByteArray, Report, SegmentGroup, Terms, word_limitation
from reporting.probabilities import probability_words
from reporting.series_words import word_selection
from reporting.sites import level_words
from reporting.words import NOT_ANALYSED, RESEARCH_STATEMENT, SIDES_STATEMENT, ascii_text, why_not


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

    def report(self, analysis: Analysis, *, language: str = "en") -> Report:
        """A line for each measurement and evaluation, the first of which is the headline."""
        limitations = tuple(ascii_text(word_limitation(self.terms, one)) for one in analysis.limitations)
        if not analysis.applicable:
            reasons = limitations or (ascii_text(word_selection(self.terms, analysis.selection)),)
            return Report(f"{NOT_ANALYSED}.", reasons, (RESEARCH_STATEMENT,), (), reasons=reasons)
        lines = (
            *(self._evaluation(one) for one in analysis.evaluations),
            *(self._measurement(one) for one in analysis.measurements),
        )
        return Report(lines[0] if lines else self.title, lines, (SIDES_STATEMENT, RESEARCH_STATEMENT), limitations)

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
            words += f" (probability {probability_words(one.probabilities[one.value])})"
        return self._line(term.words, one.site, f"{words}.")

    def _measurement(self, one: Measurement) -> str:
        term = self.terms.measurements[one.key]
        value = why_not(self.terms, one.value) if isinstance(one.value, NotAssessable) else f"{term.show(one.value)}."
        return self._line(term.words, one.site, value)

    def _line(self, words: str, site: Site, value: str) -> str:
        where = [level_words(site.level, self.terms)] if site.level else []
        where += [f"patient's {site.side}"] if site.side else []
        return ", ".join([words, *where]) + f": {value}"
