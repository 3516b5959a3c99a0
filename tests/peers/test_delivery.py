"""Sending results to real peers: DCMTK's storescp and Orthanc."""

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from config.destinations import DicomDestination
from dicom_node.deliver import cstore as delivery
from dicom_node.deliver.destination import Verdict
from tests.factories.delivering import SC, SEG, SR, destination_at, make_object, peer_at, send
from tests.factories.rounds import Clinic
from tests.programs import Need, free_port, storescp


@pytest.fixture
def archive(need_program: Need, tmp_path: Path) -> Iterator[tuple[DicomDestination, Path]]:
    """DCMTK's storescp, which keeps the bytes as they came."""
    port, received = free_port(), tmp_path / "received"
    with storescp(need_program, received, port, "--bit-preserving", "-uf"):
        yield destination_at(port), received


def test_objects_arrive_byte_for_byte(archive: tuple[DicomDestination, Path], tmp_path: Path) -> None:
    destination, received = archive
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


def test_many_objects_all_get_their_answer(archive: tuple[DicomDestination, Path], tmp_path: Path) -> None:
    destination, received = archive
    objects = [make_object(tmp_path, SC) for _ in range(100)]
    outcomes = send(objects, destination)
    assert {outcome.code for outcome in outcomes} == {"STORED"}
    assert len(list(received.iterdir())) == 100


def test_a_refused_sop_class_is_final_and_named_while_the_others_arrive(need_program: Need, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "storescp.cfg"
    config.write_text(
        "[[TransferSyntaxes]]\n[Plain]\nTransferSyntax1 = LittleEndianExplicit\n"
        f"[[PresentationContexts]]\n[Some]\nPresentationContext1 = {SC}\\Plain\n"
        "[[Profiles]]\n[Default]\nPresentationContexts = Some\n"
    )
    with storescp(need_program, tmp_path, port, "-xf", str(config), "Default"):
        objects = [make_object(tmp_path, uid) for uid in (SC, SEG, SC)]
        mixed = send(objects, destination_at(port))
        only_refused = send([objects[1]], destination_at(port))
        capability = peer_at(destination_at(port)).verify()
    assert [outcome.verdict for outcome in mixed] == [Verdict.DELIVERED, Verdict.REFUSED, Verdict.DELIVERED]
    assert mixed[1].code == "SOP_CLASS_REFUSED"
    assert "Segmentation Storage" in mixed[1].comment
    assert only_refused[0].verdict is Verdict.REFUSED
    assert not capability.echo
    assert capability.accepted == {name: uid == SC for name, uid in delivery.OUR_SOP_CLASSES.items()}
    assert {"Segmentation", "Comprehensive 3D SR", "Enhanced SR", "Secondary Capture"} < capability.accepted.keys()


def test_a_peer_that_takes_only_implicit_vr_gets_the_same_content(need_program: Need, tmp_path: Path) -> None:
    port, received = free_port(), tmp_path / "received"
    with storescp(need_program, received, port, "--implicit"):
        made = make_object(tmp_path, SR)
        (outcome,) = send([made], destination_at(port))
    assert outcome.verdict is Verdict.DELIVERED
    (path,) = received.iterdir()
    arrived = pydicom.dcmread(path)
    assert arrived.file_meta.TransferSyntaxUID.is_implicit_VR
    assert str(arrived.PatientName) == "Быков^Иван"


def test_a_rejected_association_is_tried_again_and_says_why(need_program: Need, tmp_path: Path) -> None:
    port = free_port()
    with storescp(need_program, tmp_path, port, "--refuse"):
        (outcome,) = send([make_object(tmp_path, SC)], destination_at(port))
    assert (outcome.verdict, outcome.code) == (Verdict.RETRY, "ASSOCIATION_REJECTED")


def test_a_peer_that_dies_in_the_middle_leaves_the_rest_to_be_tried_again(need_program: Need, tmp_path: Path) -> None:
    port = free_port()
    with storescp(need_program, tmp_path / "received", port, "--abort-after"):
        outcomes = send([make_object(tmp_path, SC) for _ in range(3)], destination_at(port))
    assert all(outcome.verdict is Verdict.RETRY for outcome in outcomes)
    assert {outcome.code for outcome in outcomes} <= {"NO_ANSWER", "ASSOCIATION_LOST"}


def test_orthanc_takes_every_kind_of_object_and_verify_says_so(clinic: Clinic, tmp_path: Path) -> None:
    study = "1.2.826.0.1.8.1"
    destination = destination_at(clinic.pacs.dicom_port, ae_title="ORTHANC")
    objects = [make_object(tmp_path, uid, study=study) for uid in delivery.OUR_SOP_CLASSES.values()]
    outcomes = send(objects, destination)
    capability = peer_at(destination).verify()
    stored = clinic.pacs.instances_of(study)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.DELIVERED] * len(objects)
    assert capability.echo
    assert all(capability.accepted.values())
    assert len(stored) == len(objects) >= 8
