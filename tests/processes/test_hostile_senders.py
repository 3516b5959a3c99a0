"""What an attacker may send: nothing of it may leave its folder, fill the memory, or pass as somebody's result."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from config.settings import ReceiverSettings, Settings
from dicom_node import pynetdicom_messages, wire
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
from tests.factories.sender import Answer, association, echo, pdu, raw_exchange, store, store_one
from tests.factories.storage import fresh
from tests.factories.waiting import wait_until

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


def test_an_object_longer_than_any_may_be_is_aborted_and_others_go_on(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pynetdicom_messages, "_MAX_OBJECT_BYTES", 2_000_000)
    huge = image(1)
    set_bytes(huge, bytes(8_000_000))
    with association(port) as other:
        assert store_one(port, huge) == Answer(None)
        assert store(other, encode(image(2)), instance=image(2).SOPInstanceUID) == Answer(0x0000)


def test_what_is_no_image_is_never_gathered_beyond_its_limit(port: int) -> None:
    for size, command in ((wire.MAX_COMMAND_BYTES + 2, True), (pynetdicom_messages._MAX_MESSAGE_BYTES + 2, False)):
        with association(port) as assoc:
            context = assoc.accepted_contexts[0].context_id
            begun = struct.pack("<HHLHHHLH", 0, 0x0100, 2, 0x0030, 0, 0x0800, 2, 1)  # C-ECHO that has a data set
            parts = [(3, begun)] + [(0, bytes(100_000))] * (size // 100_000 + 1)
            if command:
                parts = [(1, bytes(size))]
            with contextlib.suppress(OSError):  # it may be over before all is sent
                for part in parts:
                    assoc.dul.socket.socket.sendall(fragment(context, *part))
            wait_until(lambda ended=assoc: ended.is_aborted, what="the abort")
        assert store_one(port, image(2)) == Answer(0x0000)


@pytest.mark.parametrize(
    "body",
    [
        b"".join(struct.pack(">BxH", 0x20, 8) + struct.pack(">B3x4x", n % 256) for n in range(129)),
        struct.pack(">BxH", 0x20, 4 + 4 * 66) + bytes(4) + struct.pack(">BxH", 0x40, 0) * 66,
        struct.pack(">BxH", 0x50, 4 * 513) + struct.pack(">BxH", 0x55, 0) * 513,
        struct.pack(">BxH", 0x20, 60_000) + bytes(10),
    ],
    ids=["contexts", "syntaxes", "user items", "beyond its end"],
)
def test_a_request_that_asks_for_more_than_one_can_is_not_taken_apart(port: int, body: bytes) -> None:
    request = struct.pack(">HH16s16s32x", 1, 0, b"AXSPA".ljust(16), b"ODD".ljust(16)) + body
    assert raw_exchange(port, pdu(1, len(request), request))[:1] in {b"", b"\x07"}
    with pytest.raises(ValueError, match=r"item|contexts"):
        wire.check_request(pdu(1, len(request), request))
    assert echo(port)


def test_a_request_longer_than_one_can_be_is_not_even_read(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(pdu(1, wire.MAX_REQUEST_BYTES + 1, bytes(1000)))
        assert connection.recv(100) == b""


def test_a_request_of_every_context_and_syntax_there_can_be_is_taken_apart() -> None:
    syntaxes = b"".join(struct.pack(">BxH", 0x40, 64) + b"1" * 64 for _ in range(30))
    context = struct.pack(">B3x", 1) + struct.pack(">BxH", 0x30, 64) + b"1" * 64 + syntaxes
    body = (struct.pack(">BxH", 0x20, len(context)) + context) * 128
    request = pdu(1, 68 + len(body), bytes(68) + body)
    wire.check_request(request)
    assert len(request) < wire.MAX_REQUEST_BYTES


def fragment(context_id: int, control: int, data: bytes) -> bytes:
    return pdu(4, len(data) + 6, struct.pack(">LBB", len(data) + 2, context_id, control) + data)


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
