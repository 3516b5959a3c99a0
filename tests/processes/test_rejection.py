"""A peer that rejects and hangs up in the same breath: its reason is never lost, however busy the machine is."""

import contextlib
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.destinations import DicomDestination
from dicom_node.deliver.destination import Outcome, Outgoing, Verdict
from tests.factories.delivering import SC, peer_at, send

TIMES = 50
MADE = Outgoing(Path("never-opened.dcm"), SC, "1.2.3", "1.2.840.10008.1.2.1")
CALLED_AE_NOT_KNOWN = struct.pack(">BBLBBBB", 3, 0, 4, 0, 1, 1, 7)  # A-ASSOCIATE-RJ, PS3.8 section 9.3.4
LOCAL_LIMIT = struct.pack(">BBLBBBB", 3, 0, 4, 0, 2, 3, 2)
OF_NO_STANDARD = struct.pack(">BBLBBBB", 3, 0, 4, 0, 0, 200, 200)


def answer_and_hang_up(connection: socket.socket, answer: bytes) -> None:
    """Answer before the request is read."""
    with connection:
        connection.sendall(answer)


def read_answer_and_hang_up(connection: socket.socket, answer: bytes) -> None:
    """Read the whole request first."""
    with connection, contextlib.suppress(OSError), connection.makefile("rb") as stream:
        head = stream.read(6)
        if len(head) == 6:
            stream.read(int.from_bytes(head[2:], "big"))
            connection.sendall(answer)


@contextlib.contextmanager
def peer(behave: Callable[[socket.socket, bytes], None], answer: bytes) -> Iterator[DicomDestination]:
    """A peer on loopback that treats every connection the same way."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    behave(listening.accept()[0], answer)

        threading.Thread(target=serve, daemon=True).start()
        yield DicomDestination(
            name="archive", ae_title="ARCHIVE", host="127.0.0.1", port=int(listening.getsockname()[1])
        )
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts


@contextlib.contextmanager
def busy_machine() -> Iterator[None]:
    """Beside two processes that take all the time they get."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def send_to(destination: DicomDestination) -> Outcome:
    (outcome,) = send([MADE], destination)
    return outcome


@pytest.mark.parametrize("behave", [answer_and_hang_up, read_answer_and_hang_up])
@pytest.mark.parametrize("machine", [contextlib.nullcontext, busy_machine])
def test_a_rejection_is_reported_with_its_reason_every_time(
    behave: Callable[[socket.socket, bytes], None], machine: Callable[[], contextlib.AbstractContextManager[None]]
) -> None:
    with machine(), peer(behave, CALLED_AE_NOT_KNOWN) as destination:
        outcomes = {send_to(destination) for _ in range(TIMES)}
    (outcome,) = outcomes
    assert (outcome.verdict, outcome.code) == (Verdict.RETRY, "ASSOCIATION_REJECTED")
    assert "Called AE title not recognised; check destinations.ae_title" in outcome.comment


def test_a_rejection_for_now_says_so() -> None:
    with peer(read_answer_and_hang_up, LOCAL_LIMIT) as destination:
        assert "Local limit exceeded" in send_to(destination).comment


def test_a_rejection_that_no_standard_knows_is_a_rejection_all_the_same() -> None:
    with peer(read_answer_and_hang_up, OF_NO_STANDARD) as destination:
        outcome = send_to(destination)
    assert outcome.code == "ASSOCIATION_REJECTED"
    assert "source 200, reason 200" in outcome.comment


def test_verify_names_the_reason_too() -> None:
    with peer(answer_and_hang_up, CALLED_AE_NOT_KNOWN) as destination:
        capability = peer_at(destination).verify()
    assert not capability.echo
    assert "Called AE title not recognised" in capability.sentence


@pytest.mark.parametrize("behave", [answer_and_hang_up, read_answer_and_hang_up])
def test_who_hangs_up_without_a_word_has_rejected_nothing(behave: Callable[[socket.socket, bytes], None]) -> None:
    with peer(behave, b"") as destination:
        assert send_to(destination).code == "NO_DICOM_ANSWER"
