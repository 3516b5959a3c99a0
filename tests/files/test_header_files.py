"""Headers of files: the same reader for selection and for the objects that are made."""

from pathlib import Path

import pytest
from pydicom import dcmread

from config.errors import UnusableInput
from inference.dicom.file import open_header
from reporting.objects.sources import read_header
from tests.factories.dicom import write_series

DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.fixture(params=["plain", "deflated"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = write_series(tmp_path)[0]
    if request.param == "deflated":
        dataset = dcmread(path)
        dataset.file_meta.TransferSyntaxUID = DEFLATED
        dataset.save_as(path, enforce_file_format=True)
    return path


def test_everything_before_the_pixels_is_read(image: Path) -> None:
    dataset, has_pixels = open_header(image)
    assert has_pixels
    assert "PixelData" not in dataset
    assert dataset.Rows == dcmread(image).Rows


def test_only_what_was_asked_for_is_kept(image: Path) -> None:
    dataset, has_pixels = open_header(image, keywords=["PatientID", "Rows"])
    assert has_pixels
    whole = dcmread(image)
    assert {element.keyword for element in dataset} - {"SpecificCharacterSet"} == {"PatientID", "Rows"}
    assert dataset.PatientID == whole.PatientID
    assert read_header(image, ("PatientID", "Rows")) == dataset


def test_a_file_without_pixels_says_so(image: Path) -> None:
    dataset = dcmread(image)
    del dataset.PixelData
    dataset.save_as(image, enforce_file_format=True)
    assert not open_header(image)[1]


@pytest.mark.parametrize("content", [b"", b"no DICOM at all" * 20])
def test_what_is_no_dicom_is_no_source(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(UnusableInput) as caught:
        read_header(path)
    assert caught.value.code == "SOURCE_UNREADABLE"
    assert str(tmp_path) not in str(caught.value)
