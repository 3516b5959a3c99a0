"""The report of a sacroiliac study: technique, findings, impression; measured evidence before any class.

Its sentences are written here, in :mod:`reporting.sij_mri.edema_words`, :mod:`reporting.sij_mri.asas_words`,
:mod:`reporting.sij_mri.class_words` and :mod:`reporting.sij_mri.partial`, and nowhere else.
"""

import numpy as np

from inference.result import Analysis, Answer, NotAssessable
from inference.series import Candidate
from inference.sij_mri import LimitationCode, Role
from inference.types import Side
from reporting.presentation import Report, word_limitation
from reporting.probabilities import BOUND_STATEMENT, names_a_bound
from reporting.series_words import refusals, word_candidate
from reporting.sij_mri.asas_words import ASAS_STATEMENT, evidence_impression, missing_evidence, rule_brief, rule_lines
from reporting.sij_mri.class_words import NOT_NO_DISEASE, brief, class_lines
from reporting.sij_mri.edema_words import (
    OTHER_CAUSES,
    SIDES,
    amounts,
    any_edema,
    any_joint,
    cutoff_words,
    edema_lines,
    said,
    short_reason,
)
from reporting.sij_mri.partial import ALL, PARTIAL, kept_limitations, missing_lines
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
NOTHING_ASSESSABLE = "Not assessable: edema at the joints, ASAS rule, AI class and stage"
UNRECOGNIZED = "This happens with another part of the body, with noise, and where the joints lie at the edge."
NO_RESULT = "There is no result for this study, neither normal nor abnormal."


def describe(analysis: Analysis) -> Report:
    """Word an analysis, applicable or not."""
    if not analysis.applicable:
        return _not_analysed(analysis)
    missing = missing_lines(analysis)
    limits = tuple(dict.fromkeys((*kept_limitations(analysis), *_geometry_limits(analysis))))
    impression = (*evidence_impression(analysis), *class_lines(analysis))
    quality = () if missing or limits else (f"{TECHNIQUE}: nothing was noted against the quality of the images.",)
    return Report(
        headline=headline(analysis),
        findings=(*_technique(analysis), *quality, *edema_lines(analysis), *rule_lines(analysis)),
        conclusions=_conclusions(analysis, " ".join((*impression, *limits))),
        limitations=(*missing, *limits),
        impression=impression,
        missing=missing,
    )


def headline(analysis: Analysis) -> str:
    """The result in one line: evidence, class, stage."""
    present = said(analysis, "axspa").value
    if isinstance(present, NotAssessable) and not any_joint(analysis):
        reasons = dict.fromkeys((*missing_evidence(analysis), short_reason(present)))
        return f"{PARTIAL} {NOTHING_ASSESSABLE} ({', '.join(reasons)})."
    parts = [
        f"Bone marrow edema at the joints: {amounts(analysis)}; ASAS rule: {rule_brief(analysis)}.",
        brief(analysis),
    ]
    if missing_lines(analysis):
        parts.insert(0, PARTIAL)
    if not isinstance(present, NotAssessable):
        careful = f"; {NOT_NO_DISEASE}" if present == Answer.ABSENT else ""
        parts.append(f"Class and stage were learned from simulated lesions only{careful}.")
    return " ".join(parts)


def _not_analysed(analysis: Analysis) -> Report:
    """Why nothing was read: the pictures, or that no series is suitable; each reason once."""
    limitations = tuple(ascii_text(word_limitation(TERMS, one)) for one in analysis.limitations)
    reasons = limitations or tuple(ascii_text(line) for line in refusals(TERMS, analysis.selection))
    why = limitations[0] if limitations else f"{NO_SERIES}."
    looked_at = tuple(_looked_at(analysis, one) for one in analysis.selection.chosen.values())
    unrecognized = any(one.code == LimitationCode.NO_JOINTS_RECOGNIZED for one in analysis.limitations)
    explained = (UNRECOGNIZED,) if unrecognized else ()
    others = reasons if not limitations else limitations[1:]
    return Report(
        headline=f"{NOT_ANALYSED}: {why[:1].lower()}{why[1:]}",
        findings=(*explained, *others, *looked_at, f"Not judged: {', '.join(ALL)}."),
        conclusions=(NO_RESULT, RESEARCH_STATEMENT),
        limitations=(),
        reasons=(*reasons, *explained, *looked_at),
    )


def _looked_at(analysis: Analysis, chosen: Candidate) -> str:
    """A series that was chosen by what its header says of it."""
    facts = word_candidate(TERMS, chosen, analysis.selection).removeprefix("Chosen.").lstrip()
    words = f"Looked at: {series_name(chosen)}"
    return ascii_text(f"{words}; by its header: {facts}" if facts else f"{words}.")


def _technique(analysis: Analysis) -> tuple[str, ...]:
    lines = [f"{TECHNIQUE}: {name}: {series_words(analysis, role) or 'none was read'}." for role, name in NAMES.items()]
    traced = ", ".join(f"{side} {_traced(analysis, side)}" for side in SIDES)
    lines.append(f"{TECHNIQUE}: slices in which the joint was traced: {traced}.")
    lines += [f"{TECHNIQUE}: {words}." for side in SIDES if (words := _faint(analysis, side))]
    cutoff = cutoff_words(analysis)
    return (*lines, f"{TECHNIQUE}: {cutoff}.") if cutoff else tuple(lines)


def _traced(analysis: Analysis, side: Side) -> str:
    profile = analysis.profile("joint-visibility", side)
    if profile is None or not np.isfinite(profile.values).any():
        return "none"
    return f"{int(np.isfinite(profile.values).sum())} of {len(profile.values)}"


def _faint(analysis: Analysis, side: Side) -> str:
    profile = analysis.profile("joint-visibility", side)
    if profile is None:
        return ""
    faint = int(np.count_nonzero(np.isfinite(profile.values) & (np.nan_to_num(profile.values) < LOW_VISIBILITY)))
    if not faint:
        return ""
    return f"the {side} joint is hardly visible in {faint} of its slices (ankylosis, or a failure of tracing)"


def _conclusions(analysis: Analysis, words: str) -> tuple[str, ...]:
    """How far the result, worded already, can be trusted."""
    lines = []
    if any_edema(analysis):
        lines.append(OTHER_CAUSES)
    if not isinstance(said(analysis, "asas").value, NotAssessable):
        lines.append(ASAS_STATEMENT)
    if names_a_bound(words):
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
