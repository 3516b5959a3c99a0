"""Result objects to send, and sending them."""

from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

from config.destinations import DicomDestination
from dicom_node.deliver import cstore as delivery
from dicom_node.deliver.destination import Outcome, Outgoing
from reporting.types import ResultObject
from storage import results
from storage.objects import ObjectStore
from storage.results import NewObject
from storage.session import Database
from tests.factories import dicom
from tests.factories.storage import claim, result_of

SEG = delivery.OUR_SOP_CLASSES["Segmentation"]
SR = delivery.OUR_SOP_CLASSES["Comprehensive 3D SR"]
SC = delivery.OUR_SOP_CLASSES["Secondary Capture"]
_numbers = count(1)


class AnyFile(ObjectStore):
    """For destinations that open no file: any key is one."""

    def path(self, key: str) -> Path:
        """A path, of whatever the key is."""
        return Path(key)


def make_object(
    folder: Path, sop_class_uid: str, *, name: str = "Быков^Иван", study: str = "1.2.826.0.1.8"
) -> Outgoing:
    """A small object of one of our SOP classes, under a UID of its own, as a file."""
    made = dicom.image(
        next(_numbers), study=study, series=901, SOPClassUID=sop_class_uid, PatientName=name, Modality="OT"
    )
    path = dicom.save(made, folder / f"{made.SOPInstanceUID}.dcm")
    syntax = made.file_meta.TransferSyntaxUID
    return Outgoing(path, sop_class_uid, made.SOPInstanceUID, syntax, study, made.SeriesInstanceUID)


def destination_at(port: int, *, ae_title: str = "ARCHIVE", **settings: Any) -> DicomDestination:
    """A destination on the loopback."""
    return DicomDestination(name="archive", ae_title=ae_title, host="127.0.0.1", port=port, **settings)


def peer_at(destination: DicomDestination, *, timeout_s: float = 15.0) -> delivery.CStore:
    """What the node speaks to a destination with."""
    return delivery.CStore(destination, our_ae_title="AXSPA", timeout_s=timeout_s)


def send(objects: list[Outgoing], destination: DicomDestination, *, timeout_s: float = 15.0) -> list[Outcome]:
    """Send as the node does."""
    return list(peer_at(destination, timeout_s=timeout_s).send(objects))


def stored_objects(objects: ObjectStore, made: Iterable[ResultObject]) -> list[NewObject]:
    """Objects that the node made, their files durable."""
    return [
        NewObject(
            one.kind,
            one.description,
            one.sop_class_uid,
            one.sop_instance_uid,
            one.series_instance_uid,
            str(one.dataset.file_meta.TransferSyntaxUID),
            objects.put("results", "made", name=one.sop_instance_uid, content=[one.encoded], suffix=".dcm"),
        )
        for one in made
    ]


def two_objects(database: Database, objects: ObjectStore) -> list[str]:
    """A result with two objects that wait for the destination; their UIDs."""
    claimed = claim(database, 1)
    made = []
    for number in (1, 2):
        one = dicom.image(number, study="1.2.77")
        content = [dicom.as_file(one)]
        stored = objects.put("results", claimed.file_group, name=str(number), content=content, suffix=".dcm")
        uids = (str(one.SOPClassUID), str(one.SOPInstanceUID), str(one.SeriesInstanceUID))
        made.append(NewObject("image", "made up", *uids, str(one.file_meta.TransferSyntaxUID), stored))
    new = result_of(claimed, objects=0)
    results.save(
        database, claimed, type(new)(new.status, "Signs.", new.started_at, new.finished_at, objects=made),
        destinations=["archive"],
    )  # fmt: skip
    return [one.sop_instance_uid for one in made]
