"""Command sets and PDUs as they are read and written by ourselves, against pynetdicom's."""

import struct
from io import BytesIO

import pytest
from pynetdicom.dimse_messages import C_STORE_RQ, C_STORE_RSP
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import decode

from config.errors import UnusableInput
from dicom_node import wire
from dicom_node.receive import headers
from inference.dicom import Unfinished, text_of
from tests.factories.dicom import MR, encode, image

EXPLICIT = "1.2.840.10008.1.2.1"
SEQUENCE = struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
ITEM, ITEM_END = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF), struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
SEQUENCE_END = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def request() -> C_STORE:
    made = C_STORE()
    made.MessageID, made.Priority = 7, 2
    made.AffectedSOPClassUID, made.AffectedSOPInstanceUID = MR, "1.2.3"
    made.DataSet = BytesIO(b"1234")
    return made


def test_the_command_that_pynetdicom_writes_is_read() -> None:
    message = C_STORE_RQ()
    message.primitive_to_message(request())
    command = next(iter(message.encode_msg(1, 16384))).presentation_data_value_list[0][1][1:]
    elements = wire.command_elements(command)
    assert wire.command_field(elements) == wire.C_STORE_RQ
    assert wire.has_data_set(elements)
    assert wire.store_request(elements) == wire.StoreRequest(7, MR, "1.2.3")


@pytest.mark.parametrize(("status", "comment"), [(0, ""), (0xA700, "no room" * 20), (0x0111, "odd")])
def test_the_answer_is_the_one_that_pynetdicom_would_write(status: int, comment: str) -> None:
    answer = C_STORE()
    answer.MessageIDBeingRespondedTo, answer.Status = 7, status
    answer.AffectedSOPClassUID, answer.AffectedSOPInstanceUID = MR, "1.2.3"
    if comment:
        answer.ErrorComment = comment[:64]
    message = C_STORE_RSP()
    message.primitive_to_message(answer)
    theirs = next(iter(message.encode_msg(3, 16384))).presentation_data_value_list[0][1][1:]
    ours = wire.store_response(3, wire.StoreRequest(7, MR, "1.2.3"), status, comment)
    assert struct.unpack(">BBLLBB", ours[:12]) == (4, 0, len(ours) - 6, len(ours) - 10, 3, 3)
    assert decode(BytesIO(ours[12:]), True, True) == decode(BytesIO(theirs), True, True)


@pytest.mark.parametrize("command", [b"\0\0\0", struct.pack("<HHL", 8, 0, 0), struct.pack("<HHLH", 0, 0x100, 9, 1)])
def test_what_is_no_command_set_is_refused(command: bytes) -> None:
    with pytest.raises(ValueError, match="command set"):
        wire.command_elements(command)


def nested(count: int) -> bytes:
    """An image that has so many empty items before its patient."""
    data = encode(image(1))
    place = data.index(struct.pack("<HH", 0x0010, 0x0010))
    return data[:place] + SEQUENCE + (ITEM + ITEM_END) * count + SEQUENCE_END + data[place:]


def test_elements_in_items_count_too() -> None:
    assert text_of(headers.read_header(memoryview(nested(100)), transfer_syntax_uid=EXPLICIT), "PatientID") == "P-1"
    with pytest.raises(UnusableInput, match="DATA_SET_UNREADABLE"):
        headers.read_header(memoryview(nested(900_000)), transfer_syntax_uid=EXPLICIT)


def test_the_start_of_a_data_set_may_be_too_short() -> None:
    data = encode(image(1))
    with pytest.raises(Unfinished):
        headers.read_header(memoryview(data[:200]), transfer_syntax_uid=EXPLICIT, whole=False)
    start = data[: data.index(struct.pack("<HH", 0x7FE0, 0x0010))]
    assert headers.uids(headers.read_header(memoryview(start), transfer_syntax_uid=EXPLICIT, whole=False)).study
