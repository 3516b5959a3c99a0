"""What an application brings to reporting, and where it is found."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydicom.sr.coding import Code as Concept

from config.codes import Code
from config.errors import BundleError
from inference.result import Analysis, Key
from reporting.findings import Checked, GateFinding
from reporting.language import LanguageUnknown, find_language
from reporting.presentation.terms import Report, SegmentGroup, Terms

GROUP = "axspa_node.presentations"

ENGLISH = "en"

ByteArray = NDArray[np.uint8]


class Presentation(Protocol):
    """The words, codes and laws of one application.

    Attributes
    ----------
    application : Key
    language : str
        In which it speaks: ``de``.
    title : str
        Of pictures and pages.
    terms : Terms
        In that language.
    groups : tuple of SegmentGroup
        Every kind of segment is in one of them; the first that has a report leads: its report holds what is said of the
        study.
    study_finding, study_site : Concept
        What the study is read for, and where: what is said there without a level or side is said of the study.
    body_parts : tuple of str
        Body parts examined (PS3.16 annex L) that a source may name; where it names none of them, the first. None: it
        may name any.
    procedure : Concept
        What was done, where the source does not say it in code.
    """

    application: Key
    language: str
    title: str
    terms: Terms
    groups: tuple[SegmentGroup, ...]
    study_finding: Concept
    study_site: Concept
    body_parts: tuple[str, ...]
    procedure: Concept

    def report(self, analysis: Analysis) -> Report:
        """Word an analysis, one that reads nothing too."""
        ...

    def page(self, analysis: Analysis, report: Report, *, software: str) -> ByteArray | None:
        """A summary page of its own, uint8 (rows, columns, 3); None for the page that every application has."""
        ...

    def summary(self, analysis: Analysis) -> Mapping[str, Any]:
        """What the result's JSON says beside the language, in plain JSON values."""
        ...

    def laws(self, analysis: Analysis, objects: Sequence[Checked]) -> Iterator[GateFinding]:
        """What only this application knows of what its results must obey."""
        ...


@cache
def find_presentation(application: str, language: str = ENGLISH) -> Presentation:
    """The installed presentation of an application, in a language.

    A presentation that has languages says so by a class attribute ``languages``, the codes of them, and is made with
    one of them; another is made without arguments, and speaks English whatever is asked for.

    Raises
    ------
    BundleError
        There is none.
    LanguageUnknown
        Results have no words in this language, or this application has none; the sentence names those there are.
    """
    known = {point.name: point for point in entry_points(group=GROUP)}
    if application not in known:
        raise BundleError(
            Code.APPLICATION_UNKNOWN,
            f"No presentation of this application is installed; there are {', '.join(sorted(known)) or 'none'}. "
            f"Received {application!r}.",
        )
    find_language(language)
    made: Any = known[application].load()
    languages: tuple[str, ...] = getattr(made, "languages", ())
    if not languages:
        presentation: Presentation = made()
        return presentation
    if language not in languages:
        raise LanguageUnknown(
            Code.LANGUAGE_UNKNOWN,
            f"The application {application} has no words in this language; report.language is one of "
            f"{', '.join(languages)}. Received {language!r}.",
        )
    spoken: Presentation = made(language)
    return spoken
