"""C-STORE to one destination: exactly the objects that are due, and the status that came back for each."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pydicom
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import Verification

from config.codes import Code
from config.destinations import DicomDestination
from dicom_node.deliver import kept
from dicom_node.deliver.association import associate, place
from dicom_node.deliver.destination import Capability, Outcome, Outgoing, ProofAnswer, Verdict, printable
from dicom_node.pynetdicom_patches import Requested
from reporting.kinds import sop_classes
from storage.codes import DeliveryCode

OUR_SOP_CLASSES: Mapping[str, str] = sop_classes()
LOST_IN_A_ROW = 3
"""So many objects in a row that end their association, and it is the destination that breaks off, not they."""

_MAX_CONTEXTS = 128
_DUPLICATE_SOP_INSTANCE = 0x0111
_PROCESSING_FAILURE = 0x0110


class CStore:
    """A destination that is sent to by C-STORE.

    Parameters
    ----------
    destination : DicomDestination
    our_ae_title : str
        Calling AE title.
    timeout_s : float
        For connection, association and each message.
    """

    def __init__(self, destination: DicomDestination, *, our_ae_title: str, timeout_s: float) -> None:
        self._destination = destination
        self._our_ae_title = our_ae_title
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        """As in the settings and the ledger."""
        return self._destination.name

    def send(self, objects: Sequence[Outgoing]) -> Generator[Outcome, None, None]:
        """Send objects over as few associations as it takes, and yield what came back for each as it comes.

        Each object is proposed in the transfer syntax it has, and beside that in Implicit VR Little Endian, which
        every peer must know (PS3.5 section 10.1); only where the peer takes nothing else is it converted.
        """
        left, lost = list(objects), 0
        while left:
            if lost == LOST_IN_A_ROW:
                sentence = f"{place(self._destination)} broke off {lost} associations in a row."
                yield from [Outcome(Verdict.RETRY, None, DeliveryCode.BREAKS_OFF, sentence)] * len(left)
                return
            done = 0
            for outcome in self._over_one(_fitting(left)):
                done += 1
                lost = lost + 1 if outcome.code in _LOST else 0
                yield outcome
            del left[:done]

    def _over_one(self, objects: Sequence[Outgoing]) -> Generator[Outcome, None, None]:
        """Outcomes of the objects that one association served, the one that ended it included."""
        asked = self._associate(_contexts(objects))
        if isinstance(asked, Outcome):
            yield from [asked] * len(objects)
            return
        assoc = asked.association
        try:
            for number, made in enumerate(objects, start=1):
                if not any(context.abstract_syntax == made.sop_class_uid for context in assoc.accepted_contexts):
                    yield _no_context(made, self._destination)
                    continue
                outcome = _send_one(assoc, made, self._destination, message_id=number)
                yield outcome
                if not assoc.is_established:
                    return
        finally:
            if assoc.is_established:
                assoc.release()

    def prove(self, objects: Sequence[Outgoing], *, transaction_uid: str, again: bool = False) -> list[ProofAnswer]:
        """Ask by storage commitment, or by C-FIND where there is none; see :mod:`dicom_node.deliver.kept`."""
        return kept.prove(
            self._destination,
            objects,
            transaction_uid=transaction_uid,
            again=again,
            our_ae_title=self._our_ae_title,
            timeout_s=self._timeout_s,
        )

    def verify(self) -> Capability:
        """Ask whether it is there (C-ECHO) and which of our SOP classes it accepts."""
        syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
        asked = self._associate(
            [build_context(Verification)] + [build_context(uid, syntaxes) for uid in OUR_SOP_CLASSES.values()]
        )
        where, nothing = place(self._destination), dict.fromkeys(OUR_SOP_CLASSES, False)
        if isinstance(asked, Outcome):
            return Capability(False, asked.comment, nothing)
        assoc = asked.association
        if not assoc.is_established:
            return Capability(
                False, f"{where} accepts neither C-ECHO nor any of our SOP classes; allow them there.", nothing
            )
        try:
            taken = {str(context.abstract_syntax) for context in assoc.accepted_contexts}
            accepted = {name: uid in taken for name, uid in OUR_SOP_CLASSES.items()}
            if str(Verification) not in taken:
                return Capability(False, f"{where} does not accept C-ECHO; allow it there.", accepted)
            status = getattr(assoc.send_c_echo(), "Status", None)
            if status != 0x0000:
                answer = "nothing" if status is None else f"0x{status:04X}"
                return Capability(False, f"{where} answers C-ECHO with {answer}.", accepted)
            return Capability(True, f"{where} answers C-ECHO.", accepted)
        finally:
            if assoc.is_established:
                assoc.release()

    def _associate(self, contexts: list[PresentationContext]) -> Requested | Outcome:
        return associate(self._destination, contexts, our_ae_title=self._our_ae_title, timeout_s=self._timeout_s)


def classify(status: int, comment: str = "") -> Outcome:
    """What a C-STORE status means for an object; of the peer's comment the signs that can be printed are kept.

    Success and warnings mean it is stored. 0x0111 (duplicate SOP instance) means that something is there under this
    UID. Out of resources and processing failure may pass.

    References
    ----------
    PS3.4 Table B.2-1, PS3.7 Annex C.
    """
    comment = printable(comment)
    if status == 0x0000:
        return Outcome(Verdict.DELIVERED, status, DeliveryCode.STORED, comment)
    if 0xB000 <= status <= 0xBFFF or status in {0x0001, 0x0107, 0x0116}:
        return Outcome(Verdict.DELIVERED, status, DeliveryCode.STORED_WITH_WARNING, comment)
    if status == _DUPLICATE_SOP_INSTANCE:
        return Outcome(
            Verdict.DUPLICATE, status, DeliveryCode.STORED_BEFORE, comment or "The destination has it already."
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


_LOST = frozenset({DeliveryCode.NO_ANSWER, DeliveryCode.ASSOCIATION_LOST})


def _fitting(objects: Sequence[Outgoing]) -> Sequence[Outgoing]:
    """As many of them as one association has presentation contexts for."""
    many = len(objects)
    while len(_contexts(objects[:many])) > _MAX_CONTEXTS:
        many //= 2
    return objects[:many]


def _contexts(objects: Sequence[Outgoing]) -> list[PresentationContext]:
    pairs = dict.fromkeys((made.sop_class_uid, made.transfer_syntax_uid) for made in objects)
    pairs |= dict.fromkeys(
        (made.sop_class_uid, str(ImplicitVRLittleEndian))
        for made in objects
        if not UID(made.transfer_syntax_uid).is_compressed
    )
    return [build_context(sop_class, syntax) for sop_class, syntax in pairs]


def _send_one(assoc: Any, made: Outgoing, destination: DicomDestination, *, message_id: int) -> Outcome:
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
            assoc.abort()
            silent = f"{place(destination)} gave no answer in time."
            return Outcome(Verdict.RETRY, None, DeliveryCode.NO_ANSWER, silent)
        broken = f"{place(destination)} broke the association off."
        return Outcome(Verdict.RETRY, None, DeliveryCode.ASSOCIATION_LOST, broken)
    return classify(int(status), str(getattr(answer, "ErrorComment", "") or ""))


def _no_context(made: Outgoing, destination: DicomDestination) -> Outcome:
    name = UID(made.sop_class_uid).name
    sentence = f"{place(destination)} does not accept the SOP class {name}; allow it there, then send again."
    return Outcome(Verdict.REFUSED, None, DeliveryCode.SOP_CLASS_REFUSED, sentence)
