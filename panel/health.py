"""Is the node well: what monitoring asks for and the status page shows. Nothing of a patient."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.errors import StorageUnavailable
from config.settings import Settings
from storage import heartbeats
from storage.session import Database
from storage.tables import Heartbeat

STALE_AFTER = timedelta(seconds=60)
NEEDED = ("receiver", "coordinator")
"""The processes without which nothing is received or analysed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is well or not, with a sentence."""

    name: str
    well: bool
    sentence: str


def check(settings: Settings, database: Database, *, now: datetime | None = None) -> list[Check]:
    """Look at database, processes and disk."""
    now = now or datetime.now(UTC)
    try:
        beats = heartbeats.all_beats(database)
    except StorageUnavailable as error:
        return [Check("database", False, error.sentence), disk(settings)]
    return [Check("database", True, "The database answers."), *processes(beats, now=now), disk(settings)]


def processes(beats: Iterable[Heartbeat], *, now: datetime) -> list[Check]:
    """Judge the signs of life of the processes that are needed."""
    last = {beat.name: beat.at for beat in beats}
    return [_process(name, last.get(name), now=now) for name in NEEDED]


def disk(settings: Settings) -> Check:
    """Judge the free space for images."""
    needed_mb = settings.receiver.min_free_mb
    try:
        free_mb = shutil.disk_usage(settings.data_dir).free / 1e6
    except OSError as error:
        return Check("disk", False, f"The data folder cannot be looked at: {error.strerror}.")
    if free_mb < needed_mb:
        return Check(
            "disk", False, f"{free_mb:,.0f} MB are free, less than the {needed_mb:,} MB below which images are refused."
        )
    return Check("disk", True, f"{free_mb / 1000:,.1f} GB are free.")


def _process(name: str, at: datetime | None, *, now: datetime) -> Check:
    if at is None:
        return Check(name, False, f"The {name} has given no sign of life yet.")
    silent_s = (now - at).total_seconds()
    if silent_s > STALE_AFTER.total_seconds():
        return Check(name, False, f"The {name} has given no sign of life for {silent_s:,.0f} s.")
    return Check(name, True, f"The {name} gave a sign of life {max(silent_s, 0):.0f} s ago.")
