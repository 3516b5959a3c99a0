"""Lines of a study's timeline and states of a study that follow from attempts to deliver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.codes import AnyCode
from storage.codes import EventCode
from storage.showing import refresh
from storage.states import DeliveryState
from storage.tables import Delivery, Event, Result, ResultObject, Study
from storage.timeline import note

_EVENTS = {
    DeliveryState.DELIVERED: EventCode.DELIVERY_DELIVERED,
    DeliveryState.REFUSED: EventCode.DELIVERY_REFUSED,
    DeliveryState.GIVEN_UP: EventCode.DELIVERY_GIVEN_UP,
    DeliveryState.WAITING: EventCode.DELIVERY_WAITING,
    DeliveryState.CANCELLED: EventCode.DELIVERY_CANCELLED,
    DeliveryState.KEPT: EventCode.DELIVERY_KEPT,
    DeliveryState.STRANDED: EventCode.DELIVERY_STRANDED,
}
_VERBS = {
    DeliveryState.DELIVERED: ("arrived at", "arrived at"),
    DeliveryState.REFUSED: ("was refused for good by", "were refused for good by"),
    DeliveryState.GIVEN_UP: ("was given up for", "were given up for"),
    DeliveryState.WAITING: ("could not be sent yet to", "could not be sent yet to"),
    DeliveryState.CANCELLED: ("is no longer sent to", "are no longer sent to"),
    DeliveryState.KEPT: ("is kept and not sent to", "are kept and not sent to"),
    DeliveryState.STRANDED: ("has nowhere to go for", "have nowhere to go for"),
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt to send one object gave.

    Attributes
    ----------
    state : DeliveryState
        Delivered, refused, given up; or waiting, to be tried again at ``next_attempt_at``.
    status : int or None
        DICOM status that came back; None where no answer came.
    code : DeliveryCode or Code
    comment : str
        Error Comment of the peer, or our sentence.
    """

    delivery_id: int
    state: DeliveryState
    status: int | None
    code: AnyCode
    comment: str
    next_attempt_at: datetime | None = None


def tell_change(
    session: Session, states: Mapping[int, DeliveryState], *, code: AnyCode, comment: str, now: datetime
) -> None:
    """Write the timeline lines and study states that follow from rows that were changed in this transaction.

    Parameters
    ----------
    states : mapping from int to DeliveryState
        What became of each delivery, by its number.
    """
    attempts = [Attempt(key, state, None, code, comment) for key, state in states.items()]
    studies = lock_studies(session, attempts)
    found = session.execute(select(Delivery.id, Delivery.destination).where(Delivery.id.in_(states)))
    names = {delivery_id: name for delivery_id, name in found}
    told: dict[tuple[int, str], list[tuple[Attempt, bool]]] = {}
    for attempt in attempts:
        told.setdefault((studies[attempt.delivery_id], names[attempt.delivery_id]), []).append((attempt, True))
    for (study_id, destination), outcomes in told.items():
        tell(session, study_id, destination, outcomes, since=now, now=now)
    for study_id in sorted(set(studies.values())):
        settle(session, session.get_one(Study, study_id), now=now)


def settle(session: Session, study: Study, *, now: datetime) -> None:
    """Bring the state of a study in line with the ledger, and say so where that ends its way."""
    before = study.state
    shown = refresh(session, study, at=now)
    if shown.state is before or shown.state.on_its_way:
        return
    code = EventCode.UNDELIVERED if shown.state.needs_person else EventCode.DELIVERED
    note(session, study.id, at=now, code=code, sentence=shown.reason or "Every object is where it should be.")


def lock_studies(session: Session, attempts: Sequence[Attempt]) -> dict[int, int]:
    """From each delivery to its study, with these studies locked: the last of two destinations must see the other."""
    found = session.execute(
        select(Delivery.id, Result.study_id)
        .join(ResultObject, Delivery.object_id == ResultObject.id)
        .join(Result, ResultObject.result_id == Result.id)
        .where(Delivery.id.in_([attempt.delivery_id for attempt in attempts]))
    )
    studies = {delivery_id: study_id for delivery_id, study_id in found}
    session.execute(select(Study.id).where(Study.id.in_(set(studies.values()))).order_by(Study.id).with_for_update())
    return studies


def tell(
    session: Session,
    study_id: int,
    destination: str,
    outcomes: Sequence[tuple[Attempt, bool]],
    *,
    since: datetime,
    now: datetime,
) -> None:
    """One line for each kind of outcome of a turn; a retry that failed as the last one did says nothing new."""
    groups: dict[tuple[DeliveryState, AnyCode], list[Attempt]] = {}
    for attempt, news in outcomes:
        if news:
            groups.setdefault((attempt.state, attempt.code), []).append(attempt)
    for (state, code), group in groups.items():
        detail = {"destination": destination, "reason": str(code), "status": group[0].status}
        line = _line_of(session, study_id, _EVENTS[state], detail, since=since)
        count = len(group) + (line.detail["objects"] if line else 0)
        why = "" if state is DeliveryState.DELIVERED else f": {group[0].comment}"
        words = f"{count} {'object' if count == 1 else 'objects'} {_VERBS[state][count != 1]} {destination}{why}"
        if line is not None:
            line.sentence, line.detail = words, {**detail, "objects": count}
            continue
        note(session, study_id, at=now, code=_EVENTS[state], sentence=words, detail={**detail, "objects": count})


def _line_of(
    session: Session, study_id: int, code: EventCode, detail: Mapping[str, Any], *, since: datetime
) -> Event | None:
    """The line that an earlier outcome of this turn wrote and that says the same."""
    query = select(Event).where(Event.study_id == study_id, Event.code == code, Event.at >= since)
    for line in session.scalars(query.order_by(Event.id.desc()).limit(8)):
        if all(line.detail.get(name) == value for name, value in detail.items()):
            return line
    return None
