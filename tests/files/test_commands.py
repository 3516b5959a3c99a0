"""``axspa-node user`` and ``audit``: what they do, what they say, and what they leave alone."""

import getpass
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from dicom_node.cli import main
from storage import users
from storage.session import Database
from storage.tables import Audit, User
from storage.users import LoginOutcome

PASSWORD = "correct horse battery"
Run = Callable[..., int]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def run(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command; ``typed`` is its standard input."""
    config = tmp_path / "axspa.toml"
    config.write_text(f"data_dir = '{data}'\n")

    def command(*arguments: str, typed: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return main([arguments[0], "--config", str(config), *arguments[1:]])

    return command


@pytest.fixture
def user(run: Run) -> Callable[..., int]:
    """Run ``user`` with a password from standard input."""
    return lambda *arguments, password=PASSWORD: run("user", *arguments, "--password-stdin", typed=password + "\n")


def open_database(data: Path) -> Database:
    return Database(f"sqlite:///{data / 'axspa.sqlite'}")


def login(data: Path, name: str, password: str = PASSWORD) -> LoginOutcome:
    """What the panel would answer."""
    database = open_database(data)
    outcome = users.authenticate(database, name, password).outcome
    database.dispose()
    return outcome


def change(data: Path, statement: str) -> None:
    """Change the database behind everybody's back, the guards of the audit included."""
    with closing(sqlite3.connect(data / "axspa.sqlite")) as connection, connection:
        connection.executescript(f"DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; {statement}")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_first_user_makes_the_database(
    user: Callable[..., int], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert user("add", "ada", "--role", "admin") == 0
    assert capsys.readouterr().out == "User ada: add done.\n"
    assert login(data, "ada") is LoginOutcome.OK
    database = open_database(data)
    with database.read() as session:
        assert session.scalars(select(User.role)).all() == ["admin"]
        first = session.scalars(select(Audit).order_by(Audit.seq)).first()
    database.dispose()
    assert first is not None
    assert (first.actor, first.action, first.subject) == ("command line", "user.add", "user ada")


def test_a_reader_is_the_default_and_an_unknown_role_is_refused(
    user: Callable[..., int], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert user("add", "ben") == 0
    database = open_database(data)
    with database.read() as session:
        assert session.scalars(select(User.role)).all() == ["reader"]
    database.dispose()
    with pytest.raises(SystemExit):
        user("add", "eve", "--role", "root")
    assert "invalid choice: 'root'" in capsys.readouterr().err


def test_password_disable_and_enable_do_what_they_say(user: Callable[..., int], data: Path) -> None:
    assert user("add", "ada", "--role", "admin") == 0
    assert user("add", "ben") == 0
    assert user("password", "ben", password="another long one") == 0
    assert login(data, "ben") is LoginOutcome.WRONG
    assert login(data, "ben", "another long one") is LoginOutcome.OK
    assert user("disable", "ben") == 0
    assert login(data, "ben", "another long one") is LoginOutcome.DISABLED
    assert user("enable", "ben") == 0
    assert login(data, "ben", "another long one") is LoginOutcome.OK


@pytest.mark.parametrize(
    ("arguments", "password", "code"),
    [
        (("add", "ada"), PASSWORD, "USER_EXISTS"),
        (("add", "new"), "short", "PASSWORD_LENGTH"),
        (("password", "nobody"), PASSWORD, "USER_UNKNOWN"),
        (("disable", "ada"), PASSWORD, "USER_LAST_ADMIN"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    user: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    password: str,
    code: str,
) -> None:
    assert user("add", "ada", "--role", "admin") == 0
    assert user(*arguments, password=password) == 1
    said = capsys.readouterr().err
    assert f"[{code}]" in said
    assert password not in said


@pytest.mark.parametrize(("second", "status"), [(PASSWORD, 0), ("mistyped password", 2)])
def test_a_password_is_typed_twice(
    run: Run, monkeypatch: pytest.MonkeyPatch, data: Path, second: str, status: int
) -> None:
    typed = iter((PASSWORD, second))
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(typed))
    assert run("user", "add", "ada") == status
    assert (login(data, "ada") is LoginOutcome.OK) is (status == 0)


@pytest.mark.parametrize("action", ["password", "disable", "enable"])
def test_a_change_of_a_user_makes_no_database(
    user: Callable[..., int], data: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    assert user(action, "ada") == 1
    said = capsys.readouterr().err
    assert "There is no database yet; axspa-node serve makes it." in said
    assert "[DATABASE_ABSENT]" in said
    assert not data.exists()


@pytest.mark.parametrize(
    "command", [("user", "add", "new", "--password-stdin"), ("audit", "verify"), ("audit", "export")]
)
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM alembic_version", "DATABASE_OLDER"),
        ("UPDATE alembic_version SET version_num = '9999'", "DATABASE_NEWER"),
    ],
)
def test_a_database_of_another_version_is_left_as_it_is(
    run: Run,
    user: Callable[..., int],
    data: Path,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    statement: str,
    code: str,
) -> None:
    assert user("add", "ada", "--role", "admin") == 0
    change(data, statement)
    before = contents(data)
    assert run(*command, typed=PASSWORD + "\n") == 1
    assert f"[{code}]" in capsys.readouterr().err
    assert contents(data) == before


@pytest.mark.parametrize("action", ["verify", "export"])
def test_an_audit_of_nothing_says_so_and_makes_nothing(
    run: Run, data: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    assert run("audit", action) == 1
    assert "[DATABASE_ABSENT]" in capsys.readouterr().err
    assert not data.exists()


def test_an_unbroken_chain_is_verified_and_the_database_is_left_as_it_is(
    run: Run, user: Callable[..., int], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert user("add", "ada", "--role", "admin") == 0
    assert user("add", "ben") == 0
    before = contents(data)
    capsys.readouterr()
    assert run("audit", "verify") == 0
    assert capsys.readouterr().out == "All 2 rows are as they were written.\n"
    assert contents(data) == before


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 1", "The chain is broken at row 1: its content was changed"),
        ("DELETE FROM audit WHERE seq = 1", "The chain is broken at row 2: row 1 is missing"),
    ],
)
def test_a_broken_chain_is_named_with_its_row(
    run: Run,
    user: Callable[..., int],
    data: Path,
    capsys: pytest.CaptureFixture[str],
    statement: str,
    reason: str,
) -> None:
    assert user("add", "ada", "--role", "admin") == 0
    assert user("add", "ben") == 0
    change(data, statement)
    capsys.readouterr()
    assert run("audit", "verify") == 1
    assert reason in capsys.readouterr().out


def test_an_export_is_a_line_of_json_for_each_row(
    run: Run, user: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert user("add", "Ада", "--role", "admin") == 0
    assert user("disable", "nobody") == 1
    assert user("add", "ben") == 0
    capsys.readouterr()
    assert run("audit", "export") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["seq"], row["action"], row["subject"]) for row in rows] == [
        (1, "user.add", "user Ада"),
        (2, "user.add", "user ben"),
    ]
    assert rows[1]["previous_hash"] == rows[0]["hash"]


@pytest.mark.parametrize("command", ["doctor", "serve"])
def test_two_destinations_of_one_name_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    config = tmp_path / "twice.toml"
    one = '[[destinations]]\nname = "pacs"\nae_title = "A"\nhost = "127.0.0.1"\nport = 104\n'
    config.write_text(f"data_dir = '{tmp_path / 'data'}'\n{one}{one}")
    assert main([command, "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert "each destination needs a name of its own, and more than one is named 'pacs'" in said
    assert not (tmp_path / "data").exists()
