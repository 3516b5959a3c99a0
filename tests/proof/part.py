"""What a part of the proof is: a list of commands, each of which is kept when it has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part runs."""

    root: Path  # the checkout
    commit: str
    state: Path  # outside the checkout: what has ended already, and logs


def last_line(log: str) -> str:
    """What a command said last."""
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "nothing")


@dataclass(frozen=True, slots=True)
class Step:
    """One command; its exit status is its verdict."""

    name: str
    command: tuple[str, ...]
    said: Callable[[str], str] = last_line  # from its whole output to the words on the page


def nothing() -> list[str]:
    """What a part lacks that needs nothing special."""
    return []


@dataclass(frozen=True, slots=True)
class Part:
    """A named part of the proof, of at most an hour on two cores."""

    name: str
    title: str  # a sentence: what it shows
    steps: Callable[[Place], list[Step]]
    lacks: Callable[[], list[str]] = nothing
    writes: tuple[str, ...] = ()  # pages of the checkout that it writes beside its section
