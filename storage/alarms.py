"""Alarms: each told once by each way, again when it is over, and tried again where a way did not take it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from storage.session import Database
from storage.states import utc_now
from storage.tables import Alarm

FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Telling:
    """What one way has to tell."""

    name: str
    way: str
    sentence: str
    since: datetime
    over: bool


def every(database: Database) -> list[Alarm]:
    """All alarms that are raised, or are over and not told everywhere, the oldest first."""
    with database.read() as session:
        return list(session.scalars(select(Alarm).order_by(Alarm.raised_at, Alarm.name)))


def note(database: Database, wrong: Mapping[str, str], *, now: datetime | None = None) -> None:
    """Write down what is wrong at this moment; what is not in it any more is over.

    Parameters
    ----------
    wrong : mapping from str to str
        From the name of an alarm to its sentence, without patient data.
    """
    now = now or utc_now()
    known = {row.name: (row.over, row.sentence) for row in every(database)}
    if known == {name: (False, sentence) for name, sentence in wrong.items()}:
        return
    with database.write() as session:
        rows = {row.name: row for row in session.scalars(select(Alarm))}
        for name, sentence in wrong.items():
            row = rows.pop(name, None)
            if row is None:
                session.add(Alarm(name=name, sentence=sentence, raised_at=now, next_attempt_at=now))
            elif row.over:
                row.over, row.attempts, row.next_attempt_at = False, 0, now
            else:
                row.sentence = sentence
        for row in rows.values():
            if not row.told:
                session.delete(row)
            elif not row.over:
                row.over, row.attempts, row.next_attempt_at = True, 0, now


def due(
    database: Database, ways: Collection[str], after_s: Mapping[str, float], *, now: datetime | None = None
) -> list[Telling]:
    """What is to be told now.

    Parameters
    ----------
    ways : collection of str
        Names of the ways that there are.
    after_s : mapping from str to float
        How long each alarm must last before it is told; those that are not named: at once.
    """
    now, found = now or utc_now(), []
    for row in every(database):
        lasted = (now - row.raised_at).total_seconds() >= after_s.get(row.name, 0.0)
        if row.next_attempt_at > now or not (row.over or lasted):
            continue
        told = _ways(row)
        wanted = told & set(ways) if row.over else set(ways) - told
        found += [Telling(row.name, way, row.sentence, row.raised_at, row.over) for way in sorted(wanted)]
    return found


def told(database: Database, telling: Telling, *, well: bool, now: datetime | None = None) -> None:
    """Write down whether a way took what it had to tell; where it did not, it is tried again after a growing pause."""
    now = now or utc_now()
    with database.write() as session:
        row = session.get(Alarm, telling.name)
        if row is None:
            return
        if not well:
            row.attempts += 1
            pause_s = min(FIRST_PAUSE_S * 2.0 ** min(row.attempts - 1, 30), LONGEST_PAUSE_S)
            row.next_attempt_at = now + timedelta(seconds=pause_s)
            return
        ways = _ways(row)
        ways = ways - {telling.way} if telling.over else ways | {telling.way}
        row.told = ",".join(sorted(ways))
        if row.over and not ways:
            session.delete(row)


def _ways(row: Alarm) -> set[str]:
    return set(filter(None, row.told.split(",")))
