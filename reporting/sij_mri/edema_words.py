"""Edema in words, by side; what every sentence on measured evidence needs."""

from collections.abc import Iterable

import numpy as np

from inference.result import Analysis, Evaluation, Measurement, NotAssessable
from inference.sij_mri import LimitationCode, Role
from inference.types import Side
from reporting.presentation import Terms, limitation_lines
from reporting.sij_mri.terms import milliliters
from reporting.sij_mri.where import image_words
from reporting.words import LONGEST

SIDES = (Side.RIGHT, Side.LEFT)
"""In the order of the screen."""

IN_PART_CODES = (LimitationCode.JOINT_NOT_COVERED, LimitationCode.JOINT_CUT_OFF)
"""Why a joint was not seen wholly."""


def said(analysis: Analysis, key: str, side: Side | None = None) -> Evaluation:
    """An evaluation that every applicable analysis of this application has.

    Raises
    ------
    ValueError
        It has not.
    """
    evaluation = analysis.evaluation(key, side)
    if evaluation is None:
        raise ValueError(f"a sacroiliac analysis evaluates {key}, received one that does not")
    return evaluation


def number(analysis: Analysis, key: str, side: Side | None = None) -> Measurement:
    """A measurement that every applicable analysis of this application has.

    Raises
    ------
    ValueError
        It has not.
    """
    measured = analysis.measurement(key, side)
    if measured is None:
        raise ValueError(f"a sacroiliac analysis measures {key}, received one that does not")
    return measured


def short_reason(value: NotAssessable, terms: Terms) -> str:
    """Why something is not assessable, in a few words."""
    key = f"short-{value.because.code}"
    return terms.say(key) if terms.language.knows(key) else limitation_lines(terms, value.because)[0].rstrip(".")


def with_reasons(words: str, reasons: Iterable[str], terms: Terms) -> tuple[str, ...]:
    """Why something has no value, behind it in brackets; where there is no room, a line for each reason."""
    known = tuple(dict.fromkeys(reasons))
    line = terms.say("because", words=words, reasons=", ".join(known))
    if len(line) <= LONGEST:
        return (line,)
    return (f"{words}.", *(terms.say("reason-of", reason=one) for one in known))


def in_part(analysis: Analysis, side: Side) -> bool:
    """Whether the series show only a part of a joint."""
    parts = (one for one in analysis.limitations if one.code in IN_PART_CODES)
    return any(one.parameters["side"] == side for one in parts)


def amount_words(analysis: Analysis, side: Side, volume_mm3: float, terms: Terms) -> str:
    """A volume at a joint, which may be that of a part only."""
    amount = milliliters(volume_mm3, terms.language)
    return terms.say("amount-in-part", amount=amount) if in_part(analysis, side) else amount


def amounts(analysis: Analysis, terms: Terms, *, reasons: bool = False) -> str:
    """The volumes at the joints: ``right 1.8 ml, left 4.2 ml``; on request with the reasons where there is none."""
    words = {}
    parts = [side for side in SIDES if in_part(analysis, side)]
    everywhere = len(parts) == len(SIDES)
    for side in SIDES:
        measured = number(analysis, "edema-volume", side)
        if isinstance(measured.value, NotAssessable):
            why = f" ({short_reason(measured.value, terms)})" if reasons else ""
            words[side.value] = terms.say("not-assessable") + why
        else:
            once = everywhere or side not in parts
            plain = milliliters(measured.value, terms.language)
            words[side.value] = plain if once else terms.say("amount-in-part", amount=plain)
    said_by_side = terms.say("by-side", **words)
    return terms.say("amount-in-part", amount=said_by_side) if everywhere else said_by_side


def edema_lines(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """Edema within the subchondral band by side, what of it lies deeper, and what lies elsewhere, a fact each.

    Why something is not assessable stands before all findings, see :mod:`reporting.sij_mri.partial`.
    """
    structure = terms.say("no-structure")
    if not any_joint(analysis):
        missing = terms.say("edema-at-the-joints", amounts=terms.say("not-assessable"))
        return (missing, *_region(analysis, terms), structure)
    lines = [line for side in SIDES for line in _side_lines(analysis, side, terms)]
    return (*lines, *_elsewhere(analysis, terms), structure)


def any_joint(analysis: Analysis) -> bool:
    """True where edema could be judged at a joint at least."""
    return any(not isinstance(number(analysis, "edema-volume", side).value, NotAssessable) for side in SIDES)


def any_edema(analysis: Analysis) -> bool:
    """True where edema was found at a joint or elsewhere."""
    found = [one.value for one in analysis.measurements if one.key.startswith("edema") and one.key.endswith("volume")]
    return any(not isinstance(value, NotAssessable) and value > 0 for value in found)


def _side_lines(analysis: Analysis, side: Side, terms: Terms) -> tuple[str, ...]:
    measured = number(analysis, "edema-volume", side)
    if isinstance(measured.value, NotAssessable):
        return (terms.say("edema-unknown", side=side.value, missing=terms.say("not-assessable")),)
    if measured.value:
        amount = terms.say("edema-amount", side=side.value, amount=amount_words(analysis, side, measured.value, terms))
    else:
        seen = "in-part" if in_part(analysis, side) else "whole"
        amount = terms.say("edema-none", side=side.value, seen=seen)
    more = (_spread(measured, side, terms), _largest(analysis, side, terms), _deep(analysis, side, terms))
    return (amount, *(one for one in more if one))


def _spread(measured: Measurement, side: Side, terms: Terms) -> str:
    """The volumes by a stricter and a looser cut-off, where they differ from each other."""
    words = spread_words(measured, terms)
    return terms.say("edema-range", side=side.value, range=words) if words else ""


def spread_words(measured: Measurement, terms: Terms) -> str:
    """Between which volumes it lies by a stricter and a looser cut-off; empty where both are the same in words."""
    if measured.spread is None:
        return ""
    low, high = (milliliters(one, terms.language) for one in measured.spread)
    if low == high or (measured.value and high == milliliters(1.0, terms.language)):
        return ""
    return terms.say("milliliters-range", low=milliliters(measured.spread[0], terms.language, unit=False), high=high)


def _largest(analysis: Analysis, side: Side, terms: Terms) -> str:
    """The image on which the edema of a side is largest."""
    segment = analysis.segment("edema", side)
    if segment is None:
        return ""
    plane = int(np.argmax(segment.mask.sum(axis=(1, 2))))
    return terms.say("edema-largest", side=side.value, image=image_words(analysis, Role.FLUID, [plane], terms))


def _deep(analysis: Analysis, side: Side, terms: Terms) -> str:
    deep = analysis.measurement("edema-deep-volume", side)
    if deep is None or isinstance(deep.value, NotAssessable) or deep.value == 0:
        return ""
    amount, little = (milliliters(one, terms.language) for one in (deep.value, 1.0))
    return terms.say("edema-deep-little" if amount == little else "edema-deep", side=side.value, amount=amount)


def _elsewhere(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    other = analysis.measurement("edema-elsewhere-volume")
    if other is None or isinstance(other.value, NotAssessable):
        return ()
    if other.value == 0:
        return (terms.say("no-edema-elsewhere"),)
    return (terms.say("edema-elsewhere", amount=milliliters(other.value, terms.language)),)


def _region(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """Edema of the whole region, where there is no joint to which it could be assigned."""
    found = analysis.measurement("edema-elsewhere-volume")
    if found is None or isinstance(found.value, NotAssessable):
        return ()
    if found.value == 0:
        return (terms.say("no-edema-in-region"),)
    return (terms.say("edema-in-region", amount=milliliters(found.value, terms.language)),)


def cutoff_line(analysis: Analysis, terms: Terms) -> str:
    """The intensity from which marrow may be edema, and that of normal marrow; empty where they are not known."""
    values = [number(analysis, key).value for key in ("edema-threshold", "marrow-mean", "marrow-sd")]
    known = [float(one) for one in values if not isinstance(one, NotAssessable)]
    if len(known) < len(values):
        return ""
    threshold, mean, spread = known
    return terms.say("technique-cutoff", threshold=threshold, mean=mean, sd=spread)
