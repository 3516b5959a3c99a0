"""What a database is to this version, told without touching it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select

from config.errors import Final, StorageUnavailable
from storage import users
from storage.session import Database, SchemaState, _alembic_config, migrate, schema_state
from storage.tables import User
from tests.factories.storage import fresh

SCRIPTS = ScriptDirectory.from_config(_alembic_config())
HEAD = SCRIPTS.get_current_head()
OLDER = [None, *(script.revision for script in SCRIPTS.walk_revisions() if script.revision != HEAD)]


def file_in(folder: Path) -> Path:
    """A database as a node leaves it when it ends."""
    fresh(folder).dispose()
    return folder / "axspa.sqlite"


def set_revision(file: Path, revision: str | None) -> None:
    """Give a database another revision; None is that of one which was just begun."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM alembic_version")
        if revision is not None:
            connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


@contextmanager
def looking_at(file: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{file}", read_only=True)
    yield database
    database.dispose()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_there_is_absent_and_stays_so(tmp_path: Path) -> None:
    with looking_at(tmp_path / "no" / "axspa.sqlite") as database:
        assert schema_state(database) is SchemaState.ABSENT
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_absent_too(tmp_path: Path) -> None:
    (tmp_path / "axspa.sqlite").touch()
    with looking_at(tmp_path / "axspa.sqlite") as database:
        assert schema_state(database) is SchemaState.ABSENT
    assert contents(tmp_path) == {"axspa.sqlite": b""}


def test_one_of_this_version_is_current_and_a_look_changes_nothing(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    before = contents(tmp_path)
    with looking_at(file) as database:
        assert schema_state(database) is SchemaState.CURRENT
        with database.read() as session:
            assert session.scalars(select(User)).all() == []
    assert contents(tmp_path) == before


@pytest.mark.parametrize("revision", OLDER)
def test_an_older_one_is_older_until_it_is_migrated(tmp_path: Path, revision: str | None) -> None:
    file = file_in(tmp_path)
    set_revision(file, revision)
    before = contents(tmp_path)
    with looking_at(file) as database:
        assert schema_state(database) is SchemaState.OLDER
    assert contents(tmp_path) == before


def test_one_that_was_only_begun_is_migrated(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'axspa.sqlite'}")
    assert schema_state(database) is SchemaState.ABSENT
    migrate(database)
    assert schema_state(database) is SchemaState.CURRENT
    migrate(database)
    database.dispose()


def test_a_newer_one_is_newer_and_is_not_migrated(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    set_revision(file, "9999")
    before = contents(tmp_path)
    with looking_at(file) as database:
        assert schema_state(database) is SchemaState.NEWER
    database = Database(f"sqlite:///{file}")
    with pytest.raises(Final) as caught:
        migrate(database)
    database.dispose()
    assert caught.value.code == "DATABASE_NEWER"
    assert caught.value.sentence.endswith(f": {file}")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("damage", ["not a database", "torn"])
def test_a_damaged_one_is_said_to_be_damaged(tmp_path: Path, damage: str) -> None:
    file = file_in(tmp_path)
    content = file.read_bytes()
    file.write_bytes(b"This is no database. " * 500 if damage == "not a database" else content[:4096] + bytes(8192))
    with looking_at(file) as database, pytest.raises(StorageUnavailable) as caught:
        schema_state(database)
    assert caught.value.code == "DATABASE_DAMAGED"


def test_who_looks_cannot_write(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    with looking_at(file) as database, pytest.raises(StorageUnavailable):
        users.add(database, "root", "a long password", actor="test")
    database = Database(f"sqlite:///{file}")
    users.add(database, "root", "a long password", actor="test")
    database.dispose()
    with looking_at(file) as database, database.read() as session:
        assert session.scalars(select(User.name)).all() == ["root"]


def test_who_looks_sees_what_a_running_node_has_written_and_leaves_its_log_alone(tmp_path: Path) -> None:
    node = fresh(tmp_path)
    users.add(node, "first", "a long password", actor="test")
    file = tmp_path / "axspa.sqlite"
    log = Path(f"{file}-wal").read_bytes()
    assert log, "the node works, so its log is there"
    before = file.read_bytes()
    with looking_at(file) as database:
        assert schema_state(database) is SchemaState.CURRENT
        with database.read() as session:
            assert session.scalars(select(User.name)).all() == ["first"]
        users.add(node, "second", "a long password", actor="test")
        with database.read() as session:
            assert session.scalars(select(User.name).order_by(User.id)).all() == ["first", "second"]
    assert file.read_bytes() == before
    assert Path(f"{file}-wal").read_bytes().startswith(log)
    node.dispose()


def test_a_folder_name_with_signs_that_addresses_use(tmp_path: Path) -> None:
    folder = tmp_path / "data 100% #1"
    folder.mkdir()
    with looking_at(file_in(folder)) as database:
        assert schema_state(database) is SchemaState.CURRENT
