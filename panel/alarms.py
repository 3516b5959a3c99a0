"""What is wrong enough to tell people who do not look: found, told once, and told again when it is over.

The process of the panel does it, for it sees whether receiver, coordinator and workers live.
"""

import logging
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime

from config.settings import Settings
from panel import health
from panel.telling import Way, ways
from storage import alarms, destinations, figures
from storage.session import Database
from storage.states import utc_now

WAITING = "waiting"
SPACE = "free space"

log = logging.getLogger(__name__)


class Watch:
    """Looks at a node now and then, and has alarms told.

    Parameters
    ----------
    settings : Settings
    database : Database
    told_by : mapping from str to callable, optional
        The ways by which people are told, by their names; those of the settings if not given.
    """

    def __init__(self, settings: Settings, database: Database, *, told_by: Mapping[str, Way] | None = None) -> None:
        self._settings = settings
        self._database = database
        self._ways = ways(settings) if told_by is None else told_by

    def look(self, *, now: datetime | None = None) -> None:
        """Look once; the log says an alarm too, so it is seen where no way is set.

        Raises
        ------
        StorageUnavailable
            The database does not answer: nothing could be told only once.
        """
        now = now or utc_now()
        before = {row.name for row in alarms.every(self._database) if not row.over}
        wrong = dict(self._wrong(now))
        alarms.note(self._database, wrong, now=now)
        for name in wrong.keys() - before:
            log.warning("Alarm: %s: %s", name, wrong[name])
        for name in before - wrong.keys():
            log.info("The alarm is over: %s", name)
        after_s = dict.fromkeys(wrong.keys() - {WAITING, SPACE}, self._settings.alarms.after_s)
        for telling in alarms.due(self._database, self._ways.keys(), after_s, now=now):
            self._tell(telling, now=now)

    def _tell(self, telling: alarms.Telling, *, now: datetime) -> None:
        try:
            self._ways[telling.way](telling)
        except OSError as error:
            log.warning("An alarm could not be told by %s, it is tried again: %s", telling.way, error)
            alarms.told(self._database, telling, well=False, now=now)
        else:
            alarms.told(self._database, telling, well=True, now=now)

    def _wrong(self, now: datetime) -> Iterator[tuple[str, str]]:
        for check in health.check(self._settings, self._database, now=now):
            if not check.well and check.name != "destinations":
                yield check.name, _steady(check)
        named = {one.name for one in self._settings.destinations}
        for row in destinations.every(self._database):
            if row.open and row.name in named and row.failures >= health.LOST_AFTER:
                yield f"destination {row.name}", f"{row.name} is not reached; the panel's page Destinations says why."
        yield from self._limits(now)

    def _limits(self, now: datetime) -> Iterator[tuple[str, str]]:
        limits = self._settings.alarms
        if 0 < limits.waiting_s < figures.oldest_waiting_s(self._database, now=now):
            yield WAITING, f"A study has waited for more than {limits.waiting_s:,.0f} s since its last image."
        try:
            free_mb = shutil.disk_usage(self._settings.data_dir).free / 1e6
        except OSError:
            return  # the check of the disk says more
        if free_mb < limits.free_mb:
            yield SPACE, f"Less than {limits.free_mb:,.0f} MB of the disk are free."


def _steady(check: health.Check) -> str:
    """Its sentence without what changes from look to look, for it is told once."""
    if check.name == "coordinator" or check.name.startswith("receiver"):
        return f"The {check.name} gives no sign of life."
    return check.sentence
