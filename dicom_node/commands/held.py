"""``axspa-node held``: what is held back, and the ways out of it, for those who have no browser at hand."""

from collections.abc import Iterator

from config.settings import Settings
from storage import held
from storage.search import StudyFilter, search
from storage.session import Database
from storage.states import StudyState

ACTOR = "command line"


def show(database: Database) -> Iterator[str]:
    """A line for each held study and for each patient that its images name; the names are in the panel alone."""
    page = 1
    while True:
        found = search(database, StudyFilter(states=(StudyState.HELD,)), page=page)
        for row in found.rows:
            ways = held.ways(database, row.study.id)
            names = [name for name in ("release", "discard", "again") if getattr(ways, name)]
            yield f"Study {row.study.id}: {row.study.reason} Ways out: {', '.join(names) or 'none now'}."
            for one in ways.patients:
                yield f"  patient {one.key}: {one.images} images, {one.set_aside} set aside (keep --patient {one.key})"
        if page >= found.pages:
            return
        page += 1


def decide(
    database: Database, settings: Settings, action: str, study_id: int, *, reason: str, patient: str = ""
) -> str:
    """Release, discard, keep one patient's images, or read again, and say what came of it.

    Raises
    ------
    Final
        It cannot be done; see :mod:`storage.held`.
    """
    if action == "release":
        count = held.release(database, study_id, reason=reason, actor=ACTOR, destinations=settings.wishes)
        return f"Study {study_id} is released; {count} objects are to be sent."
    if action == "discard":
        held.discard(database, study_id, reason=reason, actor=ACTOR)
        return f"Study {study_id} is discarded; nothing of it is sent."
    if action == "keep":
        count = held.keep_patient(database, study_id, patient, reason=reason, actor=ACTOR)
        return f"Study {study_id}: {count} images are set aside, the others are read again."
    held.read_again(database, study_id, reason=reason, actor=ACTOR)
    return f"Study {study_id} is read again."
