"""What a result that is not full lacks, and what was judged all the same: said before all else."""

from collections.abc import Iterator

import numpy as np

from config.codes import GapCode
from inference.result import Analysis, NotAssessable
from inference.sij_mri import LimitationCode
from inference.types import Reason
from reporting.presentation import word_limitation
from reporting.sij_mri.edema_words import SIDES, number, said
from reporting.sij_mri.terms import TERMS
from reporting.words import ascii_text

PARTIAL = "Partial result."
NOTHING = "nothing at the joints"
ALL = ("joint line", "edema", "ASAS rule", "class", "stage")
"""What a full result judges."""


def missing_lines(analysis: Analysis) -> tuple[str, ...]:
    """Each reason for which something is not assessable, once; then what was judged and what was not.

    Returns
    -------
    tuple of str
        Empty where everything was judged. Images that are known to be missing are said by
        :func:`reporting.words.with_gaps_first`.
    """
    judged, unjudged = _judged(analysis)
    if not unjudged:
        return ()
    reasons = list(dict.fromkeys(_reasons(analysis)))
    lines = [f"{PARTIAL} {reasons[0]}", *reasons[1:]] if reasons else [PARTIAL]
    return (*lines, f"Judged: {', '.join(judged) or NOTHING}. Not judged: {', '.join(unjudged)}.")


def kept_limitations(analysis: Analysis) -> tuple[str, ...]:
    """The limitations in words but those that :func:`missing_lines` says, and those that follow from them."""
    present = said(analysis, "axspa").value
    follows = isinstance(present, NotAssessable) and present.because.code != LimitationCode.NOT_CLASSIFIED
    left_out = {LimitationCode.NOT_CLASSIFIED} if follows else set()
    reasons = set(_reasons(analysis))
    words = (_words(one) for one in analysis.limitations if one.code not in left_out)
    return tuple(dict.fromkeys(one for one in words if one not in reasons))


def _words(reason: Reason) -> str:
    return ascii_text(word_limitation(TERMS, reason))


def _reasons(analysis: Analysis) -> Iterator[str]:
    gaps = [str(code) for code in GapCode]
    values = [one.value for one in analysis.measurements] + [one.value for one in analysis.evaluations]
    for value in values:
        if isinstance(value, NotAssessable) and str(value.because.code) not in gaps:
            yield _words(value.because)


def _judged(analysis: Analysis) -> tuple[list[str], list[str]]:
    """What was judged and what was not, each with its side where one side differs from the other."""
    known: dict[str, dict[str, bool]] = {name: {} for name in ALL}
    for side in SIDES:
        profile = analysis.profile("joint-visibility", side)
        known["joint line"][side] = profile is not None and bool(np.isfinite(profile.values).any())
        known["edema"][side] = not isinstance(number(analysis, "edema-volume", side).value, NotAssessable)
        known["ASAS rule"][side] = not isinstance(said(analysis, "asas", side).value, NotAssessable)
    known["ASAS rule"]["study"] = not isinstance(said(analysis, "asas").value, NotAssessable)
    for name, key in (("class", "axspa"), ("stage", "stage")):
        known[name]["study"] = not isinstance(said(analysis, key).value, NotAssessable)
    return _named(known, wanted=True), _named(known, wanted=False)


def _named(known: dict[str, dict[str, bool]], *, wanted: bool) -> list[str]:
    named = []
    for name, places in known.items():
        here = [place for place, is_known in places.items() if is_known is wanted]
        if here:
            named.append(name if len(here) == len(places) else f"{name} ({', '.join(here)})")
    return named
