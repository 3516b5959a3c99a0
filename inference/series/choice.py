"""Which series to read: every series is judged for every role that an application wants, and the best of each is taken.

What speaks for and against a series is the application's (for one, :mod:`inference.sij_mri.wanted`); here it becomes a
score and a sentence; docs/selection.md explains both.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from inference.dicom import orientations, stacks_of
from inference.series.case import Case
from inference.series.types import Candidate, Selection
from inference.types import SeriesHeader, StudyHeaders

ELIGIBLE_SCORE = 55.0


@dataclass(frozen=True, slots=True)
class WantedSeries:
    """A role that an application has for a series.

    Attributes
    ----------
    role : str
    judge : callable
        Fills a :class:`~inference.series.case.Case` with evidence, refusals and notes, and returns it.
    what : str
        What is wanted, in words.
    without : str
        What cannot be read without it, in words.
    """

    role: str
    judge: Callable[[Case], Case]
    what: str
    without: str


def choose(study: StudyHeaders, wanted: Sequence[WantedSeries], *, shown: str) -> Selection:
    """Judge every series of a study for every role and choose the best of each.

    Parameters
    ----------
    study : StudyHeaders
    wanted : sequence of WantedSeries
    shown : str
        What the series of this application show, in words: ``the sacroiliac joints in a semicoronal plane``.

    Returns
    -------
    Selection
        Candidates ordered by role, then score. Nothing is chosen where nothing is eligible, and the sentence says why.
        The order of the files makes no difference.
    """
    candidates = [_candidate(series, one) for one in wanted for series in study.series if series.images]
    best = {one.role: _best([c for c in candidates if c.role == one.role]) for one in wanted}
    table = tuple(
        _marked(candidate, best[candidate.role]) for candidate in sorted(candidates, key=lambda c: (c.role, *_rank(c)))
    )
    chosen = {one.role: c for one in wanted for c in table if c.chosen and c.role == one.role}
    sentence = _chosen_sentence(wanted, chosen, shown) if chosen else _nothing(study, table, shown)
    return Selection(table, chosen, sentence)


def _candidate(series: SeriesHeader, wanted: WantedSeries) -> Candidate:
    """The best stack of a series in a role."""
    found = stacks_of(series.images)
    lying = orientations(found)
    cases = [wanted.judge(Case(series, stack, wanted.role, stack_orientations=lying)) for stack in found[:24]]
    case = max(cases, key=lambda c: (not c.refusals, c.score, len(c.stack.images)))
    eligible = not case.refusals and case.score >= ELIGIBLE_SCORE
    return Candidate(
        series_instance_uid=series.series_instance_uid,
        series_number=series.series_number,
        description=series.description,
        role=wanted.role,
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


def _chosen_sentence(wanted: Sequence[WantedSeries], chosen: Mapping[str, Candidate], shown: str) -> str:
    plane = shown[shown.index(" in ") :] if " in " in shown else ""
    parts = []
    for one in wanted:
        candidate = chosen.get(one.role)
        if candidate is not None:
            parts.append(f"{_capital(one.role)}: {_series(candidate)}, score {candidate.score:.0f} of 100.")
        else:
            parts.append(f"No {one.what}{plane} was found, so {one.without}.")
    return " ".join(parts)


def _nothing(study: StudyHeaders, table: tuple[Candidate, ...], shown: str) -> str:
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
    return f"Not applicable: no series shows {shown} as needed. {listed}{more}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
