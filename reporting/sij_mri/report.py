"""The report of a sacroiliac study: impression, findings, technique; measured evidence before any class.

What is said is decided here, in :mod:`reporting.sij_mri.edema_words`, :mod:`reporting.sij_mri.asas_words`,
:mod:`reporting.sij_mri.class_words` and :mod:`reporting.sij_mri.partial`; the words are in the catalogues of the folder
``language``.
"""

from collections.abc import Iterator

import numpy as np

from inference.result import Analysis, Answer, NotAssessable
from inference.series import Candidate
from inference.sij_mri import LimitationCode, Role
from inference.types import Side
from reporting.pictures import has_heat
from reporting.presentation import Report, Terms, limitation_lines
from reporting.probabilities import bound_statement, names_a_bound
from reporting.series_words import evidence_of, no_series, refusals
from reporting.sij_mri.asas_words import evidence_impression, missing_evidence, rule_brief, rule_lines
from reporting.sij_mri.class_words import brief, class_lines
from reporting.sij_mri.edema_words import (
    SIDES,
    amounts,
    any_edema,
    any_joint,
    cutoff_line,
    edema_lines,
    said,
    short_reason,
)
from reporting.sij_mri.partial import ALL, kept_limitations, missing_lines, not_judged
from reporting.words import clip, fit, research_lines, series_name

LOW_VISIBILITY = 0.35
NAMES = {Role.T1W: "role-t1-full", Role.FLUID: "role-fluid-full"}


def describe(analysis: Analysis, terms: Terms) -> Report:
    """Word an analysis, applicable or not."""
    if not analysis.applicable:
        return _not_analysed(analysis, terms)
    missing = missing_lines(analysis, terms)
    kept = (*kept_limitations(analysis, terms), *_geometry_limits(analysis, terms))
    limits = tuple(one for one in dict.fromkeys(kept) if one not in missing)
    impression = tuple(dict.fromkeys((*evidence_impression(analysis, terms), *class_lines(analysis, terms))))
    quality = () if missing or limits else (terms.say("technique-quality"),)
    return Report(
        headline=headline(analysis, terms),
        findings=(*edema_lines(analysis, terms), *rule_lines(analysis, terms)),
        conclusions=_conclusions(analysis, " ".join((*impression, *limits)), terms),
        limitations=(*missing, *limits),
        impression=impression,
        missing=missing,
        technique=(*_technique(analysis, terms), *quality),
    )


def headline(analysis: Analysis, terms: Terms) -> str:
    """The result in one line: evidence, class, stage."""
    present = said(analysis, "axspa").value
    if isinstance(present, NotAssessable) and not any_joint(analysis):
        reasons = dict.fromkeys((*missing_evidence(analysis, terms), short_reason(present, terms)))
        return f"{terms.say('partial')} {terms.say('nothing-assessable', reasons=', '.join(reasons))}"
    words = {"amounts": amounts(analysis, terms, reasons=True), "rule": rule_brief(analysis, terms)}
    parts = [terms.say("edema-at-the-joints-headline", **words), brief(analysis, terms)]
    if missing_lines(analysis, terms):
        parts.insert(0, terms.say("partial"))
    if not isinstance(present, NotAssessable):
        parts.append(terms.say("learned-headline-absent" if present == Answer.ABSENT else "learned-headline"))
    return " ".join(parts)


def _not_analysed(analysis: Analysis, terms: Terms) -> Report:
    """Why nothing was read: the pictures, or that no series is suitable; each reason once."""
    limitations = tuple(line for one in analysis.limitations for line in limitation_lines(terms, one))
    reasons = limitations or refusals(terms, analysis.selection)
    why = limitations[0] if limitations else no_series(terms)
    looked_at = tuple(line for one in analysis.selection.chosen.values() for line in _looked_at(one, terms))
    unrecognized = any(one.code == LimitationCode.NO_JOINTS_RECOGNIZED for one in analysis.limitations)
    explained = (terms.say("unrecognized"),) if unrecognized else ()
    others = limitations[1:] if limitations else reasons
    unjudged = not_judged([terms.say(one) for one in ALL], terms)
    return Report(
        headline=terms.say("not-analysed-because", why=f"{why[:1].lower()}{why[1:]}", Why=why),
        findings=tuple(dict.fromkeys((*explained, *others, *looked_at, unjudged))),
        conclusions=(terms.say("no-result"), *research_lines(terms)),
        limitations=(),
        reasons=(*reasons, *explained, *looked_at),
    )


def _looked_at(chosen: Candidate, terms: Terms) -> Iterator[str]:
    """A series that was chosen by what its header says of it, a fact a line."""

    def line(name: str) -> str:
        return terms.say("looked-at", series=series_name(chosen, terms.language, description=name))

    yield fit(line, chosen.description)
    for fact in evidence_of(terms, chosen):
        yield clip(terms.say("by-its-header", fact=f"{fact}."))
    for note in chosen.notes:
        yield from limitation_lines(terms, note)


def _technique(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    traced = {side.value: _traced(analysis, side, terms) for side in SIDES}
    lines = [_series(analysis, role, terms) for role in NAMES]
    lines.append(terms.say("technique-traced", **traced))
    lines += [_faint(analysis, side, terms) for side in SIDES]
    lines.append(cutoff_line(analysis, terms))
    return tuple(one for one in lines if one)


def _series(analysis: Analysis, role: Role, terms: Terms) -> str:
    """Which series was read in a role."""
    images, name = analysis.of_role(role), terms.say(NAMES[role])
    if images is None:
        return terms.say("technique-no-series", role=name)
    candidate, slices = analysis.selection.chosen.get(role), images.shape[0]

    def line(description: str) -> str:
        series = series_name(candidate, terms.language, description=description)
        return terms.say("technique-series", role=name, series=terms.say("series-read", series=series, slices=slices))

    return fit(line, "" if candidate is None else candidate.description)


def _traced(analysis: Analysis, side: Side, terms: Terms) -> str:
    profile = analysis.profile("joint-visibility", side)
    if profile is None or not np.isfinite(profile.values).any():
        return terms.say("traced-none")
    return terms.say("traced", traced=int(np.isfinite(profile.values).sum()), slices=len(profile.values))


def _faint(analysis: Analysis, side: Side, terms: Terms) -> str:
    profile = analysis.profile("joint-visibility", side)
    if profile is None:
        return ""
    faint = int(np.count_nonzero(np.isfinite(profile.values) & (np.nan_to_num(profile.values) < LOW_VISIBILITY)))
    return terms.say("technique-faint", side=side.value, slices=faint) if faint else ""


def _conclusions(analysis: Analysis, words: str, terms: Terms) -> tuple[str, ...]:
    """How far the result, worded already, can be trusted."""
    lines = []
    if any_edema(analysis):
        lines.append(terms.say("other-causes"))
    if not isinstance(said(analysis, "asas").value, NotAssessable):
        lines.append(terms.say("asas-statement"))
    if names_a_bound(words, terms.language):
        lines.append(bound_statement(terms.language))
    if analysis.heatmaps:
        lines.append(terms.say("heatmap-statement" if has_heat(analysis) else "heatmap-none"))
    return (*lines, terms.say("sides-statement"), *research_lines(terms))


def _geometry_limits(analysis: Analysis, terms: Terms) -> Iterator[str]:
    for images in analysis.images:
        if not images.placed:
            yield from terms.language.lines("no-frame-of-reference", role=terms.roles[images.role].words)
    for images in analysis.images:
        role = terms.roles[images.role].words
        for warning in images.warnings:
            told = " ".join(limitation_lines(terms, warning))
            yield clip(terms.say("reason-SERIES_IRREGULAR", role=role, Role=role[:1].upper() + role[1:], warning=told))
