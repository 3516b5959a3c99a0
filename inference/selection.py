"""Which series to read: the semicoronal T1-weighted one and the fat-suppressed fluid-sensitive one.

Physics and geometry count first, names last (:mod:`inference.criteria`). Every series is judged for both roles and gets
a score and a sentence; docs/selection.md explains both.
"""

from collections import defaultdict
from dataclasses import replace

from inference.case import Case
from inference.criteria import judge
from inference.stacks import orientations, stacks
from inference.types import Candidate, Role, Selection, SeriesHeader, StudyHeaders

ELIGIBLE_SCORE = 55.0
_WANTED = {
    Role.T1W: "T1-weighted series without fat suppression",
    Role.FLUID: "fat-suppressed fluid-sensitive series (STIR or T2)",
}
_LOST = {
    Role.T1W: "structure (joint line, erosions, fat) cannot be read",
    Role.FLUID: "bone marrow oedema cannot be read",
}


def select(study: StudyHeaders) -> Selection:
    """Judge every series of a study for both roles and choose the best of each.

    Parameters
    ----------
    study : StudyHeaders

    Returns
    -------
    Selection
        Candidates ordered by role, then score. ``t1`` and ``fluid`` are None where nothing is eligible, and the
        sentence says why. The order of the files makes no difference.
    """
    candidates = [_candidate(series, role) for role in Role for series in study.series if series.images]
    best = {role: _best([c for c in candidates if c.role == role]) for role in Role}
    table = tuple(
        _marked(candidate, best[candidate.role]) for candidate in sorted(candidates, key=lambda c: (c.role, *_rank(c)))
    )
    chosen = {c.role: c for c in table if c.chosen}
    t1, fluid = chosen.get(Role.T1W), chosen.get(Role.FLUID)
    return Selection(table, t1, fluid, _study_sentence(study, table, t1, fluid))


def _candidate(series: SeriesHeader, role: Role) -> Candidate:
    """The best stack of a series in a role."""
    found = stacks(series.images)
    lying = orientations(found)
    cases = [judge(Case(series, stack, role, stack_orientations=lying)) for stack in found[:24]]
    case = max(cases, key=lambda c: (not c.refusals, c.score, len(c.stack.images)))
    eligible = not case.refusals and case.score >= ELIGIBLE_SCORE
    return Candidate(
        series_instance_uid=series.series_instance_uid,
        series_number=series.series_number,
        description=series.description,
        role=role,
        score=case.score,
        eligible=eligible,
        chosen=False,
        sentence=_sentence(case, stack_count=len(found), eligible=eligible),
        evidence=tuple(case.evidence),
        images=case.stack.images if eligible else (),
    )


def _sentence(case: Case, *, stack_count: int, eligible: bool) -> str:
    if case.refusals:
        return f"Not used: {case.refusals[0]}."
    texts = {item.criterion: item.text for item in case.evidence}
    facts = "; ".join(texts[name] for name in ("physics", "plane", "slices", "resolution") if name in texts)
    parts = [f"{_capital(facts)}."]
    if not eligible:
        parts.insert(0, f"Not used: the score is below {ELIGIBLE_SCORE:.0f}.")
    if stack_count > 1:
        kind = f"the {case.kind} images" if case.kind else f"{len(case.stack.images)} images"
        parts.append(f"The series holds {stack_count} kinds of images; {kind} are meant.")
    if case.stack.repeats:
        repeats = "1 repeat" if case.stack.repeats == 1 else f"{case.stack.repeats} repeats"
        parts.append(f"Left out: {repeats} at the same positions; kept: {case.stack.kept}.")
    return " ".join(parts + case.notes)


def _rank(candidate: Candidate) -> tuple[float, int, float, str]:
    """Order among candidates: score, then slices, then resolution, then UID."""
    spacing = candidate.images[0].pixel_spacing_mm if candidate.images else None
    return -candidate.score, -len(candidate.images), max(spacing or (99.0,)), candidate.series_instance_uid


def _best(candidates: list[Candidate]) -> Candidate | None:
    return min((c for c in candidates if c.eligible), key=_rank, default=None)


def _marked(candidate: Candidate, best: Candidate | None) -> Candidate:
    if candidate is best:
        return replace(candidate, chosen=True, sentence=f"Chosen. {candidate.sentence}")
    if candidate.eligible and best is not None:
        return replace(candidate, sentence=f"Suitable, but {_series(best)} is better. {candidate.sentence}")
    return candidate


def _series(candidate: Candidate) -> str:
    number = "without number" if candidate.series_number is None else str(candidate.series_number)
    return f"series {number}" + (f' "{candidate.description}"' if candidate.description else "")


def _study_sentence(
    study: StudyHeaders, table: tuple[Candidate, ...], t1: Candidate | None, fluid: Candidate | None
) -> str:
    if t1 is None and fluid is None:
        return _nothing(study, table)
    parts = []
    for role, candidate in ((Role.T1W, t1), (Role.FLUID, fluid)):
        if candidate is not None:
            parts.append(f"{_capital(role)}: {_series(candidate)}, score {candidate.score:.0f} of 100.")
        else:
            parts.append(f"No {_WANTED[role]} in a semicoronal plane was found, so {_LOST[role]}.")
    return " ".join(parts)


def _nothing(study: StudyHeaders, table: tuple[Candidate, ...]) -> str:
    """Why nothing applies: the reasons, and which series each one rules out."""
    if not table:
        return "Not applicable: the study holds no readable series."
    reasons: dict[str, list[str]] = defaultdict(list)
    for series in sorted(study.series, key=lambda s: s.modality != "MR"):
        rows = [c for c in table if c.series_instance_uid == series.series_instance_uid]
        if not rows:
            continue
        sentences = list(dict.fromkeys(c.sentence.removeprefix("Not used: ").rstrip(".") for c in rows))
        reasons["; ".join(sentences)].append(_series(rows[0]))
    listed = " ".join(f"{_capital(', '.join(names))}: {reason}." for reason, names in list(reasons.items())[:12])
    more = f" {len(reasons) - 12} more reasons are in the table." if len(reasons) > 12 else ""
    return f"Not applicable: no series shows the sacroiliac joints in a semicoronal plane as needed. {listed}{more}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
