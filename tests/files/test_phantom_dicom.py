"""The phantom as a DICOM study: conformant, the same each time, and readable in every form it is written in."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from inference.sij_mri.types import Role
from inference.types import Side
from tests.factories.phantoms import coarse
from training.phantom.dicom import NAMES, Patient, StudyOptions, write_study
from training.phantom.phantom import Phantom
from training.phantom.vendors import VENDORS


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return coarse()


@pytest.fixture(scope="module")
def study(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_study(phantom, tmp_path_factory.mktemp("study"), options=StudyOptions(extra_series=True))


def of_series(paths: list[Path], number: int) -> list[pydicom.Dataset]:
    return [dataset for path in paths if (dataset := pydicom.dcmread(path)).SeriesNumber == number]


def test_voxels_and_geometry_come_back(phantom: Phantom, study: list[Path]) -> None:
    for number, volume in ((2, phantom.t1), (3, phantom.fluid)):
        datasets = of_series(study, number)
        voxels = np.stack([dataset.pixel_array for dataset in datasets])
        scale = volume.voxels.max() / 4095
        np.testing.assert_allclose(voxels * scale, volume.voxels, atol=0.51 * scale)
        positions = np.array([dataset.ImagePositionPatient for dataset in datasets], float)
        np.testing.assert_allclose(positions, volume.positions_mm, atol=1e-4)
        orientation = np.array(datasets[0].ImageOrientationPatient, float)
        np.testing.assert_allclose(orientation, [*volume.row_direction, *volume.column_direction], atol=1e-6)


def test_the_same_call_writes_the_same_bytes(phantom: Phantom, study: list[Path], tmp_path: Path) -> None:
    again = write_study(phantom, tmp_path, options=StudyOptions(extra_series=True))
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in study]


def test_other_series_try_the_selection(study: list[Path]) -> None:
    scout, axial, reformat = (of_series(study, number) for number in (1, 4, 5))
    assert len({tuple(dataset.ImageOrientationPatient) for dataset in scout}) == 3
    assert scout[0].ScanningSequence == "GR"
    t1_normal, axial_normal = (
        np.cross(*np.array(datasets[0].ImageOrientationPatient, float).reshape(2, 3))
        for datasets in (of_series(study, 2), axial)
    )
    assert abs(np.dot(t1_normal, axial_normal)) < 1e-6
    assert reformat[0].ImageType[0] == "DERIVED"


def test_enhanced_objects_hold_the_same_frames(phantom: Phantom, study: list[Path], tmp_path: Path) -> None:
    paths = write_study(phantom, tmp_path, options=StudyOptions(enhanced=True))
    for number in (2, 3):
        (enhanced,) = of_series(paths, number)
        single = of_series(study, number)
        np.testing.assert_array_equal(enhanced.pixel_array, np.stack([dataset.pixel_array for dataset in single]))
        for frame, dataset in zip(enhanced.PerFrameFunctionalGroupsSequence, single, strict=True):
            assert frame.PlanePositionSequence[0].ImagePositionPatient == dataset.ImagePositionPatient


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_compressed_images_hold_the_same_pixels(
    phantom: Phantom, study: list[Path], syntax: str, tmp_path: Path
) -> None:
    paths = write_study(phantom, tmp_path, options=StudyOptions(transfer_syntax=syntax))
    for number in (2, 3):
        for packed, plain in zip(of_series(paths, number), of_series(study, number), strict=True):
            assert packed.file_meta.TransferSyntaxUID == syntax
            assert packed.SOPInstanceUID == packed.file_meta.MediaStorageSOPInstanceUID == plain.SOPInstanceUID
            np.testing.assert_array_equal(packed.pixel_array, plain.pixel_array)


@pytest.mark.parametrize("key", sorted(NAMES))
def test_names_in_other_scripts_come_back(phantom: Phantom, key: str, tmp_path: Path) -> None:
    character_set, name = NAMES[key]
    paths = write_study(phantom, tmp_path, patient=Patient(name=name, character_set=character_set))
    dataset = pydicom.dcmread(paths[-1])
    assert str(dataset.PatientName) == name
    assert dataset.SpecificCharacterSet == character_set


def test_a_lost_slice_an_uneven_gap_and_absent_attributes(phantom: Phantom, tmp_path: Path) -> None:
    options = StudyOptions(
        missing_slices={Role.T1W: (3,)}, uneven_mm=4.0, absent=("PatientBirthDate", "AccessionNumber", "StudyID")
    )
    paths = write_study(phantom, tmp_path, patient=Patient(identifier=""), options=options)
    t1, fluid = of_series(paths, 2), of_series(paths, 3)
    assert [dataset.InstanceNumber for dataset in t1] == [1, 2, 3, 5, 6, 7]
    gaps = np.diff(_places(fluid))
    np.testing.assert_allclose(sorted(gaps), [9.0, 9.0, 9.0, 9.0, 13.0], atol=1e-4)
    for dataset in (*t1, *fluid):
        assert dataset.PatientID == ""
        assert all(keyword not in dataset for keyword in options.absent)


def test_one_series_can_be_left_out(phantom: Phantom, tmp_path: Path) -> None:
    paths = write_study(phantom, tmp_path, options=StudyOptions(roles=(Role.FLUID,)))
    kept = [dataset for path in paths if (dataset := pydicom.dcmread(path)).SeriesNumber > 1]
    assert {dataset.SeriesDescription for dataset in kept} == {VENDORS["siemens"].names["fluid"]}


def test_the_shipped_study_is_what_its_seed_makes(shipped_study: list[Path], shipped_truth: Phantom) -> None:
    """Within one gray level: other processors round differently."""
    paths, phantom = shipped_study, shipped_truth
    assert len({pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID for path in paths}) == 1
    for number, volume in ((2, phantom.t1), (3, phantom.fluid)):
        voxels = np.stack([dataset.pixel_array for dataset in of_series(paths, number)]).astype(float)
        made = volume.voxels * (4095 / volume.voxels.max())
        assert np.abs(voxels - made).max() < 2.0
    left = sum(lesion.volume_mm3 for lesion in phantom.lesions if lesion.side is Side.LEFT)
    right = sum(lesion.volume_mm3 for lesion in phantom.lesions if lesion.side is Side.RIGHT)
    assert left > 3000.0
    assert 100.0 < right < 0.1 * left


def _places(datasets: list[pydicom.Dataset]) -> NDArray[np.float64]:
    orientation = np.array(datasets[0].ImageOrientationPatient, float)
    normal = np.cross(orientation[:3], orientation[3:])
    places: NDArray[np.float64] = np.array([dataset.ImagePositionPatient for dataset in datasets], float) @ normal
    return places
