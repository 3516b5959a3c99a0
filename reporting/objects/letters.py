"""Text of a source header letter for letter, under whatever character set it was written, or none.

References
----------
PS3.5 section 6.1 (Character Repertoires); PS3.3 C.12.1.1.2 (Specific Character Set).
"""

import re
from collections.abc import Iterator

from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import PersonName

_TEXT = frozenset({"SH", "LO", "ST", "LT", "UT", "PN", "UC"})
_ONE_VALUE = frozenset({"ST", "LT", "UT"})  # a backslash is a letter like any other
_RESETS = frozenset(b"\t\n\f\r\\^=")  # where a single-byte character set begins anew
_LOST = "\ufffd"


def text_encodings(source: Dataset) -> list[str]:
    """Python encodings of a header's text.

    Where the header names no character set, or none that is known, or one in which its text cannot have been written,
    UTF-8 is taken if the bytes are valid UTF-8, else Latin-1.
    """
    written = b"\\".join(_written(source))
    declared = _declared(source)
    if declared and _LOST not in decode_bytes(written, declared, set(_RESETS)):
        return declared
    try:
        written.decode("utf-8")
    except UnicodeDecodeError:
        return ["latin_1"]
    return ["utf-8"]


def texts(dataset: Dataset, tag: BaseTag | int, encodings: list[str]) -> list[str]:
    """The values of a text element, decoded as a whole before they are parted: a delimiter may be half a letter."""
    vr, raw = dataset[tag].VR, _raw(dataset, tag)
    if raw is not None:
        text = decode_bytes(raw, encodings, set(_RESETS))
        values = [text] if vr in _ONE_VALUE else text.split("\\")
    else:
        value = dataset[tag].value
        values = [str(one) for one in (value if isinstance(value, MultiValue | list) else [value]) if one is not None]
    return [one.strip(" \0") for one in values]


def is_text(vr: str) -> bool:
    """True for the value representations whose letters the character set governs."""
    return vr in _TEXT


def _declared(source: Dataset) -> list[str]:
    value = source.get("SpecificCharacterSet") or ""
    names = [_spelled(str(one)) for one in ([value] if isinstance(value, str) else value)]
    if not any(names) or names == ["ISO_IR 6"] or any(name not in python_encoding for name in names):
        return []
    return list(convert_encodings(names))


def _spelled(name: str) -> str:
    """A defined term of Specific Character Set, from the spellings in which it is met."""
    found = re.fullmatch(r"ISO[ _-]*(2022[ _-]*)?IR[ _-]*(\d+)", name.strip().upper())
    if found is None:
        return name.strip()
    return f"ISO 2022 IR {found[2]}" if found[1] else f"ISO_IR {found[2]}"


def _written(dataset: Dataset) -> Iterator[bytes]:
    """The bytes of the text of a header, without its sequences and private elements."""
    for tag in dataset.keys():
        raw = None if tag.is_private else _raw(dataset, tag)
        if raw is not None:
            yield raw


def _raw(dataset: Dataset, tag: BaseTag | int) -> bytes | None:
    """A text element's bytes as they stand in the file; None where it was made or changed since."""
    element = dataset.get_item(Tag(tag))
    value = getattr(element, "value", None)
    if isinstance(value, PersonName):
        value = value.original_string
    if not isinstance(value, bytes):
        return None
    vr = element.VR if element is not None and element.VR not in (None, "UN") else dataset[tag].VR
    return value if is_text(str(vr)) else None
