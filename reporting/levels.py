"""An object as it was read back, level by level: its elements as their bytes stand in the file, its items below.

pydicom converts a value when it is asked for, which is most of what reading costs: what can be judged by the bytes is.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_generator

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement, RawDataElement

ITEM_HEADER, ITEM = struct.Struct("<4sL"), b"\xfe\xff\x00\xe0"
UID_PADDING = "\0 "
WIDTH: Mapping[str, int] = {"US": 2, "UL": 4, "UV": 8, "AT": 2}  # unsigned, in bytes; a tag is two numbers


@dataclass(frozen=True, slots=True)
class Level:
    """A dataset or an item of a sequence.

    Attributes
    ----------
    elements : mapping from int to element
        By tag; raw, as :func:`pydicom.dcmread` leaves them, but for sequences.
    items : mapping from int to tuple of Level
        Of each sequence, by its tag.
    """

    elements: Mapping[int, "RawDataElement | DataElement"]
    items: Mapping[int, tuple["Level", ...]]

    @classmethod
    def of(cls, dataset: Dataset) -> "Level":
        """Of a dataset of which nothing was converted yet.

        Raises
        ------
        ValueError
            It is not in explicit VR, or a sequence is not whole.
        """
        return cls._of(dict(dataset.items()))

    @classmethod
    def _of(cls, elements: Mapping[int, "RawDataElement | DataElement"]) -> "Level":
        items = {}
        for tag, element in elements.items():
            if element.VR is None:
                raise ValueError("elements of implicit VR cannot be judged by their bytes")
            if element.VR == "SQ":
                items[tag] = tuple(cls._items(element.value))
        return cls(elements, items)

    @classmethod
    def _items(cls, value: Any) -> Iterator["Level"]:
        """Items of a sequence; pydicom reads those of undefined length itself (PS3.5 section 7.5)."""
        if not isinstance(value, bytes):
            for item in value or ():
                yield cls.of(item)
            return
        at = 0
        while at < len(value):
            tag, length = ITEM_HEADER.unpack_from(value, at)
            at += ITEM_HEADER.size
            if tag != ITEM or at + length > len(value):
                raise ValueError("a sequence is not whole")
            content = BytesIO(value[at : at + length])
            yield cls._of({element.tag: element for element in data_element_generator(content, False, True)})
            at += length

    def walk(self) -> Iterator["Level"]:
        """This level and every one below it."""
        yield self
        for items in self.items.values():
            for item in items:
                yield from item.walk()

    def holds(self, keyword: str) -> bool:
        """True where an attribute is there and has a value."""
        tag = tag_of(keyword)
        return bool(self.items[tag] if tag in self.items else tag in self.elements and self.elements[tag].value)

    def text(self, keyword: str) -> str:
        """An attribute's value as text, without padding; empty where it is not there."""
        element = self.elements.get(tag_of(keyword))
        return "" if element is None else plain(element.value)

    def number(self, keyword: str) -> int:
        """The first whole number of an attribute; 0 where it is not there."""
        return next(iter(self.numbers(keyword)), 0)

    def numbers(self, keyword: str) -> tuple[int, ...]:
        """The whole numbers of an attribute, binary or a string; tags are two numbers each."""
        element = self.elements.get(tag_of(keyword))
        if element is None or not isinstance(element.value, bytes) or not element.value:
            return ()
        width = WIDTH.get(str(element.VR))
        if width is None:
            return tuple(int(part) for part in element.value.split(b"\\"))
        value = element.value
        return tuple(int.from_bytes(value[at : at + width], "little") for at in range(0, len(value), width))

    def below(self, keyword: str) -> tuple["Level", ...]:
        """The items of a sequence; none where it is not there."""
        return self.items.get(tag_of(keyword), ())


def plain(value: object) -> str:
    """A raw value, or one that pydicom converted, as text without padding."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip(UID_PADDING)
    return "" if value is None else str(value).strip(UID_PADDING)


def tag_of(keyword: str) -> int:
    """The tag of a keyword of the standard.

    Raises
    ------
    ValueError
        It is none.
    """
    tag = _TAGS.get(keyword)
    if tag is None:
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise ValueError(f"{keyword!r} is no keyword of the standard")
        _TAGS[keyword] = tag
    return tag


_TAGS: dict[str, int] = {}


def name_of(tag: int) -> str:
    """Keyword of a tag, or its number where it has none."""
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
