"""What outputs, gate and summary share: one object of a result, and what a result follows."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydicom.dataset import Dataset
from pydicom.uid import UID

from reporting.writer import encode


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
    _encoded: list[bytes] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def encoded(self) -> bytes:
        """The object as a file, made once: what the gate judged is what is kept and sent."""
        if not self._encoded:
            self._encoded.append(encode(self.dataset))
        return self._encoded[0]

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


class Named(Protocol):
    """What is known of an object of an earlier result."""

    @property
    def kind(self) -> str:
        """See :class:`ResultObject`."""

    @property
    def sop_class_uid(self) -> str:
        """SOP Class UID."""

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID."""

    @property
    def series_instance_uid(self) -> str:
        """Series Instance UID."""


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A report of an earlier result of the same study; see :func:`is_followed`."""

    kind: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str


def is_followed(earlier: str, by: str, *, beside: Collection[str] | None = None) -> bool:
    """True where a report names an earlier one as its predecessor (PS3.3 C.17.2).

    Each follows that of its own kind; the one that leads a result, those whose kind no report of this result has, too.

    Parameters
    ----------
    earlier, by : str
        Kinds of the earlier report and of the one that may follow it.
    beside : collection of str, optional
        Kinds of all other objects of the result, where this report leads it.
    """
    return earlier == by or (beside is not None and earlier not in beside)


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
        Attributes that must have a value, though no module of the SOP class demands it without a condition.
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
