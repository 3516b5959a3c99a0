"""What every object says of its making, and the grid of pixels that are not square and fit no byte."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from inference.types import Side
from tests.factories.analysis import STARTED
from tests.factories.sources import EVERYTHING_WITH_A_SIDE, Chain, chain, write_study

SCANNER = {"Manufacturer": "Siemens Höhe", "DeviceSerialNumber": "S" * 70, "SoftwareVersions": ["syngo", "B17"]}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """Of pixels of 1.5 by 1.9 mm, with noise behind the digits of the slice thickness."""
    values = {"PixelSpacing": ["1.5", "1.9"], "PixelAspectRatio": [15, 19], "SliceThickness": "3.30000000002790"}
    return chain(write_study(tmp_path_factory.mktemp("study"), **SCANNER, **values), kinds=EVERYTHING_WITH_A_SIDE)


def test_scanner_and_algorithm_contributed(result: Chain) -> None:
    for item in result.outputs.objects:
        scanner, algorithm = item.dataset.ContributingEquipmentSequence
        purposes = [one.PurposeOfReferenceCodeSequence[0].CodeValue for one in (scanner, algorithm)]
        assert purposes == ["109101", "109102"]
        assert scanner.Manufacturer == "Siemens Höhe"
        assert len(scanner.DeviceSerialNumber) == 64
        assert algorithm.Manufacturer and algorithm.ManufacturerModelName == "sij-test 1.0"
        assert list(algorithm.SoftwareVersions) == ["0.1.0", "sij-test 1.0"]
        assert algorithm.DeviceUID
    assert len({item.dataset.ContributingEquipmentSequence[1].DeviceUID for item in result.outputs.objects}) == 1


def test_content_is_of_the_start_of_the_analysis(result: Chain) -> None:
    local = STARTED.astimezone()
    for item in result.outputs.objects:
        assert item.dataset.ContentDate == local.strftime("%Y%m%d")
        assert float(item.dataset.ContentTime) == pytest.approx(float(local.strftime("%H%M%S.%f")))


def test_no_digit_is_there_that_nobody_measured(result: Chain) -> None:
    for dataset in (*result.objects("seg-"), *result.objects("sc-heat")):
        places = list(numbers(dataset))
        assert places
        assert max(len(str(value).lstrip("-0.").replace(".", "").partition("e")[0]) for value in places) <= 10
    measures = result.objects("seg-")[0].SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert [str(value) for value in measures.PixelSpacing] == ["1.5", "1.9"]
    assert str(measures.SliceThickness) == "3.3"


def numbers(dataset: Dataset) -> list[str]:
    """Every decimal string of a picture's places, as it is written."""
    found: list[str] = []
    for element in dataset.iterall():
        if element.VR == "DS" and element.keyword.startswith(("Image", "Pixel", "Slice", "Spacing")):
            found += map(str, element.value if element.VM > 1 else [element.value])
    return found


def test_masks_and_pictures_have_the_sources_grid(result: Chain) -> None:
    images = {images.role: images for images in result.analysis.images}
    assert all(images.shape[2] % 8 for images in images.values())
    for segmentation in result.objects("seg-"):
        (role,) = {
            role
            for role, one in images.items()
            if one.series_instance_uid == segmentation.ReferencedSeriesSequence[0].SeriesInstanceUID
        }
        assert (segmentation.Rows, segmentation.Columns) == images[role].shape[1:]
    for capture in result.objects("sc-heat"):
        assert [float(value) for value in capture.PixelSpacing] == [1.5, 1.9]
    left, right = (result.analysis.segment("joint", side) for side in (Side.LEFT, Side.RIGHT))
    assert left is not None and right is not None
    for segment in (left, right):
        columns = np.ptp(np.nonzero(segment.mask)[2]) * 1.9
        rows = np.ptp(np.nonzero(segment.mask)[1]) * 1.5
        assert rows > 2 * columns, "a joint is long from head to feet in millimeters"


def test_files_of_the_source_are_only_read(tmp_path: Path) -> None:
    paths = write_study(tmp_path, fluid=False, PatientName="A" * 80, AccessionNumber="9" * 20)
    before = [path.read_bytes() for path in paths]
    chain(paths)
    assert [path.read_bytes() for path in paths] == before
