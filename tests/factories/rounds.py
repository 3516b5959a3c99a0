"""A PACS and a node beside each other, and studies that go the whole way between them."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from tests.programs import Need, Node, Orthanc, free_port, node, orthanc, storescu

SEG = "1.2.840.10008.5.1.4.1.1.66.4"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
STRUCTURED_REPORTS = {"1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.88.22"}


@dataclass(frozen=True)
class Clinic:
    """A running node whose one destination is a PACS, which pushes studies to it."""

    pacs: Orthanc
    node: Node


@contextmanager
def clinic(folder: Path, need_program: Need, *, kinds: str = "default") -> Iterator[Clinic]:
    """Start both on free ports; the PACS gets these kinds of results."""
    ports = free_port(), free_port()
    with (
        orthanc(folder / "pacs", need_program, modalities={"AXSPA": ("AXSPA", ports[0])}) as pacs,
        node(
            folder / "node",
            destinations=[("pacs", "ORTHANC", pacs.dicom_port)],
            ports=ports,
            kinds={"pacs": kinds},
        ) as running,
    ):
        yield Clinic(pacs, running)


class Round:
    """One study sent to a node by a PACS, and what the PACS holds of it afterwards."""

    def __init__(self, at: Clinic, files: list[Path], folder: Path, need_program: Need) -> None:
        """Push, wait for the results, fetch them from the PACS."""
        assert storescu(need_program, files, at.pacs.dicom_port, called="ORTHANC").returncode == 0
        self.study_uid = study_uid_of(files)
        assert at.pacs.send_study(self.study_uid, "AXSPA")["FailedInstancesCount"] == 0
        at.node.wait_until_done(self.study_uid)
        self.log = at.node.log
        self.sources = [pydicom.dcmread(file) for file in files]
        self.folder = folder
        self.results = self._fetch(at.pacs)

    def _fetch(self, pacs: Orthanc) -> dict[Path, Dataset]:
        known = {source.SOPInstanceUID for source in self.sources}
        found: dict[Path, Dataset] = {}
        for number, instance in enumerate(pacs.instances_of(self.study_uid)):
            content = pacs.dataset_bytes(instance)
            dataset = pydicom.dcmread(io.BytesIO(content))
            if dataset.SOPInstanceUID not in known:
                path = self.folder / f"{number:03d}.dcm"
                path.write_bytes(content)
                found[path] = dataset
        return found

    def of_class(self, *sop_classes: str) -> dict[Path, Dataset]:
        """Results of these SOP classes."""
        return {path: dataset for path, dataset in self.results.items() if dataset.SOPClassUID in sop_classes}

    def segments(self) -> dict[str, tuple[Dataset, int]]:
        """Segment label -> (SEG, segment number)."""
        return {
            segment.SegmentLabel: (dataset, segment.SegmentNumber)
            for dataset in self.of_class(SEG).values()
            for segment in dataset.SegmentSequence
        }


def study_uid_of(files: list[Path]) -> str:
    """Study Instance UID of the first file."""
    return str(pydicom.dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)
