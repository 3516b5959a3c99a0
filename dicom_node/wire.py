"""What is read and written on an association by itself: P-DATA fragments, the command set of a C-STORE, its answer.

pynetdicom makes an object of each fragment, gathers a message in memory and encodes its answer element by element; that
was most of what an image cost. Here bytes are looked at where they lie. Nothing of pynetdicom is imported.

References
----------
PS3.7 section 9.3 (command sets are implicit VR, little endian) and Annex E. PS3.8 section 9.3 (PDUs) and Annex E.2
(message control header).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

C_STORE_RQ = 0x0001
NO_DATA_SET = 0x0101
P_DATA_TF = 0x04
A_ASSOCIATE_RQ = 0x01
IS_COMMAND = 0x01
IS_LAST = 0x02

MAX_COMMAND_BYTES = 16 * 1024
"""A command set is some hundreds of bytes; the longest there is lists tags (0000,1005)."""
MAX_REQUEST_BYTES = 512 * 1024
"""128 presentation contexts of 30 transfer syntaxes each are 280 kB; a user's identity is at most 64 kB more."""
MAX_OTHER_BYTES = 1024
"""Answers, releases and aborts are ten to some hundred bytes."""
MAX_CONTEXTS = 128
_MAX_SYNTAXES = 64
_MAX_USER_ITEMS = 512
_CONTEXT_ITEM, _USER_ITEM = 0x20, 0x50


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """What the command of a C-STORE says.

    Attributes
    ----------
    message_id : int
    sop_class, sop_instance : str
        UIDs as they came, without padding; empty where the command lacks them.
    """

    message_id: int
    sop_class: str
    sop_instance: str


def command_elements(command: bytes) -> dict[int, bytes]:
    """The elements of a command set, from the number within group 0000 to the value.

    Raises
    ------
    ValueError
        These bytes are no command set.
    """
    found: dict[int, bytes] = {}
    place, end = 0, len(command)
    while place < end:
        if end - place < 8:
            raise ValueError("a command set that ends within an element")
        group, element, length = struct.unpack_from("<HHL", command, place)
        place += 8
        if group or length > end - place:
            raise ValueError("a command set with an element that is none")
        found[element] = command[place : place + length]
        place += length
    return found


def command_field(elements: dict[int, bytes]) -> int:
    """Which command it is; -1 where it does not say."""
    return _number(elements.get(0x0100), missing=-1)


def has_data_set(elements: dict[int, bytes]) -> bool:
    """A data set follows."""
    return _number(elements.get(0x0800), missing=NO_DATA_SET) != NO_DATA_SET


def store_request(elements: dict[int, bytes]) -> StoreRequest:
    """What the command of a C-STORE says."""
    return StoreRequest(
        message_id=_number(elements.get(0x0110), missing=0),
        sop_class=_text(elements.get(0x0002, b"")),
        sop_instance=_text(elements.get(0x1000, b"")),
    )


def store_response(context_id: int, request: StoreRequest, status: int, comment: str = "") -> bytes:
    """The answer to a C-STORE, as one P-DATA-TF PDU.

    Parameters
    ----------
    context_id : int
    request : StoreRequest
    status : int
    comment : str
        Error Comment (0000,0902): 64 signs at most of it are sent.
    """
    elements = b"".join(
        (
            _element(0x0002, request.sop_class.encode("ascii", "replace"), pad=b"\0"),
            b"\0\0\0\x01\x02\0\0\0\x01\x80",  # (0000,0100) Command Field: C-STORE-RSP
            struct.pack("<HHLH", 0, 0x0120, 2, request.message_id),
            b"\0\0\0\x08\x02\0\0\0\x01\x01",  # (0000,0800) no data set
            struct.pack("<HHLH", 0, 0x0900, 2, status),
            _element(0x0902, comment.encode("ascii", "replace")[:64], pad=b" ") if comment else b"",
            _element(0x1000, request.sop_instance.encode("ascii", "replace"), pad=b"\0"),
        )
    )
    size = len(elements) + 12  # with (0000,0000), the length of the group
    head = struct.pack(">BBLLBB", P_DATA_TF, 0, size + 6, size + 2, context_id, IS_COMMAND | IS_LAST)
    return head + struct.pack("<HHLL", 0, 0, 4, len(elements)) + elements


def max_pdu_bytes(kind: int, *, of_data: int) -> int:
    """How long a PDU of this type may say that it is."""
    if kind == P_DATA_TF:
        return of_data
    return MAX_REQUEST_BYTES if kind == A_ASSOCIATE_RQ else MAX_OTHER_BYTES


def check_request(pdu: bytes) -> None:
    """See that a request for association asks for no more than one can.

    Parameters
    ----------
    pdu : bytes
        A whole A-ASSOCIATE-RQ.

    Raises
    ------
    ValueError
        It has too many presentation contexts, transfer syntaxes or user items, or an item is longer than its place.
    """
    contexts = 0
    for kind, start, end in _items(pdu, 74, len(pdu)):  # 74: PS3.8 Table 9-11
        if kind == _CONTEXT_ITEM:
            contexts += 1
            _count(pdu, start + 4, end, limit=_MAX_SYNTAXES + 1)
        elif kind == _USER_ITEM:
            _count(pdu, start, end, limit=_MAX_USER_ITEMS)
        if contexts > MAX_CONTEXTS:
            raise ValueError("too many presentation contexts")


def _count(pdu: bytes, start: int, end: int, *, limit: int) -> None:
    for number, _ in enumerate(_items(pdu, start, end), 1):
        if number > limit:
            raise ValueError("too many items")


def _items(pdu: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Type, start and end of the value of each item between two places."""
    while start + 4 <= end:
        kind, length = struct.unpack_from(">BxH", pdu, start)
        start += 4
        if start + length > end:
            raise ValueError("an item longer than its place")
        yield kind, start, start + length
        start += length


def _number(value: bytes | None, *, missing: int) -> int:
    return int.from_bytes(value, "little") if value is not None and len(value) == 2 else missing


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip("\0 ")


def _element(number: int, value: bytes, *, pad: bytes) -> bytes:
    value += pad * (len(value) % 2)
    return struct.pack("<HHL", 0, number, len(value)) + value
