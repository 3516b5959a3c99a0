"""Each destination has a thread of its own: however many of them do not answer, the node's other duties go on."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, update

from config.destinations import DicomDestination
from config.settings import DeliverySettings, Settings
from dicom_node.analyse import coordinator as coordinating
from dicom_node.analyse.coordinator import Coordinator
from dicom_node.analyse.engine import Engine
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import utc_now
from storage.tables import Delivery, Lease, ResultObject, Study, StudyState
from tests.factories.storage import claim, fresh, save
from tests.factories.waiting import wait_until

NAMES = tuple(f"archive {number}" for number in range(12))


@dataclass
class SilentPeer:
    """Takes connections and never says a word."""

    port: int
    held: list[socket.socket] = field(default_factory=list)


@contextlib.contextmanager
def silent_peer() -> Iterator[SilentPeer]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        peer = SilentPeer(int(listening.getsockname()[1]))

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer.held.append(listening.accept()[0])

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield peer
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(60)
    for connection in peer.held:
        connection.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def one_object_due_everywhere(database: Database, objects: ObjectStore) -> None:
    """A result whose objects wait for all destinations."""
    save(database, claim(database, 1), destinations=NAMES)
    stored = objects.put("results", "1.2.3", name="1.2.3.4", content=[b"never sent"], suffix=".dcm")
    with database.write() as session:
        session.execute(update(ResultObject).values(path_key=stored.key))
        session.execute(update(Delivery).values(next_attempt_at=utc_now()))


def test_twelve_destinations_that_do_not_answer_keep_no_lease_from_being_tended(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordinating, "LEASE_S", 3.0)
    monkeypatch.setattr(coordinating, "TENURE_S", 3.0)
    objects = ObjectStore(tmp_path / "objects")
    one_object_due_everywhere(database, objects)

    def tenure() -> str:
        with database.read() as session:
            return str(session.scalars(select(Lease.until).where(Lease.name == "coordinator")).one())

    def state(study_id: int) -> StudyState | None:
        with database.read() as session:
            return session.scalars(select(Study.state).where(Study.id == study_id)).one()

    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(silent_peer())
        destinations = tuple(
            DicomDestination(name=name, ae_title="ARCHIVE", host="127.0.0.1", port=peer.port) for name in NAMES
        )
        settings = Settings(data_dir=tmp_path, destinations=destinations, delivery=DeliverySettings(timeout_s=600.0))
        node = Coordinator(settings, database, objects, Engine(0))  # no worker takes what is queued
        node.start()
        try:
            wait_until(lambda: len(peer.held) == len(NAMES), timeout_s=60, what="all destinations to be tried at once")
            abandoned = claim(database, 1, study="1.2.826.0.1.2").study_id  # its lease ended long ago
            wait_until(lambda: state(abandoned) is StudyState.QUEUED, timeout_s=60, what="the study to be queued again")
            for _ in range(2):
                before = tenure()
                wait_until(lambda before=before: tenure() != before, timeout_s=60, what="the office to be held on")
            assert len(peer.held) == len(NAMES)
        finally:
            stack.close()  # the peer hangs up, so that the deliveries come to their end
            node.stop(drain_s=0)
    with database.read() as session:
        assert min(session.scalars(select(Delivery.attempts))) >= 1


def test_without_a_destination_the_clock_runs_too(tmp_path: Path, database: Database) -> None:
    node = Coordinator(Settings(data_dir=tmp_path), database, ObjectStore(tmp_path / "objects"), Engine(0))
    node.start()
    try:
        with database.read() as session:
            assert session.get(Lease, "coordinator") is not None
    finally:
        node.stop(drain_s=0)
    with database.read() as session:
        assert session.get(Lease, "coordinator") is None


def test_stopping_what_was_never_started_lets_go_of_nothing_and_breaks_nothing(
    tmp_path: Path, database: Database
) -> None:
    node = Coordinator(Settings(data_dir=tmp_path), database, ObjectStore(tmp_path / "objects"), Engine(0))
    node.stop(drain_s=0)
    with database.read() as session:
        assert session.scalars(select(Lease)).all() == []
