"""One reader of headers, one tolerance, one way to turn a value into text."""

import logging
import threading
import warnings
import zlib
from io import BytesIO

import pydicom
import pytest
from pydicom.config import settings as pydicom_settings
from pydicom.dataset import Dataset

from config.errors import UnusableInput
from dicom_node.receive import headers
from inference.dicom import fields, read_start, reading, text_of, tolerant
from tests.factories.dicom import encode, image

EXPLICIT, IMPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)


def received(data: bytes, syntax: str = EXPLICIT) -> Dataset:
    """The header of these bytes as the receiver reads it."""
    return headers.read_header(memoryview(data), transfer_syntax_uid=syntax)


def element(tag: bytes, vr: bytes, value: bytes) -> bytes:
    """One element in explicit VR, little endian."""
    value += b" " * (len(value) % 2)
    return tag + vr + len(value).to_bytes(2, "little") + value


def test_several_values_are_joined_as_dicom_writes_them() -> None:
    kept = headers.fields(received(encode(image(1, PatientID="12\\34", AccessionNumber="A\\\\B"))))
    assert kept["patient_id"] == "12\\34"
    assert kept["accession_number"] == "A\\\\B"


def test_one_value_is_itself() -> None:
    kept = headers.fields(received(encode(image(1, PatientID=" 1234 "))))
    assert kept["patient_id"] == "1234"
    assert kept["patient_name"] == "Test^Patient"


def test_a_uid_of_two_values_is_none_that_could_be_filed() -> None:
    found = headers.uids(received(encode(image(1, SeriesInstanceUID=["1.2.3", "4.5.6"]))))
    assert found.series == "1.2.3\\4.5.6"
    assert found.study == "1.2.826.7"


@pytest.mark.parametrize(
    ("vr", "raw", "shown"),
    [
        (b"LO", b"", ""),
        (b"LO", b"caf\xc3\xa9", "café"),
        (b"LO", b"a\x01b\x7fc", "abc"),
        (b"LO", b"\xff\xfe x", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} x"),
    ],
)
def test_what_is_text_and_what_is_not(vr: bytes, raw: bytes, shown: str) -> None:
    charset = element(b"\x08\x00\x05\x00", b"CS", b"ISO_IR 192")
    assert text_of(received(charset + element(b"\x10\x00\x20\x00", vr, raw)), "PatientID") == shown


def test_a_sequence_is_no_text_and_a_missing_element_is_none_either() -> None:
    dataset = Dataset()
    dataset.RequestAttributesSequence = [Dataset()]
    dataset.add_new(0x00190010, "UN", b"SIEMENS MR HEADER ")
    dataset.add_new(0x00191001, "UN", "é".encode("latin-1"))
    assert text_of(dataset, "RequestAttributesSequence") == ""
    assert text_of(dataset, "PatientID") == ""
    assert text_of(dataset, 0x00190010) == "SIEMENS MR HEADER"
    assert text_of(dataset, 0x00191001) == "é"


def test_no_more_is_looked_at_than_was_asked_for() -> None:
    dataset = Dataset()
    dataset.StudyDescription = "x" * 1000
    assert text_of(dataset, "StudyDescription") == "x" * 1000
    assert text_of(dataset, "StudyDescription", limit=10) == "x" * 10
    assert fields.text(dataset, "StudyDescription") == "x" * fields.MAX_TEXT


def test_selection_sees_the_whole_description_and_the_first_code() -> None:
    dataset = Dataset()
    dataset.SeriesDescription = ["t1", "fs"]
    dataset.Modality = ["MR", "PR"]
    assert fields.text(dataset, "SeriesDescription") == "t1\\fs"
    assert fields.first(dataset, "Modality") == "MR"


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG, DEFLATED])
@pytest.mark.parametrize("size", [10, 200_000])
def test_every_syntax_is_read_up_to_the_last_element_and_no_further(syntax: str, size: int) -> None:
    large = image(1)
    large.add_new(0x00091010, "OB", bytes(size))  # lies before the patient
    data = encode(large, implicit=syntax == IMPLICIT, little=syntax != BIG)
    if syntax == DEFLATED:
        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = deflate.compress(data) + deflate.flush()
    wanted = (0x00100020, 0x0020000E, 0x00200013)
    found = read_start(memoryview(data), transfer_syntax_uid=syntax, last_tag=0x0020000E, wanted=wanted)
    assert text_of(found, "PatientID") == "P-1"
    assert text_of(found, "SeriesInstanceUID") == "1.2.826.7.1"
    assert "InstanceNumber" not in found
    assert "PixelData" not in found


def test_what_is_not_in_its_transfer_syntax_is_unusable_input_with_the_code_of_the_place() -> None:
    with pytest.raises(UnusableInput) as caught:
        received(encode(image(1)), DEFLATED)
    assert caught.value.code == "DATA_SET_UNREADABLE"


def test_what_breaks_in_foreign_bytes_becomes_a_reason_and_our_own_errors_stay() -> None:
    with pytest.raises(UnusableInput, match=r"HEADER_DAMAGED: .* Received: ZeroDivisionError"), reading():
        _ = 1 // 0
    with pytest.raises(UnusableInput, match=r"FILE_UNREADABLE: .* Received: Is a directory"), reading():
        raise IsADirectoryError(21, "Is a directory", "/patients/name")
    with pytest.raises(UnusableInput, match="MINE"), reading():
        raise UnusableInput("MINE", "As it was said.")


def state() -> tuple[int, int, int, int]:
    """What :func:`tolerant` changes, as it is now."""
    return (
        pydicom_settings.reading_validation_mode,
        pydicom_settings.writing_validation_mode,
        logging.getLogger("pydicom").level,
        len(warnings.filters),
    )


def test_the_tolerance_ends_where_its_last_reader_leaves_in_whatever_order_they_do() -> None:
    before = state()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with tolerant():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with tolerant():
        thread.start()
        assert inside.wait(60)
        tolerated = state()
    assert tolerated != before
    assert state() == tolerated  # the other one still reads
    leave.set()
    thread.join(60)
    assert state() == before


def test_outside_of_it_pydicom_warns_of_a_value_and_inside_it_does_not() -> None:
    data = element(b"\x08\x00\x05\x00", b"CS", b"ISO_IR 192") + element(b"\x10\x00\x20\x00", b"LO", b"\xff\xfe")

    def read() -> Dataset:
        return pydicom.filereader.read_dataset(BytesIO(data), False, True)

    with pytest.warns(UserWarning, match="Failed to decode"):
        _ = read().PatientID
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert text_of(read(), "PatientID") == 2 * "\N{REPLACEMENT CHARACTER}"
        with tolerant():
            _ = read().PatientID
