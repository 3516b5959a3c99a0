"""Files to a volume: every encoding gives the same voxels, and what is irregular is said."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread, dcmwrite
from pydicom.encaps import get_frame
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from config.errors import UnusableInput
from inference.dicom.codestream import stream_size
from inference.dicom.headers import read_studies, read_study
from inference.dicom.volume import load_volume
from inference.sij_mri.types import Role
from inference.sij_mri.wanted import select
from inference.space.grids import to_patient
from inference.types import Volume
from reporting.presentation import word_limitation
from reporting.sij_mri.terms import TERMS
from tests.factories.dicom import (
    COLUMN,
    ROW,
    SHAPE,
    SPACING,
    load,
    pattern,
    position,
    write_enhanced,
    write_series,
)


def worded(volume: Volume) -> list[str]:
    """The warnings of a volume in words."""
    return [word_limitation(TERMS, warning) for warning in volume.warnings]


def rewrite(path: Path, **changes: Any) -> None:
    """Change attributes of a file on disk."""
    dataset = dcmread(path)
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)


def test_a_series_becomes_a_sorted_volume(tmp_path: Path) -> None:
    volume = load(write_series(tmp_path))
    assert volume.voxels.dtype == np.float32
    assert np.array_equal(volume.voxels, pattern())
    assert volume.positions_mm == pytest.approx(np.array([position(n) for n in range(SHAPE[0])]))
    assert volume.row_direction == pytest.approx(ROW)
    assert volume.column_direction == pytest.approx(COLUMN)
    assert volume.pixel_spacing_mm == SPACING[1:]
    assert volume.slice_spacing_mm == pytest.approx(SPACING[0])
    assert [image.instance_number for image in volume.images] == list(range(1, SHAPE[0] + 1))
    assert volume.warnings == ()
    assert volume.row_direction[0] > 0.9


def test_slices_numbered_backwards_are_sorted_by_place(tmp_path: Path) -> None:
    backwards = [position(SHAPE[0] - 1 - n) for n in range(SHAPE[0])]
    volume = load(write_series(tmp_path, places=backwards))
    assert np.array_equal(volume.voxels, pattern()[::-1])
    assert to_patient(volume, [0, 0, 0]) == pytest.approx(np.array(position(0)))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless_encodings_give_the_same_voxels(tmp_path: Path, syntax: str) -> None:
    assert np.array_equal(load(write_series(tmp_path, syntax=syntax)).voxels, pattern())


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, ImplicitVRLittleEndian, "1.2.840.10008.1.2.1.99"])
def test_native_encodings_give_the_same_voxels(tmp_path: Path, syntax: str) -> None:
    paths = write_series(tmp_path)
    for path in paths:
        dataset = dcmread(path)
        dataset.file_meta.TransferSyntaxUID = syntax
        implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
        if not little:
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
        dcmwrite(path, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    assert np.array_equal(load(paths).voxels, pattern())


def test_an_enhanced_object_becomes_the_same_volume(tmp_path: Path) -> None:
    volume = load([write_enhanced(tmp_path / "e.dcm")])
    assert np.array_equal(volume.voxels, pattern() * np.float32(2) - 5)
    assert volume.positions_mm == pytest.approx(np.array([position(n) for n in range(SHAPE[0])]))
    assert [image.frame for image in volume.images] == list(range(SHAPE[0], 0, -1))


def test_an_enhanced_object_compressed(tmp_path: Path) -> None:
    path = write_enhanced(tmp_path / "e.dcm")
    dataset = dcmread(path)
    dataset.compress(JPEGLSLossless, generate_instance_uid=False)
    dataset.save_as(path)
    assert np.array_equal(load([path]).voxels, pattern() * np.float32(2) - 5)


def test_each_slice_has_a_slope_of_its_own(tmp_path: Path) -> None:
    paths = write_series(tmp_path)
    for n, path in enumerate(paths):
        rewrite(path, RescaleSlope=str(1 + n), RescaleIntercept="-7")
    expected = pattern().astype(np.float32) * np.arange(1, SHAPE[0] + 1)[:, None, None] - 7
    assert load(paths).voxels == pytest.approx(expected)


def test_signed_pixels(tmp_path: Path) -> None:
    voxels = pattern().astype(np.int16) - 300
    assert np.array_equal(load(write_series(tmp_path, voxels=voxels)).voxels, voxels)


def test_monochrome1_is_turned(tmp_path: Path) -> None:
    volume = load(write_series(tmp_path, changes={"PhotometricInterpretation": "MONOCHROME1"}))
    plain = pattern().astype(np.float32)
    assert np.array_equal(volume.voxels, plain.max() + plain.min() - plain)


def test_padding_reads_as_background(tmp_path: Path) -> None:
    voxels: NDArray[np.uint16] = pattern()
    voxels[:, :4] = 60000
    volume = load(write_series(tmp_path, voxels=voxels, changes={"PixelPaddingValue": 60000}))
    assert volume.voxels[:, :4].max() == pytest.approx(voxels[:, 4:].min(axis=(1, 2)).max())


def test_a_missing_slice_is_said(tmp_path: Path) -> None:
    paths = write_series(tmp_path)
    volume = load(paths[:5] + paths[6:])
    assert volume.shape[0] == SHAPE[0] - 1
    assert volume.slice_spacing_mm == pytest.approx(SPACING[0])
    assert worded(volume) == ["1 slice is missing between slices 5 and 6, 8.0 mm apart, not 4.0."]
    assert np.array_equal(volume.voxels, np.delete(pattern(), 5, axis=0))


def test_unequal_spacing_is_said_and_kept(tmp_path: Path) -> None:
    places = [position(n + 0.1 * (n % 3)) for n in range(SHAPE[0])]
    volume = load(write_series(tmp_path, places=places))
    assert any("not equally spaced" in warning for warning in worded(volume))
    assert volume.positions_mm == pytest.approx(np.array(places))


def test_scanner_rounding_is_no_irregularity(tmp_path: Path) -> None:
    places = [tuple(round(value, 2) for value in position(n)) for n in range(SHAPE[0])]
    assert load(write_series(tmp_path, places=places)).warnings == ()


def test_repeats_at_one_position_are_left_out(tmp_path: Path) -> None:
    places = [position(n - (n == 6)) for n in range(SHAPE[0])]
    volume = load(write_series(tmp_path, places=places))
    assert volume.shape[0] == SHAPE[0] - 1
    assert any("repeat" in warning for warning in worded(volume))


def test_one_damaged_slice_is_left_out_and_said(tmp_path: Path) -> None:
    paths = write_series(tmp_path)
    paths[4].write_bytes(paths[4].read_bytes()[:-900])
    volume = load(paths)
    assert np.array_equal(volume.voxels, np.delete(pattern(), 4, axis=0))
    assert worded(volume)[0].startswith("The pixels of 1 of 12 slices cannot be read")
    assert "missing between slices 4 and 5" in worded(volume)[1]


def test_many_damaged_slices_are_refused(tmp_path: Path) -> None:
    paths = write_series(tmp_path)
    for path in paths[:3]:
        path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(UnusableInput) as caught:
        load(paths)
    assert caught.value.code == "PIXELS_DAMAGED"
    assert "3 of 12" in caught.value.sentence


def test_a_file_that_is_gone_counts_as_damaged(tmp_path: Path) -> None:
    paths = write_series(tmp_path)
    (series,) = read_study(paths).series
    paths[2].unlink()
    assert load_volume(series.images, series=series).shape[0] == SHAPE[0] - 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Rows": 60000, "Columns": 60000}, "VOLUME_TOO_LARGE"),
        ({"PixelSpacing": None}, "NO_GEOMETRY"),
        ({"ImagePositionPatient": None}, "NO_GEOMETRY"),
        ({"SamplesPerPixel": 3, "PlanarConfiguration": 0}, "PIXELS_DAMAGED"),
        ({"PixelData": None}, "PIXELS_DAMAGED"),
    ],
)
def test_what_cannot_be_a_volume_is_refused(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(UnusableInput) as caught:
        load(write_series(tmp_path, changes=changes))
    assert caught.value.code == code


def test_planes_of_two_orientations_are_refused(tmp_path: Path) -> None:
    paths = write_series(tmp_path)
    rewrite(paths[3], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    with pytest.raises(UnusableInput) as caught:
        load(paths)
    assert caught.value.code == "NOT_PARALLEL"


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless])
def test_a_stream_of_another_size_is_never_decoded(tmp_path: Path, syntax: str) -> None:
    paths = write_series(tmp_path, syntax=syntax)
    size = stream_size(get_frame(dcmread(paths[0]).PixelData, 0, number_of_frames=1))
    assert size == SHAPE[1:]
    for path in paths:
        data = path.read_bytes()
        mark = b"\xff\xf7" if syntax == JPEGLSLossless else b"\xff\x51"
        at = data.index(mark) + (5 if syntax == JPEGLSLossless else 8)
        path.write_bytes(data[:at] + b"\xff\xff" + data[at + 2 :])
    with pytest.raises(UnusableInput) as caught:
        load(paths)
    assert "CODED_SIZE" in caught.value.sentence


def test_real_encodings_agree(shared_data: Path) -> None:
    """The same Siemens mosaic in nine transfer syntaxes decodes to the same plane, lossy ones apart."""
    folder = shared_data / "data" / "dicom" / "encodings" / "neurolabusc+dcm_qa_ts" / "In"
    planes = {}
    for path in sorted(folder.glob("*.dcm")):
        (series,) = read_study([path]).series
        planes[path.stem] = load_volume(series.images, series=series).voxels
    assert len(planes) == 9
    for voxels in planes.values():
        assert np.array_equal(voxels, planes["1"])


@pytest.mark.parametrize("folder", ["vendors", "encodings", "hostile", "pelvis"])
def test_foreign_series_load_or_are_refused(shared_data: Path, folder: str) -> None:
    files = [path for path in (shared_data / "data" / "dicom" / folder).rglob("*") if path.is_file()]
    outcomes = {"loaded": 0, "refused": 0}
    for path in files:
        for study in read_studies([path])[0]:
            for series in study.series:
                try:
                    volume = load_volume(series.images, series=series)
                except UnusableInput as error:
                    assert error.code
                    outcomes["refused"] += 1
                else:
                    assert np.isfinite(volume.voxels).all()
                    outcomes["loaded"] += 1
    assert sum(outcomes.values()) > 0
    assert outcomes["loaded"] > 0 or folder == "hostile"


@pytest.mark.parametrize("subject", ["1012", "1013"])
def test_real_studies(real_study: Callable[[str], list[Path]], subject: str) -> None:
    study = read_study(real_study(subject))
    selection = select(study)
    by_uid = {series.series_instance_uid: series for series in study.series}
    assert {role: chosen.series_number for role, chosen in selection.chosen.items()} == {Role.T1W: 2, Role.FLUID: 3}
    for chosen in selection.chosen.values():
        volume = load_volume(chosen.images, series=by_uid[chosen.series_instance_uid])
        assert volume.shape[1:] == (336, 336)
        assert volume.warnings == ()
        assert volume.slice_spacing_mm == pytest.approx(3.3, abs=0.01)
        assert volume.row_direction[0] > 0.9


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_damaged_bytes_never_end_the_process(tmp_path: Path, syntax: str | None) -> None:
    """Sixty damaged copies for each encoding: read or refused, never anything else."""
    path = write_series(tmp_path, voxels=pattern()[:1], syntax=syntax)[0]
    good = path.read_bytes()
    chance = random.Random(7)
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.choice((1, 3, 10))):
            data[chance.randrange(len(data) // 3, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        study = read_study([path])
        for series in study.series:
            try:
                assert load_volume(series.images, series=series).shape[0] == 1
            except UnusableInput as error:
                assert error.code in ("PIXELS_DAMAGED", "NO_GEOMETRY", "VOLUME_TOO_LARGE")
