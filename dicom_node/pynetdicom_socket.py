"""Connections to us: pynetdicom's socket, read through a buffer, with limits on the length and the time of a PDU.

:data:`dicom_node.pynetdicom_patches.PATCHED` says which of its places that changes, and why.
"""

import select
import socket
import time
from collections.abc import Iterator

from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket

from dicom_node import wire

_BUFFER_BYTES = 256 * 1024
_FIRST_BUFFER_BYTES = 4 * 1024
_MAX_PDU_BYTES = 16 * 1024 * 1024


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
