"""The phantom's files before dicom3tools."""

from pathlib import Path

import pydicom
import pytest

from tests.factories.phantoms import coarse
from tests.programs import Need, dcentvfy_errors, dciodvfy_errors
from training.phantom.dicom import StudyOptions, write_study
from training.phantom.vendors import VENDORS


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_every_series_passes_dciodvfy_and_the_study_dcentvfy(vendor: str, tmp_path: Path, need_program: Need) -> None:
    paths = write_study(coarse(), tmp_path, vendor=vendor, options=StudyOptions(extra_series=True))
    first = {pydicom.dcmread(path, stop_before_pixels=True).SeriesNumber: path for path in reversed(paths)}
    assert sorted(first) == [1, 2, 3, 4, 5]
    for path in first.values():
        assert dciodvfy_errors(need_program, path) == []
    assert dcentvfy_errors(need_program, paths) == []


def test_enhanced_objects_pass_dciodvfy(tmp_path: Path, need_program: Need) -> None:
    write_study(coarse(), tmp_path, options=StudyOptions(enhanced=True))
    for number in (2, 3):
        assert dciodvfy_errors(need_program, tmp_path / f"MR{number:02d}001.dcm") == []
