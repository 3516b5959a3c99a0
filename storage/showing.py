"""The state of a study as people see it: derived from reception, runs and deliveries by one function, and kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, load_only

from storage.codes import EventCode
from storage.states import PRECEDENCE, DeliveryState, Purpose, Reception, RunState, StudyState
from storage.tables import Delivery, Deployment, Result, ResultObject, Run, Study
from storage.timeline import named


@dataclass(frozen=True, slots=True)
class RunView:
    """What is shown of a run."""

    state: RunState
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What one deployment has done with a study.

    Attributes
    ----------
    bundle : str
    purpose : Purpose
    run : RunView
        The newest run; where that one found nothing changed, the run of the result that stands.
    headline : str
        Of the result that stands.
    deliveries : mapping of DeliveryState to int
        How many deliveries of the result that stands are in each state.
    """

    bundle: str
    purpose: Purpose
    run: RunView
    headline: str = ""
    deliveries: Mapping[DeliveryState, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """A state with its reason."""

    state: StudyState
    code: str
    reason: str


def derive(reception: Reception, parts: Sequence[Part], *, decision: str = "") -> Shown:
    """The state of a study as people see it.

    Parameters
    ----------
    reception : Reception
    parts : sequence of Part
        One for each deployment that has a run, in the order of their series. Shadows and trials count only where no
        primary deployment reads the study: nobody waits for them.
    decision : str
        What a person decided, and why, where one ended the study.

    Returns
    -------
    Shown
        Of all that is true, what comes first in :data:`storage.states.PRECEDENCE`.
    """
    counted = [part for part in parts if part.purpose.sent] or list(parts)
    found = [*_of_reception(reception, counted, decision), *_named_parts(counted)]
    nothing = Shown(StudyState.NOT_APPLICABLE, EventCode.NOT_WANTED, "Nothing in it is for a deployment of this node.")
    return min(found, key=lambda shown: PRECEDENCE.index(shown.state), default=nothing)


def refresh(session: Session, study: Study, *, at: datetime) -> Shown:
    """Write the state of a study anew, inside the transaction that changed what it follows from.

    The study is locked by the caller, so that of two changes at once the second one sees the first.
    """
    session.flush()
    shown = derive(study.reception, list(_parts(session, study.id)), decision=study.decision)
    if study.state is not shown.state:
        study.state = shown.state
        study.changed_at = at
    study.reason_code = shown.code
    study.reason = shown.reason
    return shown


def newest_runs(session: Session, study_id: int) -> list[Run]:
    """The newest run of each deployment, in the order of their series."""
    newest = (
        select(func.max(Run.revision).label("revision"), Run.deployment_id)
        .where(Run.study_id == study_id)
        .group_by(Run.deployment_id)
        .subquery()
    )
    query = (
        select(Run)
        .join(newest, (Run.deployment_id == newest.c.deployment_id) & (Run.revision == newest.c.revision))
        .join(Deployment, Run.deployment_id == Deployment.id)
        .where(Run.study_id == study_id)
        .order_by(Deployment.series_base)
    )
    return list(session.scalars(query.options(joinedload(Run.deployment))))


def _of_reception(reception: Reception, parts: Sequence[Part], decision: str) -> Iterator[Shown]:
    if reception.shows is None:
        return
    if reception is Reception.DISCARDED:
        yield Shown(reception.shows, EventCode.DISCARDED, decision)
    elif reception.complete:
        sentence = "Its images name more than one patient; its results are held back until a person has looked."
        yield Shown(reception.shows, EventCode.IDENTITY_MIXED, sentence)
    elif not parts:
        yield Shown(reception.shows, EventCode.RECEIVING, "Images are arriving.")
    elif any(part.run.state.active for part in parts):
        yield Shown(
            reception.shows, EventCode.LATE_IMAGES, "More images came before the analysis ended; all are read again."
        )
    else:
        sentence = "Something came after the analysis; where it changes what is read, the whole study is read again."
        yield Shown(reception.shows, EventCode.LATE_IMAGES, sentence)


def _named_parts(parts: Sequence[Part]) -> Iterator[Shown]:
    for part in parts:
        for shown in _of_part(part):
            reason = named(part.bundle, shown.reason) if len(parts) > 1 else shown.reason
            yield Shown(shown.state, shown.code, reason)


def _of_part(part: Part) -> Iterator[Shown]:
    if part.run.state.shows is not None:
        yield Shown(part.run.state.shows, part.run.code, part.run.reason)
    waiting = part.deliveries.get(DeliveryState.WAITING, 0)
    if waiting:
        sentence = f"{part.headline} {_objects(waiting)} still to be sent.".strip()
        yield Shown(StudyState.DELIVERING, EventCode.RESULT_SAVED, sentence)
    lost = sum(count for state, count in part.deliveries.items() if state.lost)
    if lost:
        total = sum(part.deliveries.values())
        sentence = f"{lost} of {total} deliveries failed for good; see the list below, then send them again."
        yield Shown(StudyState.UNDELIVERED, EventCode.UNDELIVERED, sentence)


def _objects(count: int) -> str:
    return f"{count} object is" if count == 1 else f"{count} objects are"


def _parts(session: Session, study_id: int) -> Iterator[Part]:
    standing = {row.deployment_id: row for row in _standing(session, study_id)}
    counts = _deliveries(session, [row.id for row in standing.values()])
    for run in newest_runs(session, study_id):
        result = standing.get(run.deployment_id)
        view = RunView(run.state, run.reason_code, run.reason)
        if run.state is RunState.UNCHANGED and result is not None:
            view = RunView(result.status.ends, result.run.reason_code, result.run.reason)
        yield Part(
            bundle=run.deployment.bundle,
            purpose=run.deployment.purpose,
            run=view,
            headline=result.headline if result else "",
            deliveries=counts.get(result.id, {}) if result else {},
        )


def _standing(session: Session, study_id: int) -> Iterable[Result]:
    columns = (Result.id, Result.deployment_id, Result.status, Result.headline, Result.run_id)
    query = select(Result).where(Result.study_id == study_id, ~Result.superseded)
    return session.scalars(query.options(load_only(*columns), joinedload(Result.run)))


def _deliveries(session: Session, result_ids: Sequence[int]) -> dict[int, dict[DeliveryState, int]]:
    counts: dict[int, dict[DeliveryState, int]] = {}
    found = session.execute(
        select(ResultObject.result_id, Delivery.state, func.count())
        .join(Delivery, Delivery.object_id == ResultObject.id)
        .where(ResultObject.result_id.in_(result_ids))
        .group_by(ResultObject.result_id, Delivery.state)
    )
    for result_id, state, count in found:
        counts.setdefault(result_id, {})[state] = count
    return counts
