"""A study's events as a timeline: by day, with runs of the same line folded into one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from panel.badges import event_tone
from panel.words import day
from storage.tables import Event


@dataclass(slots=True)
class Line:
    """One line: when it first happened, how often in a row, and what is known about it."""

    id: int
    at: datetime
    last: datetime
    sentence: str
    tone: str
    times: int = 1
    detail: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Day:
    """The lines of one day."""

    words: str
    lines: list[Line] = field(default_factory=list)


def days(events: Iterable[Event]) -> list[Day]:
    """Group events by local day, oldest first."""
    found: list[Day] = []
    for event in events:
        words = day(event.at)
        if not found or found[-1].words != words:
            found.append(Day(words))
        lines = found[-1].lines
        if lines and lines[-1].sentence == event.sentence:
            lines[-1].times += 1
            lines[-1].last = event.at
            continue
        detail = [
            (str(key).replace("_", " "), str(value)) for key, value in event.detail.items() if value not in ("", None)
        ]
        lines.append(Line(event.id, event.at, event.at, event.sentence, event_tone(event.code), detail=detail))
    return found
