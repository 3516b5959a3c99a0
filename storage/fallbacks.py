"""An object in place of another one that a destination does not accept: the same in another SOP class, for it alone."""

from datetime import datetime

from sqlalchemy import select

from config.codes import AnyCode
from storage.attempts import tell_change
from storage.codes import DeliveryCode
from storage.deliveries import DueDelivery
from storage.results import NewObject
from storage.session import Database
from storage.states import DeliveryState, utc_now
from storage.tables import Delivery, ResultObject
from storage.timeline import move_delivery


def known(database: Database, delivery_id: int, sop_class_uid: str) -> bool:
    """True where the object of a delivery was made in another class before."""
    with database.read() as session:
        row = session.get_one(Delivery, delivery_id)
        query = select(ResultObject.id).where(
            ResultObject.stands_for_id == row.object_id, ResultObject.sop_class_uid == sop_class_uid
        )
        return session.scalars(query).first() is not None


def send_instead(
    database: Database, item: DueDelivery, sop_class_uid: str, made: NewObject | None, *, now: datetime | None = None
) -> None:
    """End a delivery, and send the object in another class in its place.

    Parameters
    ----------
    made : NewObject or None
        The object; None where :func:`known` said that there is one.
    """
    now = now or utc_now()
    with database.write() as session:
        row = session.get_one(Delivery, item.delivery_id)
        original = session.get_one(ResultObject, row.object_id)
        query = select(ResultObject).where(
            ResultObject.stands_for_id == original.id, ResultObject.sop_class_uid == sop_class_uid
        )
        twin = session.scalars(query).first()
        if twin is None and made is not None:
            twin = made.row(result_id=original.result_id, of_default=original.of_default, stands_for_id=original.id)
            session.add(twin)
            session.flush()
        if twin is None:
            return
        sent = select(Delivery).where(Delivery.object_id == twin.id, Delivery.destination == row.destination)
        if session.scalars(sent).first() is None:
            session.add(
                Delivery(
                    object_id=twin.id,
                    destination=row.destination,
                    state=DeliveryState.WAITING,
                    created_at=now,
                    next_attempt_at=now,
                )
            )
    end(database, item, DeliveryCode.OTHER_CLASS, now=now)


def end(database: Database, item: DueDelivery, code: AnyCode, *, now: datetime | None = None) -> None:
    """End a delivery to a destination that does not accept the class of the object."""
    now = now or utc_now()
    with database.write() as session:
        row = session.get_one(Delivery, item.delivery_id)
        move_delivery(row, to=DeliveryState.CANCELLED)
        row.last_code, row.last_comment = code, code.sentence
        session.flush()
        tell_change(session, {row.id: row.state}, code=code, comment=code.sentence, now=now)
