"""States in the words of a person, with the tone the panel paints them in."""

from dataclasses import dataclass

from config.codes import Code, Tone
from storage.codes import EventCode
from storage.states import DeliveryState, Proof, Purpose, ResultStatus, RunState, StudyState
from storage.tables import AssociationOutcome


@dataclass(frozen=True, slots=True)
class Badge:
    """A state: its words and its tone (``ok``, ``busy``, ``warn``, ``bad`` or empty for neutral)."""

    words: str
    tone: str = ""


STUDY: dict[StudyState, Badge] = {
    StudyState.RECEIVING: Badge("receiving", "busy"),
    StudyState.QUEUED: Badge("waiting", "busy"),
    StudyState.ANALYSING: Badge("analysing", "busy"),
    StudyState.DELIVERING: Badge("sending", "busy"),
    StudyState.DONE: Badge("done", "ok"),
    StudyState.NOT_APPLICABLE: Badge("not applicable"),
    StudyState.DISCARDED: Badge("discarded"),
    StudyState.HELD: Badge("held back", "bad"),
    StudyState.UNDELIVERED: Badge("not delivered", "bad"),
    StudyState.FAILED: Badge("failed", "bad"),
}

RESULT: dict[ResultStatus, Badge] = {
    ResultStatus.COMPLETE: Badge("result", "ok"),
    ResultStatus.NOT_APPLICABLE: Badge("not applicable"),
    ResultStatus.HELD: Badge("held back", "bad"),
}

DELIVERY: dict[DeliveryState, Badge] = {
    DeliveryState.WAITING: Badge("waiting", "busy"),
    DeliveryState.DELIVERED: Badge("delivered", "ok"),
    DeliveryState.REFUSED: Badge("refused", "bad"),
    DeliveryState.GIVEN_UP: Badge("given up", "bad"),
    DeliveryState.STRANDED: Badge("nowhere to go", "bad"),
    DeliveryState.KEPT: Badge("kept, not sent"),
    DeliveryState.CANCELLED: Badge("not sent any more"),
}

PROOF: dict[Proof, Badge] = {
    Proof.WANTED: Badge("not proved yet"),
    Proof.ASKED: Badge("commitment awaited"),
    Proof.COMMITTED: Badge("storage committed", "ok"),
    Proof.FOUND: Badge("found there", "ok"),
    Proof.UNPROVABLE: Badge("no proof to be had"),
}

ASSOCIATION: dict[AssociationOutcome, Badge] = {
    AssociationOutcome.OPEN: Badge("open", "busy"),
    AssociationOutcome.RELEASED: Badge("ended in order", "ok"),
    AssociationOutcome.ABORTED: Badge("broken off", "warn"),
    AssociationOutcome.REJECTED: Badge("rejected", "bad"),
    AssociationOutcome.NOT_DICOM: Badge("not DICOM", "bad"),
}

RUN: dict[RunState, Badge] = {
    RunState.QUEUED: Badge("waiting", "busy"),
    RunState.RUNNING: Badge("analysing", "busy"),
    RunState.DONE: Badge("done", "ok"),
    RunState.UNCHANGED: Badge("nothing changed", "ok"),
    RunState.NOT_APPLICABLE: Badge("not applicable"),
    RunState.HELD: Badge("held back", "bad"),
    RunState.FAILED: Badge("failed", "bad"),
}

PURPOSE: dict[Purpose, str] = {
    Purpose.PRIMARY: "its results are sent",
    Purpose.SHADOW: "only shown here",
    Purpose.TRIAL: "only for trials",
}


_TONES: dict[str, Tone] = {code: code.tone for table in (Code, EventCode) for code in table}


def delivery_badge(state: DeliveryState, *, attempts: int) -> Badge:
    """The badge of a delivery: one that was tried without luck says so."""
    if state is DeliveryState.WAITING and attempts:
        return Badge("will be tried again", "warn")
    return DELIVERY[state]


def event_tone(code: str) -> str:
    """The tone of one line of a timeline, by its code; one that no version of the tables has is neutral."""
    return _TONES.get(code, Tone.NEUTRAL)
