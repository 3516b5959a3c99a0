"""Import of real scans: NIfTI and DICOM of the same patient give the same data set."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.__main__ import main
from training.data.dataset import Dataset, Subject, read_index
from training.sij_mri.importing.nifti import import_nifti


@pytest.fixture(scope="module")
def one_scan(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layout of the source with one patient in it."""
    source = shared_data / "data" / "sij"
    folder = tmp_path_factory.mktemp("nifti")
    for path in sorted(source.rglob("1013*.nii.gz")):
        target = folder / path.relative_to(source)
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(path.resolve())
    return folder


@pytest.fixture(scope="module")
def from_nifti(one_scan: Path, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """The scan as it comes from the source's NIfTI files."""
    return import_nifti(one_scan, tmp_path_factory.mktemp("from_nifti")).load("1013")


@pytest.fixture(scope="module")
def from_dicom(real_study: Callable[[str], list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The data set that the command makes of the DICOM files of the same scan."""
    folder = tmp_path_factory.mktemp("from_dicom")
    secret = tmp_path_factory.mktemp("secret") / "secret"
    source = real_study("1013")[0].parent
    assert main(["import", str(source), "--out", str(folder), "--secret", str(secret)]) == 0
    return read_index(folder)


def test_nifti_and_dicom_of_one_patient_agree(from_nifti: Subject, from_dicom: Dataset) -> None:
    (entry,) = from_dicom.entries
    subject, expected = from_dicom.load(entry.subject), from_nifti
    assert set(subject.images) == set(expected.images) == {"t1w", "stir"}
    for name, image in subject.images.items():
        scale = 4095 / expected.images[name].max()
        assert np.abs(image - expected.images[name] * scale).max() <= 0.51, name
    assert subject.positions_mm == pytest.approx(expected.positions_mm, abs=1e-3)
    assert subject.directions == pytest.approx(expected.directions, abs=1e-6)
    assert subject.pixel_spacing_mm == pytest.approx(expected.pixel_spacing_mm, abs=1e-5)


def test_masks_lie_on_the_bone(from_nifti: Subject) -> None:
    subject = from_nifti
    assert {"region", "normal_marrow", "inflammation_R11", "inflammation_R22"} <= set(subject.labels)
    region = subject.labels["region"]
    assert 0.05 < region.mean() < 0.25
    edema = subject.labels["inflammation_R11"]
    assert subject.images["stir"][edema].mean() > 2 * subject.images["stir"][subject.labels["normal_marrow"]].mean()


def test_no_identifier_is_kept(from_dicom: Dataset) -> None:
    (entry,) = from_dicom.entries
    assert "1013" not in entry.subject + entry.patient
    assert len(entry.subject) == len(entry.patient) == 12
