"""``axspa-node destinations`` and ``axspa-node review``: who is sent to, and what was or would have been sent."""

from collections.abc import Iterator

from config.settings import Settings
from storage import destinations
from storage import review as reviewing
from storage.session import Database

ACTOR = "command line"


def show(database: Database, settings: Settings) -> Iterator[str]:
    """A line for each destination of the settings, and one for each that is gone and has something waiting."""
    known, kept = {row.name: row for row in destinations.every(database)}, destinations.kept_count(database)
    for one in settings.destinations:
        row = known.get(one.name)
        if row is None:
            yield f"{one.name} ({one.address}): not known yet; start the node once"
            continue
        state = "open" if row.open else "silent, nothing is sent to it"
        waits = f"; {kept[one.name]} objects are kept" if one.name in kept else ""
        trouble = f"; not reached {row.failures} times in a row: {row.trouble}" if row.failures else ""
        yield f"{one.name} ({one.address}): {state}{waits}{trouble}"
    if not settings.destinations:
        yield "No destination is set: results stay on this node."
    for name in destinations.stranded_names(database):
        yield f"{name}: no longer in the settings, and objects wait for it; the panel's page Destinations has ways out"


def switch(database: Database, name: str, *, to: bool, send_kept: bool) -> str:
    """Open or close a destination, and say what came of it.

    Raises
    ------
    Final
        This node knows no such destination.
    """
    count = destinations.set_open(database, name, to=to, actor=ACTOR, send_kept=send_kept)
    if not to:
        return f"{name} is closed; {count} objects that waited for it are kept."
    return f"{name} is open; {count} objects that were kept are to be sent, and what is made from now on."


def review(database: Database, *, count: int) -> Iterator[str]:
    """What was, or would have been, sent of the last results; studies by their numbers in the panel."""
    for one in reviewing.last(database, count=count):
        took = f"analysis {one.analysis_s:.1f} s, {one.after_last_image_s:.0f} s after the last image"
        yield f"Study {one.study_id} at {one.finished_at:%Y-%m-%d %H:%M} UTC, {one.status}: {one.headline} ({took})"
        yield from (f"  {line}" for line in one.lines)
        yield from (f"  held back: {finding}" for finding in one.findings)
