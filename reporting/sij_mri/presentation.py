"""The sacroiliac application as reporting knows it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inference.result import Analysis
from reporting.findings import Checked, GateFinding
from reporting.objects.codes import MRI_UNSPECIFIED, SACROILIAC_JOINT
from reporting.presentation import ByteArray, Report
from reporting.sij_mri.codes import EXAMINED
from reporting.sij_mri.laws import sides
from reporting.sij_mri.legacy import summary
from reporting.sij_mri.page import draw_page
from reporting.sij_mri.report import describe
from reporting.sij_mri.terms import GROUPS, LANGUAGES, find_terms


class SacroiliacPresentation:
    """Words, codes and laws of :class:`inference.sij_mri.SacroiliacMri`.

    Parameters
    ----------
    language : str
        One of `languages`.

    Raises
    ------
    LanguageUnknown
        It is none of them.
    """

    application = "sij_mri"
    languages = LANGUAGES
    groups = GROUPS
    study_finding = EXAMINED
    study_site = SACROILIAC_JOINT
    body_parts = ("PELVIS", "SSPINE", "LSPINE", "HIP", "SPINE", "ABDOMEN")
    procedure = MRI_UNSPECIFIED

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.terms = find_terms(language)
        self.title = self.terms.say("title")

    def report(self, analysis: Analysis) -> Report:
        """Word an analysis."""
        return describe(analysis, self.terms)

    def page(self, analysis: Analysis, report: Report, *, software: str) -> ByteArray | None:
        """The summary page, uint8 (980, 980, 3)."""
        return draw_page(analysis, report, software=software)

    def summary(self, analysis: Analysis) -> Mapping[str, Any]:
        """The keys that summary.json had before results had a language of their own."""
        return summary(analysis, self.terms)

    def laws(self, analysis: Analysis, objects: Sequence[Checked]) -> Iterator[GateFinding]:
        """The patient's left lies left of the right, and edema on its side."""
        return sides(objects, analysis, self.terms)
