"""What an attacker may send: nothing of it may leave its folder, fill the memory, or pass as somebody's result."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from config.settings import ReceiverSettings, Settings
from dicom_node import pynetdicom_patches
from dicom_node.analyse import pipeline, worker
from dicom_node.receive.storage_scp import Receiver
from inference.dicom.headers import read_study
from inference.serving.registry import LoadedBundle
from inference.serving.shelf import BundleShelf
from inference.types import ModelIdentity
from storage.objects import ObjectStore
from storage.runs import ClaimedRun, claim
from storage.session import Database
from storage.studies import mark_complete, receiving
from storage.tables import ResultStatus, Study
from tests.factories.dicom import encode, image, set_bytes
from tests.factories.sender import Answer, association, store, store_one
from tests.factories.storage import fresh

EXPLICIT = "1.2.840.10008.1.2.1"
MODELS = cast(LoadedBundle, SimpleNamespace(identity=ModelIdentity("sij-1", "1.0", "d" * 64), models={}))
"""Enough of a bundle for a study that no network is asked about."""
SHELF = cast(BundleShelf, SimpleNamespace(bundle=lambda name, user: MODELS))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


@pytest.fixture
def port(database: Database, objects: ObjectStore) -> Iterator[int]:
    receiver = Receiver(ReceiverSettings(host="127.0.0.1", port=0, idle_timeout_s=60, min_free_mb=0), database, objects)
    receiver.start()
    yield receiver.port
    receiver.stop(drain_s=1)


def claimed_study(database: Database) -> ClaimedRun:
    (study,) = receiving(database)
    assert mark_complete(database, study.study_id, image_count=study.image_count, sentence="Quiet.")
    claimed = claim(database, "worker", lease_s=60)
    assert claimed is not None
    return claimed


def test_a_message_longer_than_any_may_be_is_aborted_and_others_go_on(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pynetdicom_patches, "_MAX_MESSAGE_BYTES", 2_000_000)
    monkeypatch.setattr(pynetdicom_patches, "_LITTLE_BYTES", 1_000_000)
    huge = image(1)
    set_bytes(huge, bytes(8_000_000))
    with association(port) as other:
        assert store_one(port, huge) == Answer(None)
        assert store(other, encode(image(2)), instance=image(2).SOPInstanceUID) == Answer(0x0000)


def test_many_associations_together_hold_no_more_than_the_limit(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynetdicom_patches, "_MAX_HELD_BYTES", 2_000_000)
    monkeypatch.setattr(pynetdicom_patches, "_LITTLE_BYTES", 1_000_000)
    huge = image(1)
    set_bytes(huge, bytes(8_000_000))
    assert store_one(port, huge) == Answer(None)
    assert store_one(port, image(2)) == Answer(0x0000)


def test_two_patients_hold_a_result_even_where_the_gate_cannot_see_them(
    port: int, database: Database, objects: ObjectStore
) -> None:
    assert store_one(port, image(1)) == Answer(0x0000)
    assert store_one(port, image(2, PatientID="P-2")) == Answer(0x0000)
    claimed = claimed_study(database)
    assert claimed.identity_conflict
    study = read_study([objects.path(claimed.path_keys[0])])  # the other file was lost, or cannot be read
    made = [
        pipeline.run(
            study, MODELS, application="sij_mri", revision=1, started=datetime.now(UTC), identity_conflict=conflict
        )
        for conflict in (False, True)
    ]
    assert [pipeline.MIXED in {finding.code for finding in one.findings} for one in made] == [False, True]
    assert not made[1].may_leave


def test_the_worker_tells_the_gate_what_the_receiver_saw(
    tmp_path: Path, port: int, database: Database, objects: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store_one(port, image(1)) == Answer(0x0000)
    assert store_one(port, image(2, PatientID="P-2")) == Answer(0x0000)
    monkeypatch.setattr(worker, "_context", worker._Context(Settings(data_dir=tmp_path), database, objects, SHELF))
    assert worker.analyse(claimed_study(database)) == ResultStatus.HELD


def test_an_image_that_is_of_another_study_when_read_whole_makes_no_result(
    tmp_path: Path, port: int, database: Database, objects: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = image(1)
    data = encode(foreign)
    uid = b"1.2.826.666\0"
    place = data.index(struct.pack("<HH", 0x0028, 0x0010))
    data = data[:place] + struct.pack("<HH2sH", 0x20, 0x0D, b"UI", len(uid)) + uid + data[place:]
    with association(port) as assoc:
        assert store(assoc, data, instance=foreign.SOPInstanceUID) == Answer(0x0000)
    monkeypatch.setattr(worker, "_context", worker._Context(Settings(data_dir=tmp_path), database, objects, SHELF))
    assert worker.analyse(claimed_study(database)) == "failed"
    with database.read() as session:
        assert session.query(Study).one().reason_code == "OTHER_STUDY"
