"""Which series to read: every series is judged for every role that an application wants, and the best of each is taken.

What speaks for and against a series is the application's (for one, :mod:`inference.sij_mri.wanted`); here it becomes a
score and a choice; docs/selection.md explains both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from inference.dicom import orientations, stacks_of
from inference.series.case import Case
from inference.series.types import Candidate, Selection, StackFacts
from inference.types import Key, SeriesHeader, StudyHeaders

ELIGIBLE_SCORE = 55.0


@dataclass(frozen=True, slots=True)
class WantedSeries:
    """A role that an application has for a series.

    Attributes
    ----------
    role : Key
    judge : callable
        Fills a :class:`~inference.series.case.Case` with evidence, refusals and notes, and returns it.
    """

    role: Key
    judge: Callable[[Case], Case]


def choose(study: StudyHeaders, wanted: Sequence[WantedSeries]) -> Selection:
    """Judge every series of a study for every role and choose the best of each.

    Parameters
    ----------
    study : StudyHeaders
    wanted : sequence of WantedSeries

    Returns
    -------
    Selection
        Candidates ordered by role, then score. Nothing is chosen where nothing is eligible. The order of the files
        makes no difference.
    """
    candidates = [_candidate(series, one) for one in wanted for series in study.series if series.images]
    best = {one.role: _best([c for c in candidates if c.role == one.role]) for one in wanted}
    table = tuple(
        replace(candidate, chosen=candidate is best[candidate.role])
        for candidate in sorted(candidates, key=lambda c: (c.role, *_rank(c)))
    )
    chosen = {one.role: c for one in wanted for c in table if c.chosen and c.role == one.role}
    return Selection(table, chosen, tuple(one.role for one in wanted))


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
        evidence=tuple(case.evidence),
        images=case.stack.images if eligible else (),
        refusals=tuple(case.refusals),
        notes=tuple(case.notes),
        stack=_facts(case, kinds=len(found)),
        modality=series.modality,
    )


def _facts(case: Case, *, kinds: int) -> StackFacts:
    return StackFacts(kinds, len(case.stack.images), case.kind, case.stack.repeats, case.stack.kept)


def _rank(candidate: Candidate) -> tuple[float, int, float, str]:
    """Order among candidates: score, then slices, then resolution, then UID."""
    spacing = candidate.images[0].pixel_spacing_mm if candidate.images else None
    return -candidate.score, -len(candidate.images), max(spacing or (99.0,)), candidate.series_instance_uid


def _best(candidates: list[Candidate]) -> Candidate | None:
    return min((c for c in candidates if c.eligible), key=_rank, default=None)
