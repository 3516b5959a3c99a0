"""What the gate checks, one subject a module."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class GateFinding:
    """One reason why a result must not leave.

    Attributes
    ----------
    code : str
        Stable identifier in capitals.
    sentence : str
        What is wrong, for a person; it names no patient.
    object_kind : str
        Kind of the object at fault; empty for the study.
    """

    code: str
    sentence: str
    object_kind: str


@dataclass(frozen=True, slots=True)
class Checked:
    """An object as it would be sent: its kind, and what was read back from its bytes."""

    kind: str
    dataset: Dataset


def walk(dataset: Dataset) -> Iterator[Dataset]:
    """A dataset and every item of every sequence below it."""
    yield dataset
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from walk(item)
