"""What every destination is to the node, however it is spoken to: a name, sending, proof, a look at what it takes."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from config.codes import AnyCode
from storage.codes import OF_DESTINATION
from storage.states import Proof

_MAX_COMMENT = 200  # the standard has 64


class Verdict(StrEnum):
    """What one attempt to send one object came to."""

    DELIVERED = "delivered"
    DUPLICATE = "duplicate"  # it says that it has one under this UID; whether that is ours only the ledger knows
    REFUSED = "refused"  # for good: trying again cannot help
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One object to send, or one that was sent."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    study_instance_uid: str = ""
    series_instance_uid: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for one object.

    Attributes
    ----------
    verdict : Verdict
    status : int or None
        DICOM status; None where no answer came.
    code : DeliveryCode or Code
    comment : str
        The peer's Error Comment, or a sentence of ours for a person.
    """

    verdict: Verdict
    status: int | None
    code: AnyCode
    comment: str

    @property
    def of_destination(self) -> bool:
        """True where the destination as a whole is the trouble: any other object would meet the same."""
        return self.code in OF_DESTINATION


@dataclass(frozen=True, slots=True)
class ProofAnswer:
    """What a destination said when it was asked whether it keeps an object.

    Attributes
    ----------
    proof : Proof
        ``WANTED``: no answer, to be asked again. ``ASKED``: its answer comes later, to the node's own AE.
    missing : bool
        It has the object not: it must be sent again.
    comment : str
    """

    proof: Proof
    missing: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Capability:
    """What a destination answered to a look at it; ``accepted`` is by the name of each of our SOP classes."""

    echo: bool
    sentence: str
    accepted: Mapping[str, bool]


class Destination(Protocol):
    """A place that gets results. Nothing is raised for what a peer or the network does."""

    @property
    def name(self) -> str:
        """As in the settings and the ledger."""

    def send(self, objects: Sequence[Outgoing]) -> Generator[Outcome, None, None]:
        """Send objects and yield an outcome for each, in their order, as it comes.

        One object that breaks the connection does not keep the others from being sent.
        """

    def prove(self, objects: Sequence[Outgoing], *, transaction_uid: str, again: bool = False) -> list[ProofAnswer]:
        """Ask whether it keeps objects that it took; an answer for each, in their order.

        Parameters
        ----------
        objects : sequence of Outgoing
        transaction_uid : str
            Under which an answer may come later.
        again : bool
            It promised an answer that never came: ask in the other way, if there is one.
        """

    def verify(self) -> Capability:
        """Ask whether it is there and which of our SOP classes it accepts."""


def printable(comment: str) -> str:
    """What of a peer's comment fits any log and any database."""
    return "".join(sign for sign in comment[:_MAX_COMMENT] if sign.isprintable())
