"""The audit: append-only, each row chained to the one before by a hash, so that a change shows.

The chain shows a row that was changed, removed or put in. Rows cut off at the very end can be seen only against a
head that was noted elsewhere: :func:`verify` gives the head for that.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from storage.session import Database
from storage.states import utc_now
from storage.tables import Audit

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking the chain gave."""

    intact: bool
    rows: int
    head: str  # hash of the last good row
    sentence: str


def append(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Audit:
    """Add a row inside the caller's writing transaction, so that an action and its row stand or fall together.

    Parameters
    ----------
    actor : str
        The user's name, or what acts in place of one: ``settings``, ``command line``.
    action : str
        What was done, as ``noun.verb``, for example ``user.add``.
    subject : str
        To what, for example ``study 17``; never a patient's name.
    detail : mapping
        JSON values.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(7302502)"))
    last = session.scalars(select(Audit).order_by(Audit.seq.desc()).limit(1)).first()
    row = Audit(
        seq=(last.seq if last else 0) + 1,
        at=at or utc_now(),
        actor=actor,
        action=action,
        subject=subject,
        detail=json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False),
        previous_hash=last.hash if last else GENESIS,
    )
    row.hash = _hash(row)
    session.add(row)
    session.flush()
    return row


def record(
    database: Database, *, actor: str, action: str, subject: str = "", detail: Mapping[str, Any] | None = None
) -> None:
    """Add a row in a transaction of its own (a page seen, a log-in refused); see :func:`append`."""
    with database.write() as session:
        append(session, actor=actor, action=action, subject=subject, detail=detail)


def page(database: Database, *, page: int = 1, per_page: int = 50) -> tuple[list[Audit], int]:
    """Rows of one page, newest first, and the number of all rows."""
    with database.read() as session:
        rows = session.scalars(select(Audit).order_by(Audit.seq.desc()).offset((page - 1) * per_page).limit(per_page))
        last = session.scalars(select(Audit.seq).order_by(Audit.seq.desc()).limit(1)).first()
        return list(rows), last or 0


def rows(database: Database) -> Iterator[Audit]:
    """All rows, oldest first, a thousand at a time."""
    after = 0
    while True:
        with database.read() as session:
            batch = list(session.scalars(select(Audit).where(Audit.seq > after).order_by(Audit.seq).limit(1000)))
        if not batch:
            return
        yield from batch
        after = batch[-1].seq


def verify(database: Database) -> Verification:
    """Check the whole chain."""
    count, head = 0, GENESIS
    for row in rows(database):
        problem = _problem(row, expected_seq=count + 1, expected_previous=head)
        if problem:
            return Verification(False, count, head, f"The chain is broken at row {row.seq}: {problem}.")
        count, head = count + 1, row.hash
    return Verification(True, count, head, f"All {count} rows are as they were written.")


def _problem(row: Audit, *, expected_seq: int, expected_previous: str) -> str:
    if row.seq != expected_seq:
        return f"row {expected_seq} is missing"
    if row.previous_hash != expected_previous:
        return "it does not continue the row before"
    if row.hash != _hash(row):
        return "its content was changed after it was written"
    return ""


def _hash(row: Audit) -> str:
    content = [row.seq, row.at.isoformat(), row.actor, row.action, row.subject, row.detail, row.previous_hash]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()
