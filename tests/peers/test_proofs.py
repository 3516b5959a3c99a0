"""Proof that a destination keeps what it took: storage commitment and C-FIND at Orthanc, neither at storescp."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, update

from config.settings import DeliverySettings, ReceiverSettings
from dicom_node.deliver.outbox import Turn
from dicom_node.receive.storage_scp import Receiver
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import DeliveryState, Proof, utc_now
from storage.tables import Delivery
from tests.factories.delivering import SC, destination_at, make_object, peer_at, send, two_objects
from tests.factories.storage import fresh
from tests.factories.waiting import wait_until
from tests.programs import Need, Orthanc, free_port, orthanc, storescp


@dataclass(frozen=True)
class Here:
    """A database, its files, and a receiver that reports of storage commitment come to."""

    database: Database
    objects: ObjectStore
    port: int

    def rows(self) -> list[Delivery]:
        """The ledger."""
        with self.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    database, objects = fresh(tmp_path), ObjectStore(tmp_path / "objects")
    receiver = Receiver(ReceiverSettings(host="127.0.0.1", port=free_port(), min_free_mb=1), database, objects)
    receiver.start()
    yield Here(database, objects, receiver.port)
    receiver.stop()
    database.dispose()


@pytest.fixture
def pacs(here: Here, need_program: Need, tmp_path: Path) -> Iterator[Orthanc]:
    with orthanc(tmp_path / "pacs", need_program, modalities={"AXSPA": ("AXSPA", here.port)}) as running:
        yield running


def test_orthanc_commits_itself_on_an_association_of_its_own(here: Here, pacs: Orthanc) -> None:
    two_objects(here.database, here.objects)
    peer = peer_at(destination_at(pacs.dicom_port, ae_title="ORTHANC"))
    turn = Turn(peer, DeliverySettings(timeout_s=15), here.database, here.objects)
    turn()
    assert [(row.state, row.proof) for row in here.rows()] == [(DeliveryState.DELIVERED, Proof.WANTED)] * 2
    turn()
    wait_until(lambda: {row.proof for row in here.rows()} == {Proof.COMMITTED}, 30, "the report of Orthanc")
    assert all(row.proof_at is not None and "committed itself" in row.proof_comment for row in here.rows())


def test_what_orthanc_has_lost_is_sent_again(here: Here, pacs: Orthanc) -> None:
    first, _ = two_objects(here.database, here.objects)
    peer = peer_at(destination_at(pacs.dicom_port, ae_title="ORTHANC"))
    turn = Turn(peer, DeliverySettings(timeout_s=15), here.database, here.objects)
    turn()
    lost = next(one["ID"] for one in pacs.instances() if one["MainDicomTags"]["SOPInstanceUID"] == first)
    assert pacs.http.delete(f"/instances/{lost}").status_code == 200
    turn()
    wait_until(lambda: here.rows()[1].proof is Proof.COMMITTED, 30, "the report of Orthanc")
    row = here.rows()[0]
    assert (row.state, row.last_code) == (DeliveryState.WAITING, "NOT_KEPT")
    with here.database.write() as session:
        session.execute(update(Delivery).values(next_attempt_at=utc_now()))
    turn()
    assert len(pacs.instances()) == 2


def test_where_there_is_no_commitment_a_query_shows_it(pacs: Orthanc, tmp_path: Path) -> None:
    peer = peer_at(destination_at(pacs.dicom_port, ae_title="ORTHANC", proof="query"))
    made = [make_object(tmp_path, SC) for _ in range(2)]
    sent, never = made[0], made[1]
    assert [outcome.status for outcome in peer.send([sent])] == [0x0000]
    there, missing = peer.prove([sent, never], transaction_uid="1.2.3")
    assert (there.proof, there.missing) == (Proof.FOUND, False)
    assert (missing.proof, missing.missing) == (Proof.WANTED, True)


def test_a_peer_that_can_show_nothing_is_believed_and_the_ledger_says_so(need_program: Need, tmp_path: Path) -> None:
    port = free_port()
    with storescp(need_program, tmp_path / "received", port):
        destination = destination_at(port)
        made = make_object(tmp_path, SC)
        assert send([made], destination)[0].status == 0x0000
        (answer,) = peer_at(destination).prove([made], transaction_uid="1.2.3")
    assert (answer.proof, answer.missing) == (Proof.UNPROVABLE, False)
    assert "no way to show" in answer.comment


def test_where_nobody_answers_it_is_asked_again(tmp_path: Path) -> None:
    (answer,) = peer_at(destination_at(free_port())).prove([make_object(tmp_path, SC)], transaction_uid="1.2.3")
    assert (answer.proof, answer.missing) == (Proof.WANTED, False)
    assert "cannot be reached" in answer.comment
