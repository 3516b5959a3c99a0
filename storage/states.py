"""The states of a study, a run and a delivery: what each means, what it shows as, and every move there is.

A state is written once, with the state of the study that it shows as. All groups of states follow from that, so a new
one is in the right groups or does not compile.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum, StrEnum, auto
from typing import Self, TypeVar

from config.codes import Code
from config.errors import Final


class Phase(Enum):
    """What a study waits for."""

    COMING = auto()  # for images
    WORKING = auto()  # for an analysis
    SENDING = auto()  # for a destination
    SETTLED = auto()  # for nothing
    PERSON = auto()  # for a person


class StudyState(StrEnum):
    """Where a study is, as people see it; :mod:`storage.showing` derives it from reception, runs and deliveries."""

    phase: Phase

    RECEIVING = "receiving", Phase.COMING  # images arrive, or the quiet period after the last one runs
    QUEUED = "queued", Phase.WORKING  # complete; a run waits for a free worker, or for its next attempt
    ANALYSING = "analysing", Phase.WORKING  # a worker holds a run, under a lease
    DELIVERING = "delivering", Phase.SENDING  # at least one object is not yet at its destination
    DONE = "done", Phase.SETTLED  # every object is at every destination (or there are none)
    NOT_APPLICABLE = "not_applicable", Phase.SETTLED  # a valid study with nothing this node reads; the reason is kept
    DISCARDED = "discarded", Phase.SETTLED  # a person ended it, with a reason: kept and shown, nothing is sent
    HELD = "held", Phase.PERSON  # two patients, or the gate found a result wrong: kept, shown, not sent
    UNDELIVERED = "undelivered", Phase.PERSON  # at least one object was refused for good, or given up
    FAILED = "failed", Phase.PERSON  # an analysis failed for good, or too often

    def __new__(cls, value: str, phase: Phase | None = None) -> Self:
        """Make a member that is its value and knows its phase; one that has none cannot be made."""
        assert phase is not None  # noqa: S101 (the default is there for the search by value alone)
        member = str.__new__(cls, value)
        member._value_ = value
        member.phase = phase
        return member

    @property
    def busy(self) -> bool:
        """True where a newer result is on its way: images come, or an analysis waits or runs."""
        return self.phase in (Phase.COMING, Phase.WORKING)

    @property
    def in_work(self) -> bool:
        """True where all images are here and this node has still something to do."""
        return self.phase in (Phase.WORKING, Phase.SENDING)

    @property
    def on_its_way(self) -> bool:
        """True where the study leaves this state by itself."""
        return self.busy or self.in_work

    @property
    def settled(self) -> bool:
        """True where nothing happens before somebody does something."""
        return not self.on_its_way

    @property
    def needs_person(self) -> bool:
        """True where a person must act."""
        return self.phase is Phase.PERSON

    @property
    def needs_reason(self) -> bool:
        """True where the state alone does not tell a reader of a list enough."""
        return self.phase in (Phase.WORKING, Phase.PERSON)


PRECEDENCE = (
    StudyState.RECEIVING,
    StudyState.ANALYSING,
    StudyState.QUEUED,
    StudyState.DISCARDED,
    StudyState.FAILED,
    StudyState.HELD,
    StudyState.DELIVERING,
    StudyState.UNDELIVERED,
    StudyState.DONE,
    StudyState.NOT_APPLICABLE,
)
"""Of several things that are true of a study, the first is shown."""


class _Shown(StrEnum):
    """A state that shows as a state of the study, or as none."""

    shows: StudyState | None

    def __new__(cls, value: str, shows: StudyState | None) -> Self:
        """Make a member that is its value and knows what it shows as."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.shows = shows
        return member


class Reception(_Shown):
    """What was received of a study."""

    RECEIVING = "receiving", StudyState.RECEIVING  # images arrive, or the quiet period after the last one runs
    COMPLETE = "complete", None  # all images are here
    HELD = "held", StudyState.HELD  # all are here, and they name more than one patient
    DISCARDED = "discarded", StudyState.DISCARDED  # all are here, and a person ended it

    @property
    def may_leave(self) -> bool:
        """True where results may be sent."""
        return self.shows is None

    @property
    def complete(self) -> bool:
        """True where runs may begin."""
        return self.shows is not StudyState.RECEIVING


class RunState(_Shown):
    """Where one piece of work is."""

    QUEUED = "queued", StudyState.QUEUED  # waits for a free worker, or for its next attempt
    RUNNING = "running", StudyState.ANALYSING  # a worker holds it, under a lease
    DONE = "done", StudyState.DONE  # it left a result that passed the gate
    UNCHANGED = "unchanged", None  # nothing differs from the last result, which stands
    NOT_APPLICABLE = "not_applicable", StudyState.NOT_APPLICABLE  # nothing to read; the reason is kept
    HELD = "held", StudyState.HELD  # it left a result that the gate refused
    FAILED = "failed", StudyState.FAILED  # it failed for good, or too often

    @property
    def active(self) -> bool:
        """True where it will still do something."""
        return self.shows is not None and self.shows.busy


class DeliveryState(_Shown):
    """Where one object is on its way to one destination."""

    WAITING = "waiting", StudyState.DELIVERING  # to be sent at next_attempt_at
    DELIVERED = "delivered", None  # the destination answered success or a warning
    REFUSED = "refused", StudyState.UNDELIVERED  # the destination refused it for good
    GIVEN_UP = "given_up", StudyState.UNDELIVERED  # it was tried for as long as the settings allow
    STRANDED = "stranded", StudyState.UNDELIVERED  # its destination is no longer in the settings: a person decides
    KEPT = "kept", None  # it would have been sent: its destination is not open
    CANCELLED = "cancelled", None  # a newer result took its place, or the destination no longer wants it

    @property
    def lost(self) -> bool:
        """True where a person must send it again."""
        return self.shows is not None and self.shows.needs_person

    @property
    def unsent(self) -> bool:
        """True where it is still to be sent, or would be if its destination were open."""
        return self in (DeliveryState.WAITING, DeliveryState.KEPT)


class Proof(StrEnum):
    """What shows that a destination keeps an object."""

    NONE = "none"  # the answer to the sending alone
    WANTED = "wanted"  # it is to be asked
    ASKED = "asked"  # storage commitment was asked for, and its answer is awaited
    COMMITTED = "committed"  # it committed itself to keep it (PS3.4 Annex J)
    FOUND = "found"  # it named the object when it was asked for what it has
    UNPROVABLE = "unprovable"  # it was delivered, and the destination has no way to show it

    @property
    def open(self) -> bool:
        """True where the destination has still to answer."""
        return self in (Proof.WANTED, Proof.ASKED)

    @property
    def given(self) -> bool:
        """True where the destination showed that it keeps the object."""
        return self in (Proof.COMMITTED, Proof.FOUND)


class ResultStatus(StrEnum):
    """What became of one analysis, and the state that its run ends in."""

    ends: RunState

    COMPLETE = "complete", RunState.DONE  # passed the gate
    NOT_APPLICABLE = "not_applicable", RunState.NOT_APPLICABLE  # nothing to read; the objects, if any, say why
    HELD = "held", RunState.HELD  # the gate refused it

    def __new__(cls, value: str, ends: RunState | None = None) -> Self:
        """Make a member that is its value and knows how its run ends."""
        assert ends is not None  # noqa: S101 (the default is there for the search by value alone)
        member = str.__new__(cls, value)
        member._value_ = value
        member.ends = ends
        return member

    @property
    def may_leave(self) -> bool:
        """True where its objects may be sent."""
        return not (self.ends.shows is not None and self.ends.shows.needs_person)


class _Sent(StrEnum):
    """A kind of which results are sent to destinations, or not."""

    sent: bool

    def __new__(cls, value: str, sent: bool | None = None) -> Self:
        """Make a member that is its value and knows whether results are sent."""
        assert sent is not None  # noqa: S101 (the default is there for the search by value alone)
        member = str.__new__(cls, value)
        member._value_ = value
        member.sent = sent
        return member


class Origin(_Sent):
    """Where a study came from; ``sent``: its results go to the destinations."""

    PUSHED = "pushed", True  # a PACS sent it
    TRIAL = "trial", False  # a person tries something with it
    PRIOR = "prior", False  # an earlier study of a patient, fetched to be compared with
    PROOF = "proof", False  # a proof of the whole chain


class Purpose(_Sent):
    """What a deployment is for; ``sent``: its results go to the destinations."""

    PRIMARY = "primary", True  # what the physicians get
    SHADOW = "shadow", False  # reads every study beside the primary ones, and is only kept and shown
    TRIAL = "trial", False  # reads only what no PACS pushed

    def reads(self, origin: Origin) -> bool:
        """Whether it reads studies of an origin."""
        return self is not Purpose.TRIAL or origin is not Origin.PUSHED


RECEPTION_MOVES: Mapping[Reception, frozenset[Reception]] = {
    Reception.RECEIVING: frozenset({Reception.COMPLETE, Reception.HELD}),
    # RECEIVING: late images; all others: a person decided
    Reception.COMPLETE: frozenset({Reception.RECEIVING, Reception.HELD, Reception.DISCARDED}),
    Reception.HELD: frozenset({Reception.RECEIVING, Reception.COMPLETE, Reception.DISCARDED}),
    Reception.DISCARDED: frozenset({Reception.RECEIVING, Reception.COMPLETE, Reception.HELD}),
}
RUN_MOVES: Mapping[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.NOT_APPLICABLE}),
    RunState.RUNNING: frozenset(RunState) - {RunState.RUNNING},
    RunState.DONE: frozenset(),
    RunState.UNCHANGED: frozenset(),
    RunState.NOT_APPLICABLE: frozenset(),
    RunState.HELD: frozenset({RunState.DONE, RunState.NOT_APPLICABLE}),  # a person released what it left
    RunState.FAILED: frozenset(),
}
_AGAIN = frozenset({DeliveryState.WAITING})  # a person has it sent again
_KEPT = frozenset({DeliveryState.KEPT})  # the destination is not open
# DELIVERED: the answer came when nobody waited for it any more
_ENDS = frozenset({DeliveryState.CANCELLED, DeliveryState.DELIVERED})
DELIVERY_MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.WAITING: frozenset(DeliveryState),
    DeliveryState.DELIVERED: _AGAIN,
    DeliveryState.REFUSED: _AGAIN | _KEPT | _ENDS,  # CANCELLED: the destination no longer wants it
    DeliveryState.GIVEN_UP: _AGAIN | _KEPT | _ENDS,
    DeliveryState.STRANDED: _AGAIN | _KEPT | _ENDS,
    DeliveryState.KEPT: _AGAIN | _ENDS,
    DeliveryState.CANCELLED: _AGAIN | _KEPT | {DeliveryState.DELIVERED},
}
"""Every move there is. Nothing ever leaves these tables, whatever crashes."""

_S = TypeVar("_S", bound=StrEnum)


def check_move(moves: Mapping[_S, frozenset[_S]], *, now: _S, to: _S) -> None:
    """Refuse a move that is not in its table.

    Raises
    ------
    Final
        There is no such move (code ``STUDY_STATE``).
    """
    if to not in moves[now]:
        kind = type(now).__name__
        raise Final(Code.STUDY_STATE, f"There is no move of a {kind} from {now.value} to {to.value}.")


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)
