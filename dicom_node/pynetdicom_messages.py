"""Messages to us, read from P-DATA fragments: a C-STORE goes to who stores it, every other one to pynetdicom, whole.

:data:`dicom_node.pynetdicom_patches.PATCHED` says which of its places that changes, and why.
"""

import time
from typing import Any, Protocol

from pynetdicom.pdu_primitives import P_DATA

from dicom_node import wire
from dicom_node.pynetdicom_socket import GuardedSocket
from dicom_node.wire import StoreRequest

_MAX_OBJECT_BYTES = 4 * 1024 * 1024 * 1024
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # of a message that is no C-STORE: it is gathered in memory
_MAX_HELD_BYTES = 32 * 1024 * 1024  # of all associations together; who holds little may go on beyond it
_LITTLE_BYTES = 64 * 1024
_WORK_BYTES = 64 * 1024  # who brings so much is at work


class Sink(Protocol):
    """Takes the data set of one C-STORE; nothing that goes wrong with it is raised."""

    def write(self, part: memoryview) -> None:
        """Take some bytes, which are valid only during the call."""

    def finish(self) -> tuple[int, str]:
        """All bytes have come: status and Error Comment of the answer."""

    def drop(self) -> None:
        """No more bytes will come."""


class Messages:
    """Messages as they come in P-DATA fragments (PS3.8 Annex E)."""

    def __init__(self, assoc: Any) -> None:
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
