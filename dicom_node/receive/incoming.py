"""One image on its way from the socket to its file: hashed and written as it comes, never whole in memory."""

import hashlib
import os
import threading
import time
from typing import Protocol

from pydicom.dataset import Dataset

from config.errors import AxspaError
from dicom_node.receive import headers
from dicom_node.receive.part10 import file_start
from dicom_node.receive.visit import Visit
from dicom_node.wire import StoreRequest
from inference.dicom import Unfinished
from storage.objects import ObjectStore, as_unavailable
from storage.pool import FilePool

_HEAD_BYTES = 64 * 1024  # nearly always holds all that is read of a header
_LONG_HEADER_BYTES = 16 * 2**20  # no more of one is read
_LOOK_BYTES = 64 * 2**20  # free space is looked at this often within an image

_one_long_header = threading.Lock()
"""Of headers that are longer one is read at a time, since each is whole in memory then."""


class Keeper(Protocol):
    """Who gives room to images, and decides about them."""

    objects: ObjectStore
    pool: FilePool

    def check_room(self) -> None:
        """Raise what speaks against storing an image."""

    def take(self, incoming: "Incoming") -> tuple[int, str]:
        """All bytes have come: status and Error Comment of the answer."""

    def forget(self, incoming: "Incoming") -> None:
        """Nothing of it is kept."""


class Incoming:
    """Takes the data set of one C-STORE; what goes wrong is kept until the answer.

    Parameters
    ----------
    keeper : Keeper
    visit : Visit
    request : StoreRequest
    transfer_syntax_uid : str

    Attributes
    ----------
    key : str
        Of its file in the pool; empty where there is none.
    size_bytes : int
        Of the data set, as far as it has come.
    error : AxspaError or None
        Why it cannot be stored.
    """

    def __init__(self, keeper: Keeper, visit: Visit, request: StoreRequest, transfer_syntax_uid: str) -> None:
        self.visit = visit
        self.request = request
        self.syntax = transfer_syntax_uid
        self.key = ""
        self.size_bytes = 0
        self.error: AxspaError | None = None
        self._keeper = keeper
        self._file = -1
        self._head = bytearray()
        self._digest = hashlib.sha256()
        self._start = file_start(request.sop_class, request.sop_instance, transfer_syntax_uid)
        try:
            keeper.check_room()
            self.key = keeper.pool.take()
            self._file = os.open(keeper.objects.path(self.key), os.O_RDWR)
            self._put(memoryview(self._start))
        except OSError as error:
            self.error = as_unavailable(error)
        except AxspaError as error:
            self.error = error

    @property
    def file_bytes(self) -> int:
        """Size of the file."""
        return len(self._start) + self.size_bytes

    @property
    def sha256(self) -> str:
        """Of the file, as far as it has come."""
        return self._digest.hexdigest()

    def write(self, part: memoryview) -> None:
        """Take some bytes."""
        before, self.size_bytes = self.size_bytes, self.size_bytes + len(part)
        if before < _HEAD_BYTES:
            self._head += part[: _HEAD_BYTES - before]
        if self.error is not None:
            return
        try:
            self._put(part)
            if before // _LOOK_BYTES != self.size_bytes // _LOOK_BYTES:
                self._keeper.check_room()
        except OSError as error:
            self.error = as_unavailable(error)
        except AxspaError as error:
            self.error = error

    def finish(self) -> tuple[int, str]:
        """All bytes have come: status and Error Comment of the answer."""
        try:
            return self._keeper.take(self)
        finally:
            self._close()
            self.visit.last_at = time.monotonic()

    def drop(self) -> None:
        """No more bytes will come."""
        self._close()
        self._keeper.forget(self)

    def flush(self) -> None:
        """Have the bytes on the disk.

        Raises
        ------
        StorageUnavailable
            The disk is full or cannot be written.
        """
        try:
            os.fsync(self._file)
        except OSError as error:
            raise as_unavailable(error) from None

    def header(self) -> Dataset:
        """What is needed of the header.

        Raises
        ------
        UnusableInput
            These bytes are no data set in this transfer syntax.
        """
        try:
            return self._read_header(self._head)
        except Unfinished:
            with _one_long_header:
                return self._read_header(os.pread(self._file, _LONG_HEADER_BYTES, len(self._start)), is_all=True)

    def _read_header(self, start: bytes | bytearray, *, is_all: bool = False) -> Dataset:
        whole = is_all or self.size_bytes <= len(start)
        return headers.read_header(memoryview(start), transfer_syntax_uid=self.syntax, whole=whole)

    def _put(self, part: memoryview) -> None:
        self._digest.update(part)
        written = os.write(self._file, part)
        while written < len(part):
            written += os.write(self._file, part[written:])

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
