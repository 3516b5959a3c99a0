"""Result objects to send, and sending them."""

from itertools import count
from pathlib import Path

from config.destinations import DicomDestination
from dicom_node.deliver import cstore as delivery
from dicom_node.deliver.destination import Outcome, Outgoing
from tests.factories import dicom

SEG = delivery.OUR_SOP_CLASSES["Segmentation"]
SR = delivery.OUR_SOP_CLASSES["Comprehensive 3D SR"]
SC = delivery.OUR_SOP_CLASSES["Secondary Capture"]
_numbers = count(1)


def make_object(
    folder: Path, sop_class_uid: str, *, name: str = "Быков^Иван", study: str = "1.2.826.0.1.8"
) -> Outgoing:
    """A small object of one of our SOP classes, under a UID of its own, as a file."""
    made = dicom.image(
        next(_numbers), study=study, series=901, SOPClassUID=sop_class_uid, PatientName=name, Modality="OT"
    )
    path = dicom.save(made, folder / f"{made.SOPInstanceUID}.dcm")
    return Outgoing(path, sop_class_uid, made.SOPInstanceUID, made.file_meta.TransferSyntaxUID)


def destination_at(port: int, *, ae_title: str = "ARCHIVE") -> DicomDestination:
    """A destination on the loopback."""
    return DicomDestination(name="archive", ae_title=ae_title, host="127.0.0.1", port=port)


def peer_at(destination: DicomDestination, *, timeout_s: float = 15.0) -> delivery.CStore:
    """What the node speaks to a destination with."""
    return delivery.CStore(destination, our_ae_title="AXSPA", timeout_s=timeout_s)


def send(objects: list[Outgoing], destination: DicomDestination, *, timeout_s: float = 15.0) -> list[Outcome]:
    """Send as the node does."""
    return list(peer_at(destination, timeout_s=timeout_s).send(objects))
