"""Identity taken from headers as scanners and gateways leave them."""

from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from config.errors import UnusableInput
from reporting.objects.identity import REQUIRED, take_identity
from reporting.objects.sources import read_header
from tests.factories import dicom


def header_with(name: bytes, charset: str | None, **values: str) -> Dataset:
    """A header as it is read from bytes: the name raw, under a character set that may be wrong or absent."""
    filler = b"N" * (len(name) + len(name) % 2)
    dataset = dicom.image(**{**dict.fromkeys(REQUIRED), "PatientName": filler.decode(), "SpecificCharacterSet": None})
    if charset is not None:
        dataset.SpecificCharacterSet = charset.split("\\")
    content = dicom.as_file(dicom.change(dataset, **values))
    return pydicom.dcmread(BytesIO(content.replace(filler, name.ljust(len(filler)))))


@pytest.mark.parametrize(
    ("charset", "encoding", "name"),
    [
        ("\\ISO 2022 IR 87", "iso2022_jp", "Yamada^Tarou=山田^太郎"),
        ("ISO_IR 144", "iso_ir_144", "Люксембург^Анна"),
        ("ISO_IR 192", "utf-8", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("GB18030", "gb18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 13", "shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        (None, "utf-8", "Иванов^Иван"),
        (None, "latin-1", "Buc^Jérôme"),
        ("ISO_IR 9999", "utf-8", "Buc^Jérôme"),
        (None, "ascii", "Doe^John"),
    ],
)
def test_names(charset: str | None, encoding: str, name: str) -> None:
    identity = take_identity(header_with(name.encode(encoding), charset))
    assert str(identity.PatientName) == name
    assert identity.SpecificCharacterSet == "ISO_IR 192"


def test_the_source_is_left_as_it_was() -> None:
    header = header_with("Люксембург".encode("iso_ir_144"), "ISO_IR 144", PatientSex="F")
    take_identity(header)
    assert header.SpecificCharacterSet == "ISO_IR 144" and str(header.PatientName) == "Люксембург"


def test_missing_attributes_become_empty() -> None:
    header = header_with(b"A", None)
    del header.PatientName
    identity = take_identity(header)
    assert all(keyword in identity and not identity.get(keyword) for keyword in REQUIRED)


def test_illegal_values_become_legal_or_empty() -> None:
    header = header_with(
        b"A", None, PatientSex=" f", PatientBirthDate="1980.01.02", StudyTime="10:15:00", StudyDate="yesterd."
    )
    identity = take_identity(header)
    assert identity.PatientSex == "F"
    assert identity.PatientBirthDate == "19800102"
    assert identity.StudyTime == "101500"
    assert identity.StudyDate == ""


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput) as error:
        read_header(tmp_path / "gone.dcm")
    assert error.value.code == "SOURCE_UNREADABLE" and str(tmp_path) not in str(error.value)
