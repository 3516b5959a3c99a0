"""Taking back a result that was delivered and proved wrong: a person decides, destinations that have it are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import Final
from storage import audit
from storage.codes import DeliveryCode, EventCode
from storage.destinations import open_names
from storage.results import NewObject
from storage.session import Database
from storage.showing import refresh
from storage.states import DeliveryState, utc_now
from storage.tables import Delivery, Result, ResultObject, Study
from storage.timeline import move_delivery, note

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Retracted:
    """A result that was taken back and of which destinations are still to be told.

    Attributes
    ----------
    result_id, revision : int
    series_base : int
        First number of the series of its deployment.
    reason : str
    objects : tuple of ResultObject
        All that was sent of it.
    places : mapping from str to tuple of int
        By destination, the numbers of the objects that it has.
    """

    result_id: int
    revision: int
    series_base: int
    reason: str
    objects: tuple[ResultObject, ...]
    places: Mapping[str, tuple[int, ...]]


def retract(database: Database, result_id: int, *, reason: str, actor: str, now: datetime | None = None) -> int:
    """Take a result back: nothing more of it is sent, and the node tells the destinations that have something of it.

    Returns
    -------
    int
        How many objects of it were delivered. Leaves an audit row.

    Raises
    ------
    Final
        There is no such result, it was taken back before, nothing of it was delivered, or no reason is given.
    """
    now, reason = now or utc_now(), reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Final(Code.REASON_MISSING, f"Say why, in 1 to {LONGEST_REASON} characters.")
    with database.write() as session:
        result = session.get(Result, result_id)
        if result is None:
            raise Final(Code.RESULT_UNKNOWN, "There is no such result.")
        study = session.get_one(Study, result.study_id, with_for_update=True)
        if result.retracted_by:
            raise Final(Code.RESULT_RETRACTED, "The result was taken back before.")
        rows = list(session.scalars(select(Delivery).join(ResultObject).where(ResultObject.result_id == result_id)))
        delivered = [row for row in rows if row.delivered_at is not None]
        if not delivered:
            raise Final(Code.NOT_DELIVERED, "Nothing of the result was delivered, so there is nothing to take back.")
        for row in rows:
            if row.state.unsent or row.state.lost:
                move_delivery(row, to=DeliveryState.CANCELLED)
                row.last_code, row.last_comment = DeliveryCode.RETRACTED, DeliveryCode.RETRACTED.sentence
        result.retracted_by, result.retraction_reason, result.retraction_sent = actor, reason, False
        sentence = f"{actor} took the result of revision {result.revision} back: {reason}"
        note(session, study.id, at=now, code=EventCode.RETRACTED, sentence=sentence, run_id=result.run_id)
        refresh(session, study, at=now)
        audit.append(
            session,
            actor=actor,
            action="result.retract",
            subject=f"study {study.id} result {result_id}",
            detail={"reason": reason, "delivered": len(delivered)},
            at=now,
        )
        return len(delivered)


def waiting(database: Database) -> list[Retracted]:
    """Results that were taken back and of which no destination was told yet."""
    with database.read() as session:
        query = select(Result).where(Result.retracted_by != "", ~Result.retraction_sent)
        return [_retracted(session, result) for result in session.scalars(query)]


def tell(
    database: Database, result_id: int, made: Mapping[str, Sequence[NewObject]], *, now: datetime | None = None
) -> int:
    """Put into the outbox what tells destinations; returns how many objects, each for one destination.

    Parameters
    ----------
    made : mapping from str to sequence of NewObject
        By destination.
    """
    now = now or utc_now()
    with database.write() as session:
        result = session.get_one(Result, result_id)
        if result.retraction_sent:
            return 0
        opened, first = open_names(session), result.objects[0]
        for name, objects in made.items():
            for one in objects:
                # it is no part of the result: nothing else sends it
                row = one.row(result_id=result_id, of_default=False, stands_for_id=first.id)
                session.add(row)
                session.flush()
                state = DeliveryState.WAITING if name in opened else DeliveryState.KEPT
                session.add(
                    Delivery(object_id=row.id, destination=name, state=state, created_at=now, next_attempt_at=now)
                )
        result.retraction_sent = True
        refresh(session, session.get_one(Study, result.study_id, with_for_update=True), at=now)
        return sum(len(objects) for objects in made.values())


def _retracted(session: Session, result: Result) -> Retracted:
    places: dict[str, tuple[int, ...]] = {}
    objects = {row.id: row for row in result.objects}
    for row in session.scalars(select(Delivery).where(Delivery.object_id.in_(objects)).order_by(Delivery.id)):
        if row.delivered_at is not None:
            places[row.destination] = (*places.get(row.destination, ()), row.object_id)
    return Retracted(
        result_id=result.id,
        revision=result.revision,
        series_base=result.deployment.series_base,
        reason=result.retraction_reason,
        objects=tuple(objects.values()),
        places=places,
    )
