"""Signs of life of our processes, and jobs that only one process may do at a time."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import psutil
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storage.session import Database
from storage.states import utc_now
from storage.tables import Heartbeat, Lease


def receiver_name(number: int) -> str:
    """The name of a process that receives, by its number from 0 on."""
    return f"receiver-{number + 1}" if number else "receiver"


def beat(database: Database, name: str, *, detail: Mapping[str, Any] | None = None, at: datetime | None = None) -> None:
    """Write the sign of life of this process under a name (receiver, coordinator, panel, ...)."""
    at = at or utc_now()
    process = psutil.Process(os.getpid())
    with database.write() as session:
        row = session.get(Heartbeat, name)
        if row is None or row.pid != process.pid:
            started = datetime.fromtimestamp(process.create_time()).astimezone()
            row = session.merge(Heartbeat(name=name, pid=process.pid, started_at=started, at=at, detail={}))
        row.at = at
        row.rss_mb = process.memory_info().rss / 1e6
        row.detail = dict(detail or {})


def all_beats(database: Database) -> list[Heartbeat]:
    """The last sign of life of every process, by name."""
    with database.read() as session:
        return list(session.scalars(select(Heartbeat).order_by(Heartbeat.name)))


def hold(database: Database, name: str, *, owner: str, lease_s: float, now: datetime | None = None) -> bool:
    """Take or prolong a job's lease; False where another owner holds it and its lease still runs.

    Parameters
    ----------
    name : str
        The job that only one process may do at a time.
    owner : str
        Who asks; the same owner prolongs.
    lease_s : float
        From now on.
    """
    now = now or utc_now()
    until = now + timedelta(seconds=lease_s)
    try:
        with database.write() as session:
            row = session.get(Lease, name)
            if row is None:
                session.add(Lease(name=name, owner=owner, until=until))
                return True
            taken = session.execute(
                update(Lease)
                .where(Lease.name == name, (Lease.owner == owner) | (Lease.until < now))
                .values(owner=owner, until=until)
                .returning(Lease.name)
            )
            return taken.first() is not None
    except IntegrityError:
        return False


def let_go(database: Database, name: str, *, owner: str) -> None:
    """End a lease early, so that a successor need not wait."""
    with database.write() as session:
        row = session.get(Lease, name)
        if row is not None and row.owner == owner:
            session.delete(row)
