"""A copy of a node that runs, and a node made of the copy.

The database is copied first and as it was at one moment; files that its rows name are copied afterwards. Files never
change once a row names them, and retention, which alone removes them, waits while a copy is made: so each is there.
"""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text

from config.codes import Code
from config.errors import Final, StorageUnavailable, UnusableInput
from storage import private
from storage.objects import ObjectStore, as_unavailable, sync_folder
from storage.session import Database, SchemaState, schema_state
from storage.tables import Instance, Picture, RefusedImage, ResultObject

FORMAT = "axspa-node backup 1\n"
MARK = "backup"
SQLITE = "axspa.sqlite"
DUMP = "axspa.dump"
SALT = "site-salt"
LEASE = "keeping"
"""The job that retention and a backup share: only one of them works at a time."""
_SUMS = "sha256sums"
_CHUNK = 2**20
_NAMED = (Instance, ResultObject, Picture, RefusedImage)


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds."""

    files: int
    size_bytes: int
    missing: int  # files that a row names and that are not there: the node itself has lost them


def make(database: Database, objects: ObjectStore, salt: Path, target: Path, *, alive: Callable[[], None]) -> Copied:
    """Copy a node into a folder that is not there, or is empty; where it breaks off, the copy is none.

    Parameters
    ----------
    database : Database
    objects : ObjectStore
    salt : Path
        The file of the site's secret, if there is one.
    target : Path
    alive : callable
        Called now and then, to hold the lease.

    Raises
    ------
    Final
        The target holds something, or the database is on a server and pg_dump does not copy it.
    StorageUnavailable
        Database or disk do not answer.
    """
    _check_empty(target)
    try:
        private.make_folder(target)
        sums = {_copy_database(database, target): ""}
        if salt.is_file():
            sums[SALT] = ""
            _copy(salt, target / SALT)
        sums = {name: _sum(target / name) for name in sums}
        copied = _copy_objects(database, objects, target, sums, alive=alive)
        _write(target / _SUMS, "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))
        _write(target / MARK, FORMAT)  # the last: a copy without it is not whole
        sync_folder(target)
    except OSError as error:
        raise as_unavailable(error) from None
    return copied


def check(source: Path) -> dict[str, str]:
    """The hashes of the files of a copy, by their names; each was compared.

    Raises
    ------
    UnusableInput
        It is no copy, not a whole one, or a file differs (code ``BACKUP_UNUSABLE``).
    """
    try:
        if (source / MARK).read_text(encoding="ascii") != FORMAT:
            raise _unusable(source, "it is of another version")
        lines = (source / _SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        raise _unusable(source, f"it has no readable {MARK} or {_SUMS}, so no backup was finished there") from None
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name, digest in sums.items():
        if not _inside(name) or not (source / name).is_file() or _sum(source / name) != digest:
            raise _unusable(source, f"{name} is missing or differs from what was written")
    return sums


def restore(source: Path, data_dir: Path, database: Database, *, url: str) -> int:
    """Make a node of a copy; how many files it has.

    Parameters
    ----------
    source : Path
        What :func:`make` wrote.
    data_dir : Path
        Not there, or empty.
    database : Database
        Opened for reading only, of the node to be.
    url : str
        Its SQLAlchemy URL.

    Raises
    ------
    UnusableInput
        The copy is not whole, or of the other kind of database (code ``BACKUP_UNUSABLE``).
    Final
        There is something in the data folder, or in the database (code ``BACKUP_TARGET``).
    StorageUnavailable
        Database or disk do not answer.
    """
    _check_empty(data_dir)
    if schema_state(database) is not SchemaState.ABSENT:
        raise Final(Code.BACKUP_TARGET, f"{Code.BACKUP_TARGET.sentence} Received: {database.place}")
    sums = check(source)
    kind = DUMP if database.engine.dialect.name == "postgresql" else SQLITE
    if kind not in sums:
        raise _unusable(source, "it is of the other kind of database than database.url names")
    try:
        private.make_folder(data_dir)
        for name in sorted(sums.keys() - {SQLITE, DUMP}):
            _copy(source / name, data_dir / name)
        if kind == DUMP:
            options = ["--no-owner", "--exit-on-error", "--single-transaction", _schema(database)]
            _run_postgresql("pg_restore", options, url, source / DUMP)
        elif database.file is not None:
            _copy(source / SQLITE, database.file)  # the last: what has no database is no node
    except OSError as error:
        raise as_unavailable(error) from None
    if schema_state(database) is SchemaState.ABSENT:
        raise _unusable(source, "nothing of its database is for the schema that database.url leads to")
    return len(sums)


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Final(Code.BACKUP_TARGET, f"{Code.BACKUP_TARGET.sentence} Received: {folder}")


def _copy_database(database: Database, target: Path) -> str:
    if database.file is None:
        if database.engine.dialect.name != "postgresql":
            raise Final(Code.DATABASE_NO_FILE, f"{Code.DATABASE_NO_FILE.sentence} Received: {database.place}")
        url = database.engine.url.render_as_string(hide_password=False)
        private.make_file(target / DUMP)
        _run_postgresql("pg_dump", ["--format=custom", "--no-owner", _schema(database)], url, target / DUMP)
        return DUMP
    private.make_file(target / SQLITE)
    try:
        # The journal of the copy is not that of the node, so that it is one file.
        with (
            closing(sqlite3.connect(f"file:{database.file.as_posix()}?mode=ro", uri=True, timeout=30.0)) as live,
            closing(sqlite3.connect(target / SQLITE)) as copy,
        ):
            live.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StorageUnavailable(Code.DATABASE_UNAVAILABLE, f"The database cannot be copied: {error}") from None
    _flush(target / SQLITE)
    return SQLITE


def _schema(database: Database) -> str:
    """The option that leaves out what else a database on a server holds, and the schema itself, which is there."""
    with database.read() as session:
        return f"--schema={session.scalar(text('SELECT current_schema()'))}"


def _run_postgresql(program: str, options: list[str], url: str, file: Path) -> None:
    """Run a program of PostgreSQL's client; the password goes by its environment, where nobody else sees it."""
    found = shutil.which(program)
    if found is None:
        raise Final(Code.BACKUP_PROGRAM, f"{Code.BACKUP_PROGRAM.sentence} Not found: {program}")
    from sqlalchemy import make_url

    parsed = make_url(url)
    place = parsed.set(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(parsed.password)} if parsed.password else {})}
    where = ["--dbname", place]
    command = [*where, *options, "--file", str(file)] if program == "pg_dump" else [*where, *options, str(file)]
    done = subprocess.run([found, *command], env=environment, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = said[-1] if said else f"exit code {done.returncode}"
        raise StorageUnavailable(Code.DATABASE_UNAVAILABLE, f"{program} did not succeed: {why}")


def _keys(database: Database) -> Iterator[str]:
    """Keys of all files that the rows of a copied database name."""
    for table in _NAMED:
        after = 0
        while True:
            query = select(table.id, table.path_key).where(table.id > after).order_by(table.id).limit(1000)
            with database.read() as session:
                rows = session.execute(query).all()
            if not rows:
                break
            after = rows[-1][0]
            yield from (key for _, key in rows if key)


def _copy_objects(
    database: Database, objects: ObjectStore, target: Path, sums: dict[str, str], *, alive: Callable[[], None]
) -> Copied:
    copy = Database(f"sqlite:///{target / SQLITE}", read_only=True) if (target / SQLITE).exists() else database
    files = size_bytes = missing = 0
    try:
        for number, key in enumerate(_keys(copy)):
            if number % 100 == 0:
                alive()
            name = f"objects/{key}"
            if name in sums:
                continue
            source = objects.path(key)
            if not source.is_file():
                missing += 1
                continue
            size_bytes += _copy(source, target / name)
            sums[name] = _sum(target / name)
            files += 1
    finally:
        if copy is not database:
            copy.dispose()
    return Copied(files, size_bytes, missing)


def _copy(source: Path, target: Path) -> int:
    private.make_folder(target.parent)
    private.make_file(target)
    shutil.copyfile(source, target)
    _flush(target)
    return target.stat().st_size


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, text: str) -> None:
    private.make_file(path)
    path.write_text(text, encoding="ascii")
    _flush(path)


def _sum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest()


def _inside(name: str) -> bool:
    """True for a name that :func:`make` writes: no way leads out of the folder."""
    return name in (SQLITE, DUMP, SALT) or (name.startswith("objects/") and ".." not in Path(name).parts)


def _unusable(source: Path, why: str) -> UnusableInput:
    return UnusableInput(Code.BACKUP_UNUSABLE, f"{Code.BACKUP_UNUSABLE.sentence} Here {why}. Received: {source}")
