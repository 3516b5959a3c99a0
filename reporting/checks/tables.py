"""What PS3.3 demands of each object that is sent, by its SOP class: modules, attributes, types.

The tables are those of ``modules.json``, written by ``python -m tests.module_tables``. Where the standard's own tables
are flat they are made to fit here: a functional group may be shared or of the frame, and a content item needs what its
value type calls for.

References
----------
PS3.3 A.1.3 (usage of modules), PS3.5 section 7.4 (types of attributes), PS3.3 C.7.6.16 (functional groups), C.17.3
(content items).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from pydicom.uid import ParametricMapStorage, SegmentationStorage

from reporting.levels import tag_of

GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
CONTENT, CONTENT_MODULE = "ContentSequence", "sr-document-content"
_PLANES = ("PixelMeasuresSequence", "PlaneOrientationSequence", "PlanePositionSequence")
GROUPS_OF: Mapping[str, tuple[str, ...]] = {
    SegmentationStorage: (*_PLANES, "FrameContentSequence", "SegmentIdentificationSequence", "DerivationImageSequence"),
    ParametricMapStorage: (
        *_PLANES,
        "FrameContentSequence",
        "ParametricMapFrameTypeSequence",
        "PixelValueTransformationSequence",
        "RealWorldValueMappingSequence",
    ),
}
"""Functional groups that each frame must have, of its own or shared (PS3.3 A.51.5 and A.75.5, of images in space)."""

_NAMED = ("ConceptNameCodeSequence", "1")
CONTENT_OF: Mapping[str, tuple[tuple[str, str], ...]] = {
    "TEXT": (_NAMED, ("TextValue", "1")),
    "CODE": (_NAMED, ("ConceptCodeSequence", "1")),
    "NUM": (_NAMED, ("MeasuredValueSequence", "2")),
    "UIDREF": (_NAMED, ("UID", "1")),
    "PNAME": (_NAMED, ("PersonName", "1")),
    "DATE": (_NAMED, ("Date", "1")),
    "TIME": (_NAMED, ("Time", "1")),
    "DATETIME": (_NAMED, ("DateTime", "1")),
    "CONTAINER": (("ContinuityOfContent", "1"),),
    "IMAGE": (("ReferencedSOPSequence", "1"),),
    "COMPOSITE": (("ReferencedSOPSequence", "1"),),
    "WAVEFORM": (("ReferencedSOPSequence", "1"),),
    "SCOORD": (("GraphicType", "1"), ("GraphicData", "1")),
    "SCOORD3D": (("GraphicType", "1"), ("GraphicData", "1"), ("ReferencedFrameOfReferenceUID", "1")),
    "TCOORD": (("TemporalRangeType", "1"),),
    "TABLE": (_NAMED, ("TabulatedValuesSequence", "1")),
}
"""What a content item of each value type must have, and of which type that is (PS3.3 C.17.3.2)."""


@dataclass(slots=True)
class Table:
    """What one level of a module demands.

    Attributes
    ----------
    demands : tuple of (str, str)
        Keyword and type (1, 2, 1C or 2C) of each attribute.
    below : dict from int to Table
        Of the items of each sequence, by its tag.
    is_content : bool
        True for a content item, which must have what its value type calls for.
    """

    demands: tuple[tuple[str, str], ...] = ()
    below: dict[int, "Table"] = field(default_factory=dict)
    is_content: bool = False


@dataclass(frozen=True, slots=True)
class Module:
    """A module of an information object definition.

    Attributes
    ----------
    name : str
    mandatory : bool
    own : frozenset of int
        Tags by which a module that is not mandatory is known to be there: no other module of the definition has them.
    table : Table
    """

    name: str
    mandatory: bool
    own: frozenset[int]
    table: Table


@cache
def modules_of(sop_class_uid: str) -> tuple[Module, ...]:
    """The modules of a SOP class; none for a class of which no object is sent."""
    return tuple(
        Module(name, usage == "M", frozenset(map(tag_of, own)), _Tables.read().module(name))
        for name, usage, own in _read()["classes"].get(sop_class_uid, ())
        if name in _read()["modules"]
    )


@cache
def _read() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((resources.files(__package__) / "modules.json").read_text("ascii"))
    return content


class _Tables:
    """Tables from the numbered levels of the file, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], Table] = {}

    @staticmethod
    @cache
    def read() -> "_Tables":
        return _Tables()

    def module(self, name: str) -> Table:
        number = _read()["modules"][name]
        return self._table(number, CONTENT if name == CONTENT_MODULE else "")

    def _table(self, number: int, under: str) -> Table:
        """A level as it is under a sequence that changes what it demands."""
        key = (number, under if under in (*GROUPS, CONTENT) else "")
        if key not in self._made:
            table = self._made[key] = Table()
            for name, entry in _read()["levels"][number].items():
                kind, below = entry if isinstance(entry, list) else (entry, None)
                if kind != "3" and not key[1]:
                    table.demands += ((name, kind),)
                if below is not None:
                    table.below[tag_of(name)] = self._table(below, name)
            if under == CONTENT:
                table.is_content = True
                table.below.setdefault(tag_of(CONTENT), table)
        return self._made[key]
