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
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Protocol

from pynetdicom.association import MODE_ACCEPTOR, Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from dicom_node import wire
from dicom_node.wire import StoreRequest

_BUFFER_BYTES = 256 * 1024
_FIRST_BUFFER_BYTES = 4 * 1024
_MAX_PDU_BYTES = 16 * 1024 * 1024
_MAX_OBJECT_BYTES = 4 * 1024 * 1024 * 1024
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # of a message that is no C-STORE: it is gathered in memory
_MAX_HELD_BYTES = 32 * 1024 * 1024  # of all associations together; who holds little may go on beyond it
_LITTLE_BYTES = 64 * 1024
_LARGE_REQUEST_BYTES = 32 * 1024
_IDLE_LOOK_S = 0.2  # timers are looked at this often while nothing comes
_WORK_BYTES = 64 * 1024  # who brings so much is at work

_one_large_request = threading.Lock()
"""Taking a large request for association apart costs a second and much memory: one at a time."""


class Sink(Protocol):
    """Takes the data set of one C-STORE; nothing that goes wrong with it is raised."""

    def write(self, part: memoryview) -> None:
        """Take some bytes, which are valid only during the call."""

    def finish(self) -> tuple[int, str]:
        """All bytes have come: status and Error Comment of the answer."""

    def drop(self) -> None:
        """No more bytes will come."""


class GuardedSocket(AssociationSocket):  # type: ignore[misc]
    """A connection that is read through a buffer, and whose PDUs are limited in length and in time."""

    def __init__(self, assoc: Association, *, client_socket: socket.socket, pdu_timeout_s: float) -> None:
        super().__init__(assoc, client_socket=client_socket)
        self.start = b""  # the first six bytes
        self.reads_pdu = False  # the head of a PDU has come, or a part of it, and its end has not
        self._kind = 0
        self._bytes = memoryview(bytearray(_FIRST_BUFFER_BYTES))
        self._from = self._to = 0
        self._pdu_timeout_s = pdu_timeout_s
        self._until = 0.0
        client_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client_socket.settimeout(pdu_timeout_s)

    @property
    def has_bytes(self) -> bool:
        """The buffer holds something that was not read yet."""
        return self._from < self._to

    @property
    def ready(self) -> bool:
        """Something can be read."""
        return self.has_bytes or bool(super().ready)

    def recv(self, nr_bytes: int) -> bytearray:
        """Read that many bytes, or fewer where the connection ends; for pynetdicom.

        Raises
        ------
        OSError
            The rest did not come in time, or the PDU claims to be longer than any may be.
        """
        is_head = not self.reads_pdu  # pynetdicom reads the head of a PDU, then its rest
        if not is_head and nr_bytes > wire.max_pdu_bytes(self._kind, of_data=_MAX_PDU_BYTES):
            raise ConnectionAbortedError(f"a PDU of {nr_bytes} bytes is longer than any may be")
        if is_head:
            self._until = time.monotonic() + self._pdu_timeout_s
        received = bytearray()
        while len(received) < nr_bytes and (self._from < self._to or self._fill()):
            received += self._next(nr_bytes - len(received))
            self.reads_pdu = True
        if is_head and received:
            self._kind = received[0]
        self.reads_pdu = self.reads_pdu and (is_head or len(received) < nr_bytes)
        return received

    def begins_data(self, *, wait_s: float = 0.0) -> bool:
        """The next byte is there, and is the first of a P-DATA-TF."""
        if self._from == self._to:
            connection = self.socket
            if connection is None or not (super().ready or (wait_s and select.select([connection], [], [], wait_s)[0])):
                return False
            self._until = time.monotonic() + self._pdu_timeout_s
            if not self._fill():
                return False
        return self._bytes[self._from] == wire.P_DATA_TF

    def begin_pdu(self) -> int:
        """Read the head of a P-DATA-TF; returns the length of its rest.

        Raises
        ------
        OSError
            It does not come in time.
        ValueError
            It claims to be longer than any may be.
        """
        if len(self._bytes) < _BUFFER_BYTES:
            larger = memoryview(bytearray(_BUFFER_BYTES))
            held = self._to - self._from
            larger[:held] = self._bytes[self._from : self._to]
            self._bytes, self._from, self._to = larger, 0, held
        self.reads_pdu = True
        self._until = time.monotonic() + self._pdu_timeout_s
        length = int.from_bytes(self.take(6)[2:], "big")
        if length > _MAX_PDU_BYTES:
            raise ValueError("a PDU longer than any may be")
        return length

    def end_pdu(self) -> None:
        """A PDU was read to its end."""
        self.reads_pdu = False

    def take(self, size: int) -> bytes:
        """Read that many bytes, few.

        Raises
        ------
        OSError
            They do not come in time, or the connection ends.
        """
        held = self._bytes[self._from : self._from + size]
        if len(held) == size and self._from + size <= self._to:
            self._from += size
            return held.tobytes()
        return b"".join(bytes(part) for part in self.parts(size))

    def parts(self, size: int) -> Iterator[memoryview]:
        """Read that many bytes as they come, each part valid until the next is asked for.

        Raises
        ------
        OSError
            They do not come in time, or the connection ends.
        """
        while size:
            if self._from == self._to and not self._fill():
                raise ConnectionResetError("the connection ended within a PDU")
            part = self._next(size)
            size -= len(part)
            yield part

    def _next(self, most: int) -> memoryview:
        start = self._from
        self._from = min(self._to, start + most)
        return self._bytes[start : self._from]

    def _fill(self) -> bool:
        """Read what has come into the empty buffer; False at the end of the connection."""
        connection: socket.socket | None = self.socket
        if connection is None:
            return False
        if time.monotonic() > self._until:
            raise TimeoutError("the rest of a PDU did not come in time")
        self._from, self._to = 0, 0
        self._to = connection.recv_into(self._bytes)
        if len(self.start) < 6:
            self.start += self._bytes[: min(self._to, 6 - len(self.start))].tobytes()
        return self._to > 0


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


class _Messages:
    """Messages as they come in P-DATA fragments (PS3.8 Annex E)."""

    def __init__(self, assoc: GuardedAssociation) -> None:
        self.held_bytes = 0
        self._assoc = assoc
        self._sink: Sink | None = None
        self._request: StoreRequest | None = None
        self._begin_anew()

    @property
    def is_within(self) -> bool:
        """A message began, and did not end."""
        return self._context_id is not None

    def read_pdu(self, connection: GuardedSocket) -> None:
        """Read one P-DATA-TF.

        Raises
        ------
        OSError
            Its rest does not come in time, or the connection ends.
        ValueError
            It is not what it can be.
        """
        left = connection.begin_pdu()
        while left:
            if left < 6:
                raise ValueError("a PDU that ends within a fragment")
            head = connection.take(6)
            size, context_id, control = int.from_bytes(head[:4], "big") - 2, head[4], head[5]
            left -= 6 + size
            if size < 0 or left < 0:
                raise ValueError("a fragment longer than its PDU")
            self._take(connection, context_id, control, size)
        connection.end_pdu()

    def drop(self) -> None:
        """No more of the message will come."""
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.drop()

    def _begin_anew(self) -> None:
        self._context_id: int | None = None
        self._command = b""
        self._has_command = False
        self._data = bytearray()
        self._size = 0
        self.held_bytes = 0

    def _take(self, connection: GuardedSocket, context_id: int, control: int, size: int) -> None:
        if context_id != (context_id if self._context_id is None else self._context_id):
            raise ValueError("a message in two presentation contexts")
        if bool(control & wire.IS_COMMAND) is self._has_command:
            raise ValueError("command and data set are not in their order")
        self._context_id = context_id
        if control & wire.IS_COMMAND:
            if len(self._command) + size > wire.MAX_COMMAND_BYTES:
                raise ValueError("a command set longer than any may be")
            self._command += connection.take(size)
            if control & wire.IS_LAST:
                self._begin_data(context_id)
            return
        self._take_data(connection, size)
        if control & wire.IS_LAST:
            self._end()

    def _begin_data(self, context_id: int) -> None:
        """The command set is there: see who takes the data set."""
        self._has_command = True
        elements = wire.command_elements(self._command)
        context = self._assoc._accepted_cx.get(context_id)
        has_data_set = wire.has_data_set(elements)
        if context is None:
            raise ValueError("a message in a presentation context that was not accepted")
        if wire.command_field(elements) == wire.C_STORE_RQ:
            self._request = wire.store_request(elements)
            self._sink = self._assoc._server.stores(self._assoc, context, self._request)
        if not has_data_set:
            self._end()

    def _take_data(self, connection: GuardedSocket, size: int) -> None:
        before, self._size = self._size, self._size + size
        if self._sink is None:
            self._refuse_too_much()
            self._data += connection.take(size)
            self.held_bytes = len(self._data)
            return
        if self._size > _MAX_OBJECT_BYTES:
            raise ValueError("an object longer than any may be")
        for part in connection.parts(size):
            self._sink.write(part)
        if before // _WORK_BYTES != self._size // _WORK_BYTES:
            self._assoc.worked_at = time.monotonic()

    def _refuse_too_much(self) -> None:
        associations = self._assoc._server.active_associations if self._size > _LITTLE_BYTES else []
        together = sum(other.dul.messages.held_bytes for other in associations)
        if self._size > _MAX_MESSAGE_BYTES or together > _MAX_HELD_BYTES:
            raise ValueError("a message longer than any may be")

    def _end(self) -> None:
        """A message is there: answer the C-STORE, or hand it to pynetdicom."""
        context_id, sink, request = self._context_id or 0, self._sink, self._request
        command, data = self._command, bytes(self._data)
        self._sink = None
        self._begin_anew()
        self._assoc.worked_at = time.monotonic()
        if sink is not None and request is not None:
            self._assoc.is_served = True
            status, comment = sink.finish()
            self._assoc.is_served, self._assoc.worked_at = False, time.monotonic()
            self._assoc.dul.socket.send(wire.store_response(context_id, request, status, comment))
            return
        self._wait_for_turn()
        primitive = P_DATA()
        control = wire.IS_COMMAND | wire.IS_LAST
        parts = [[context_id, bytes([control]) + command]]
        if data:
            parts.append([context_id, bytes([wire.IS_LAST]) + data])
        primitive.presentation_data_value_list = parts
        self._assoc.dimse.receive_primitive(primitive)

    def _wait_for_turn(self) -> None:
        """Read no further while a whole message waits to be worked on."""
        assoc = self._assoc
        end = time.monotonic() + assoc._server.pdu_timeout_s
        while assoc.dimse.msg_queue.qsize() and not assoc._kill:
            if time.monotonic() > end:
                raise TimeoutError("a message was not worked on in time")
            time.sleep(0.002)


class _ReadingDul(DULServiceProvider):  # type: ignore[misc]
    """The thread that reads and writes PDUs; waits for the socket or for something to send."""

    def __init__(self, assoc: GuardedAssociation) -> None:
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self.messages = _Messages(assoc)
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
