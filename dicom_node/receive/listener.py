"""What a connection to our port turned out to carry, told by its first bytes.

References
----------
PS3.8 section 9.3 (the first byte of a PDU is its type, 1 to 7, the second is reserved). RFC 8446 section 5.1 (a TLS
handshake begins with 22 and a version of 3).
"""

from enum import StrEnum

_PDU_TYPES = frozenset(range(1, 8))


class Stream(StrEnum):
    """What a connection turned out to carry."""

    NOTHING = "nothing"
    DICOM = "DICOM"
    TLS = "TLS"
    HTTP = "HTTP"
    UNKNOWN = "unknown"


def recognize(start: bytes) -> Stream:
    """Name a stream by its first bytes (six are enough)."""
    if not start:
        return Stream.NOTHING
    if start[0] == 0x16 and start[1:2] in {b"", b"\x03"}:
        return Stream.TLS
    if start[:4] in {b"GET ", b"POST", b"HEAD", b"PUT ", b"OPTI", b"DELE", b"PRI "}:
        return Stream.HTTP
    if start[0] in _PDU_TYPES and start[1:2] in {b"", b"\x00"}:
        return Stream.DICOM
    return Stream.UNKNOWN
