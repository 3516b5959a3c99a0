"""What a result that is not full lacks, and what was judged all the same: said before all else."""

from collections.abc import Iterator

import numpy as np

from config.codes import GapCode
from inference.result import Analysis, NotAssessable
from inference.sij_mri import LimitationCode
from reporting.presentation import Terms, limitation_lines
from reporting.sij_mri.edema_words import IN_PART_CODES, SIDES, in_part, number, said
from reporting.words import LONGEST

ALL = ("judged-joint", "judged-edema", "judged-asas", "judged-axspa", "judged-stage")
"""What a full result judges, by its message."""
IN_PART = "judged-edema-part"
"""Edema of a joint that was not seen wholly is neither judged nor not judged."""

STUDY = "study"


def missing_lines(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """Each reason for which something is not assessable, once; then what was judged and what was not.

    Returns
    -------
    tuple of str
        Empty where everything was judged. Images that are known to be missing are said by
        :func:`reporting.words.with_gaps_first`.
    """
    judged, unjudged = _judged(analysis, terms)
    if not unjudged:
        return ()
    partial, (first, *others) = terms.say("partial"), list(dict.fromkeys(_reasons(analysis, terms))) or [""]
    start = f"{partial} {first}".rstrip()
    lines = (start,) if len(start) <= LONGEST else (partial, first)
    things = ", ".join(judged) or terms.say("nothing-judged")
    return (*lines, *others, terms.say("judged", things=things), not_judged(unjudged, terms))


def not_judged(things: list[str], terms: Terms) -> str:
    """What was not judged, as a sentence."""
    return terms.say("not-judged", things=", ".join(things))


def kept_limitations(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """The limitations in words but those that :func:`missing_lines` says, and those that follow from them."""
    present = said(analysis, "axspa").value
    follows = isinstance(present, NotAssessable) and present.because.code != LimitationCode.NOT_CLASSIFIED
    left_out = {LimitationCode.NOT_CLASSIFIED} if follows else set()
    reasons = set(_reasons(analysis, terms))
    kept = (limitation_lines(terms, one) for one in analysis.limitations if one.code not in left_out)
    return tuple(dict.fromkeys(line for lines in kept for line in lines if line not in reasons))


def _reasons(analysis: Analysis, terms: Terms) -> Iterator[str]:
    for one in analysis.limitations:
        if one.code in IN_PART_CODES:
            yield from limitation_lines(terms, one)
    gaps = [str(code) for code in GapCode]
    values = [one.value for one in analysis.measurements] + [one.value for one in analysis.evaluations]
    for value in values:
        if isinstance(value, NotAssessable) and str(value.because.code) not in gaps:
            yield from limitation_lines(terms, value.because)


def _judged(analysis: Analysis, terms: Terms) -> tuple[list[str], list[str]]:
    """What was judged and what was not, each with its side where one side differs from the other."""
    known: dict[str, dict[str, bool | None]] = {name: {} for name in (*ALL[:2], IN_PART, *ALL[2:])}
    for side in SIDES:
        profile = analysis.profile("joint-visibility", side)
        known["judged-joint"][side] = profile is not None and bool(np.isfinite(profile.values).any())
        judged = not isinstance(number(analysis, "edema-volume", side).value, NotAssessable)
        partly = judged and in_part(analysis, side)
        known["judged-edema"][side] = None if partly else judged
        known[IN_PART][side] = True if partly else None
        known["judged-asas"][side] = not isinstance(said(analysis, "asas", side).value, NotAssessable)
    for key in ("asas", "axspa", "stage"):
        known[f"judged-{key}"][STUDY] = not isinstance(said(analysis, key).value, NotAssessable)
    return _named(known, terms, wanted=True), _named(known, terms, wanted=False)


def _named(known: dict[str, dict[str, bool | None]], terms: Terms, *, wanted: bool) -> list[str]:
    named = []
    for name, places in known.items():
        here = [place for place, is_known in places.items() if is_known is wanted]
        words = [terms.say("of-study") if place == STUDY else terms.say("side", side=place) for place in here]
        if here:
            named.append(terms.say(name) + ("" if len(here) == len(places) else f" ({', '.join(words)})"))
    return named
