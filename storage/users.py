"""People who may log in to the panel: argon2id, locked for a while after failed log-ins, every change audited."""

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import Final
from storage import audit
from storage.session import Database
from storage.states import utc_now
from storage.tables import LoginSession, User

ROLES = ("admin", "reader")
MIN_PASSWORD_LENGTH = 10
LOCK_AFTER = 5
LOCK_FOR = timedelta(minutes=5)

# OWASP's second choice of parameters: 19 MiB keeps the panel small.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class LoginOutcome(StrEnum):
    """What a log-in gave."""

    OK = "ok"
    WRONG = "wrong"  # no such user, or another password: never say which
    LOCKED = "locked"  # too many failures; right or wrong, not now
    DISABLED = "disabled"  # the password was right, the account is closed


@dataclass(frozen=True, slots=True)
class Login:
    """Answer of :func:`authenticate`; ``user`` is set only where the outcome is OK."""

    outcome: LoginOutcome
    user: User | None = None


def add(database: Database, name: str, password: str, *, role: str = "reader", actor: str) -> User:
    """Add a user; leaves an audit row.

    Raises
    ------
    Final
        The name is taken or empty, the role unknown, or the password too short.
    """
    name = name.strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise Final(Code.USER_NAME, f"A user name has 1 to 64 printable characters, received {len(name)}.")
    if role not in ROLES:
        raise Final(Code.USER_ROLE, f"The role is one of {', '.join(ROLES)}, received {role[:64]!r}")
    hashed = _hash(password)
    with database.write() as session:
        if session.scalars(select(User.id).where(User.name == name)).first() is not None:
            raise Final(Code.USER_EXISTS, f"There is a user of this name already: {name!r}")
        user = User(name=name, password_hash=hashed, role=role, disabled=False, failed_logins=0, created_at=utc_now())
        session.add(user)
        audit.append(session, actor=actor, action="user.add", subject=f"user {name}", detail={"role": role})
        return user


def authenticate(
    database: Database, name: str, password: str, *, action: str = "login", now: datetime | None = None
) -> Login:
    """Check a name and password, in about the same time whatever is wrong; leaves an audit row.

    Parameters
    ----------
    action : str
        What the row's action begins with: ``login``, or ``confirm`` where somebody logged in proves to be there still.
    """
    now = now or utc_now()
    with database.read() as session:
        user = session.scalars(select(User).where(User.name == name)).first()
    right = _verify(user.password_hash if user else _hash_of_nobody(), password) and user is not None
    with database.write() as session:
        user = session.scalars(select(User).where(User.name == name).with_for_update()).first()
        outcome = _judge(user, right=right, now=now)
        if user is not None and outcome is LoginOutcome.OK:
            user.failed_logins, user.locked_until = 0, None
            if action == "login":
                user.last_login_at = now
            if _HASHER.check_needs_rehash(user.password_hash):
                user.password_hash = _HASHER.hash(password)
        elif user is not None and outcome is LoginOutcome.WRONG:
            user.failed_logins += 1
            if user.failed_logins >= LOCK_AFTER:
                user.failed_logins, user.locked_until = 0, now + LOCK_FOR
        # A name nobody has may be a password typed into the wrong field, so it is not kept.
        actor = user.name if user is not None else "unknown"
        audit.append(session, actor=actor, action=f"{action}.{outcome}", at=now)
        return Login(outcome, user if outcome is LoginOutcome.OK else None)


def set_password(database: Database, name: str, password: str, *, actor: str) -> None:
    """Change a password, end the user's sessions, lift a lock; leaves an audit row.

    Raises
    ------
    Final
        There is no such user, or the password is too short or too long.
    """
    hashed = _hash(password)
    with database.write() as session:
        user = _get(session, name)
        user.password_hash, user.failed_logins, user.locked_until = hashed, 0, None
        _end_sessions(session, user)
        audit.append(session, actor=actor, action="user.password", subject=f"user {name}")


def set_disabled(database: Database, name: str, *, disabled: bool, actor: str) -> None:
    """Close or open an account and end its sessions; leaves an audit row.

    Raises
    ------
    Final
        There is no such user, or it is the last administrator.
    """
    with database.write() as session:
        user = _get(session, name)
        if disabled and user.role == "admin" and _other_admins(session, user) == 0:
            raise Final(Code.USER_LAST_ADMIN, "The last administrator cannot be disabled.")
        user.disabled = disabled
        _end_sessions(session, user)
        action = "user.disable" if disabled else "user.enable"
        audit.append(session, actor=actor, action=action, subject=f"user {name}")


def set_role(database: Database, name: str, role: str, *, actor: str) -> None:
    """Give a user another role; leaves an audit row.

    Raises
    ------
    Final
        There is no such user or no such role, or it is the last administrator.
    """
    if role not in ROLES:
        raise Final(Code.USER_ROLE, f"The role is one of {', '.join(ROLES)}, received {role[:64]!r}")
    with database.write() as session:
        user = _get(session, name)
        if role != "admin" and user.role == "admin" and _other_admins(session, user) == 0:
            raise Final(Code.USER_LAST_ADMIN, "The last administrator keeps the role.")
        user.role = role
        audit.append(session, actor=actor, action="user.role", subject=f"user {name}", detail={"role": role})


def all_users(database: Database) -> list[User]:
    """All users, by name."""
    with database.read() as session:
        return list(session.scalars(select(User).order_by(User.name)))


def count(session: Session) -> int:
    """Number of users, inside a session."""
    return session.execute(select(func.count()).select_from(User)).scalar_one()


def _judge(user: User | None, *, right: bool, now: datetime) -> LoginOutcome:
    if user is None:
        return LoginOutcome.WRONG
    if user.locked_until is not None and user.locked_until > now:
        return LoginOutcome.LOCKED
    if not right:
        return LoginOutcome.WRONG
    return LoginOutcome.DISABLED if user.disabled else LoginOutcome.OK


def _hash(password: str) -> str:
    if not MIN_PASSWORD_LENGTH <= len(password) <= 1024:
        raise Final(
            Code.PASSWORD_LENGTH,
            f"A password has {MIN_PASSWORD_LENGTH} to 1024 characters, received {len(password)}.",
        )
    return _HASHER.hash(password)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@functools.cache
def _hash_of_nobody() -> str:
    return _HASHER.hash("a password that nobody has")


def _get(session: Session, name: str) -> User:
    user = session.scalars(select(User).where(User.name == name)).first()
    if user is None:
        raise Final(Code.USER_UNKNOWN, f"There is no user of this name: {name[:64]!r}")
    return user


def _other_admins(session: Session, user: User) -> int:
    others = select(User.id).where(User.role == "admin", User.disabled.is_(False), User.id != user.id)
    return len(session.scalars(others).all())


def _end_sessions(session: Session, user: User) -> None:
    for row in session.scalars(select(LoginSession).where(LoginSession.user_id == user.id)):
        session.delete(row)
