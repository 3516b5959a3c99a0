"""Into the outbox: a row for each object and destination that wants it, and what a newer result takes back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.codes import DeliveryCode, EventCode
from storage.destinations import open_names
from storage.kinds import Destinations, wanted
from storage.states import DeliveryState
from storage.tables import Delivery, Result, ResultObject
from storage.timeline import note


@dataclass(frozen=True, slots=True)
class Posted:
    """What was put into the outbox.

    Attributes
    ----------
    waiting : int
        Rows that are to be sent.
    kept_from : tuple of str
        Destinations that would have got something and are not open.
    """

    waiting: int
    kept_from: tuple[str, ...] = ()


def post(session: Session, row: Result, destinations: Destinations, *, now: datetime) -> Posted:
    """Put every object into the outbox for every destination that wants it.

    For one that is not open the rows are there too, kept until a person has them sent.
    """
    waiting, kept, opened = 0, dict[str, None](), open_names(session)
    for made in row.objects:
        for name in wanted(made, row, destinations):
            sent = name in opened
            waiting += sent
            kept |= {} if sent else {name: None}
            session.add(
                Delivery(
                    object_id=made.id,
                    destination=name,
                    state=DeliveryState.WAITING if sent else DeliveryState.KEPT,
                    last_code="" if sent else DeliveryCode.NOT_OPEN,
                    last_comment="" if sent else DeliveryCode.NOT_OPEN.sentence,
                    created_at=now,
                    next_attempt_at=now,
                )
            )
    return Posted(waiting, tuple(kept))


def supersede(session: Session, row: Result, *, now: datetime) -> None:
    """Let a new result take the place of the earlier ones of its deployment: what of them is not sent yet never is."""
    older = select(Result.id).where(
        Result.study_id == row.study_id, Result.deployment_id == row.deployment_id, Result.revision < row.revision
    )
    session.execute(update(Result).where(Result.id.in_(older)).values(superseded=True))
    objects = select(ResultObject.id).where(ResultObject.result_id.in_(older))
    cancelled = session.execute(
        update(Delivery)
        .where(Delivery.object_id.in_(objects), Delivery.state == DeliveryState.WAITING)
        .values(
            state=DeliveryState.CANCELLED,
            last_code=DeliveryCode.SUPERSEDED,
            last_comment="A newer result took its place before it was sent.",
        )
        .returning(Delivery.id)
    ).all()
    if cancelled:
        sentence = f"{len(cancelled)} objects of an earlier revision were still to be sent and now are not."
        note(session, row.study_id, at=now, code=EventCode.SUPERSEDED, sentence=sentence, run_id=row.run_id)
    session.execute(
        update(Delivery)
        .where(Delivery.object_id.in_(objects), Delivery.state == DeliveryState.KEPT)
        .values(state=DeliveryState.CANCELLED, last_code=DeliveryCode.SUPERSEDED)
    )
