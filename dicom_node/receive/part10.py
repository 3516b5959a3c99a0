"""The start of a DICOM file: what a data set that came over the network is stored behind."""

import struct
from pathlib import Path
from typing import BinaryIO

IMPLEMENTATION_CLASS_UID = "2.25.206512071843946528913270531274460735131"
IMPLEMENTATION_VERSION = "AXSPA_NODE"
_PART_BYTES = 1 << 20


def file_start(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Preamble, prefix and file meta information (PS3.10 section 7.1); the same for the same image, always."""
    elements = b"".join(
        (
            b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01",
            _uid_element(0x0002, sop_class_uid),
            _uid_element(0x0003, sop_instance_uid),
            _uid_element(0x0010, transfer_syntax_uid),
            _uid_element(0x0012, IMPLEMENTATION_CLASS_UID),
            struct.pack("<HH2sH", 2, 0x0013, b"SH", len(IMPLEMENTATION_VERSION)) + IMPLEMENTATION_VERSION.encode(),
        )
    )
    length = struct.pack("<HH2sHL", 2, 0, b"UL", 4, len(elements))
    return b"\0" * 128 + b"DICM" + length + elements


def _uid_element(element: int, uid: str) -> bytes:
    value = uid.encode("ascii", "replace")
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HH2sH", 2, element, b"UI", len(value)) + value


def same_data_set(first: Path, second: Path) -> bool:
    """Whether two of our files hold the same data set in the same encoding, whatever stands in their file meta.

    Versions of this software before and after an upgrade write another file meta.

    Raises
    ------
    OSError
        One cannot be read.
    """
    with first.open("rb") as one, second.open("rb") as other:
        if _skip_meta(one) != _skip_meta(other):
            return False
        while part := one.read(_PART_BYTES):
            if other.read(_PART_BYTES) != part:
                return False
        return not other.read(1)


def _skip_meta(file: BinaryIO) -> bytes:
    """Stand behind the file meta information; returns its transfer syntax, encoded."""
    file.seek(140)
    meta = file.read(int.from_bytes(file.read(4), "little"))
    _, _, rest = meta.partition(b"\x02\x00\x10\x00UI")
    return rest[2 : 2 + int.from_bytes(rest[:2], "little")].rstrip(b"\0")
