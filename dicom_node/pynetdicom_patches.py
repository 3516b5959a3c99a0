"""Everything that this product changes in pynetdicom 3.0, or uses of what pynetdicom keeps to itself: the sending side.

The listening side is in ``pynetdicom_listening``, ``pynetdicom_messages`` and ``pynetdicom_socket`` beside it; no other
module does either. The minor version is pinned in pyproject.toml, and a test compares each place of :data:`PATCHED`
with what it was when this was written. Where it fails, read the new source of that place against these modules, run
the tests of receiver and delivery, and record the new hash in the test.

For the sending side: an answer reaches the caller that waits for it, and a rejection is never lost.
"""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.presentation import PresentationContext

PATCHED: Mapping[str, str] = {
    "transport.AssociationSocket.__init__": "GuardedSocket is made as this is, for a connection that was accepted.",
    "transport.AssociationSocket.recv": "GuardedSocket.recv replaces it: it waits for ever and reads any length.",
    "transport.AssociationSocket.ready": "It decides when recv is called; our waiting stands before it.",
    "transport.AssociationSocket.close": "It sets the mark that a requestor may see too late: a rejection was lost.",
    "transport.AssociationSocket.connect": "It opens the connection on which we set TCP_NODELAY at once.",
    "transport.RequestHandler.handle": "It starts what our _create_association makes.",
    "transport.RequestHandler._create_association": "_Handler repeats it, for it names pynetdicom's classes outright.",
    "transport.AssociationServer.__init__": "GuardedServer adds arguments and the handler class.",
    "transport.AssociationServer.shutdown": "It takes the server out of a list of its entity, so it must be in there.",
    "association.Association.__init__": "GuardedAssociation replaces its DUL, queues and checkpoint after it.",
    "association.Association.run_reactor": "Its end is the only sure sign that a connection is over.",
    "association.Association._run_reactor": "It polls; our checkpoint makes it wait, and keep off answers.",
    "association.Association.kill": "It opens the checkpoint and waits for the DUL to end.",
    "association.Association._abort_blocking": "It opens the checkpoint too.",
    "association.Association.release": "It closes the checkpoint, then trusts a flag that AnswerGate makes true.",
    "association.Association.send_c_echo": "The same.",
    "association.Association.send_c_store": "The same, before and after sending.",
    "acse.ACSE._negotiate_as_requestor": "It reads the mark of the socket after an answer may have come and gone.",
    "acse.ACSE._negotiate_as_acceptor": "It runs after our own count of associations, which may have rejected.",
    "acse.ACSE.send_reject": "GuardedAssociation.reject_as_too_many calls it from a handler.",
    "dimse.DIMSEServiceProvider.receive_primitive": "It is handed each message that is no C-STORE, whole.",
    "dul.DULServiceProvider.__init__": "_ReadingDul replaces a queue and the delay that it sets.",
    "dul.DULServiceProvider.run_reactor": "It sleeps a millisecond each turn; ours waits for the socket instead.",
    "dul.DULServiceProvider.kill_dul": "It must wake what waits.",
    "dul.DULServiceProvider._decode_pdu": "It tells handlers of a PDU; ours looks at requests for association first.",
    "dul.DULServiceProvider._read_pdu_data": "Ours reads parts of messages itself, and leaves all else to it.",
    "association.Association._serve_request": "Ours finds the accepted context of a C-STORE as it does.",
    "transport.AssociationSocket.send": "The answer to a C-STORE is written with it, in the thread of the DUL.",
    "transport.AssociationServer.server_bind": "Ours sets an option of the socket before it.",
    "fsm.DT_2": "No P-DATA-TF comes to it in this state; where one did, it would be taken as pynetdicom takes it.",
    "fsm.AE_4": "It closes the socket behind a rejection.",
    "events.trigger": "It calls our handlers at once, in the thread where the event happened.",
}
"""Places below ``pynetdicom`` that this module replaces or relies on, and why."""

_PDU_BYTES = 131072


def make_entity(ae_title: str, *, takes_any_storage: bool = False) -> AE:
    """An application entity, after pynetdicom's options are set for this process.

    Files are sent as they are, in chunks; nothing of what comes and goes is logged, since it names patients.

    Parameters
    ----------
    ae_title : str
    takes_any_storage : bool
        Let any storage class in, in the transfer syntax that the peer names first; once set it is so for the process.
    """
    if takes_any_storage:
        _config.UNRESTRICTED_STORAGE_SERVICE = True
    _config.STORE_SEND_CHUNKED_DATASET = True
    _config.LOG_HANDLER_LEVEL = "none"
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    entity = AE(ae_title=ae_title)
    entity.maximum_pdu_size = _PDU_BYTES
    return entity


@dataclass(frozen=True, slots=True)
class Rejection:
    """An A-ASSOCIATE-RJ: source and reason are the numbers of PS3.8 Table 9-21."""

    source: int
    reason: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Requested:
    """What asking for an association gave; the rejection is None where the peer did not answer with one."""

    association: Any
    rejection: Rejection | None


def request_association(
    entity: AE,
    address: tuple[str, int],
    *,
    contexts: Sequence[PresentationContext],
    called_ae_title: str,
    tls_args: tuple[ssl.SSLContext, str] | None = None,
    handlers: Sequence[tuple[Any, ...]] = (),
    extended_negotiation: Sequence[Any] = (),
) -> Requested:
    """Ask a peer for an association, through TLS where a context and the name of its host are given.

    pynetdicom may miss a rejection: where the peer closes behind it at once, and this thread wakes late, it finds the
    connection closed and looks no further. What came is therefore noted when it comes.
    """
    rejections: list[Rejection] = []

    def note(event: Any) -> None:
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            rejections.append(_rejection(event.pdu))
            # On numbers that the standard does not know the state machine would break, and this thread wait in vain.
            event.pdu.result = event.pdu.source = event.pdu.reason_diagnostic = 1

    assoc = entity.associate(
        *address,
        contexts=list(contexts),
        ae_title=called_ae_title,
        max_pdu=_PDU_BYTES,
        ext_neg=list(extended_negotiation),
        tls_args=tls_args,
        evt_handlers=[(evt.EVT_CONN_OPEN, _no_delay), (evt.EVT_PDU_RECV, note), *handlers],
    )
    AnswerGate.stand_before(assoc)
    return Requested(assoc, rejections[0] if rejections else None)


def _rejection(pdu: A_ASSOCIATE_RJ) -> Rejection:
    try:
        sentence = str(pdu.reason_str)
    except ValueError:
        sentence = f"a reason that the standard does not know (source {pdu.source}, reason {pdu.reason_diagnostic})"
    return Rejection(int(pdu.source), int(pdu.reason_diagnostic), sentence)


def _no_delay(event: Any) -> None:
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class AnswerGate(threading.Event):
    """Keeps an association's own loop from the answer that a caller waits for.

    pynetdicom closes this gate and trusts a flag that the loop may be about to lower again: on a busy machine the loop
    then takes the answer, and the caller waits for it in vain until its time is up. Here closing the gate ends only
    when the loop stands before it.
    """

    def __init__(self, assoc: Any) -> None:
        super().__init__()
        self._assoc = assoc
        self._lock = threading.Lock()
        self._loop_waits = False

    @classmethod
    def stand_before(cls, assoc: Any) -> None:
        """Put an open gate in the place of the association's own."""
        gate = cls(assoc)
        gate.set()
        assoc._reactor_checkpoint = gate

    def wait(self, timeout: float | None = None) -> bool:
        """What the loop calls each turn."""
        while True:
            with self._lock:
                self._loop_waits = not self.is_set()
                if not self._loop_waits:
                    return True
            super().wait(0.1)

    def clear(self) -> None:
        """What a caller calls before it sends a message."""
        with self._lock:
            super().clear()
        while not self._loop_waits and self._assoc.is_alive():
            time.sleep(0.0002)
