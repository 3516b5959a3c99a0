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
from reporting.presentation.terms import Report, SegmentGroup, Terms

GROUP = "axspa_node.presentations"

ByteArray = NDArray[np.uint8]


class Presentation(Protocol):
    """The words, codes and laws of one application.

    Attributes
    ----------
    application : Key
    title : str
        Of pictures and pages.
    terms : Terms
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
    title: str
    terms: Terms
    groups: tuple[SegmentGroup, ...]
    study_finding: Concept
    study_site: Concept
    body_parts: tuple[str, ...]
    procedure: Concept

    def report(self, analysis: Analysis, *, language: str = "en") -> Report:
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
def find_presentation(application: str) -> Presentation:
    """The installed presentation of an application.

    Raises
    ------
    BundleError
        There is none.
    """
    known = {point.name: point for point in entry_points(group=GROUP)}
    if application not in known:
        raise BundleError(
            Code.APPLICATION_UNKNOWN,
            f"No presentation of this application is installed; there are {', '.join(sorted(known)) or 'none'}. "
            f"Received {application!r}.",
        )
    presentation: Presentation = known[application].load()()
    return presentation
