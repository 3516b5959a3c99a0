"""C-STORE to one destination: exactly the objects that are due, and the status that came back for each."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import Verification

from config.codes import AnyCode, Code
from config.settings import DeliverySettings, Destination
from dicom_node.pynetdicom_patches import Rejection, Requested, make_entity, request_association
from reporting.kinds import sop_classes
from storage.codes import DeliveryCode
from storage.deliveries import Attempt, DueDelivery
from storage.tables import DeliveryState

OUR_SOP_CLASSES: Mapping[str, str] = sop_classes()
_MAX_CONTEXTS = 128
_MAX_COMMENT = 200  # the standard has 64
_DUPLICATE_SOP_INSTANCE = 0x0111
_PROCESSING_FAILURE = 0x0110


class Verdict(StrEnum):
    """What one attempt to send one object came to."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # for good: trying again cannot help
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One object to send."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str


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


@dataclass(frozen=True, slots=True)
class Capability:
    """What a destination answered to :func:`verify`; ``accepted`` is by the name of each of our SOP classes."""

    echo: bool
    sentence: str
    accepted: Mapping[str, bool]


def send(
    objects: Sequence[Outgoing], destination: Destination, *, our_ae_title: str, settings: DeliverySettings
) -> list[Outcome]:
    """Send objects over one association and return an outcome for each, in their order.

    Each object is proposed in the transfer syntax it has, and beside that in Implicit VR Little Endian, which every
    peer must know (PS3.5 section 10.1); only where the peer takes nothing else is it converted.

    Parameters
    ----------
    objects : sequence of Outgoing
    destination : Destination
    our_ae_title : str
        Calling AE title.
    settings : DeliverySettings
        Only the time-out is used.

    Notes
    -----
    Nothing is raised for what a peer or the network does: it becomes the outcome of each object.
    """
    if not objects:
        return []
    contexts = _contexts(objects)
    if len(contexts) > _MAX_CONTEXTS:
        middle = len(objects) // 2
        halves = (objects[:middle], objects[middle:])
        return [o for half in halves for o in send(half, destination, our_ae_title=our_ae_title, settings=settings)]
    asked = _associate(destination, contexts, our_ae_title=our_ae_title, timeout_s=settings.timeout_s)
    assoc = asked.association
    if not assoc.is_established:
        if assoc.is_aborted and assoc.rejected_contexts and not assoc.accepted_contexts:
            return [_no_context(made, destination) for made in objects]
        failure = _no_association(asked.rejection, destination, timeout_s=settings.timeout_s)
        return [failure] * len(objects)
    try:
        outcomes: list[Outcome] = []
        for number, made in enumerate(objects, start=1):
            outcomes.append(_send_one(assoc, made, destination, message_id=number % 65535))
        return outcomes
    finally:
        if assoc.is_established:
            assoc.release()


def verify(destination: Destination, *, our_ae_title: str, timeout_s: float) -> Capability:
    """Ask a destination whether it is there (C-ECHO) and which of our SOP classes it accepts."""
    syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
    contexts = [build_context(Verification)] + [build_context(uid, syntaxes) for uid in OUR_SOP_CLASSES.values()]
    asked = _associate(destination, contexts, our_ae_title=our_ae_title, timeout_s=timeout_s)
    assoc = asked.association
    if not assoc.is_established:
        if assoc.is_aborted and assoc.rejected_contexts:
            sentence = f"{_place(destination)} accepts neither C-ECHO nor any of our SOP classes; allow them there."
            return Capability(False, sentence, dict.fromkeys(OUR_SOP_CLASSES, False))
        failure = _no_association(asked.rejection, destination, timeout_s=timeout_s)
        return Capability(False, failure.comment, dict.fromkeys(OUR_SOP_CLASSES, False))
    try:
        taken = {str(context.abstract_syntax) for context in assoc.accepted_contexts}
        accepted = {name: uid in taken for name, uid in OUR_SOP_CLASSES.items()}
        if str(Verification) not in taken:
            return Capability(False, f"{_place(destination)} does not accept C-ECHO; allow it there.", accepted)
        status = getattr(assoc.send_c_echo(), "Status", None)
        if status != 0x0000:
            answer = "nothing" if status is None else f"0x{status:04X}"
            return Capability(False, f"{_place(destination)} answers C-ECHO with {answer}.", accepted)
        return Capability(True, f"{_place(destination)} answers C-ECHO.", accepted)
    finally:
        if assoc.is_established:
            assoc.release()


def pause_s(attempt: int, settings: DeliverySettings) -> float:
    """Seconds to wait after the attempt of this number (from 1): doubled each time, up to the longest.

    Raises
    ------
    ValueError
        The number is below 1.
    """
    if attempt < 1:
        raise ValueError(f"attempts are counted from 1, received {attempt}")
    doublings = min(attempt - 1, 40)
    return float(min(settings.first_pause_s * 2.0**doublings, settings.max_pause_s))


def attempt_of(due: DueDelivery, outcome: Outcome, *, settings: DeliverySettings, now: datetime) -> Attempt:
    """The ledger entry that an outcome makes: delivered, refused, tried again later, or given up."""
    state = {
        Verdict.DELIVERED: DeliveryState.DELIVERED,
        Verdict.REFUSED: DeliveryState.REFUSED,
        Verdict.RETRY: DeliveryState.WAITING,
    }[outcome.verdict]
    entry = Attempt(
        delivery_id=due.delivery_id, state=state, status=outcome.status, code=outcome.code, comment=outcome.comment
    )
    if outcome.verdict is not Verdict.RETRY:
        return entry
    again = now + timedelta(seconds=pause_s(due.attempts + 1, settings))
    if again > due.created_at + timedelta(hours=settings.give_up_after_h):
        return replace(entry, state=DeliveryState.GIVEN_UP)
    return replace(entry, next_attempt_at=again)


def classify(status: int, comment: str = "") -> Outcome:
    """What a C-STORE status means for an object; of the peer's comment the signs that can be printed are kept.

    Success and warnings mean it is stored. So does 0x0111 (duplicate SOP instance): our UIDs are made from the
    content, so what is there under them is this object. Out of resources and processing failure may pass.

    References
    ----------
    PS3.4 Table B.2-1, PS3.7 Annex C.
    """
    comment = "".join(sign for sign in comment[:_MAX_COMMENT] if sign.isprintable())
    if status == 0x0000:
        return Outcome(Verdict.DELIVERED, status, DeliveryCode.STORED, comment)
    if 0xB000 <= status <= 0xBFFF or status in {0x0001, 0x0107, 0x0116}:
        return Outcome(Verdict.DELIVERED, status, DeliveryCode.STORED_WITH_WARNING, comment)
    if status == _DUPLICATE_SOP_INSTANCE:
        return Outcome(
            Verdict.DELIVERED, status, DeliveryCode.STORED_BEFORE, comment or "The destination has it already."
        )
    if 0xA700 <= status <= 0xA7FF:
        return Outcome(
            Verdict.RETRY, status, DeliveryCode.OUT_OF_RESOURCES, comment or "The destination has no room now."
        )
    if status == _PROCESSING_FAILURE:
        return Outcome(
            Verdict.RETRY, status, DeliveryCode.PROCESSING_FAILURE, comment or "The destination failed to store it."
        )
    return Outcome(
        Verdict.REFUSED, status, DeliveryCode.REFUSED, comment or f"The destination answered 0x{status:04X}."
    )


def _contexts(objects: Sequence[Outgoing]) -> list[PresentationContext]:
    pairs = dict.fromkeys((made.sop_class_uid, made.transfer_syntax_uid) for made in objects)
    pairs |= dict.fromkeys(
        (made.sop_class_uid, str(ImplicitVRLittleEndian))
        for made in objects
        if not UID(made.transfer_syntax_uid).is_compressed
    )
    return [build_context(sop_class, syntax) for sop_class, syntax in pairs]


def _associate(
    destination: Destination, contexts: list[PresentationContext], *, our_ae_title: str, timeout_s: float
) -> Requested:
    entity = make_entity(our_ae_title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = timeout_s
    address = (destination.host, destination.port)
    return request_association(entity, address, contexts=contexts, called_ae_title=destination.ae_title)


def _send_one(assoc: Any, made: Outgoing, destination: Destination, *, message_id: int) -> Outcome:
    if not assoc.is_established:
        return Outcome(
            Verdict.RETRY, None, DeliveryCode.ASSOCIATION_LOST, f"{_place(destination)} broke the association off."
        )
    accepted = {
        str(context.transfer_syntax[0])
        for context in assoc.accepted_contexts
        if context.abstract_syntax == made.sop_class_uid
    }
    if not accepted:
        return _no_context(made, destination)
    try:
        if made.transfer_syntax_uid in accepted:
            answer = assoc.send_c_store(made.path, msg_id=message_id)
        else:
            answer = assoc.send_c_store(pydicom.dcmread(made.path), msg_id=message_id)  # pynetdicom converts
    except OSError as error:
        return Outcome(Verdict.RETRY, None, Code.OBJECT_UNREADABLE, f"Our own file cannot be read: {error.strerror}.")
    except (ValueError, AttributeError, RuntimeError) as error:
        kind = type(error).__name__
        return Outcome(
            Verdict.RETRY, None, DeliveryCode.SEND_FAILED, f"The object could not be put on the way ({kind})."
        )
    status = getattr(answer, "Status", None)
    if status is None:
        if assoc.is_established:
            assoc.abort()  # the rest of the batch need not wait for the same silence
        return Outcome(Verdict.RETRY, None, DeliveryCode.NO_ANSWER, f"{_place(destination)} gave no answer in time.")
    return classify(int(status), str(getattr(answer, "ErrorComment", "") or ""))


def _no_context(made: Outgoing, destination: Destination) -> Outcome:
    name = UID(made.sop_class_uid).name
    sentence = f"{_place(destination)} does not accept the SOP class {name}; allow it there, then send again."
    return Outcome(Verdict.REFUSED, None, DeliveryCode.SOP_CLASS_REFUSED, sentence)


def _no_association(rejection: Rejection | None, destination: Destination, *, timeout_s: float) -> Outcome:
    place = _place(destination)
    if rejection is not None:
        hints = {(1, 3): "; it must know our AE title", (1, 7): "; check destinations.ae_title"}
        hint = hints.get((rejection.source, rejection.reason), "")
        sentence = f"{place} rejected the association: {rejection.sentence}{hint}."
        return Outcome(Verdict.RETRY, None, DeliveryCode.ASSOCIATION_REJECTED, sentence)
    try:
        with socket.create_connection((destination.host, destination.port), timeout=min(timeout_s, 5.0)):
            sentence = f"{place} takes connections but did not answer as a DICOM node within {timeout_s:g} s."
            return Outcome(Verdict.RETRY, None, DeliveryCode.NO_DICOM_ANSWER, sentence)
    except OSError as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else str(error.strerror or error)
        return Outcome(Verdict.RETRY, None, DeliveryCode.NOT_REACHED, f"{place} cannot be reached: {reason}.")


def _place(destination: Destination) -> str:
    return f"{destination.name} ({destination.ae_title} at {destination.host}:{destination.port})"
