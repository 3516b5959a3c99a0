"""The report of a sacroiliac study: technique, findings, impression; measured evidence before any class.

Its sentences are written here, in :mod:`reporting.sij_mri.edema_words` and in :mod:`reporting.sij_mri.class_words`, and
nowhere else.
"""

import numpy as np

from inference.result import Analysis, NotAssessable
from inference.series import Candidate
from inference.sij_mri import Role
from inference.types import Side
from reporting.presentation import Report, word_limitation
from reporting.probabilities import BOUND_STATEMENT
from reporting.series_words import refusals, word_candidate
from reporting.sij_mri.class_words import SIMULATED_STATEMENT, any_bounded, brief, class_lines
from reporting.sij_mri.edema_words import (
    ASAS_STATEMENT,
    OTHER_CAUSES,
    SIDES,
    edema_brief,
    edema_lines,
    evidence_impression,
    number,
    rule_brief,
    rule_lines,
    said,
)
from reporting.sij_mri.terms import TERMS
from reporting.words import (
    HEATMAP_STATEMENT,
    NOT_ANALYSED,
    RESEARCH_STATEMENT,
    SIDES_STATEMENT,
    ascii_text,
    series_name,
    series_words,
)

LOW_VISIBILITY = 0.35
NO_SERIES = f"no series shows {TERMS.shown} as needed"
TECHNIQUE = "Technique"
NAMES = {Role.T1W: "T1-weighted", Role.FLUID: "fluid-sensitive, fat-suppressed"}


def describe(analysis: Analysis) -> Report:
    """Word an analysis, applicable or not."""
    limitations = tuple(ascii_text(word_limitation(TERMS, one)) for one in analysis.limitations)
    if not analysis.applicable:
        return _not_analysed(analysis, limitations)
    limits = tuple(dict.fromkeys((*limitations, *_geometry_limits(analysis))))
    return Report(
        headline=headline(analysis),
        findings=(*_technique(analysis, limits), *edema_lines(analysis), *rule_lines(analysis)),
        conclusions=_conclusions(analysis),
        limitations=limits,
        impression=(evidence_impression(analysis), *class_lines(analysis)),
    )


def headline(analysis: Analysis) -> str:
    """The result in one line: evidence, class, stage."""
    parts = [f"{edema_brief(analysis)}; ASAS rule: {rule_brief(analysis)}.", brief(analysis)]
    if not isinstance(said(analysis, "axspa").value, NotAssessable):
        parts.append("Class and stage were learned from simulated lesions only.")
    return " ".join(parts)


def _not_analysed(analysis: Analysis, limitations: tuple[str, ...]) -> Report:
    """Why nothing was read: the pictures, or that no series is suitable; each reason once."""
    reasons = limitations or tuple(ascii_text(line) for line in refusals(TERMS, analysis.selection))
    why = limitations[0] if limitations else f"{NO_SERIES}."
    looked_at = [
        ascii_text(f"Looked at: {series_name(one)}. {_facts(analysis, one)}").rstrip()
        for one in analysis.selection.chosen.values()
    ]
    return Report(
        headline=f"{NOT_ANALYSED}: {why[:1].lower()}{why[1:]}",
        findings=(*(reasons if not limitations else limitations[1:]), *looked_at),
        conclusions=("There is no result for this study.", RESEARCH_STATEMENT),
        limitations=(),
        reasons=(*reasons, *looked_at),
    )


def _facts(analysis: Analysis, chosen: Candidate) -> str:
    return word_candidate(TERMS, chosen, analysis.selection).removeprefix("Chosen.").lstrip()


def _technique(analysis: Analysis, limits: tuple[str, ...]) -> tuple[str, ...]:
    lines = []
    for role, name in NAMES.items():
        read = series_words(analysis, role)
        lines.append(f"{TECHNIQUE}: {name}: {read or 'no such series was found; what needs it was not read'}.")
    lines.append(f"{TECHNIQUE}: joints traced: " + ", ".join(_joint(analysis, side) for side in SIDES) + ".")
    lines += [f"{TECHNIQUE}: {words}." for side in SIDES if (words := _faint(analysis, side))]
    quality = "see the limitations" if limits else "sufficient, nothing was noted"
    return (*lines, f"{TECHNIQUE}: quality: {quality}.")


def _joint(analysis: Analysis, side: Side) -> str:
    profile = analysis.profile("joint-visibility", side)
    if profile is None or not np.isfinite(profile.values).any():
        return f"{side} not found"
    return f"{side} in {int(np.isfinite(profile.values).sum())} of {len(profile.values)} slices"


def _faint(analysis: Analysis, side: Side) -> str:
    profile = analysis.profile("joint-visibility", side)
    if profile is None:
        return ""
    faint = int(np.count_nonzero(np.isfinite(profile.values) & (np.nan_to_num(profile.values) < LOW_VISIBILITY)))
    if not faint:
        return ""
    return f"the {side} joint is hardly visible in {faint} of them (ankylosis, or a failure of the tracing)"


def _conclusions(analysis: Analysis) -> tuple[str, ...]:
    """How far the result can be trusted."""
    lines = []
    edema = [number(analysis, "edema-volume", side).value for side in SIDES]
    if not all(isinstance(one, NotAssessable) for one in edema):
        lines.append(OTHER_CAUSES)
    if not isinstance(said(analysis, "asas").value, NotAssessable):
        lines.append(ASAS_STATEMENT)
    if not isinstance(said(analysis, "axspa").value, NotAssessable):
        lines.append(SIMULATED_STATEMENT)
    if any_bounded(analysis):
        lines.append(BOUND_STATEMENT)
    if analysis.heatmaps:
        lines.append(HEATMAP_STATEMENT)
    return (*lines, SIDES_STATEMENT, RESEARCH_STATEMENT)


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
