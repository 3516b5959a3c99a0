"""Destinations: nothing is sent to one before it is opened, and nothing that waits for one is given up by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import Final
from storage import audit
from storage.attempts import tell_change
from storage.codes import DeliveryCode
from storage.session import Database
from storage.states import DeliveryState, utc_now
from storage.tables import Delivery, DestinationRecord, RefusedClass, Result, ResultObject

_ALL = ""  # the row of an upgrade: whatever the settings name next is open
_ACTOR = "settings"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say of a destination: whether it is open from the first start on, and where it is."""

    open: bool = False
    address_hash: str = ""


def every(database: Database) -> list[DestinationRecord]:
    """All destinations that this node knows or knew, by their names."""
    with database.read() as session:
        rows = select(DestinationRecord).where(DestinationRecord.name != _ALL).order_by(DestinationRecord.name)
        return list(session.scalars(rows))


def find(database: Database, name: str) -> DestinationRecord | None:
    """What is known of a destination; None before a node with it in its settings has started."""
    with database.read() as session:
        return session.get(DestinationRecord, name)


def open_names(session: Session) -> frozenset[str]:
    """Names of the destinations that are open."""
    return frozenset(session.scalars(select(DestinationRecord.name).where(DestinationRecord.open)))


def seed(database: Database, wanted: Mapping[str, Wanted], *, now: datetime | None = None) -> list[str]:
    """Bring what the database knows in line with the settings, at the start of a node.

    A destination is made known when it is first named; it is open where the settings say so and no person closed it.
    At another address, what it refused and how it did no longer counts. What waits for a destination that is no longer
    named is stranded until it is named again, or a person decides; it is never given up here.

    Returns
    -------
    list of str
        Names that are no longer in the settings and for which something waits.
    """
    now = now or utc_now()
    with database.write() as session:
        rows = {row.name: row for row in session.scalars(select(DestinationRecord))}
        upgraded = rows.pop(_ALL, None)
        for name, one in wanted.items():
            row = rows.get(name)
            if row is None:
                row = DestinationRecord(name=name, open=False, changed_at=now, failures=0, trouble="", decided_by="")
                session.add(row)
            if not row.open and not row.decided_by and (one.open or upgraded is not None):
                _switch(session, row, to=True, actor=_ACTOR, person=False, now=now)
            if row.address_hash != one.address_hash:
                row.address_hash, row.failures, row.paused_until, row.trouble = one.address_hash, 0, None, ""
                session.execute(delete(RefusedClass).where(RefusedClass.destination == name))
        if upgraded is not None:
            session.delete(upgraded)
        session.flush()
        _come_home(session, wanted, now=now)
        return _strand(session, wanted, now=now)


def set_open(
    database: Database, name: str, *, to: bool, actor: str, send_kept: bool = False, now: datetime | None = None
) -> int:
    """Open a destination or close it, because a person says so; leaves an audit row.

    What waits for one that is closed is kept. One that is opened gets what is made from now on.

    Parameters
    ----------
    send_kept : bool
        Send also what was kept of results that stand.

    Returns
    -------
    int
        How many objects that sets on their way, or keeps.

    Raises
    ------
    Final
        This node knows no such destination (code ``DESTINATION_UNKNOWN``).
    """
    now = now or utc_now()
    with database.write() as session:
        row = _known(session, name)
        _switch(session, row, to=to, actor=actor, person=True, now=now)
        if not to:
            return _move(session, name, DeliveryState.WAITING, DeliveryState.KEPT, DeliveryCode.NOT_OPEN, now=now)
        return _send_kept(session, name, now=now) if send_kept else 0


def kept_count(database: Database) -> dict[str, int]:
    """How many objects are kept that a destination would get if a person had them sent."""
    with database.read() as session:
        rows = session.execute(
            select(Delivery.destination, func.count()).where(*_KEPT_AND_STANDING).group_by(Delivery.destination)
        )
        return {name: count for name, count in rows}


def stranded_names(database: Database) -> list[str]:
    """Names of destinations that are no longer in the settings and for which something waits."""
    with database.read() as session:
        return _stranded_names(session)


def redirect(database: Database, old: str, new: str, *, actor: str, now: datetime | None = None) -> int:
    """Send what is stranded to another destination instead; returns how many objects. Leaves an audit row.

    Raises
    ------
    Final
        This node knows no such destination, or it is the same one (code ``DESTINATION_UNKNOWN``).
    """
    now = now or utc_now()
    with database.write() as session:
        target = _known(session, new)
        if old == new:
            raise Final(Code.DESTINATION_UNKNOWN, f"Another destination is needed than the one it was for: {new!r}")
        rows = _stranded(session, old)
        known = set(session.scalars(select(Delivery.object_id).where(Delivery.destination == new)))
        for row in rows:
            if row.object_id not in known:
                state = DeliveryState.WAITING if target.open else DeliveryState.KEPT
                code = "" if target.open else DeliveryCode.NOT_OPEN
                made = Delivery(object_id=row.object_id, destination=new, state=state, last_code=code)
                made.created_at = made.next_attempt_at = now
                session.add(made)
        session.flush()
        _end(session, old, rows, DeliveryCode.MOVED, actor=actor, action="destination.redirect", to=new, now=now)
        return len(rows)


def drop(database: Database, name: str, *, actor: str, now: datetime | None = None) -> int:
    """Give up what is stranded, because a person says so; returns how many objects. Leaves an audit row."""
    now = now or utc_now()
    with database.write() as session:
        rows = _stranded(session, name)
        _end(session, name, rows, DeliveryCode.DROPPED, actor=actor, action="destination.drop", to="", now=now)
        return len(rows)


_KEPT_AND_STANDING = (
    Delivery.state == DeliveryState.KEPT,
    Delivery.object_id.in_(
        select(ResultObject.id).join(Result, ResultObject.result_id == Result.id).where(~Result.superseded)
    ),
)


def _known(session: Session, name: str) -> DestinationRecord:
    row = session.get(DestinationRecord, name) if name else None
    if row is None:
        raise Final(Code.DESTINATION_UNKNOWN, f"This node knows no such destination: {name[:64]!r}")
    return row


def _switch(session: Session, row: DestinationRecord, *, to: bool, actor: str, person: bool, now: datetime) -> None:
    row.open, row.changed_at = to, now
    if person:
        row.decided_by = actor
    action = "destination.open" if to else "destination.close"
    audit.append(session, actor=actor, action=action, subject=f"destination {row.name}", at=now)
    session.flush()


def _send_kept(session: Session, name: str, *, now: datetime) -> int:
    found = list(session.scalars(select(Delivery.id).where(Delivery.destination == name, *_KEPT_AND_STANDING)))
    values = {"state": DeliveryState.WAITING, "created_at": now, "next_attempt_at": now, "last_code": ""}
    session.execute(update(Delivery).where(Delivery.id.in_(found)).values(**values))
    states = dict.fromkeys(found, DeliveryState.WAITING)
    tell_change(session, states, code=DeliveryCode.NOT_OPEN, comment="The destination was opened.", now=now)
    return len(found)


def _move(
    session: Session, name: str, before: DeliveryState, after: DeliveryState, code: DeliveryCode, *, now: datetime
) -> int:
    found = list(session.scalars(select(Delivery.id).where(Delivery.destination == name, Delivery.state == before)))
    values = {"state": after, "last_code": code, "last_comment": code.sentence}
    session.execute(update(Delivery).where(Delivery.id.in_(found)).values(**values))
    tell_change(session, dict.fromkeys(found, after), code=code, comment=code.sentence, now=now)
    return len(found)


def _come_home(session: Session, names: Iterable[str], *, now: datetime) -> None:
    """What was stranded goes on where its destination is named again."""
    opened = open_names(session)
    for name in names:
        after = DeliveryState.WAITING if name in opened else DeliveryState.KEPT
        _move(session, name, DeliveryState.STRANDED, after, DeliveryCode.NOT_OPEN, now=now)


def _strand(session: Session, names: Iterable[str], *, now: datetime) -> list[str]:
    waiting = select(Delivery.destination).where(Delivery.state == DeliveryState.WAITING).distinct()
    for name in sorted(set(session.scalars(waiting)) - set(names)):
        _move(session, name, DeliveryState.WAITING, DeliveryState.STRANDED, DeliveryCode.STRANDED, now=now)
    return _stranded_names(session)


def _stranded_names(session: Session) -> list[str]:
    found = select(Delivery.destination).where(Delivery.state == DeliveryState.STRANDED).distinct()
    return sorted(session.scalars(found))


def _stranded(session: Session, name: str) -> list[Delivery]:
    return list(
        session.scalars(select(Delivery).where(Delivery.destination == name, Delivery.state == DeliveryState.STRANDED))
    )


def _end(
    session: Session,
    name: str,
    rows: list[Delivery],
    code: DeliveryCode,
    *,
    actor: str,
    action: str,
    to: str,
    now: datetime,
) -> None:
    for row in rows:
        row.state, row.last_code, row.last_comment = DeliveryState.CANCELLED, code, code.sentence
    session.flush()
    states = dict.fromkeys((row.id for row in rows), DeliveryState.CANCELLED)
    tell_change(session, states, code=code, comment=code.sentence, now=now)
    detail = {"objects": len(rows), **({"to": to} if to else {})}
    audit.append(session, actor=actor, action=action, subject=f"destination {name}", detail=detail, at=now)
