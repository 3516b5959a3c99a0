"""The audit chain, users and their sessions, signs of life."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from config.errors import Final
from storage import audit, heartbeats, logins, users
from storage.session import Database
from storage.users import LoginOutcome
from tests.factories.storage import at, fresh

PASSWORD = "correct horse battery"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def tamper(database: Database, statement: str) -> None:
    """Change the audit as someone with the database file could, past the guards."""
    with database.write() as session:
        for name in ("audit_no_update", "audit_no_delete"):
            session.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        session.execute(text(statement))


def test_a_whole_chain_verifies_and_gives_its_head(database: Database) -> None:
    for number in range(5):
        audit.record(database, actor="администратор", action="study.view", subject=f"study {number}")
    verdict = audit.verify(database)
    rows = list(audit.rows(database))
    assert (verdict.intact, verdict.rows, verdict.head) == (True, 5, rows[-1].hash)
    assert rows[0].previous_hash == audit.GENESIS
    newest, total = audit.page(database, page=1, per_page=2)
    assert ([row.seq for row in newest], total) == ([5, 4], 5)
    assert json.loads(rows[0].detail) == {}


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE audit SET actor = 'someone else' WHERE seq = 3", 3),
        ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 2", 3),
        ("UPDATE audit SET seq = 9 WHERE seq = 5", 9),
    ],
)
def test_a_changed_chain_is_noticed(database: Database, statement: str, row: int) -> None:
    for number in range(5):
        audit.record(database, actor="admin", action="study.view", subject=f"study {number}")
    tamper(database, statement)
    verdict = audit.verify(database)
    assert not verdict.intact
    assert f"row {row}" in verdict.sentence


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_audit_rows(database: Database, statement: str) -> None:
    audit.record(database, actor="admin", action="study.view")
    with pytest.raises(IntegrityError, match="audit rows stay"), database.write() as session:
        session.execute(text(statement))
    assert audit.verify(database).rows == 1


def test_the_right_password_opens_and_a_wrong_one_does_not(database: Database) -> None:
    users.add(database, "anna", PASSWORD, role="admin", actor="cli")
    good = users.authenticate(database, "anna", PASSWORD)
    assert good.outcome is LoginOutcome.OK
    assert good.user is not None
    assert good.user.role == "admin"
    assert PASSWORD not in good.user.password_hash
    assert good.user.password_hash.startswith("$argon2id$")
    assert users.authenticate(database, "anna", PASSWORD + "x").outcome is LoginOutcome.WRONG
    assert users.authenticate(database, "nobody", PASSWORD).outcome is LoginOutcome.WRONG
    rows = [(row.actor, row.action) for row in audit.rows(database)]
    assert rows == [("cli", "user.add"), ("anna", "login.ok"), ("anna", "login.wrong"), ("unknown", "login.wrong")]


def test_guessing_locks_the_account_for_a_while(database: Database) -> None:
    users.add(database, "anna", PASSWORD, actor="cli")
    for _ in range(users.LOCK_AFTER):
        assert users.authenticate(database, "anna", "wrong", now=at(0)).outcome is LoginOutcome.WRONG
    assert users.authenticate(database, "anna", PASSWORD, now=at(1)).outcome is LoginOutcome.LOCKED
    later = at(1) + users.LOCK_FOR
    assert users.authenticate(database, "anna", PASSWORD, now=later).outcome is LoginOutcome.OK


@pytest.mark.parametrize(
    ("name", "password", "role", "code"),
    [
        ("", PASSWORD, "reader", "USER_NAME"),
        ("a\nb", PASSWORD, "reader", "USER_NAME"),
        ("bob", "short", "reader", "PASSWORD_LENGTH"),
        ("bob", PASSWORD, "king", "USER_ROLE"),
        ("anna", PASSWORD, "reader", "USER_EXISTS"),
    ],
)
def test_a_user_that_cannot_be_is_refused(database: Database, name: str, password: str, role: str, code: str) -> None:
    users.add(database, "anna", PASSWORD, actor="cli")
    with pytest.raises(Final) as caught:
        users.add(database, name, password, role=role, actor="cli")
    assert caught.value.code == code
    assert password not in str(caught.value)


def test_the_last_administrator_stays(database: Database) -> None:
    users.add(database, "anna", PASSWORD, role="admin", actor="cli")
    with pytest.raises(Final, match="USER_LAST_ADMIN"):
        users.set_disabled(database, "anna", disabled=True, actor="anna")
    with pytest.raises(Final, match="USER_LAST_ADMIN"):
        users.set_role(database, "anna", "reader", actor="anna")
    users.add(database, "bob", PASSWORD, role="admin", actor="anna")
    users.set_disabled(database, "anna", disabled=True, actor="bob")
    assert users.authenticate(database, "anna", PASSWORD).outcome is LoginOutcome.DISABLED


def test_a_session_ends_by_logout_by_time_and_with_its_user(database: Database) -> None:
    user = users.add(database, "anna", PASSWORD, role="admin", actor="cli")
    users.add(database, "bob", PASSWORD, role="admin", actor="cli")
    token = logins.open_session(database, user, lifetime_h=8, now=at(0))
    found = logins.find_session(database, token, now=at(60))
    assert found is not None
    assert (found.user_name, found.role) == ("anna", "admin")
    logins.set_state(database, found.session_id, {"search": "быков"})
    again = logins.find_session(database, token, now=at(61))
    assert again is not None
    assert again.state == {"search": "быков"}
    assert logins.find_session(database, token, now=at(0) + timedelta(hours=8)) is None
    assert logins.find_session(database, "made up", now=at(60)) is None
    logins.close_session(database, token)
    assert logins.find_session(database, token, now=at(62)) is None
    second = logins.open_session(database, user, lifetime_h=8, now=at(70))
    users.set_password(database, "anna", PASSWORD + "!", actor="anna")
    assert logins.find_session(database, second, now=at(71)) is None


def test_the_token_itself_is_kept_nowhere(database: Database, tmp_path: Path) -> None:
    user = users.add(database, "anna", PASSWORD, actor="cli")
    token = logins.open_session(database, user, lifetime_h=8)
    database.dispose()
    for path in tmp_path.iterdir():
        assert token.encode() not in path.read_bytes()
        assert PASSWORD.encode() not in path.read_bytes()


def test_a_sign_of_life_says_who_and_how_large(database: Database) -> None:
    heartbeats.beat(database, "receiver", detail={"port": 104}, at=at(0))
    heartbeats.beat(database, "receiver", at=at(10))
    (row,) = heartbeats.all_beats(database)
    assert (row.name, row.at) == ("receiver", at(10))
    assert row.rss_mb > 1


def test_a_lease_has_one_owner_until_it_ends(database: Database) -> None:
    assert heartbeats.hold(database, "coordinator", owner="a", lease_s=30, now=at(0))
    assert not heartbeats.hold(database, "coordinator", owner="b", lease_s=30, now=at(10))
    assert heartbeats.hold(database, "coordinator", owner="a", lease_s=30, now=at(20))
    assert not heartbeats.hold(database, "coordinator", owner="b", lease_s=30, now=at(40))
    assert heartbeats.hold(database, "coordinator", owner="b", lease_s=30, now=at(51))
    heartbeats.let_go(database, "coordinator", owner="a")
    assert not heartbeats.hold(database, "coordinator", owner="a", lease_s=30, now=at(52))
    heartbeats.let_go(database, "coordinator", owner="b")
    assert heartbeats.hold(database, "coordinator", owner="a", lease_s=30, now=at(53))
