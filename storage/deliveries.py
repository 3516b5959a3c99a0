"""The outbox and its ledger: what is due where, and what each attempt gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.codes import AnyCode, Code
from storage.codes import EventCode
from storage.session import Database
from storage.showing import refresh
from storage.states import DeliveryState, utc_now
from storage.tables import Delivery, Result, ResultObject, Study
from storage.timeline import move_delivery, note

_EVENTS = {
    DeliveryState.DELIVERED: EventCode.DELIVERY_DELIVERED,
    DeliveryState.REFUSED: EventCode.DELIVERY_REFUSED,
    DeliveryState.GIVEN_UP: EventCode.DELIVERY_GIVEN_UP,
    DeliveryState.WAITING: EventCode.DELIVERY_WAITING,
    DeliveryState.CANCELLED: EventCode.DELIVERY_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """One object that is to be sent now."""

    delivery_id: int
    study_id: int
    destination: str
    attempts: int  # made before
    created_at: datetime
    path_key: str
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    description: str


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


def due(database: Database, destination: str, *, now: datetime | None = None, limit: int = 200) -> list[DueDelivery]:
    """What is due at one destination, the longest waiting first."""
    now = now or utc_now()
    with database.read() as session:
        found = session.execute(
            select(Delivery, ResultObject, Result.study_id)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .join(Result, ResultObject.result_id == Result.id)
            .where(
                Delivery.state == DeliveryState.WAITING,
                Delivery.destination == destination,
                Delivery.next_attempt_at <= now,
            )
            .order_by(Delivery.next_attempt_at, Delivery.id)
            .limit(limit)
        )
        return [
            DueDelivery(
                delivery_id=delivery.id,
                study_id=study_id,
                destination=delivery.destination,
                attempts=delivery.attempts,
                created_at=delivery.created_at,
                path_key=made.path_key,
                sop_class_uid=made.sop_class_uid,
                sop_instance_uid=made.sop_instance_uid,
                transfer_syntax_uid=made.transfer_syntax_uid,
                description=made.description,
            )
            for delivery, made, study_id in found
        ]


def record(database: Database, attempts: Sequence[Attempt], *, now: datetime | None = None) -> None:
    """Write what attempts gave, with the timeline lines and study states that follow, in one transaction."""
    now = now or utc_now()
    with database.write() as session:
        studies = _lock_studies(session, attempts)
        told: dict[tuple[int, str], list[tuple[Attempt, bool]]] = {}
        for attempt in attempts:
            row = session.get(Delivery, attempt.delivery_id)
            if row is None or row.state is not DeliveryState.WAITING:
                continue  # cancelled while it was on its way
            news = attempt.state is not DeliveryState.WAITING or row.last_code != attempt.code
            _write(row, attempt, now=now)
            told.setdefault((studies[row.id], row.destination), []).append((attempt, news))
        for (study_id, destination), outcomes in told.items():
            _tell(session, study_id, destination, outcomes, now=now)
        for study_id in sorted({key[0] for key in told}):
            _settle(session, session.get_one(Study, study_id), now=now)


def give_up_unknown(database: Database, *, known: Sequence[str], now: datetime | None = None) -> int:
    """Give up what waits for destinations that are no longer in the settings; returns how many objects."""
    now = now or utc_now()
    with database.read() as session:
        waiting = select(Delivery).where(
            Delivery.state == DeliveryState.WAITING, Delivery.destination.not_in(list(known))
        )
        lost = list(session.scalars(waiting))
    record(
        database,
        [
            Attempt(
                delivery_id=row.id,
                state=DeliveryState.GIVEN_UP,
                status=None,
                code=Code.DESTINATION_UNKNOWN,
                comment=f"The destination is no longer in the settings: {row.destination}",
            )
            for row in lost
        ],
        now=now,
    )
    return len(lost)


def _settle(session: Session, study: Study, *, now: datetime) -> None:
    """Bring the state of a study in line with the ledger, and say so where that ends its way."""
    before = study.state
    shown = refresh(session, study, at=now)
    if shown.state is before or shown.state.on_its_way:
        return
    code = EventCode.UNDELIVERED if shown.state.needs_person else EventCode.DELIVERED
    note(session, study.id, at=now, code=code, sentence=shown.reason or "Every object is where it should be.")


def _write(row: Delivery, attempt: Attempt, *, now: datetime) -> None:
    move_delivery(row, to=attempt.state)
    row.attempts += 1
    row.last_attempt_at = now
    row.last_status = attempt.status
    row.last_code = attempt.code
    row.last_comment = attempt.comment
    if attempt.state is DeliveryState.DELIVERED:
        row.delivered_at = now
    if attempt.next_attempt_at is not None:
        row.next_attempt_at = attempt.next_attempt_at


def _lock_studies(session: Session, attempts: Sequence[Attempt]) -> dict[int, int]:
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


def _tell(
    session: Session, study_id: int, destination: str, outcomes: list[tuple[Attempt, bool]], *, now: datetime
) -> None:
    """One line for each kind of outcome; a retry that failed as the last one did says nothing new."""
    groups: dict[tuple[DeliveryState, AnyCode], list[Attempt]] = {}
    for attempt, news in outcomes:
        if news:
            groups.setdefault((attempt.state, attempt.code), []).append(attempt)
    verbs = {
        DeliveryState.DELIVERED: "arrived at",
        DeliveryState.REFUSED: "were refused for good by",
        DeliveryState.GIVEN_UP: "were given up for",
        DeliveryState.WAITING: "could not be sent yet to",
        DeliveryState.CANCELLED: "are no longer sent to",
    }
    for (state, code), group in groups.items():
        why = "" if state is DeliveryState.DELIVERED else f": {group[0].comment}"
        note(
            session,
            study_id,
            at=now,
            code=_EVENTS[state],
            sentence=f"{len(group)} objects {verbs[state]} {destination}{why}",
            detail={"destination": destination, "objects": len(group), "reason": code, "status": group[0].status},
        )
