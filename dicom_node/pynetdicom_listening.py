"""The listening side of pynetdicom, changed; :data:`dicom_node.pynetdicom_patches.PATCHED` says where and why.

What a C-STORE brings is read here by itself, in the thread that reads the connection: bytes go from the socket's buffer
to who stores them, no message is gathered in memory, and the answer is written at once. Every other message is handed
to pynetdicom as it came. Waiting costs nothing while nobody sends: pynetdicom looks a thousand times a second.

Limits are on the length of a PDU, of a request for association, of a command set and of a message, on the time for the
rest of a PDU to come, and on open connections, where one that has asked for nothing yet makes room for a new one.
"""

import contextlib
import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pynetdicom.association import MODE_ACCEPTOR, Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from dicom_node import wire
from dicom_node.pynetdicom_messages import Messages, Sink
from dicom_node.pynetdicom_socket import GuardedSocket
from dicom_node.wire import StoreRequest

_LARGE_REQUEST_BYTES = 32 * 1024
_IDLE_LOOK_S = 0.2  # timers are looked at this often while nothing comes

_one_large_request = threading.Lock()
"""Taking a large request for association apart costs a second and much memory: one at a time."""


class GuardedAssociation(Association):  # type: ignore[misc]
    """An association that waits without polling and says when it is over."""

    def __init__(self, ae: Any, *, ended: Callable[["GuardedAssociation"], None]) -> None:
        super().__init__(ae, MODE_ACCEPTOR)
        self._ended = ended
        self.visit: Any = None  # what the receiver keeps of this association
        self.opened_at = self.worked_at = time.monotonic()
        self.is_served = False  # an image of it is being stored
        self.news = threading.Event()
        self.dul = _ReadingDul(self)
        self.acse_timeout, self.network_timeout = ae.acse_timeout, ae.network_timeout  # kept in timers of the DUL
        self.dul.to_user_queue = _TellingQueue(self.news.set)
        self.dimse.msg_queue = _TellingQueue(self.news.set)
        self._later: list[Callable[[], None]] = []
        self._reactor_checkpoint = _WaitingCheckpoint(self)
        self._reactor_checkpoint.set()

    def run_reactor(self) -> None:
        """Run until the connection is over, then say so."""
        try:
            super().run_reactor()
        finally:
            self._ended(self)

    def reject_as_too_many(self) -> None:
        """Reject the request that waits for its answer: for now, more are open than may be (PS3.8 Table 9-21)."""
        self.acse.send_reject(0x02, 0x03, 0x02)
        self.kill()  # returns when the answer is on its way

    def after_answer(self, call: Callable[[], None]) -> None:
        """Have something done, in a thread of its own, when the request that is being served was answered."""
        self._later.append(call)

    def do_later(self) -> None:
        """Begin what was to be done after the answer."""
        while self._later:
            threading.Thread(target=self._later.pop(0), daemon=True).start()

    def give_way(self) -> None:
        """Abort the association, from any thread; returns at once."""
        threading.Thread(target=self.abort, daemon=True).start()

    def cut(self) -> None:
        """End the connection, whatever it is at; from any thread."""
        connection = self.dul.socket.socket if self.dul.socket is not None else None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def idle_s(self) -> float:
        """Seconds since it brought a whole message, or a good part of an image."""
        return 0.0 if self.is_served else time.monotonic() - self.worked_at

    @property
    def in_message(self) -> bool:
        """Part of a message has come and its end has not."""
        connection = self.dul.socket
        torn = isinstance(connection, GuardedSocket) and connection.reads_pdu
        return torn or self.dul.messages.is_within

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
    stores : callable
        Called with association, presentation context and request when a C-STORE begins; returns its :class:`Sink`.
    pdu_timeout_s : float
        Time for a PDU that began to come to its end.
    max_connections : int
        Where so many are open the oldest that has asked for nothing yet is closed for a new one; where all have, the
        new one is.
    shares_port : bool
        Other processes listen on the same port; the kernel deals connections out (SO_REUSEPORT).
    """

    request_queue_size = 128
    daemon_threads = True

    def __init__(
        self,
        *args: Any,
        ended: Callable[[GuardedAssociation], None],
        stores: Callable[[GuardedAssociation, PresentationContext, StoreRequest], Sink],
        pdu_timeout_s: float,
        max_connections: int,
        shares_port: bool = False,
        **kwargs: Any,
    ) -> None:
        self.ended = ended
        self.stores = stores
        self.pdu_timeout_s = pdu_timeout_s
        self.max_connections = max_connections
        self.allow_reuse_port = shares_port
        self._shares_port = shares_port
        super().__init__(*args, request_handler=_Handler, **kwargs)
        self.ae._servers.append(self)  # its own end takes it out of there again

    def server_bind(self) -> None:
        """Bind, beside other processes where the port is shared."""
        if self._shares_port:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Make room for a connection, or turn it away; the peer tries again."""
        connections = self.active_associations
        if len(connections) < self.max_connections:
            return True
        silent = [assoc for assoc in connections if assoc.visit is None]
        if not silent:
            return False
        min(silent, key=lambda assoc: assoc.opened_at).cut()
        return True

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
        assoc.do_later()
        if not (assoc.dimse.msg_queue.qsize() or assoc.dul.to_user_queue.qsize()):
            assoc.news.wait(_IDLE_LOOK_S)
        assoc.news.clear()
        return super().wait(timeout)


class _ReadingDul(DULServiceProvider):  # type: ignore[misc]
    """The thread that reads and writes PDUs; waits for the socket or for something to send."""

    def __init__(self, assoc: GuardedAssociation) -> None:
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self.messages = Messages(assoc)
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
            self.messages.drop()
            self.to_user_queue.put(None)  # who waits for an association request waits in vain
            self._wake_read.close()
            self._wake_write.close()

    def _read_pdu_data(self) -> None:
        """Read what has come: parts of messages ourselves, all else as pynetdicom does."""
        try:
            if self.state_machine.current_state != "Sta6" or not self.socket.begins_data():
                super()._read_pdu_data()
                return
            self._read_messages()
        except OSError:
            self.event_queue.put("Evt17")  # the connection is over
        except ValueError:
            self.event_queue.put("Evt19")  # for pynetdicom an invalid PDU: it answers with an abort

    def _read_messages(self) -> None:
        while True:
            self.messages.read_pdu(self.socket)
            self._idle_timer.restart()
            if not self.messages.is_within or self._kill_thread or self.to_provider_queue.qsize():
                return
            if not self.socket.begins_data(wait_s=_IDLE_LOOK_S):
                return

    def _decode_pdu(self, bytestream: bytearray) -> tuple[Any, str]:
        """Take a PDU apart that is no message, after a look at how much it asks for."""
        if bytestream[0] != wire.A_ASSOCIATE_RQ:
            decoded: tuple[Any, str] = super()._decode_pdu(bytestream)
            return decoded
        wire.check_request(bytes(bytestream))
        with _one_large_request if len(bytestream) > _LARGE_REQUEST_BYTES else contextlib.nullcontext():
            decoded = super()._decode_pdu(bytestream)
        return decoded

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
        if self.event_queue.qsize() or self.to_provider_queue.qsize():
            return
        connection = self.socket.socket if self.socket is not None else None
        if connection is not None and self.socket.has_bytes:
            return
        watched = [self._wake_read] if connection is None else [self._wake_read, connection]
        try:
            ready, _, _ = select.select(watched, [], [], _IDLE_LOOK_S)
            if self._wake_read in ready:
                self._wake_read.recv(4096)
        except (OSError, ValueError):
            time.sleep(0.001)  # the socket was closed under us; the loop will see it
