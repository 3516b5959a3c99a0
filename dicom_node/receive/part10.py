"""The start of a DICOM file: what a data set that came over the network is stored behind."""

import struct

IMPLEMENTATION_CLASS_UID = "2.25.206512071843946528913270531274460735131"
IMPLEMENTATION_VERSION = "AXSPA_NODE"


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
