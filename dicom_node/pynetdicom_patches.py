"""Everything that this product changes in pynetdicom 3.0, or uses of what pynetdicom keeps to itself.

No other module does either. The minor version is pinned in pyproject.toml, and a test compares each place of
:data:`PATCHED` with what it was when this was written. Where it fails, read the new source of that place against this
module, run the tests of receiver and delivery, and record the new hash in the test.

For the listening side added are: a limit on the length of a PDU and on the time for its rest to come, limits on what
messages that are not complete may hold of the memory, no reading ahead of what is worked on, a limit on open
connections, waiting that costs nothing while nobody sends (pynetdicom looks a thousand times a second), a call when a
connection is over, however it ended, and of what is no DICOM the first bytes, so that the record can say what it was.
For the sending side: an answer reaches the caller that waits for it, and a rejection is never lost.
"""

import contextlib
import logging
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.association import MODE_ACCEPTOR, Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

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
    "dimse.DIMSEServiceProvider.receive_primitive": "A message of any size is gathered in memory; ours looks first.",
    "dul.DULServiceProvider.__init__": "_WaitingDul replaces a queue and the delay that it sets.",
    "dul.DULServiceProvider.run_reactor": "It sleeps a millisecond each turn; ours waits for the socket instead.",
    "dul.DULServiceProvider.kill_dul": "It must wake what waits.",
    "dul.DULServiceProvider._decode_pdu": "It tells handlers of a PDU before the state machine hears of it.",
    "fsm.DT_2": "It hands parts of messages to receive_primitive, in the thread of the DUL.",
    "fsm.AE_4": "It closes the socket behind a rejection.",
    "events.trigger": "It calls our handlers at once, in the thread where the event happened.",
}
"""Places below ``pynetdicom`` that this module replaces or relies on, and why."""

_CHUNK_BYTES = 256 * 1024
_MAX_PDU_BYTES = 16 * 1024 * 1024
_MAX_MESSAGE_BYTES = 1024 * 1024 * 1024
_MAX_HELD_BYTES = 2 * 1024 * 1024 * 1024  # of all associations together; who holds little may go on beyond it
_LITTLE_BYTES = 64 * 1024 * 1024
_IDLE_LOOK_S = 0.2  # timers are looked at this often while nothing comes
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


class GuardedSocket(AssociationSocket):  # type: ignore[misc]
    """A connection whose PDUs are limited in length and in time."""

    def __init__(self, assoc: Association, *, client_socket: socket.socket, pdu_timeout_s: float) -> None:
        super().__init__(assoc, client_socket=client_socket)
        self.start = b""
        self.reads_pdu = False  # the head of a PDU has come, or a part of it, and its end has not
        self._pdu_timeout_s = pdu_timeout_s
        client_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client_socket.settimeout(pdu_timeout_s)

    def recv(self, nr_bytes: int) -> bytearray:
        """Read that many bytes, or fewer where the connection ends.

        Raises
        ------
        OSError
            The rest did not come in time, or the PDU claims to be longer than any may be.
        """
        connection: socket.socket | None = self.socket
        if nr_bytes > _MAX_PDU_BYTES:
            raise ConnectionAbortedError(f"a PDU of {nr_bytes} bytes is longer than any may be")
        received = bytearray()
        was_head = not self.reads_pdu  # pynetdicom reads the head of a PDU, then its rest
        end = time.monotonic() + self._pdu_timeout_s
        while connection is not None and len(received) < nr_bytes:
            left_s = end - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("the rest of a PDU did not come in time")
            connection.settimeout(left_s)
            part = connection.recv(min(_CHUNK_BYTES, nr_bytes - len(received)))
            if not part:
                break
            received += part
            self.reads_pdu = True
            if len(self.start) < 6:
                self.start += part[: 6 - len(self.start)]
        self.reads_pdu = self.reads_pdu and (was_head or len(received) < nr_bytes)
        return received


class GuardedAssociation(Association):  # type: ignore[misc]
    """An association that waits without polling and says when it is over."""

    def __init__(self, ae: Any, *, ended: Callable[["GuardedAssociation"], None]) -> None:
        super().__init__(ae, MODE_ACCEPTOR)
        self._ended = ended
        self.visit: Any = None  # what the receiver keeps of this association
        self.news = threading.Event()
        self.dul = _WaitingDul(self)
        self.acse_timeout, self.network_timeout = ae.acse_timeout, ae.network_timeout  # kept in timers of the DUL
        self.dul.to_user_queue = _TellingQueue(self.news.set)
        self.dimse.msg_queue = _TellingQueue(self.news.set)
        self._receive = self.dimse.receive_primitive
        self.dimse.receive_primitive = self._receive_bounded
        self.held_bytes = 0
        self._cut_short = False
        self._reactor_checkpoint = _WaitingCheckpoint(self)
        self._reactor_checkpoint.set()

    def run_reactor(self) -> None:
        """Run until the connection is over, then say so."""
        try:
            super().run_reactor()
        finally:
            self._ended(self)

    def _receive_bounded(self, primitive: Any) -> None:
        """Take a part of a message where there is room for it, else abort; in the thread of the DUL."""
        if not self._wait_for_turn() or self._holds_too_much():
            self.dimse.message = None
            self.held_bytes = 0
            self._cut_short = True
            self.dul.event_queue.put("Evt19")  # for pynetdicom an invalid PDU: it answers with an abort
            return
        self._receive(primitive)
        message = self.dimse.message
        self.held_bytes = 0 if message is None else message.data_set.tell() + message.encoded_command_set.tell()

    def _wait_for_turn(self) -> bool:
        """Read no further while a whole message waits to be worked on; False where that takes too long."""
        end = time.monotonic() + self._server.pdu_timeout_s
        while self.dimse.msg_queue.qsize() and not self._kill:
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
        return True

    def _holds_too_much(self) -> bool:
        if self.held_bytes <= _LITTLE_BYTES:
            return False
        together = sum(other.held_bytes for other in self._server.active_associations)
        return self.held_bytes > _MAX_MESSAGE_BYTES or together > _MAX_HELD_BYTES

    def reject_as_too_many(self) -> None:
        """Reject the request that waits for its answer: for now, more are open than may be (PS3.8 Table 9-21)."""
        self.acse.send_reject(0x02, 0x03, 0x02)
        self.kill()  # returns when the answer is on its way

    @property
    def in_message(self) -> bool:
        """Part of a message has come and its end has not."""
        connection = self.dul.socket
        torn = isinstance(connection, GuardedSocket) and connection.reads_pdu
        return torn or self._cut_short or self.dimse.message is not None

    @property
    def start_bytes(self) -> bytes:
        """The first bytes the peer sent, six at most."""
        connection = self.dul.socket
        return connection.start if isinstance(connection, GuardedSocket) else b""


class GuardedServer(ThreadedAssociationServer):  # type: ignore[misc]
    """The server; takes, beyond pynetdicom's, the arguments named here.

    Parameters
    ----------
    ended : callable
        Called in the association's thread when a connection is over.
    pdu_timeout_s : float
        Time for a PDU that began to come to its end.
    max_connections : int
        Connections beyond this number are closed at once; associations are limited by pynetdicom, with a reason.
    """

    request_queue_size = 128
    daemon_threads = True

    def __init__(
        self,
        *args: Any,
        ended: Callable[[GuardedAssociation], None],
        pdu_timeout_s: float,
        max_connections: int,
        **kwargs: Any,
    ) -> None:
        self.ended = ended
        self.pdu_timeout_s = pdu_timeout_s
        self.max_connections = max_connections
        super().__init__(*args, request_handler=_Handler, **kwargs)
        self.ae._servers.append(self)  # its own end takes it out of there again

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Turn a connection away where too many are open; the peer tries again."""
        return len(self.active_associations) < self.max_connections

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write no traceback to standard error for a connection that broke while it was set up."""


class _Handler(RequestHandler):  # type: ignore[misc]
    """Sets an association up as pynetdicom's handler does, with our classes."""

    server: GuardedServer

    def _create_association(self) -> GuardedAssociation:
        server = self.server
        assoc = GuardedAssociation(self.ae, ended=server.ended)
        assoc._server = server
        assoc.name = f"AcceptorThread@{self.client_address[1]}"  # by this name pynetdicom finds its threads
        assoc.set_socket(GuardedSocket(assoc, client_socket=self.request, pdu_timeout_s=server.pdu_timeout_s))
        assoc.acceptor.maximum_length = self.ae.maximum_pdu_size
        assoc.acceptor.ae_title = server.ae_title
        assoc.acceptor.address_info = self.local
        assoc.acceptor.implementation_class_uid = self.ae.implementation_class_uid
        assoc.acceptor.implementation_version_name = self.ae.implementation_version_name
        assoc.acceptor.supported_contexts = deepcopy(server.contexts)
        assoc.requestor.address_info = self.remote
        for event, bound in server._handlers.items():
            if event.is_intervention and bound:
                assoc.bind(event, *bound)
            elif not event.is_intervention:
                for handler in bound:
                    assoc.bind(event, *handler)
        return assoc


class _TellingQueue(queue.Queue[Any]):
    """A queue that tells somebody when it gets something."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put an item and tell."""
        super().put(item, block, timeout)
        self._tell()


class _WaitingCheckpoint(threading.Event):
    """The place where an association's loop passes each turn; here it waits until there is something to do."""

    def __init__(self, assoc: GuardedAssociation) -> None:
        super().__init__()
        self._assoc = assoc

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for news, no longer than timers allow, then for the checkpoint to be open."""
        assoc = self._assoc
        if not (assoc.dimse.msg_queue.qsize() or assoc.dul.to_user_queue.qsize()):
            assoc.news.wait(_IDLE_LOOK_S)
        assoc.news.clear()
        return super().wait(timeout)


class _WaitingDul(DULServiceProvider):  # type: ignore[misc]
    """The thread that reads and writes PDUs; waits for the socket or for something to send."""

    def __init__(self, assoc: Association) -> None:
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        super().__init__(assoc)
        self.to_provider_queue = _TellingQueue(self._wake)

    def kill_dul(self) -> None:
        """Stop the thread."""
        super().kill_dul()
        self._wake()

    def run_reactor(self) -> None:
        """Run until the connection is over."""
        try:
            super().run_reactor()
        finally:
            self.to_user_queue.put(None)  # who waits for an association request waits in vain
            self._wake_read.close()
            self._wake_write.close()

    @property
    def _run_loop_delay(self) -> float:
        """The loop asks how long it shall sleep: it is held here until there is something to do, then need not."""
        if threading.current_thread() is self:
            self._wait()
            return 0.0
        return 0.001

    @_run_loop_delay.setter
    def _run_loop_delay(self, value: float) -> None:
        pass  # set by the constructor

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # the thread may have ended
            self._wake_write.send(b"\0")

    def _wait(self) -> None:
        connection = self.socket.socket if self.socket is not None else None
        watched = [self._wake_read] if connection is None else [self._wake_read, connection]
        if self.event_queue.qsize() or self.to_provider_queue.qsize():
            return
        try:
            ready, _, _ = select.select(watched, [], [], _IDLE_LOOK_S)
            if self._wake_read in ready:
                self._wake_read.recv(4096)
        except (OSError, ValueError):
            time.sleep(0.001)  # the socket was closed under us; the loop will see it
