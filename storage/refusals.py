"""SOP classes that a destination does not accept: remembered until asked again."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage import audit
from storage.session import Database
from storage.states import utc_now
from storage.tables import RefusedClass


def every(database: Database, *, now: datetime | None = None) -> list[RefusedClass]:
    """What is remembered now, by destination."""
    with database.read() as session:
        rows = select(RefusedClass).where(RefusedClass.until > (now or utc_now()))
        return list(session.scalars(rows.order_by(RefusedClass.destination, RefusedClass.id)))


def of(database: Database, destination: str, *, now: datetime | None = None) -> frozenset[str]:
    """UIDs of the classes that are not offered to a destination now."""
    return frozenset(row.sop_class_uid for row in every(database, now=now) if row.destination == destination)


def remember(
    database: Database, destination: str, sop_class_uid: str, *, until: datetime, now: datetime | None = None
) -> None:
    """Keep in mind that a destination does not accept a class."""
    with database.write() as session:
        forget_class(session, destination, sop_class_uid)
        session.add(
            RefusedClass(destination=destination, sop_class_uid=sop_class_uid, refused_at=now or utc_now(), until=until)
        )


def forget(database: Database, destination: str, *, actor: str, now: datetime | None = None) -> int:
    """Offer a destination everything again, because a person says so; returns how many classes. Leaves an audit row."""
    with database.write() as session:
        rows = list(session.scalars(select(RefusedClass).where(RefusedClass.destination == destination)))
        for row in rows:
            session.delete(row)
        audit.append(
            session,
            actor=actor,
            action="destination.ask_again",
            subject=f"destination {destination}",
            detail={"classes": len(rows)},
            at=now,
        )
        return len(rows)


def forget_class(session: Session, destination: str, sop_class_uid: str) -> None:
    """Offer a destination one class again, inside the caller's transaction."""
    session.execute(
        delete(RefusedClass).where(RefusedClass.destination == destination, RefusedClass.sop_class_uid == sop_class_uid)
    )
