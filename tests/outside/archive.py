"""The DICOM peers of a test: who sends to a node, and the archive that gets what the node sends."""

import os
import random
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, AllStoragePresentationContexts, build_context, evt

SUCCESS = 0x0000
FIRST_PORT, LAST_PORT = 26_000, 32_000  # below those that the system gives to outgoing connections


def free_port() -> int:
    """A TCP port that nothing listens on."""
    for port in random.Random(os.urandom(8)).sample(range(FIRST_PORT, LAST_PORT), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")


class Archive:
    """A storage SCP that keeps what it gets, in the order in which it came."""

    def __init__(self) -> None:
        self.port = free_port()
        self._got: list[Dataset] = []
        self._guard = threading.Lock()

    @contextmanager
    def opened(self) -> Iterator["Archive"]:
        """Listen until the block ends."""
        ae = AE(ae_title="ARCHIVE")
        for context in AllStoragePresentationContexts:
            ae.add_supported_context(str(context.abstract_syntax), [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        ae.add_supported_context("1.2.840.10008.1.1")
        handlers: list[Any] = [(evt.EVT_C_STORE, self._keep), (evt.EVT_CONN_OPEN, _at_once)]
        server = ae.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        try:
            yield self
        finally:
            if server is not None:
                server.shutdown()

    def got(self, study_instance_uid: str = "") -> list[Dataset]:
        """What came, or what came of one study."""
        with self._guard:
            return [one for one in self._got if study_instance_uid in ("", one.StudyInstanceUID)]

    def _keep(self, event: Any) -> int:
        data_set = event.dataset
        data_set.file_meta = event.file_meta
        with self._guard:
            self._got.append(data_set)
        return SUCCESS


def _at_once(event: Any) -> None:
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def send(
    images: Iterable[Dataset], port: int, *, before: Callable[[int], None] = lambda number: None, abort: bool = False
) -> list[int | None]:
    """C-STORE images over one association; the status of each.

    Parameters
    ----------
    before : is called with the number of each image, from 0, before it is sent.
    abort : True ends the association by A-ABORT instead of a release.
    """
    images = list(images)
    pairs = {(str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID)) for one in images}
    ae = AE(ae_title="OUTSIDE")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = 60
    association = ae.associate("127.0.0.1", port, [build_context(*pair) for pair in sorted(pairs)], ae_title="AXSPA")
    if not association.is_established:
        raise ConnectionError("the node accepted no association")
    association.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers: list[int | None] = []
    for number, image in enumerate(images):
        before(number)
        answers.append(getattr(association.send_c_store(image), "Status", None))
    if abort:
        association.abort()
    else:
        association.release()
    return answers
