"""The database: an engine from a URL, sessions that read, sessions that write, migrations at the start."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.codes import Code
from config.errors import StorageUnavailable

_WRITES = "axspa_writes"


class Database:
    """All access to the database of one process.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; SQLite (WAL, synchronous FULL) and PostgreSQL are supported.
    busy_timeout_s : float
        How long a writer waits for another process's transaction before :class:`StorageUnavailable` is raised.

    Notes
    -----
    A writing transaction takes SQLite's write lock at its start (``BEGIN IMMEDIATE``), so what it reads stays true
    until it commits and it can never fail for a lock in its middle. Inside one process writers queue on a lock,
    which is cheaper and fairer than SQLite's polling.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = 10.0) -> None:
        self.engine = _make_engine(url, busy_timeout_s=busy_timeout_s)
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


def migrate(database: Database) -> None:
    """Bring the schema to the newest revision; safe when several processes start at once.

    Raises
    ------
    StorageUnavailable
        The database cannot be reached or written.
    """
    from alembic import command
    from alembic.config import Config as AlembicConfig

    alembic_config = AlembicConfig()
    alembic_config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    writer = database.engine.execution_options(**{_WRITES: True})
    with _mapped_errors(), writer.connect() as connection, _free_of_foreign_keys(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7302501)"))
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


def _make_engine(url: str, *, busy_timeout_s: float) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        _make_parent(Path(parsed.database))
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": busy_timeout_s})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_parent(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(
            Code.DATA_FOLDER_UNAVAILABLE, f"The data folder cannot be made; check rights and disk: {error.strerror}"
        ) from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: _begin_sqlite says which kind is wanted.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


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
        if error.connection_invalidated:
            raise _unavailable(error) from None
        raise


def _unavailable(error: DBAPIError) -> StorageUnavailable:
    reason = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
    if "full" in reason or "No space" in reason:
        return StorageUnavailable(Code.DATABASE_FULL, f"The disk of the database is full; make room: {reason}")
    if "locked" in reason or "busy" in reason:
        return StorageUnavailable(Code.DATABASE_LOCKED, f"Another process holds the database for too long: {reason}")
    return StorageUnavailable(Code.DATABASE_UNAVAILABLE, f"The database does not answer as it should: {reason}")
