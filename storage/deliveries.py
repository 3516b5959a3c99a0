"""The outbox and its ledger: what is due where, and what each attempt gave, written as it comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from config.codes import AnyCode
from storage.attempts import Attempt, lock_studies, settle, tell, tell_change
from storage.codes import OF_DESTINATION
from storage.session import Database
from storage.states import DeliveryState, utc_now
from storage.tables import Delivery, DestinationRecord, Proof, Result, ResultObject, Study
from storage.timeline import move_delivery


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
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    kind: str = ""
    offered: bool = False  # it was put on the way before, and may have arrived
    promised: bool = False  # storage commitment was asked for, and its answer never came

    @classmethod
    def of(cls, delivery: Delivery, made: ResultObject, study_id: int, study_instance_uid: str) -> Self:
        """What the rows of a delivery and of its object say."""
        return cls(
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
            study_instance_uid=study_instance_uid,
            series_instance_uid=made.series_instance_uid,
            kind=made.kind,
            offered=delivery.offered_at is not None,
            promised=delivery.proof is Proof.ASKED,
        )


def due(database: Database, destination: str, *, now: datetime | None = None, limit: int = 64) -> list[DueDelivery]:
    """What is due at one destination that is open: what was not tried before first, of that the longest waiting."""
    now = now or utc_now()
    with database.read() as session:
        found = session.execute(
            select(Delivery, ResultObject, Result.study_id, Study.study_instance_uid)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .join(Result, ResultObject.result_id == Result.id)
            .join(Study, Result.study_id == Study.id)
            .join(DestinationRecord, DestinationRecord.name == Delivery.destination)
            .where(
                Delivery.state == DeliveryState.WAITING,
                Delivery.destination == destination,
                Delivery.next_attempt_at <= now,
                DestinationRecord.open,
            )
            .order_by(Delivery.attempts, Delivery.next_attempt_at, Delivery.id)
            .limit(limit)
        )
        return [DueDelivery.of(*row) for row in found]


def offer(database: Database, delivery_id: int, *, now: datetime | None = None) -> None:
    """Note that an object is put on the way: from here on it may be there, whatever becomes of us."""
    with database.write() as session:
        _offer(session, delivery_id, now=now or utc_now())


def record(
    database: Database,
    attempts: Sequence[Attempt],
    *,
    offering: int | None = None,
    since: datetime | None = None,
    now: datetime | None = None,
) -> None:
    """Write what attempts gave, with the timeline lines and study states that follow, in one transaction.

    What arrived is booked so even where its row was cancelled meanwhile.

    Parameters
    ----------
    attempts : sequence of Attempt
    offering : int, optional
        The delivery that is put on the way next, see :func:`offer`.
    since : datetime, optional
        Start of the turn: lines of the timeline that say the same since then are counted up, not repeated.
    """
    now = now or utc_now()
    with database.write() as session:
        studies = lock_studies(session, attempts)
        told: dict[tuple[int, str], list[tuple[Attempt, bool]]] = {}
        for attempt in attempts:
            row = session.get(Delivery, attempt.delivery_id)
            arrived = attempt.state is DeliveryState.DELIVERED
            if row is None or not (row.state is DeliveryState.WAITING or (arrived and row.state is not attempt.state)):
                continue  # cancelled while it was on its way
            news = attempt.state is not DeliveryState.WAITING or row.last_code != attempt.code
            _write(row, attempt, now=now)
            told.setdefault((studies[row.id], row.destination), []).append((attempt, news))
        if offering is not None:
            _offer(session, offering, now=now)
        for (study_id, destination), outcomes in told.items():
            tell(session, study_id, destination, outcomes, since=since or now, now=now)
        for study_id in sorted({key[0] for key in told}):
            settle(session, session.get_one(Study, study_id), now=now)


def record_failure(
    database: Database,
    destination: str,
    *,
    code: AnyCode,
    comment: str,
    until: datetime,
    give_up_after: timedelta,
    now: datetime | None = None,
) -> None:
    """Write that a destination as a whole could not be sent to: one attempt of all that is due there.

    Nothing is tried there before ``until``. What waits for longer than ``give_up_after`` is given up.
    """
    now = now or utc_now()
    with database.write() as session:
        place = session.get(DestinationRecord, destination)
        if place is not None:
            place.failures += 1
            place.paused_until, place.trouble = until, comment
        waiting = (Delivery.destination == destination, Delivery.state == DeliveryState.WAITING)
        due_now = (*waiting, Delivery.next_attempt_at <= now)
        news = _ids(session, *due_now, Delivery.last_code != code)
        old = _ids(session, *waiting, Delivery.created_at <= now - give_up_after)
        session.execute(
            update(Delivery)
            .where(*due_now)
            .values(
                attempts=Delivery.attempts + 1,
                last_attempt_at=now,
                last_status=None,
                last_code=code,
                last_comment=comment,
                next_attempt_at=until,
            )
        )
        if old:
            session.execute(update(Delivery).where(Delivery.id.in_(old)).values(state=DeliveryState.GIVEN_UP))
        groups = {key: DeliveryState.WAITING for key in news} | {key: DeliveryState.GIVEN_UP for key in old}
        tell_change(session, groups, code=code, comment=comment, now=now)


def recovered(database: Database, destination: str, *, now: datetime | None = None) -> None:
    """Write that a destination answers again: what waited for that alone is due."""
    now = now or utc_now()
    with database.write() as session:
        place = session.get(DestinationRecord, destination)
        if place is not None:
            place.failures, place.paused_until, place.trouble = 0, None, ""
        session.execute(
            update(Delivery)
            .where(
                Delivery.destination == destination,
                Delivery.state == DeliveryState.WAITING,
                Delivery.last_code.in_(list(OF_DESTINATION)),
            )
            .values(next_attempt_at=now)
        )


def _ids(session: Session, *conditions: ColumnElement[bool]) -> list[int]:
    return list(session.scalars(select(Delivery.id).where(*conditions)))


def _offer(session: Session, delivery_id: int, *, now: datetime) -> None:
    session.execute(
        update(Delivery).where(Delivery.id == delivery_id, Delivery.offered_at.is_(None)).values(offered_at=now)
    )


def _write(row: Delivery, attempt: Attempt, *, now: datetime) -> None:
    move_delivery(row, to=attempt.state)
    row.attempts += 1
    row.last_attempt_at = now
    row.last_status = attempt.status
    row.last_code = attempt.code
    row.last_comment = attempt.comment
    if attempt.state is DeliveryState.DELIVERED:
        row.delivered_at = now
        row.proof, row.proof_due_at, row.proof_at = Proof.WANTED, now, None
    if attempt.next_attempt_at is not None:
        row.next_attempt_at = attempt.next_attempt_at
