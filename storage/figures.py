"""Counts and ages for monitoring, read from the database when they are asked for; nothing of a patient."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.session import Database
from storage.states import DeliveryState, StudyState, utc_now
from storage.tables import Association, Delivery, DestinationRecord, Result, Study, Tally

RECENT = timedelta(hours=1)
_MOST = 200
_COUNTED = ("stored", "duplicates", "refused", "received_bytes")


@dataclass(frozen=True, slots=True)
class Figures:
    """How much of what there is.

    Attributes
    ----------
    states : mapping from StudyState to int
        Studies in each state.
    waiting_s : mapping from StudyState to float
        Of the states that a study leaves by itself: seconds since the last image of the study that is longest there.
    associations : mapping from str to float
        By outcome, since the node was made; deleted ones included.
    received : mapping from str to float
        Images ``stored``, ``duplicates`` and ``refused``, and ``received_bytes``, since the node was made.
    deliveries : mapping from (str, DeliveryState) to int
        Objects in the ledger, by destination.
    destinations : mapping from str to (bool, int)
        Whether each is open, and how often in a row it was not reached.
    steps_s : mapping from str to float
        Mean seconds of each step of an analysis, of the results of the last hour (at most the last 200).
    """

    states: Mapping[StudyState, int]
    waiting_s: Mapping[StudyState, float]
    associations: Mapping[str, float]
    received: Mapping[str, float]
    deliveries: Mapping[tuple[str, DeliveryState], int]
    destinations: Mapping[str, tuple[bool, int]]
    steps_s: Mapping[str, float]


def oldest_waiting_s(database: Database, *, now: datetime | None = None) -> float:
    """Seconds since the last image of the study that has waited longest for this node or a destination; 0 for none."""
    with database.read() as session:
        return max(_waiting(session, now=now or utc_now()).values(), default=0.0)


def read(database: Database, *, now: datetime | None = None) -> Figures:
    """All of them.

    Raises
    ------
    StorageUnavailable
        The database does not answer.
    """
    now = now or utc_now()
    with database.read() as session:
        counts = session.execute(select(Study.state, func.count()).group_by(Study.state)).all()
        ledger = select(Delivery.destination, Delivery.state, func.count())
        ledger = ledger.group_by(Delivery.state, Delivery.destination)
        return Figures(
            states={state: count for state, count in counts},
            waiting_s=_waiting(session, now=now),
            **_associations(session),
            deliveries={(name, state): count for name, state, count in session.execute(ledger)},
            destinations={
                row.name: (row.open, row.failures) for row in session.scalars(select(DestinationRecord)) if row.name
            },
            steps_s=_steps(session, now=now),
        )


def add_to_tally(session: Session, rows: Iterable[Association]) -> None:
    """Keep what associations counted that are about to be deleted."""
    for row in rows:
        counted = {f"association.{row.outcome.value}": 1} | {name: getattr(row, name) for name in _COUNTED}
        for name, value in counted.items():
            kept = session.get(Tally, name) or session.merge(Tally(name=name, value=0))
            kept.value += value


def _waiting(session: Session, *, now: datetime) -> dict[StudyState, float]:
    states = [state for state in StudyState if state.on_its_way]
    query = select(Study.state, func.min(Study.last_received_at)).where(Study.state.in_(states)).group_by(Study.state)
    return {state: max((now - since).total_seconds(), 0.0) for state, since in session.execute(query)}


def _associations(session: Session) -> dict[str, dict[str, float]]:
    kept = {row.name: row.value for row in session.scalars(select(Tally))}
    outcomes: dict[str, float] = defaultdict(float)
    received = {name: float(kept.get(name, 0)) for name in _COUNTED}
    for name, value in kept.items():
        kind, _, outcome = name.partition(".")
        if kind == "association":
            outcomes[outcome] += value
    sums = [func.sum(getattr(Association, name)) for name in _COUNTED]
    for outcome, count, *values in session.execute(
        select(Association.outcome, func.count(), *sums).group_by(Association.outcome)
    ):
        outcomes[outcome.value] += count
        for name, value in zip(_COUNTED, values, strict=True):
            received[name] += float(value or 0)
    return {"associations": dict(outcomes), "received": received}


def _steps(session: Session, *, now: datetime) -> dict[str, float]:
    query = select(Result.timings_s, Result.finished_at).order_by(Result.id.desc()).limit(_MOST)
    found: dict[str, list[float]] = defaultdict(list)
    for timings, finished in session.execute(query):
        if finished >= now - RECENT:
            for step, seconds in timings.items():
                found[step].append(float(seconds))
    return {step: sum(values) / len(values) for step, values in found.items()}
