"""Is the node well: what monitoring asks for and the status page shows. Nothing of a patient."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from config.errors import StorageUnavailable
from config.settings import Settings
from storage import destinations, heartbeats
from storage.session import Database
from storage.tables import DestinationRecord, Heartbeat

STALE_AFTER = timedelta(seconds=60)
_NOWHERE = "Objects of results wait for a destination that is no longer in the settings; see the page Destinations"
LOST_AFTER = 3
"""So many vain attempts in a row make a destination one that is out of reach."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is well or not, with a sentence."""

    name: str
    well: bool
    sentence: str
    begun: bool = True  # False where it was never seen
    needed: bool = True  # False where studies are received and kept without it


def check(settings: Settings, database: Database, *, now: datetime | None = None) -> list[Check]:
    """Look at database, processes and disk."""
    now = now or datetime.now(UTC)
    try:
        beats = heartbeats.all_beats(database)
    except StorageUnavailable as error:
        return [Check("database", False, error.sentence), disk(settings)]
    return [
        Check("database", True, "The database answers."),
        *processes(beats, now=now, receivers=settings.receiver.processes),
        work(beats),
        workers(beats),
        reached(settings, destinations.every(database)),
        disk(settings),
    ]


def workers(beats: Iterable[Heartbeat]) -> Check:
    """Say how many of the processes that analyse live, as the coordinator last told."""
    detail: Mapping[str, Any] = next((beat.detail for beat in beats if beat.name == "coordinator"), {})
    wanted, alive = detail.get("workers"), detail.get("workers_alive")
    if wanted is None or alive is None:
        return Check("workers", True, "Nothing is known of the workers yet.")
    sentence = f"{alive} of {wanted} workers live."
    return Check("workers", alive >= wanted, sentence, needed=False)


def reached(settings: Settings, rows: Iterable[DestinationRecord]) -> Check:
    """Say which of the open destinations are not reached."""
    named = {one.name for one in settings.destinations}
    lost = [row for row in rows if row.open and row.name in named and row.failures >= LOST_AFTER]
    if not lost:
        return Check("destinations", True, "No open destination is out of reach.", needed=False)
    said = " ".join(f"{row.name} was not reached {row.failures} times in a row: {row.trouble}" for row in lost)
    return Check("destinations", False, said, needed=False)


def work(beats: Iterable[Heartbeat]) -> Check:
    """Say what keeps the node from working on studies, as its coordinator last told."""
    faults = [fault for beat in beats if beat.name == "coordinator" for fault in beat.detail.get("faults", ())]
    if not faults:
        return Check("work", True, "Nothing keeps the node from working.")
    said = " ".join(_fault(fault) for fault in faults)
    return Check("work", False, f"{said} It goes on by itself when that is over.")


def trouble(settings: Settings, database: Database) -> list[str]:
    """What is not well, for the top of every page; a process that never lived is told on the status page alone."""
    found = [one.sentence for one in check(settings, database) if not one.well and one.begun]
    try:
        return [*found, *(f"{_NOWHERE}: {name}." for name in destinations.stranded_names(database))]
    except StorageUnavailable:
        return found  # the check of the database says more


def _fault(fault: Mapping[str, str]) -> str:
    bundle = fault.get("bundle")
    what = f"Nothing is begun with the bundle {bundle}." if bundle else "No study is begun."
    return f"{what} {fault.get('sentence', '')}"


def processes(beats: Iterable[Heartbeat], *, now: datetime, receivers: int = 1) -> list[Check]:
    """Judge the signs of life of the processes that are needed: each receiver, and the coordinator."""
    last = {beat.name: beat.at for beat in beats}
    names = [*(heartbeats.receiver_name(number) for number in range(receivers)), "coordinator"]
    return [_process(name, last.get(name), now=now) for name in names]


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
        return Check(name, False, f"The {name} has given no sign of life yet.", begun=False)
    silent_s = (now - at).total_seconds()
    if silent_s > STALE_AFTER.total_seconds():
        return Check(name, False, f"The {name} has given no sign of life for {silent_s:,.0f} s.")
    return Check(name, True, f"The {name} gave a sign of life {max(silent_s, 0):.0f} s ago.")
