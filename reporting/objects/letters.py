"""Text of a source header letter for letter, under whatever character set it was written, or none.

References
----------
PS3.5 section 6.1 (Character Repertoires); PS3.3 C.12.1.1.2 (Specific Character Set).
"""

import re

from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import PersonName

from inference.dicom import tolerant

_TEXT = frozenset({"SH", "LO", "ST", "LT", "UT", "PN", "UC"})
_ONE_VALUE = frozenset({"ST", "LT", "UT"})  # a backslash is a letter like any other
_RESETS = set(b"\t\n\f\r\\^=")  # where a single-byte character set begins anew
_LOST = "\ufffd"


def is_text(vr: str) -> bool:
    """True for the value representations whose letters the character set governs."""
    return vr in _TEXT


def vr_of(dataset: Dataset, tag: BaseTag | int) -> str:
    """The value representation of an element, told without converting its bytes."""
    vr = getattr(dataset.get_item(Tag(tag)), "VR", None)
    return str(dictionary_VR(tag)) if vr in (None, "UN") else str(vr)


def declared_encodings(source: Dataset) -> list[str]:
    """Python encodings of the character sets that a header names; none where it names none that is known."""
    value = source.get("SpecificCharacterSet") or ""
    names = [_spelled(str(one)) for one in ([value] if isinstance(value, str) else value)]
    if not any(names) or names == ["ISO_IR 6"] or any(name not in python_encoding for name in names):
        return []
    return list(convert_encodings(names))


def texts(dataset: Dataset, tag: BaseTag | int, declared: list[str]) -> list[str]:
    """The values of an element that is written in letters, a number or a date among them, without padding.

    They are decoded as a whole before they are parted, since a delimiter may be half a letter. Where no character set
    is declared, or one in which the bytes cannot have been written, they are UTF-8 if they are valid UTF-8, else
    Latin-1.
    """
    vr, raw = vr_of(dataset, tag), _raw(dataset, tag)
    if raw is not None:
        text = _decoded(raw, declared)
        values = [text] if vr in _ONE_VALUE else text.split("\\")
    else:
        value = dataset[tag].value
        values = [str(one) for one in (value if isinstance(value, MultiValue | list) else [value]) if one is not None]
    return [one.strip(" \0") for one in values]


def source_text(source: Dataset, keyword: str) -> str:
    """The first value of a text attribute of a header; empty where it has none."""
    with tolerant():
        if keyword not in source or not is_text(vr_of(source, Tag(keyword))):
            return ""
        return next(iter(texts(source, Tag(keyword), declared_encodings(source))), "")


def _decoded(raw: bytes, declared: list[str]) -> str:
    if declared:
        text = str(decode_bytes(raw, declared, _RESETS))
        if _LOST not in text:
            return text
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _spelled(name: str) -> str:
    """A defined term of Specific Character Set, from the spellings in which it is met."""
    found = re.fullmatch(r"ISO[ _-]*(2022[ _-]*)?IR[ _-]*(\d+)", name.strip().upper())
    if found is None:
        return name.strip()
    return f"ISO 2022 IR {found[2]}" if found[1] else f"ISO_IR {found[2]}"


def _raw(dataset: Dataset, tag: BaseTag | int) -> bytes | None:
    """A text element's bytes as they stand in the file; None where it was made, or looked at by others, since."""
    value = getattr(dataset.get_item(Tag(tag)), "value", None)
    if isinstance(value, PersonName):
        value = value.original_string
    return value if isinstance(value, bytes) else None
