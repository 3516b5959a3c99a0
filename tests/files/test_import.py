"""Import of real scans: NIfTI and DICOM of the same patient give the same data set."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training.__main__ import main
from training.data.dataset import read_index
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


def test_nifti_and_dicom_of_one_patient_agree(one_scan: Path, shared_data: Path, tmp_path: Path) -> None:
    tool = shared_data / "tools" / "sij_to_dicom.py"
    subprocess.run([sys.executable, tool, "1013", tmp_path / "dicom"], check=True, capture_output=True)
    expected = import_nifti(one_scan, tmp_path / "a").load("1013")

    assert main(["import", str(tmp_path / "dicom"), "--out", str(tmp_path / "b")]) == 0

    dataset = read_index(tmp_path / "b")
    assert len(dataset.entries) == 1
    subject = dataset.load(dataset.entries[0].subject)
    assert set(subject.images) == set(expected.images) == {"t1w", "stir"}
    for name, image in subject.images.items():
        scale = 4095 / expected.images[name].max()
        assert np.abs(image - expected.images[name] * scale).max() <= 0.51, name
    assert subject.positions_mm == pytest.approx(expected.positions_mm, abs=1e-3)
    assert subject.directions == pytest.approx(expected.directions, abs=1e-6)
    assert subject.pixel_spacing_mm == pytest.approx(expected.pixel_spacing_mm, abs=1e-5)


def test_masks_lie_on_the_bone(one_scan: Path, tmp_path: Path) -> None:
    subject = import_nifti(one_scan, tmp_path).load("1013")

    assert {"region", "normal_marrow", "inflammation_R11", "inflammation_R22"} <= set(subject.labels)
    region = subject.labels["region"]
    assert 0.05 < region.mean() < 0.25
    edema = subject.labels["inflammation_R11"]
    assert subject.images["stir"][edema].mean() > 2 * subject.images["stir"][subject.labels["normal_marrow"]].mean()


def test_no_identifier_is_kept(shared_data: Path, tmp_path: Path) -> None:
    tool = shared_data / "tools" / "sij_to_dicom.py"
    subprocess.run([sys.executable, tool, "1013", tmp_path / "dicom"], check=True, capture_output=True)
    assert main(["import", str(tmp_path / "dicom"), "--out", str(tmp_path / "set")]) == 0

    entry = read_index(tmp_path / "set").entries[0]
    assert "1013" not in entry.subject + entry.patient
    assert len(entry.subject) == len(entry.patient) == 12
