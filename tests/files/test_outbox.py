"""One turn of delivery: what is due is sent to a real peer, and what came back is written down."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import AE, evt
from sqlalchemy import select

from config.destinations import DicomDestination
from config.settings import DeliverySettings
from dicom_node.deliver.cstore import CStore
from dicom_node.deliver.outbox import Turn
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import DeliveryState, StudyState
from storage.tables import Delivery, Study
from tests.factories.delivering import two_objects
from tests.factories.dicom import image
from tests.factories.storage import fresh
from tests.programs import free_port


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


@pytest.fixture
def peer() -> Iterator[tuple[int, dict[str, int], list[str]]]:
    """A storage peer: its port, the status it gives to each object (0x0000 where it says nothing), what it got."""
    answers: dict[str, int] = {}
    got: list[str] = []

    def store(event: evt.Event) -> int:
        got.append(event.request.AffectedSOPInstanceUID)
        return answers.get(got[-1], 0x0000)

    entity = AE("PEER")
    entity.add_supported_context(image().SOPClassUID)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    yield server.socket.getsockname()[1], answers, got
    server.shutdown()


def turn(database: Database, objects: ObjectStore, port: int) -> Turn:
    destination = DicomDestination(name="archive", ae_title="PEER", host="127.0.0.1", port=port)
    settings = DeliverySettings(timeout_s=5)
    peer = CStore(destination, our_ae_title="AXSPA", timeout_s=settings.timeout_s)
    return Turn(peer, settings, database, objects)


def ledger(database: Database) -> list[tuple[DeliveryState, int, int | None]]:
    with database.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id))
        return [(row.state, row.attempts, row.last_status) for row in rows]


def state(database: Database) -> StudyState:
    with database.read() as session:
        return session.scalars(select(Study.state)).one()


def test_what_is_due_arrives_once_and_the_study_is_done(
    database: Database, objects: ObjectStore, peer: tuple[int, dict[str, int], list[str]]
) -> None:
    uids, (port, _, got) = two_objects(database, objects), peer
    works = turn(database, objects, port)
    works()
    works()
    assert got == uids
    assert ledger(database) == [(DeliveryState.DELIVERED, 1, 0), (DeliveryState.DELIVERED, 1, 0)]
    assert state(database) is StudyState.DONE


def test_each_object_has_the_answer_that_it_got(
    database: Database, objects: ObjectStore, peer: tuple[int, dict[str, int], list[str]]
) -> None:
    uids, (port, answers, _) = two_objects(database, objects), peer
    answers.update({uids[0]: 0xC000, uids[1]: 0xA700})
    turn(database, objects, port)()
    assert ledger(database) == [(DeliveryState.REFUSED, 1, 0xC000), (DeliveryState.WAITING, 1, 0xA700)]
    assert state(database) is StudyState.DELIVERING


def test_nobody_there_is_an_attempt_of_each_object_and_no_error(database: Database, objects: ObjectStore) -> None:
    two_objects(database, objects)
    works = turn(database, objects, free_port())
    works()
    works()
    assert ledger(database) == [(DeliveryState.WAITING, 1, None)] * 2, "the next attempt is not due yet"
