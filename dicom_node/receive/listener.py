"""The listening socket, hardened: what pynetdicom's own server leaves open to a peer that means or does harm.

Added are: a limit on the length of a PDU and on the time for its rest to come, limits on what messages that are not
complete may hold of the memory, no reading ahead of what is worked on, a limit on open connections, waiting
that costs nothing while nobody sends (pynetdicom looks a thousand times a second), a call when a connection is over,
however it ended, and of what is no DICOM the first bytes, so that the record can say what it was.
"""

import contextlib
import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from enum import StrEnum
from typing import Any

from pynetdicom.association import MODE_ACCEPTOR, Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

_CHUNK_BYTES = 256 * 1024
_MAX_PDU_BYTES = 16 * 1024 * 1024
_MAX_MESSAGE_BYTES = 1024 * 1024 * 1024
_MAX_HELD_BYTES = 2 * 1024 * 1024 * 1024  # of all associations together; who holds little may go on beyond it
_LITTLE_BYTES = 64 * 1024 * 1024
_PDU_TYPES = frozenset(range(1, 8))
_IDLE_LOOK_S = 0.2  # timers are looked at this often while nothing comes


class Stream(StrEnum):
    """What a connection turned out to carry."""

    NOTHING = "nothing"
    DICOM = "DICOM"
    TLS = "TLS"
    HTTP = "HTTP"
    UNKNOWN = "unknown"


def recognise(start: bytes) -> Stream:
    """Name a stream by its first bytes (six are enough)."""
    if not start:
        return Stream.NOTHING
    if start[0] == 0x16 and start[1:2] in {b"", b"\x03"}:
        return Stream.TLS
    if start[:4] in {b"GET ", b"POST", b"HEAD", b"PUT ", b"OPTI", b"DELE", b"PRI "}:
        return Stream.HTTP
    if start[0] in _PDU_TYPES and start[1:2] in {b"", b"\x00"}:
        return Stream.DICOM
    return Stream.UNKNOWN


class GuardedSocket(AssociationSocket):  # type: ignore[misc]
    """A connection whose PDUs are limited in length and in time."""

    def __init__(self, assoc: Association, *, client_socket: socket.socket, pdu_timeout_s: float) -> None:
        super().__init__(assoc, client_socket=client_socket)
        self.start = b""
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
            if len(self.start) < 6:
                self.start += part[: 6 - len(self.start)]
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
