"""What outputs, gate and summary share: one object of a result, and what a result follows."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID


@dataclass(frozen=True, slots=True)
class ResultObject:
    """One DICOM object of a result, ready to be written and sent.

    Attributes
    ----------
    kind : str
        Name of its row in :mod:`reporting.kinds`, or of its segment group: ``sr-text``, ``sc-heat``, ``seg-edema``.
    title : str
        What it is, for people.
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


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A report of an earlier result of the same study, which the report of the same kind in this one follows."""

    kind: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str


FORMER_LEAD = "sr-root"
"""Kind of the report that led a result before there was one for each series."""


def followed_kinds(kind: str, *, leads: bool) -> tuple[str, ...]:
    """Kinds of earlier reports that a report names as its predecessors (PS3.3 C.17.2)."""
    return (kind, FORMER_LEAD) if leads else (kind,)


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of object, a row of the table in :mod:`reporting.kinds`.

    Attributes
    ----------
    name : str
        For file names and the database. Segmentations and their reports have a name by their group instead.
    title : str
        What it is, for people. Segmentations and their reports have the description of their group instead.
    sop_class : UID
    or_classes : tuple of UID
        Classes that hold the same content, for destinations that do not take the first.
    modality : str
    offset : int
        Of the series number, from the base of the deployment; segmentations and their reports have that of their
        group.
    made : str
        When it is made, in words.
    builder : str
        Its builder in :mod:`reporting.objects`.
    count : callable
        From an analysis and its presentation: how many there must be, by name.
    most : int
        Of one name, at most.
    default : bool
        Of the default set; else it is made on request.
    later_s : int or None
        Seconds after the start of the analysis that its series states: viewers list what is newest first. None: it
        states no time (PS3.3 C.7.3.1 lets it), so that it comes last.
    always : bool
        Made of a study of which nothing was read, too.
    turn : int
        Builders of a higher number come later: what leads a result names all other objects of it.
    never_empty : tuple of str
        Attributes that must have a value.
    expected : mapping
        Attributes that must have this value.
    """

    name: str
    title: str
    sop_class: UID
    modality: str
    offset: int
    made: str
    builder: str
    count: Callable[[Any, Any], Counter[str]]
    most: int = 1
    or_classes: tuple[UID, ...] = ()
    default: bool = True
    later_s: int | None = 0
    always: bool = False
    turn: int = 0
    never_empty: tuple[str, ...] = ()
    expected: Mapping[str, str] = field(default_factory=dict)
