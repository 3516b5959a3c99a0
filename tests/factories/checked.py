"""Objects of every kind as the gate reads them back, and copies of them that are damaged."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset

from inference.result import Analysis
from reporting.checks import SourceHeaders
from reporting.findings import Checked
from reporting.kinds import every_kind
from reporting.sij_mri import SacroiliacPresentation
from reporting.types import ResultObject
from reporting.writer import encode
from tests.factories.analysis import build_outputs, gate_findings, headers_of


class Objects:
    """What an analysis gives where every kind is wanted.

    Attributes
    ----------
    by_kind : dict from str to Dataset
        The last object of each kind.
    source : SourceHeaders
    """

    def __init__(self, analysis: Analysis) -> None:
        kinds = every_kind(SacroiliacPresentation())
        made = build_outputs(analysis, kinds=kinds).objects
        self.by_kind = {item.kind: item.dataset for item in made}
        self._all = [checked(item.kind, item.dataset) for item in made]
        self.source = SourceHeaders.read(headers_of(analysis))

    def read(self, kind: str, change: Callable[[Dataset], object] | None = None) -> Checked:
        """A changed copy of the object of a kind, as it is read back."""
        copy = deepcopy(self.by_kind[kind])
        if change is not None:
            change(copy)
        return checked(kind, copy)

    def beside(self, kind: str) -> list[Checked]:
        """All others than the object of a kind, as they are."""
        own = self.by_kind[kind].SOPInstanceUID
        return [item for item in self._all if item.dataset.SOPInstanceUID != own]

    def of_class(self, sop_class: str) -> str:
        """The kind of the smallest object of a SOP class."""
        kinds = (kind for kind, dataset in self.by_kind.items() if dataset.SOPClassUID == sop_class)
        return min(kinds, key=lambda kind: len(encode(self.by_kind[kind])))


def checked(kind: str, dataset: Dataset) -> Checked:
    """An object as the gate reads it back."""
    return Checked(kind, pydicom.dcmread(BytesIO(encode(dataset))))


def items_in(dataset: Dataset) -> Iterator[Dataset]:
    """Every content item of a document, in its order."""
    for item in dataset.get("ContentSequence", ()):
        yield item
        yield from items_in(item)


def name_of(item: Dataset) -> str:
    """The code of what a content item is; empty where it has none."""
    return next((str(code.CodeValue) for code in item.get("ConceptNameCodeSequence", ())), "")


def spoil(built: tuple[ResultObject, ...], kind: str, change: Callable[[Dataset], None]) -> tuple[ResultObject, ...]:
    """The objects with a changed copy of the first of one kind."""
    objects = list(built)
    number = next(number for number, item in enumerate(objects) if item.kind == kind)
    dataset = deepcopy(objects[number].dataset)
    change(dataset)
    objects[number] = replace(objects[number], dataset=dataset)
    return tuple(objects)


def codes_of(objects: tuple[ResultObject, ...], analysis: Analysis) -> set[str]:
    """Codes of what the gate finds wrong with objects."""
    return {finding.code for finding in gate_findings(objects, analysis)}
