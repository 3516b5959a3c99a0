"""The published framework as reporting knows it: what each model says, side by side, with what that is worth."""

from inference.mri_slices import SEGMENTERS, region_key
from inference.result import Analysis, Evaluation, NotAssessable
from reporting.mri_slices.page import draw_page, percent
from reporting.mri_slices.terms import LANGUAGES, SHOWN, STUDY_FINDING, find_groups, find_terms
from reporting.plain import PlainPresentation
from reporting.presentation import ByteArray, Report, limitation_lines
from reporting.series_words import nothing_lines
from reporting.words import research_lines, why_not


class SlicesPresentation(PlainPresentation):
    """Words and codes of :class:`inference.mri_slices.MriSlices`.

    Parameters
    ----------
    language : str
        One of `languages`.

    Raises
    ------
    LanguageUnknown
        It is none of them.
    """

    application = "mri_slices"
    languages = LANGUAGES
    study_finding = STUDY_FINDING
    study_site = SHOWN

    def __init__(self, language: str = "en") -> None:
        self.terms = find_terms(language)
        self.groups = find_groups(language)
        self.title = self.terms.say("title")

    def report(self, analysis: Analysis) -> Report:
        """A line for each answer of each model; first of all what their labels are."""
        terms, research = self.terms, research_lines(self.terms)
        limitations = tuple(line for one in analysis.limitations for line in limitation_lines(terms, one))
        if not analysis.applicable:
            reasons = limitations or nothing_lines(terms, analysis.selection)
            return Report(f"{terms.say('not-analysed')}.", reasons, research, (), reasons=reasons)
        lines = (*(self._evaluation(one) for one in analysis.evaluations), *self._regions(analysis))
        brightness = terms.say("brightness")
        looked = (terms.say("heatmap-statement"),) if analysis.heatmaps else ()
        return Report(
            headline=f"{terms.say('published-says')} {brightness}",
            findings=lines,
            conclusions=(*looked, terms.say("sides-statement"), *research),
            limitations=limitations,
            impression=(terms.say("published-says"), brightness),
        )

    def page(self, analysis: Analysis, report: Report, *, software: str) -> ByteArray | None:
        """The models side by side, uint8 (980, 980, 3)."""
        return draw_page(analysis, self.terms)

    def _evaluation(self, one: Evaluation) -> str:
        term = self.terms.evaluations[one.key]
        if isinstance(one.value, NotAssessable):
            return self._line(term.words, one.site, why_not(self.terms, one.value))
        answer, share = term.values[one.value].words, percent(one.probabilities[one.value], self.terms)
        return self.terms.say("line-answer", question=term.words, answer=answer, percent=share)

    def _regions(self, analysis: Analysis) -> tuple[str, ...]:
        found = [role for role in SEGMENTERS if analysis.segment(region_key(role)) is not None]
        return tuple(f"{self.terms.segments[region_key(role)].labels[None]}." for role in found)
