"""``axspa-node backup`` and ``axspa-node restore``: a copy of a node that runs, and a node made of it."""

import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.codes import Code
from config.errors import Retryable, SettingsError
from config.settings import Settings
from storage import audit, backup, heartbeats
from storage.objects import ObjectStore
from storage.session import Database

LEASE_S = 300.0
PATIENCE_S = 120.0
ACTOR = "command line"


@contextmanager
def holding(database: Database, *, patience_s: float = PATIENCE_S) -> Iterator["Holder"]:
    """Keep retention from removing files for as long as the block runs.

    Raises
    ------
    Retryable
        Retention, or another backup, did not end in time (code ``BACKUP_BUSY``).
    """
    holder, end = Holder(database), time.monotonic() + patience_s
    while not holder.hold():
        if time.monotonic() > end:
            raise Retryable(Code.BACKUP_BUSY, f"{Code.BACKUP_BUSY.sentence} Waited for {patience_s:.0f} s.")
        time.sleep(1.0)
    try:
        yield holder
    finally:
        heartbeats.let_go(database, backup.LEASE, owner=holder.name)


class Holder:
    """Who holds the lease of keeping."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.name = f"{socket.gethostname()[:64]}-{secrets.token_hex(8)}"
        self._until = 0.0

    def hold(self) -> bool:
        """Take or prolong the lease."""
        if time.monotonic() < self._until - LEASE_S / 2:
            return True
        held = heartbeats.hold(self._database, backup.LEASE, owner=self.name, lease_s=LEASE_S)
        if held:
            self._until = time.monotonic() + LEASE_S
        return held


def make(database: Database, settings: Settings, target: Path) -> str:
    """Copy the node into a folder, and say what came of it.

    Raises
    ------
    SettingsError
        The folder lies in the data folder.
    AxspaError
        As :func:`storage.backup.make`.
    """
    if target.resolve().is_relative_to(settings.data_dir.resolve()):
        raise SettingsError(Code.BACKUP_TARGET, f"A backup lies outside the data folder. Received: {target}")
    objects = ObjectStore(settings.data_dir / "objects")
    with holding(database) as holder:
        salt = settings.data_dir / backup.SALT
        copied = backup.make(database, objects, salt, target, alive=lambda: _stay(holder))
    detail = {"files": copied.files, "bytes": copied.size_bytes, "missing": copied.missing}
    audit.record(database, actor=ACTOR, action="backup.make", detail=detail)
    lost = f" {copied.missing} files that the database names are not in the data folder." if copied.missing else ""
    keys = "" if not settings.site_salt else " The site_salt of the settings is not in it: keep the settings file too."
    return f"{target}: the database and {copied.files} files, {copied.size_bytes / 1e6:,.0f} MB.{lost}{keys}"


def _stay(holder: Holder) -> None:
    if not holder.hold():
        raise Retryable(Code.BACKUP_BUSY, f"{Code.BACKUP_BUSY.sentence} The lease was lost.")


def restore(settings: Settings, source: Path) -> str:
    """Make the node of the settings from a copy, and say what came of it; raises as :func:`storage.backup.restore`."""
    database = Database(settings.database_url, read_only=True)
    try:
        count = backup.restore(source, settings.data_dir, database, url=settings.database_url)
    finally:
        database.dispose()
    return f"{settings.data_dir} holds the {count} files of {source}; axspa-node serve starts it."
