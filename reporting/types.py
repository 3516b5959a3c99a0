"""What outputs, gate and summary share: one object of a result."""

from dataclasses import dataclass

from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class ResultObject:
    """One DICOM object of a result, ready to be written and sent.

    Attributes
    ----------
    kind : str
        Name of its row in :mod:`reporting.kinds`, or of its segment group: ``seg-anatomy``, ``sr-root``, ``sc``.
    title : str
        What it is, for people: ``segmentation``, ``report in words``.
    dataset : Dataset
        With file meta information.
    """

    kind: str
    title: str
    dataset: Dataset

    @property
    def sop_class_uid(self) -> str:
        """SOP Class UID."""
        return str(self.dataset.SOPClassUID)

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID."""
        return str(self.dataset.SOPInstanceUID)

    @property
    def series_instance_uid(self) -> str:
        """Series Instance UID."""
        return str(self.dataset.SeriesInstanceUID)

    @property
    def series_number(self) -> int:
        """Series Number."""
        return int(self.dataset.SeriesNumber)

    @property
    def instance_number(self) -> int:
        """Instance Number."""
        return int(self.dataset.InstanceNumber)

    @property
    def description(self) -> str:
        """Series Description."""
        return str(self.dataset.SeriesDescription)
