"""The sacroiliac application in words: the only place where its sentences are written."""

import numpy as np

from inference.result import Analysis, Answer, Evaluation, Images, NotAssessable, Place
from inference.sij_mri import Role
from inference.types import Side
from reporting.presentation import Report, word_limitation
from reporting.series_words import word_candidate, word_selection
from reporting.sij_mri.terms import TERMS, milliliters
from reporting.words import (
    HEATMAP_STATEMENT,
    NOT_ANALYSED,
    RESEARCH_STATEMENT,
    SIDES_STATEMENT,
    ascii_text,
    image_name,
    series_name,
    series_words,
    why_not,
)

SIMULATED_STATEMENT = (
    "The classifier learned from simulated lesions in real and synthetic anatomy, because no clinical labels exist "
    "yet; how well it does on patients is unknown."
)
ASAS_STATEMENT = (
    "The ASAS/OMERACT rule is computed from the segmented edema, which a small network of the bundle finds; the class "
    "has no part in it, and anyone can check it by eye."
)
RULE = (
    "subchondral bone marrow edema (within 10 mm of the joint, at least 20 mm2 in a slice) in two consecutive slices "
    "or at two places in one slice"
)
LOW_VISIBILITY = 0.35
CERTAIN = 0.5
LESIONS_NAMED = 6
REFUSALS_NAMED = 40

NAMES = {Role.T1W: "T1-weighted", Role.FLUID: "Fluid-sensitive, fat-suppressed"}


def describe(analysis: Analysis) -> Report:
    """Word an analysis, applicable or not."""
    limitations = tuple(ascii_text(word_limitation(TERMS, one)) for one in analysis.limitations)
    if not analysis.applicable:
        reason = ascii_text(word_selection(TERMS, analysis.selection))
        return Report(
            headline=f"{NOT_ANALYSED}, because no sacroiliac series was found.",
            findings=(f"{NOT_ANALYSED}, because: {reason}", *_refusals(analysis)),
            conclusions=("There is no result for this study.", RESEARCH_STATEMENT),
            limitations=limitations,
        )
    return Report(
        headline=headline(analysis),
        findings=(
            *_what_was_read(analysis),
            _classification(analysis),
            _edema(analysis),
            *_asas(analysis),
            *_joints(analysis),
        ),
        conclusions=_conclusions(analysis),
        limitations=(*limitations, *_certainty(analysis), *_geometry_limits(analysis)),
    )


def headline(analysis: Analysis) -> str:
    """The result in one line."""
    parts = []
    present, stage, rule = (_said(analysis, key) for key in ("axspa", "stage", "asas"))
    if isinstance(present.value, NotAssessable) or isinstance(stage.value, NotAssessable):
        parts.append("No classification was made.")
    else:
        probability = present.probabilities[Answer.PRESENT]
        parts.append(
            f"AI classification of ankylosing spondylitis: {present.value} (probability {probability:.2f}). "
            f"Stage: {_stage_words(stage.value)} (probability {stage.probabilities[stage.value]:.2f})."
        )
    if isinstance(rule.value, NotAssessable):
        parts.append(f"ASAS/OMERACT rule for active sacroiliitis: {why_not(TERMS, rule.value)}")
    else:
        parts.append(f"ASAS/OMERACT rule for active sacroiliitis: {_rule_words(rule.value)}.")
    return " ".join(parts)


def asas_sentence(analysis: Analysis) -> str:
    """The rule, what it asks for, and whether it is met."""
    rule = _said(analysis, "asas")
    if isinstance(rule.value, NotAssessable):
        return f"The ASAS/OMERACT rule for active sacroiliitis is {why_not(TERMS, rule.value)} It asks for {RULE}."
    if rule.value == Answer.PRESENT:
        met = [side.value for side in Side if _said(analysis, "asas", side).value == Answer.PRESENT]
        sides = " and ".join(met) or "both sides together"
        return f"The ASAS/OMERACT rule for active sacroiliitis is met ({sides}): {RULE}."
    return f"The ASAS/OMERACT rule for active sacroiliitis is not met: no {RULE}."


def _said(analysis: Analysis, key: str, side: Side | None = None) -> Evaluation:
    """An evaluation that every applicable analysis of this application has."""
    evaluation = analysis.evaluation(key, side)
    if evaluation is None:
        raise ValueError(f"a sacroiliac analysis evaluates {key}, received one that does not")
    return evaluation


def _stage_words(key: str) -> str:
    return TERMS.evaluations["stage"].values[key].words


def _rule_words(key: str) -> str:
    return TERMS.evaluations["asas"].values[key].words


def _what_was_read(analysis: Analysis) -> tuple[str, ...]:
    lines = []
    for role, name in NAMES.items():
        read = series_words(analysis, role)
        lines.append(
            f"{name}: {read}." if read else f"{name}: no such series was found; what needs it could not be read."
        )
    return tuple(lines)


def _classification(analysis: Analysis) -> str:
    present, stage = _said(analysis, "axspa"), _said(analysis, "stage")
    if isinstance(present.value, NotAssessable):
        return f"Classification: {why_not(TERMS, present.value)}"
    stages = ", ".join(f"{_stage_words(key)} {probability:.2f}" for key, probability in stage.probabilities.items())
    profile = analysis.profile("axspa")
    slices = 0 if profile is None else int(np.count_nonzero(np.isfinite(profile.values)))
    return (
        f"Classifier: ankylosing spondylitis {present.value}, probability {present.probabilities[Answer.PRESENT]:.2f}; "
        f"stage probabilities: {stages}; from {slices} slices that show a joint."
    )


def _certainty(analysis: Analysis) -> tuple[str, ...]:
    stage = _said(analysis, "stage")
    if isinstance(stage.value, NotAssessable) or stage.probabilities[stage.value] >= CERTAIN:
        return ()
    likeliest = max(stage.probabilities, key=lambda key: stage.probabilities[key])
    probability = stage.probabilities[stage.value]
    words = f"The stage is uncertain: {_stage_words(stage.value)} has a probability of {probability:.2f}"
    if likeliest != stage.value:
        words += (
            f", and {_stage_words(likeliest)} alone has a higher one; the bundle's rule weighs the stages against each "
            "other"
        )
    return (words + ".",)


def _edema(analysis: Analysis) -> str:
    values = {side: number(analysis, "edema-volume", side) for side in Side}
    threshold, mean, spread = (number(analysis, key) for key in ("edema-threshold", "marrow-mean", "marrow-sd"))
    missing = next((value for value in values.values() if isinstance(value, NotAssessable)), None)
    if missing is not None:
        return f"Bone marrow edema: {why_not(TERMS, missing)}"
    left, right = (milliliters(_plain(values[side])) for side in (Side.LEFT, Side.RIGHT))
    return (
        f"Bone marrow edema: patient's left {left}, patient's right {right} (each lesion holds marrow brighter than "
        f"{_plain(threshold):.0f}; normal sacral marrow {_plain(mean):.0f} +/- {_plain(spread):.0f})."
    )


def number(analysis: Analysis, key: str, side: Side | None = None) -> float | NotAssessable:
    """The value of a measurement that every applicable analysis of this application has."""
    measured = analysis.measurement(key, side)
    if measured is None:
        raise ValueError(f"a sacroiliac analysis measures {key}, received one that does not")
    return measured.value


def _plain(value: float | NotAssessable) -> float:
    if isinstance(value, NotAssessable):
        raise ValueError("what is not assessable has no number")
    return value


def _asas(analysis: Analysis) -> tuple[str, ...]:
    lines = [asas_sentence(analysis)]
    lesions, fluid = _said(analysis, "asas").at, analysis.of_role(Role.FLUID)
    if lesions and fluid is not None:
        lines.append("Lesions counted: " + "; ".join(_lesions(analysis, fluid)) + ".")
    return tuple(lines)


def lesions(analysis: Analysis) -> list[tuple[Side, Place]]:
    """The counted lesions with their side: the left ones first, in the order of their planes."""
    return [(side, place) for side in Side for place in _said(analysis, "asas", side).at]


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


def _joints(analysis: Analysis) -> tuple[str, ...]:
    lines = []
    for side in Side:
        profile = analysis.profile("joint-visibility", side)
        if profile is None:
            lines.append(f"Sacroiliac joint, patient's {side}: not found.")
            continue
        traced = np.isfinite(profile.values)
        faint = int(np.count_nonzero(traced & (np.nan_to_num(profile.values) < LOW_VISIBILITY)))
        words = f"traced in {int(np.count_nonzero(traced))} slices"
        if faint:
            words += f", hardly visible in {faint} of them (ankylosis, or a failure of the tracing)"
        lines.append(f"Sacroiliac joint, patient's {side}: {words}.")
    return tuple(lines)


def _conclusions(analysis: Analysis) -> tuple[str, ...]:
    lines = [headline(analysis)]
    if not isinstance(_said(analysis, "axspa").value, NotAssessable):
        lines.append(SIMULATED_STATEMENT)
    if not isinstance(_said(analysis, "asas").value, NotAssessable):
        lines.append(ASAS_STATEMENT)
    if analysis.heatmaps:
        lines.append(HEATMAP_STATEMENT)
    return (*lines, SIDES_STATEMENT, RESEARCH_STATEMENT)


def _refusals(analysis: Analysis) -> tuple[str, ...]:
    sentences: dict[str, str] = {}
    for candidate in analysis.selection.candidates:
        name = series_name(candidate)
        words = ascii_text(word_candidate(TERMS, candidate, analysis.selection))
        sentences.setdefault(
            f"{candidate.series_instance_uid}{candidate.role}",
            f"{name[0].upper()}{name[1:]}, for {candidate.role}: {words}",
        )
    return tuple(list(sentences.values())[:REFUSALS_NAMED])


def _geometry_limits(analysis: Analysis) -> tuple[str, ...]:
    words = [(TERMS.roles[images.role].words, images) for images in analysis.images]
    lines = [
        f"The {name} series has no frame of reference, so no segmentation could be written for it."
        for name, images in words
        if not images.placed
    ]
    for name, images in words:
        lines += [
            f"{name[0].upper()}{name[1:]} series: {ascii_text(word_limitation(TERMS, one))}" for one in images.warnings
        ]
    return tuple(lines)
