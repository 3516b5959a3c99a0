"""Measured evidence in words: edema by side, and the ASAS/OMERACT rule computed from it."""

import numpy as np

from inference.result import Analysis, Answer, Evaluation, Images, Measurement, NotAssessable, Place
from inference.sij_mri import Role
from inference.types import Side
from reporting.presentation import word_limitation
from reporting.sij_mri.limitations import SHORT
from reporting.sij_mri.terms import TERMS, milliliters
from reporting.words import NOT_ASSESSABLE, ascii_text, image_name, why_not

SIDES = (Side.RIGHT, Side.LEFT)
"""In the order of the screen."""

RULE = (
    "subchondral bone marrow edema (within 10 mm of the joint, at least 20 mm2 in a slice) in two consecutive slices "
    "or at two places in one slice"
)
RULE_NAME = "ASAS/OMERACT rule for active sacroiliitis"
ASAS_STATEMENT = (
    "The ASAS/OMERACT rule is computed from the segmented edema, which a small network of the bundle finds; the class "
    "has no part in it, and anyone can check it by eye."
)
OTHER_CAUSES = "Other causes of edema (load, infection, tumor, post partum) are not told apart."
NO_STRUCTURE = "Structural lesions: not measured."
DEPENDS = "it depends on the cut-off of edema"
LESIONS_NAMED = 6


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


def edema_brief(analysis: Analysis) -> str:
    """Edema at the joints, both sides in one line."""
    by_side = {side: number(analysis, "edema-volume", side) for side in SIDES}
    words = {side: volume_words(one) for side, one in by_side.items()}
    if all(isinstance(one.value, NotAssessable) for one in by_side.values()) and len(set(words.values())) == 1:
        return f"Bone marrow edema at the joints: {words[Side.LEFT]}"
    return "Bone marrow edema at the joints: " + ", ".join(f"{side} {one}" for side, one in words.items())


def edema_lines(analysis: Analysis) -> tuple[str, ...]:
    """Edema within the subchondral band by side, what of it lies deeper, what lies elsewhere, and its cut-off."""
    by_side = [number(analysis, "edema-volume", side).value for side in SIDES]
    known = {one.because.code for one in by_side if isinstance(one, NotAssessable)}
    if len(known) == 1 and all(isinstance(one, NotAssessable) for one in by_side):
        return (f"Bone marrow edema: {_why(by_side[0])}", NO_STRUCTURE)
    lines = [_side_line(analysis, side) for side in SIDES]
    return (*lines, *_elsewhere(analysis), *_cutoff(analysis), NO_STRUCTURE)


def _why(value: object) -> str:
    if not isinstance(value, NotAssessable):
        raise ValueError(f"what is assessable has no reason, received {value!r}")
    return why_not(TERMS, value)


def _side_line(analysis: Analysis, side: Side) -> str:
    measured = number(analysis, "edema-volume", side)
    start = f"{side.capitalize()} joint: "
    if isinstance(measured.value, NotAssessable):
        return f"{start}bone marrow edema {why_not(TERMS, measured.value)}"
    if measured.value == 0:
        return f"{start}no bone marrow edema within 10 mm of the joint ({milliliters(0)}{_spread(measured, '; ')})."
    words = f"{start}bone marrow edema within 10 mm of the joint {milliliters(measured.value)}"
    words += _spread(measured, " (", ")") + _largest(analysis, side) + _deep(analysis, side)
    return f"{words}."


def _spread(measured: Measurement, before: str, after: str = "") -> str:
    """The volumes by a stricter and a looser cut-off, where they differ from each other."""
    low, high = ("", "") if measured.spread is None else (milliliters(one) for one in measured.spread)
    if low == high:
        return ""
    return f"{before}{low.removesuffix(' ml')} to {high} by a stricter and a looser cut-off{after}"


def _largest(analysis: Analysis, side: Side) -> str:
    """The image on which the edema of a side is largest."""
    segment, fluid = analysis.segment("edema", side), analysis.of_role(Role.FLUID)
    if segment is None or fluid is None:
        return ""
    plane = int(np.argmax(segment.mask.sum(axis=(1, 2))))
    return f", largest on fluid-sensitive {image_name(fluid, plane)}"


def _deep(analysis: Analysis, side: Side) -> str:
    deep = analysis.measurement("edema-deep-volume", side)
    if deep is None or isinstance(deep.value, NotAssessable) or deep.value == 0:
        return ""
    return f"; a further {milliliters(deep.value)} of it reach deeper"


def _elsewhere(analysis: Analysis) -> tuple[str, ...]:
    other = analysis.measurement("edema-elsewhere-volume")
    if other is None:
        return ()
    if isinstance(other.value, NotAssessable):
        return (f"Edema elsewhere: {why_not(TERMS, other.value)}",)
    if other.value == 0:
        return ("No edema elsewhere in the region.",)
    return (f"Edema elsewhere in the region, at no traced joint: {milliliters(other.value)}, not counted.",)


def _cutoff(analysis: Analysis) -> tuple[str, ...]:
    values = [number(analysis, key).value for key in ("edema-threshold", "marrow-mean", "marrow-sd")]
    known = [one for one in values if not isinstance(one, NotAssessable)]
    if len(known) < len(values):
        return ()
    threshold, mean, spread = known
    return (f"Edema holds marrow brighter than {threshold:.0f}; normal sacral marrow has {mean:.0f} +/- {spread:.0f}.",)


def rule_words(evaluation: Evaluation) -> str:
    """The rule's value in words: met, not met, undecided or not assessable."""
    if isinstance(evaluation.value, NotAssessable):
        return NOT_ASSESSABLE
    return TERMS.evaluations["asas"].values[evaluation.value].words


def rule_brief(analysis: Analysis) -> str:
    """The rule's value, with the sides where it is met, or a short reason."""
    rule = said(analysis, "asas")
    if isinstance(rule.value, NotAssessable):
        return f"{NOT_ASSESSABLE} ({short_reason(rule.value)})"
    if rule.value == Answer.PRESENT:
        return f"met ({_met(analysis)})"
    return rule_words(rule)


def _met(analysis: Analysis) -> str:
    met = [side.value for side in SIDES if said(analysis, "asas", side).value == Answer.PRESENT]
    return " and ".join(met) or "both sides together"


def rule_lines(analysis: Analysis) -> tuple[str, ...]:
    """The rule for the study and by side, what it asks for, and the lesions that were counted."""
    rule = said(analysis, "asas")
    sides = {side: said(analysis, "asas", side) for side in SIDES}
    lines = [f"{RULE_NAME}: {rule_words(rule)}" + (f", {DEPENDS}" if rule.value == Answer.UNDECIDED else "")]
    lines[0] += "; " + ", ".join(f"{side}: {rule_words(one)}" for side, one in sides.items()) + "."
    missing = [one.value.because for one in (rule, *sides.values()) if isinstance(one.value, NotAssessable)]
    reasons = list(dict.fromkeys(short_reason(NotAssessable(one)) for one in missing))
    lines[0] += f" {NOT_ASSESSABLE.capitalize()}: {', '.join(reasons)}." if reasons else ""
    if len(missing) < 1 + len(SIDES):
        lines.append(f"It asks for {RULE}.")
    fluid = analysis.of_role(Role.FLUID)
    if rule.at and fluid is not None:
        lines.append("Lesions counted: " + "; ".join(_lesions(analysis, fluid)) + ".")
    return tuple(dict.fromkeys(lines))


def rule_sentence(analysis: Analysis) -> str:
    """The rule, what it asks for, and whether it is met, in one sentence."""
    rule = said(analysis, "asas")
    if isinstance(rule.value, NotAssessable):
        return f"The {RULE_NAME} is {why_not(TERMS, rule.value)} It asks for {RULE}."
    if rule.value == Answer.PRESENT:
        return f"The {RULE_NAME} is met ({_met(analysis)}): {RULE}."
    if rule.value == Answer.UNDECIDED:
        return f"The {RULE_NAME} is undecided, {DEPENDS}. It asks for {RULE}."
    return f"The {RULE_NAME} is not met: no {RULE}."


def lesions(analysis: Analysis) -> list[tuple[Side, Place]]:
    """The counted lesions with their side: the left ones first, in the order of their planes."""
    return [(side, place) for side in Side for place in said(analysis, "asas", side).at]


def _lesions(analysis: Analysis, fluid: Images) -> list[str]:
    counted = lesions(analysis)
    largest = sorted(counted, key=lambda lesion: -(lesion[1].area_mm2 or 0.0))[:LESIONS_NAMED]
    lines = [
        f"patient's {side}, fluid-sensitive {image_name(fluid, place.plane)}, {place.area_mm2:.0f} mm2"
        for side, place in sorted(largest, key=lambda lesion: (lesion[0], lesion[1].plane))
    ]
    if len(counted) > len(largest):
        lines.append(f"and {len(counted) - len(largest)} smaller")
    return lines


def evidence_impression(analysis: Analysis) -> str:
    """What the measured edema amounts to."""
    rule = said(analysis, "asas")
    if isinstance(rule.value, NotAssessable):
        return f"Active inflammatory lesions: {NOT_ASSESSABLE} ({short_reason(rule.value)})."
    if rule.value == Answer.UNDECIDED:
        return f"Whether the edema meets the ASAS/OMERACT definition of active sacroiliitis is undecided: {DEPENDS}."
    if rule.value == Answer.ABSENT:
        return "No edema that meets the ASAS/OMERACT definition of active sacroiliitis, as computed."
    where = _where([place.plane + 1 for place in rule.at])
    return (
        f"Active inflammatory lesions that meet the ASAS/OMERACT definition of active sacroiliitis ({_met(analysis)}), "
        f"as computed{where}."
    )


def _where(slices: list[int]) -> str:
    if not slices:
        return ""
    first, last = min(slices), max(slices)
    return (
        f"; see fluid-sensitive slice {first}" if first == last else f"; see fluid-sensitive slices {first} to {last}"
    )
