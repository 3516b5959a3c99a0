"""Edema in words, by side; what every sentence on measured evidence needs."""

import numpy as np

from inference.result import Analysis, Evaluation, Measurement, NotAssessable
from inference.sij_mri import Role
from inference.types import Side
from reporting.presentation import word_limitation
from reporting.sij_mri.limitations import SHORT
from reporting.sij_mri.terms import TERMS, milliliters
from reporting.sij_mri.where import image_words
from reporting.words import NOT_ASSESSABLE, ascii_text

SIDES = (Side.RIGHT, Side.LEFT)
"""In the order of the screen."""

OTHER_CAUSES = "Other causes of edema (load, infection, tumor, post partum) are not told apart."
NO_STRUCTURE = "Structural lesions: not measured."


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


def short_reason(value: NotAssessable) -> str:
    """Why something is not assessable, in a few words."""
    code = value.because.code
    return SHORT.get(code) or ascii_text(word_limitation(TERMS, value.because)).rstrip(".")


def volume_words(measured: Measurement) -> str:
    """A volume in as few words as it takes, not assessable ones with a short reason."""
    if isinstance(measured.value, NotAssessable):
        return f"{NOT_ASSESSABLE} ({short_reason(measured.value)})"
    return milliliters(measured.value)


def amounts(analysis: Analysis) -> str:
    """The volumes at the joints: ``right 1.8 ml, left 4.2 ml``."""
    return ", ".join(f"{side} {volume_words(number(analysis, 'edema-volume', side))}" for side in SIDES)


def edema_lines(analysis: Analysis) -> tuple[str, ...]:
    """Edema within the subchondral band by side, what of it lies deeper, and what lies elsewhere, a fact each.

    Why something is not assessable stands before all findings, see :mod:`reporting.sij_mri.partial`.
    """
    if not any_joint(analysis):
        return (f"Bone marrow edema at the joints: {NOT_ASSESSABLE}.", *_region(analysis), NO_STRUCTURE)
    lines = [line for side in SIDES for line in _side_lines(analysis, side)]
    return (*lines, *_elsewhere(analysis), NO_STRUCTURE)


def any_joint(analysis: Analysis) -> bool:
    """True where edema could be judged at a joint at least."""
    return any(not isinstance(number(analysis, "edema-volume", side).value, NotAssessable) for side in SIDES)


def any_edema(analysis: Analysis) -> bool:
    """True where edema was found at a joint or elsewhere."""
    found = [one.value for one in analysis.measurements if one.key.startswith("edema") and one.key.endswith("volume")]
    return any(not isinstance(value, NotAssessable) and value > 0 for value in found)


def _side_lines(analysis: Analysis, side: Side) -> tuple[str, ...]:
    measured = number(analysis, "edema-volume", side)
    start = f"{side.capitalize()} joint: "
    if isinstance(measured.value, NotAssessable):
        return (f"{start}bone marrow edema {NOT_ASSESSABLE}.",)
    if measured.value == 0:
        words = f"{start}no bone marrow edema within 10 mm of the joint ({milliliters(0)}{_spread(measured, '; ')})."
    else:
        words = f"{start}bone marrow edema within 10 mm of the joint {milliliters(measured.value)}"
        words += f"{_spread(measured, ' (', ')')}."
    more = "; ".join(one for one in (_largest(analysis, side), _deep(analysis, side)) if one)
    return (words, f"{start}{more}.") if more else (words,)


def _spread(measured: Measurement, before: str, after: str = "") -> str:
    """The volumes by a stricter and a looser cut-off, where they differ from each other."""
    low, high = ("", "") if measured.spread is None else (milliliters(one) for one in measured.spread)
    if low == high or (measured.value and high == milliliters(1.0)):
        return ""
    return f"{before}{low.removesuffix(' ml')} to {high} by a stricter and a looser cut-off{after}"


def _largest(analysis: Analysis, side: Side) -> str:
    """The image on which the edema of a side is largest."""
    segment = analysis.segment("edema", side)
    if segment is None:
        return ""
    plane = int(np.argmax(segment.mask.sum(axis=(1, 2))))
    return f"edema largest on {image_words(analysis, Role.FLUID, [plane])}"


def _deep(analysis: Analysis, side: Side) -> str:
    deep = analysis.measurement("edema-deep-volume", side)
    if deep is None or isinstance(deep.value, NotAssessable) or deep.value == 0:
        return ""
    amount = milliliters(deep.value)
    return f"{amount if amount == milliliters(1.0) else f'a further {amount}'} of it reaches deeper"


def _elsewhere(analysis: Analysis) -> tuple[str, ...]:
    other = analysis.measurement("edema-elsewhere-volume")
    if other is None or isinstance(other.value, NotAssessable):
        return ()
    if other.value == 0:
        return ("No edema elsewhere in the region.",)
    return (f"Edema elsewhere in the region, at no traced joint: {milliliters(other.value)}, not counted.",)


def _region(analysis: Analysis) -> tuple[str, ...]:
    """Edema of the whole region, where there is no joint to which it could be assigned."""
    found = analysis.measurement("edema-elsewhere-volume")
    if found is None or isinstance(found.value, NotAssessable):
        return ()
    if found.value == 0:
        return ("Bone region as a whole: no edema was found; the joints were not judged.",)
    return (f"Bone region as a whole: edema {milliliters(found.value)}, assigned to no joint.",)


def cutoff_words(analysis: Analysis) -> str:
    """The intensity from which marrow may be edema, and that of normal marrow; empty where they are not known."""
    values = [number(analysis, key).value for key in ("edema-threshold", "marrow-mean", "marrow-sd")]
    known = [one for one in values if not isinstance(one, NotAssessable)]
    if len(known) < len(values):
        return ""
    threshold, mean, spread = known
    return f"edema is brighter than {threshold:.0f}; normal sacral marrow has {mean:.0f} +/- {spread:.0f}"
