"""Sending results to real peers: DCMTK's storescp and Orthanc."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from config.settings import DeliverySettings, Destination
from dicom_node.deliver import cstore as delivery
from dicom_node.deliver.cstore import Outcome, Outgoing, Verdict
from storage.deliveries import DueDelivery
from storage.tables import DeliveryState
from tests.programs import ENVIRONMENT, free_port, orthanc, stop

SETTINGS = DeliverySettings(timeout_s=5.0)
SEG = delivery.OUR_SOP_CLASSES["Segmentation"]
SR = delivery.OUR_SOP_CLASSES["Comprehensive 3D SR"]
SC = delivery.OUR_SOP_CLASSES["Secondary Capture"]


def make_object(folder: Path, sop_class_uid: str, *, name: str = "Быков^Иван") -> Outgoing:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = sop_class_uid, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.PatientName, made.PatientID, made.Modality = name, "P-1", "OT"
    made.StudyDate = made.StudyTime = made.StudyID = made.AccessionNumber = made.ReferringPhysicianName = ""
    made.PatientBirthDate = made.PatientSex = ""
    made.SeriesNumber, made.InstanceNumber = 901, 1
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / f"{made.SOPInstanceUID}.dcm"
    made.save_as(path, enforce_file_format=True)
    return Outgoing(path, sop_class_uid, made.SOPInstanceUID, ExplicitVRLittleEndian)


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", *, timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        assert process.poll() is None, "the peer ended before it listened"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the peer did not listen in time")


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield
    finally:
        stop(process)


def destination_at(port: int, *, ae_title: str = "ARCHIVE") -> Destination:
    return Destination(name="archive", ae_title=ae_title, host="127.0.0.1", port=port)


def send(objects: list[Outgoing], destination: Destination) -> list[Outcome]:
    return delivery.send(objects, destination, our_ae_title="AXSPA", settings=SETTINGS)


@pytest.fixture
def storescp(need_program: Callable[[str], str], tmp_path: Path) -> Iterator[tuple[Destination, Path]]:
    """DCMTK's storescp, which keeps the bytes as they came."""
    port, received = free_port(), tmp_path / "received"
    received.mkdir()
    command = [need_program("storescp"), "--bit-preserving", "-uf", "-od", str(received), str(port)]
    with running(command, port):
        yield destination_at(port), received


def test_objects_arrive_byte_for_byte(storescp: tuple[Destination, Path], tmp_path: Path) -> None:
    destination, received = storescp
    objects = [make_object(tmp_path, uid) for uid in (SEG, SR, SC, SC)]
    outcomes = send(objects, destination)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.DELIVERED] * 4
    assert {outcome.status for outcome in outcomes} == {0x0000}
    arrived = {
        pydicom.dcmread(path, force=True).SOPInstanceUID: pydicom.dcmread(path, force=True)
        for path in received.iterdir()
    }
    for made in objects:
        assert arrived[made.sop_instance_uid] == pydicom.dcmread(made.path)


def test_many_objects_all_get_their_answer(storescp: tuple[Destination, Path], tmp_path: Path) -> None:
    destination, received = storescp
    objects = [make_object(tmp_path, SC) for _ in range(100)]
    outcomes = send(objects, destination)
    assert {outcome.code for outcome in outcomes} == {"STORED"}
    assert len(list(received.iterdir())) == 100


def test_a_refused_sop_class_is_final_and_named_while_the_others_arrive(
    need_program: Callable[[str], str], tmp_path: Path
) -> None:
    port = free_port()
    config = tmp_path / "storescp.cfg"
    config.write_text(
        "[[TransferSyntaxes]]\n[Plain]\nTransferSyntax1 = LittleEndianExplicit\n"
        f"[[PresentationContexts]]\n[Some]\nPresentationContext1 = {SC}\\Plain\n"
        "[[Profiles]]\n[Default]\nPresentationContexts = Some\n"
    )
    command = [need_program("storescp"), "-od", str(tmp_path), "-xf", str(config), "Default", str(port)]
    with running(command, port):
        objects = [make_object(tmp_path, uid) for uid in (SC, SEG, SC)]
        mixed = send(objects, destination_at(port))
        only_refused = send([objects[1]], destination_at(port))
        capability = delivery.verify(destination_at(port), our_ae_title="AXSPA", timeout_s=5.0)
    assert [outcome.verdict for outcome in mixed] == [Verdict.DELIVERED, Verdict.REFUSED, Verdict.DELIVERED]
    assert mixed[1].code == "SOP_CLASS_REFUSED"
    assert "Segmentation Storage" in mixed[1].comment
    assert only_refused[0].verdict is Verdict.REFUSED
    assert not capability.echo
    assert capability.accepted == {
        "Segmentation": False,
        "Comprehensive 3D SR": False,
        "Enhanced SR": False,
        "Secondary Capture": True,
    }


def test_a_peer_that_takes_only_implicit_vr_gets_the_same_content(
    need_program: Callable[[str], str], tmp_path: Path
) -> None:
    port, received = free_port(), tmp_path / "received"
    received.mkdir()
    with running([need_program("storescp"), "--implicit", "-od", str(received), str(port)], port):
        made = make_object(tmp_path, SR)
        (outcome,) = send([made], destination_at(port))
    assert outcome.verdict is Verdict.DELIVERED
    (path,) = received.iterdir()
    arrived = pydicom.dcmread(path)
    assert arrived.file_meta.TransferSyntaxUID.is_implicit_VR
    assert str(arrived.PatientName) == "Быков^Иван"


def test_nobody_there_is_tried_again(tmp_path: Path) -> None:
    outcomes = send([make_object(tmp_path, SC), make_object(tmp_path, SR)], destination_at(free_port()))
    assert [(outcome.verdict, outcome.code) for outcome in outcomes] == [(Verdict.RETRY, "NOT_REACHED")] * 2
    assert "Connection refused" in outcomes[0].comment


def test_a_rejected_association_is_tried_again_and_says_why(need_program: Callable[[str], str], tmp_path: Path) -> None:
    port = free_port()
    with running([need_program("storescp"), "--refuse", "-od", str(tmp_path), str(port)], port):
        (outcome,) = send([make_object(tmp_path, SC)], destination_at(port))
    assert (outcome.verdict, outcome.code) == (Verdict.RETRY, "ASSOCIATION_REJECTED")


def test_something_that_is_no_dicom_node_is_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (outcome,) = delivery.send(
            [make_object(tmp_path, SC)],
            destination_at(silent.getsockname()[1]),
            our_ae_title="AXSPA",
            settings=DeliverySettings(timeout_s=1.0),
        )
    assert (outcome.verdict, outcome.code) == (Verdict.RETRY, "NO_DICOM_ANSWER")


def test_a_peer_that_dies_in_the_middle_leaves_the_rest_to_be_tried_again(
    need_program: Callable[[str], str], tmp_path: Path
) -> None:
    port, received = free_port(), tmp_path / "received"
    received.mkdir()
    command = [need_program("storescp"), "--abort-after", "-od", str(received), str(port)]
    with running(command, port):
        outcomes = send([make_object(tmp_path, SC) for _ in range(3)], destination_at(port))
    assert all(outcome.verdict is Verdict.RETRY for outcome in outcomes)
    assert {outcome.code for outcome in outcomes} <= {"NO_ANSWER", "ASSOCIATION_LOST"}


def test_orthanc_takes_every_kind_of_object_and_verify_says_so(
    need_program: Callable[[str], str], tmp_path: Path
) -> None:
    with orthanc(tmp_path / "orthanc", need_program) as archive:
        destination = destination_at(archive.dicom_port, ae_title="ORTHANC")
        objects = [make_object(tmp_path, uid) for uid in delivery.OUR_SOP_CLASSES.values()]
        outcomes = send(objects, destination)
        capability = delivery.verify(destination, our_ae_title="AXSPA", timeout_s=5.0)
        stored = archive.instances()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.DELIVERED] * 4
    assert capability.echo
    assert all(capability.accepted.values())
    assert len(stored) == 4


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (0x0000, Verdict.DELIVERED),
        (0xB000, Verdict.DELIVERED),
        (0xB007, Verdict.DELIVERED),
        (0x0111, Verdict.DELIVERED),
        (0xA700, Verdict.RETRY),
        (0xA7FF, Verdict.RETRY),
        (0x0110, Verdict.RETRY),
        (0xA900, Verdict.REFUSED),
        (0xC000, Verdict.REFUSED),
        (0x0122, Verdict.REFUSED),
        (0x0124, Verdict.REFUSED),
    ],
)
def test_each_status_means_what_the_standard_says(status: int, verdict: Verdict) -> None:
    assert delivery.classify(status).verdict is verdict


def test_pauses_grow_and_stay_below_the_longest() -> None:
    settings = DeliverySettings(first_pause_s=10, max_pause_s=100)
    pauses = [delivery.pause_s(attempt, settings) for attempt in range(1, 8)]
    assert pauses == [10, 20, 40, 80, 100, 100, 100]
    assert delivery.pause_s(10_000, settings) == 100
    with pytest.raises(ValueError, match="received 0"):
        delivery.pause_s(0, settings)


def test_what_was_tried_for_too_long_is_given_up() -> None:
    settings = DeliverySettings(first_pause_s=60, give_up_after_h=1)
    created = datetime(2026, 1, 1, tzinfo=UTC)
    due = DueDelivery(1, 1, "archive", 0, created, "key", SC, "1.2", ExplicitVRLittleEndian, "")
    failed = Outcome(Verdict.RETRY, None, "NOT_REACHED", "Nobody there.")
    early = delivery.attempt_of(due, failed, settings=settings, now=created + timedelta(minutes=10))
    late = delivery.attempt_of(due, failed, settings=settings, now=created + timedelta(minutes=59, seconds=30))
    assert (early.state, early.next_attempt_at) == (DeliveryState.WAITING, created + timedelta(minutes=11))
    assert late.state is DeliveryState.GIVEN_UP
