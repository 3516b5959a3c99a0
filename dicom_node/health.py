"""``axspa-node health``: how the node does, for people and for the HEALTHCHECK of a container."""

from collections.abc import Iterator

from config.settings import Settings
from panel import health
from storage import figures
from storage.session import Database


def look(settings: Settings, database: Database) -> tuple[bool, list[str]]:
    """Whether the node receives and analyses, and a line for each check and for the study that waits longest.

    A destination that is not reached is told, and does not count: to start the node anew would not mend it.
    """
    checks = health.check(settings, database)
    ready = all(one.well for one in checks if one.needed)
    oldest_s = figures.oldest_waiting_s(database)
    waits = f"The study that waits longest: {oldest_s:,.0f} s." if oldest_s else "No study waits."
    return ready, [*_lines(checks), waits]


def _lines(checks: list[health.Check]) -> Iterator[str]:
    for one in checks:
        mark = "ok" if one.well else "FAIL" if one.needed else "warn"
        yield f"{mark:<5} {one.name}: {one.sentence}"
