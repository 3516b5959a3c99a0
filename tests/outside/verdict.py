"""What a test from outside saw, and the list of these tests."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tests.outside.inputs import Inputs
from tests.outside.version import Version


class Outcome(StrEnum):
    """What a version did. Only the first two say anything about the fault."""

    FAULT = "fault"
    NO_FAULT = "no fault"
    CRASH = "crash"
    NOT_RUN = "not run"
    INNER = "not seen from outside"


@dataclass(frozen=True, slots=True)
class Seen:
    """An outcome, and in words by what it was seen."""

    outcome: Outcome
    words: str


def fault(words: str) -> Seen:
    """The fault of the review was seen."""
    return Seen(Outcome.FAULT, words)


def no_fault(words: str) -> Seen:
    """What is wanted was seen; the mere absence of the fault is not enough."""
    return Seen(Outcome.NO_FAULT, words)


def not_run(words: str) -> Seen:
    """Something that the test needs is not here."""
    return Seen(Outcome.NOT_RUN, words)


class Crash(Exception):
    """A version did something else than what the test asks about."""


Check = Callable[[Version, Inputs], Seen]


@dataclass(frozen=True, slots=True)
class Case:
    """An id of the review with the test of it."""

    name: str
    what: str
    check: Check


CASES: dict[str, Case] = {}


def case(name: str, what: str) -> Callable[[Check], Check]:
    """Put a test on the list under its id."""

    def keep(check: Check) -> Check:
        CASES[name] = Case(name, what, check)
        return check

    return keep
