"""Sessions of the panel, kept on the server so that logging out, disabling and expiry really end them."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from storage.session import Database
from storage.states import utc_now
from storage.tables import LoginSession, User

_TOUCH_EVERY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A valid session, with the person it belongs to."""

    session_id: int
    user_id: int
    user_name: str
    role: str
    csrf_token: str
    expires_at: datetime
    state: Mapping[str, Any]


def open_session(database: Database, user: User, *, lifetime_h: float, now: datetime | None = None) -> str:
    """Open a session and return its token, which is kept nowhere but in the browser's cookie."""
    now = now or utc_now()
    token = secrets.token_urlsafe(32)
    with database.write() as session:
        session.execute(delete(LoginSession).where(LoginSession.expires_at < now))
        session.add(
            LoginSession(
                token_hash=_hash(token),
                user_id=user.id,
                csrf_token=secrets.token_urlsafe(32),
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=lifetime_h),
                state={},
            )
        )
    return token


def find_session(database: Database, token: str, *, now: datetime | None = None) -> OpenSession | None:
    """The session of a token; None where it is unknown, over, or its user was disabled."""
    now = now or utc_now()
    with database.read() as session:
        row = session.scalars(
            select(LoginSession).options(joinedload(LoginSession.user)).where(LoginSession.token_hash == _hash(token))
        ).first()
    if row is None or row.expires_at <= now or row.user.disabled:
        return None
    if now - row.last_seen_at > _TOUCH_EVERY:
        with database.write() as session:
            found = session.get(LoginSession, row.id)
            if found is not None:
                found.last_seen_at = now
    return OpenSession(row.id, row.user_id, row.user.name, row.user.role, row.csrf_token, row.expires_at, row.state)


def set_state(database: Database, session_id: int, state: Mapping[str, Any]) -> None:
    """Keep the panel's state (a search) with the session."""
    with database.write() as session:
        row = session.get(LoginSession, session_id)
        if row is not None:
            row.state = dict(state)


def close_session(database: Database, token: str) -> None:
    """Log out."""
    with database.write() as session:
        session.execute(delete(LoginSession).where(LoginSession.token_hash == _hash(token)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
