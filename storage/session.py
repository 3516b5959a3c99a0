"""The database: an engine from a URL, sessions that read, sessions that write, migrations at the start."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.codes import Code
from config.errors import Final, StorageUnavailable
from storage import address, private

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

_WRITES = "axspa_writes"


class Database:
    """All access to the database of one process.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; SQLite (WAL, synchronous FULL) and PostgreSQL are supported.
    busy_timeout_s : float
        How long a writer waits for another process's transaction before :class:`StorageUnavailable` is raised.
    read_only : bool
        Only look: no database, file or folder is made or changed.

    Raises
    ------
    SettingsError
        The URL is none of a database that is known here (code ``DATABASE_URL``).

    Notes
    -----
    A writing transaction takes SQLite's write lock at its start (``BEGIN IMMEDIATE``), so what it reads stays true
    until it commits and it can never fail for a lock in its middle. Inside one process writers queue on a lock,
    which is cheaper and fairer than SQLite's polling.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = 10.0, read_only: bool = False) -> None:
        parsed = address.parse(url)
        self.file = _file_of(parsed)
        self.place = str(self.file or address.shown(parsed))
        make = _make_looking_engine if read_only else _make_engine
        self.engine = make(parsed, self.file, busy_timeout_s)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._writers = sessionmaker(
            self.engine.execution_options(**{_WRITES: True}), expire_on_commit=False, autoflush=True
        )
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session for reading; what it loaded stays usable afterwards.

        Raises
        ------
        StorageUnavailable
            The database is locked, full or gone.
        """
        with _mapped_errors(), self._sessions() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session whose changes are one durable transaction, committed at the end of the block.

        Raises
        ------
        StorageUnavailable
            The database is locked, full or gone; nothing was changed.
        """
        with self._turn, _mapped_errors(), self._writers() as session, session.begin():
            session.connection()  # takes the lock now, not at the first statement
            yield session

    def dispose(self) -> None:
        """Close all connections; needed after a fork, and at the end of a process."""
        self.engine.dispose()


class SchemaState(StrEnum):
    """What a database is to this version of the software."""

    ABSENT = "absent"  # no database, or one without our tables: migrate() makes it
    CURRENT = "current"
    OLDER = "older"  # migrate() brings it up to date
    NEWER = "newer"  # of a revision that this version does not know


def schema_state(database: Database) -> SchemaState:
    """Say how the schema of a database stands; writes nothing.

    Raises
    ------
    StorageUnavailable
        The database cannot be reached or read.
    """
    if database.file is not None and not database.file.exists():
        return SchemaState.ABSENT
    with _mapped_errors(), database.engine.connect() as connection:
        return _schema_state(connection, _alembic_config())


def schema_error(database: Database, state: SchemaState) -> Final | None:
    """The error that says what is to be done about a state; None where nothing is."""
    if state is SchemaState.ABSENT:
        return Final(Code.DATABASE_ABSENT, f"{Code.DATABASE_ABSENT.sentence} Received: {database.place}")
    if state is SchemaState.OLDER:
        return Final(Code.DATABASE_OLDER, f"{Code.DATABASE_OLDER.sentence} Received: {database.place}")
    if state is SchemaState.NEWER:
        return Final(Code.DATABASE_NEWER, f"{Code.DATABASE_NEWER.sentence} Received: {database.place}")
    return None


def migrate(database: Database) -> None:
    """Bring the schema to the newest revision; safe when several processes start at once.

    Raises
    ------
    StorageUnavailable
        The database cannot be reached or written.
    Final
        A newer version of the software has written it (code ``DATABASE_NEWER``).
    """
    from alembic import command

    alembic_config = _alembic_config()
    writer = database.engine.execution_options(**{_WRITES: True})
    with _mapped_errors(), writer.connect() as connection, _free_of_foreign_keys(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7302501)"))
        if _schema_state(connection, alembic_config) is SchemaState.NEWER:
            raise Final(Code.DATABASE_NEWER, f"{Code.DATABASE_NEWER.sentence} Received: {database.place}")
        alembic_config.attributes["connection"] = connection
        command.upgrade(alembic_config, "head")


@contextmanager
def _free_of_foreign_keys(connection: Connection) -> Iterator[None]:
    """On SQLite a table changes by being made anew, and dropping the old one would delete all that belongs to it."""
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")  # has no effect inside a transaction
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _alembic_config() -> "AlembicConfig":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _schema_state(connection: Connection, config: "AlembicConfig") -> SchemaState:
    from alembic.script import ScriptDirectory

    if not inspect(connection).has_table("alembic_version"):
        return SchemaState.ABSENT
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    scripts = ScriptDirectory.from_config(config)
    if revision == scripts.get_current_head():
        return SchemaState.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaState.OLDER if revision in known or revision is None else SchemaState.NEWER


def _file_of(url: URL) -> Path | None:
    """The file of an SQLite database, where it is an ordinary one."""
    name = url.database or ""
    if url.get_backend_name() != "sqlite" or name in {"", ":memory:"} or name.startswith("file:"):
        return None
    return Path(name).absolute()


def _make_looking_engine(url: URL, file: Path | None, busy_timeout_s: float) -> Engine:
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
        return engine.execution_options(postgresql_readonly=True)

    def connect() -> sqlite3.Connection:
        # Without a write-ahead log nobody works on the database. Opened as one that cannot change it needs no shared
        # memory, which even a reader would make beside it, as its own user.
        mode = "mode=ro" if Path(f"{file}-wal").exists() else "immutable=1"
        return sqlite3.connect(
            f"file:{quote(str(file))}?{mode}", uri=True, timeout=busy_timeout_s, check_same_thread=False
        )

    if file is None:
        raise Final(Code.DATABASE_NO_FILE, f"{Code.DATABASE_NO_FILE.sentence} Received: {address.shown(url)}")
    engine = create_engine(url, creator=connect, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _prepare_looking)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_engine(url: URL, file: Path | None, busy_timeout_s: float) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, hide_parameters=True, pool_pre_ping=True)
    if file is not None:
        _make_parent(file)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": busy_timeout_s})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    if file is not None:
        event.listen(engine, "connect", lambda _connection, _record: _flush_folder(file.parent))
        _hold_to(engine, file)
        event.listen(engine, "do_connect", lambda *_: _make_private(file))
    return engine


def _make_private(file: Path) -> None:
    """SQLite gives what it makes beside a database the rights of the database."""
    try:
        private.make_file(file)
    except OSError as error:
        raise sqlite3.OperationalError(f"its file cannot be opened: {error.strerror}") from None


def _flush_folder(folder: Path) -> None:
    """Have the name of the write-ahead log on the disk: SQLite flushes what is in it, and not its folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise sqlite3.OperationalError(f"its folder cannot be flushed: {error.strerror}") from None
    finally:
        os.close(descriptor)


def _hold_to(engine: Engine, file: Path) -> None:
    """Work on the file that lies in its place and on no other.

    An open file is written on wherever it is moved to, or after it was replaced: what is answered as kept would be in
    a file that nobody opens again. And SQLite makes an empty database where there is none.
    """
    known: list[tuple[int, int]] = []

    def refuse_where_gone(_dialect: Any, _record: Any, _arguments: Any, _parameters: Any) -> None:
        if known and _identity(file) is None:
            raise sqlite3.OperationalError(f"its file is gone; put it back: {file.name}")

    def note(_connection: Any, record: Any) -> None:
        record.info["file"] = _identity(file)
        known[:] = filter(None, [record.info["file"]])

    def compare(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info["file"] != _identity(file):
            raise InvalidatePoolError  # all connections are made anew

    event.listen(engine, "do_connect", refuse_where_gone)
    event.listen(engine, "connect", note)
    event.listen(engine, "checkout", compare)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _make_parent(path: Path) -> None:
    try:
        private.make_folder(path.parent)
    except OSError as error:
        raise StorageUnavailable(
            Code.DATA_FOLDER_UNAVAILABLE, f"The data folder cannot be made; check rights and disk: {error.strerror}"
        ) from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: _begin_sqlite says which kind is wanted.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_looking(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _mapped_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _unavailable(error) from None
    except DBAPIError as error:
        if error.connection_invalidated or _is_damage(error):
            raise _unavailable(error) from None
        raise


def _is_damage(error: DBAPIError) -> bool:
    return any(words in str(error.orig) for words in ("malformed", "not a database"))


def _unavailable(error: DBAPIError) -> StorageUnavailable:
    reason = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
    if _is_damage(error):
        return StorageUnavailable(
            Code.DATABASE_DAMAGED, f"The database is damaged; put a backup in its place: {reason}"
        )
    if "full" in reason or "No space" in reason:
        return StorageUnavailable(Code.DATABASE_FULL, f"The disk of the database is full; make room: {reason}")
    if "locked" in reason or "busy" in reason:
        return StorageUnavailable(Code.DATABASE_LOCKED, f"Another process holds the database for too long: {reason}")
    return StorageUnavailable(Code.DATABASE_UNAVAILABLE, f"The database does not answer as it should: {reason}")
