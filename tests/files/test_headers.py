"""Files to headers: classic, multi-frame, foreign and hostile."""

import resource
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from inference.dicom import file as dicomfile
from inference.dicom.headers import read_studies, read_study
from inference.dicom.stacks import kind
from inference.sij_mri.types import Role
from inference.sij_mri.wanted import select
from reporting.series_words import word_candidate, word_selection
from reporting.sij_mri.terms import TERMS
from tests.factories.dicom import COLUMN, ROW, SHAPE, STUDY, pattern, plane, position, write_enhanced, write_series
from tests.factories.waiting import processor_limit_s


def test_a_classic_series(tmp_path: Path) -> None:
    study = read_study(write_series(tmp_path))
    assert study.study_instance_uid == STUDY
    assert study.unreadable == ()
    (series,) = study.series
    assert (series.series_number, series.modality, series.description) == (2, "MR", "t1_tse_obl_cor ISG")
    image = series.images[3]
    assert image.position_mm == pytest.approx(position(3))
    assert image.row_direction == pytest.approx(ROW)
    assert image.column_direction == pytest.approx(COLUMN)
    assert image.pixel_spacing_mm == (0.7, 0.6)
    assert (image.rows, image.columns) == SHAPE[1:]
    assert (image.repetition_time_ms, image.echo_time_ms, image.echo_train_length) == (600.0, 9.0, 3)
    assert image.scanning_sequence == ("SE",)
    assert image.frame is None
    assert image.has_pixels


def test_nothing_that_identifies_a_patient_is_kept(tmp_path: Path) -> None:
    assert "SECRET" not in repr(read_study(write_series(tmp_path))).upper()


def test_what_is_missing_or_zero_is_none(tmp_path: Path) -> None:
    changes = {"EchoTime": None, "InversionTime": "0", "PixelSpacing": None, "InstanceNumber": None, "Rows": None}
    changes |= {"ImageOrientationPatient": ["1", "0", "0", "1", "0", "0"], "FlipAngle": None}
    (series,) = read_study(write_series(tmp_path, changes=changes)[:1]).series
    (image,) = series.images
    assert image.echo_time_ms is None
    assert image.inversion_time_ms is None
    assert image.pixel_spacing_mm is None
    assert image.instance_number is None
    assert image.rows is None
    assert image.row_direction is None
    assert image.flip_angle_deg is None


def test_an_enhanced_object_gives_a_header_for_each_frame(tmp_path: Path) -> None:
    (series,) = read_study([write_enhanced(tmp_path / "e.dcm", stir=True)]).series
    assert [image.frame for image in series.images] == list(range(1, SHAPE[0] + 1))
    image = series.images[0]  # the last slice is stored first
    assert image.position_mm == pytest.approx(position(SHAPE[0] - 1))
    assert image.column_direction == pytest.approx(COLUMN)
    assert image.pixel_spacing_mm == (0.7, 0.6)
    assert (image.repetition_time_ms, image.echo_time_ms, image.inversion_time_ms) == (4000.0, 60.0, 150.0)
    assert image.scanning_sequence == ("SE", "IR")
    assert image.echo_train_length == 15
    assert select(read_study([tmp_path / "e.dcm"])).chosen.get(Role.FLUID) is not None


def test_fat_suppression_of_an_enhanced_object(tmp_path: Path) -> None:
    path = write_enhanced(tmp_path / "e.dcm")
    dataset = dcmread(path)
    modifier = dataset.SharedFunctionalGroupsSequence[0].MRModifierSequence[0]
    modifier.SpectrallySelectedSuppression = "FAT"
    dataset.save_as(path)
    (series,) = read_study([path]).series
    assert series.images[0].scan_options == ("FS",)


def test_sensible_sentences_for_what_is_no_dicom(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello " * 100)
    (tmp_path / "noise").write_bytes(np.random.default_rng(1).bytes(4000))
    folder = tmp_path / "folder"
    folder.mkdir()
    good = write_series(tmp_path / "good")
    studies, unreadable = read_studies(
        [*good, *(tmp_path / name for name in ("empty", "text", "noise", "folder", "no"))]
    )
    assert len(studies) == 1
    codes = {file.path.name: file.code for file in unreadable}
    assert codes.pop("folder") == codes.pop("no") == "FILE_UNREADABLE"
    assert codes == {"empty": "FILE_EMPTY", "text": "NOT_DICOM", "noise": "NOT_DICOM"}
    assert all("Received" in file.sentence for file in unreadable)


def test_an_object_without_identity_is_named(tmp_path: Path) -> None:
    paths = write_series(tmp_path, changes={"SeriesInstanceUID": None})
    study = read_study(paths[:1])
    assert study.series == ()
    assert study.unreadable[0].code == "NO_IDENTITY"
    assert "Series Instance UID" in study.unreadable[0].sentence


def test_a_dataset_without_preamble_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bare"
    dataset = plane(pattern()[0], number=1, place=position(0))
    bare = Dataset()
    bare.update(dataset)
    bare.save_as(path, implicit_vr=True, little_endian=True)
    (series,) = read_study([path]).series
    assert series.images[0].rows == SHAPE[1]


def test_the_same_object_twice_counts_once(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "a") + write_series(tmp_path / "b")
    study = read_study(paths)
    assert len(study.series[0].images) == SHAPE[0]
    assert {file.code for file in study.unreadable} == {"DUPLICATE_INSTANCE"}


def test_a_stray_file_of_another_study_is_set_aside(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "a")
    stray = write_series(tmp_path / "b", series=7, changes={"StudyInstanceUID": "1.2.3.4"})[:1]
    study = read_study(paths + stray)
    assert study.study_instance_uid == STUDY
    assert [file.code for file in study.unreadable] == ["OTHER_STUDY"]
    studies, _ = read_studies(paths + stray)
    assert [found.study_instance_uid for found in studies] == ["1.2.3.4", STUDY]


def test_a_deflated_file_is_read_and_a_deflate_bomb_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicomfile, "MAX_INFLATED_BYTES", 8 << 20)
    paths = write_series(tmp_path / "good", syntax=None)
    dataset = dcmread(paths[0])
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    dataset.save_as(paths[0], enforce_file_format=True)
    assert len(read_study(paths).series[0].images) == SHAPE[0]

    raw = paths[0].read_bytes()
    start = 144 + int.from_bytes(raw[140:144], "little")
    squeezer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    bomb = tmp_path / "bomb"
    with bomb.open("wb") as file:
        file.write(raw[:start])
        for _ in range(10):
            file.write(squeezer.compress(bytes(1 << 20)))
        file.write(squeezer.flush())
    (refused,) = read_study([bomb]).unreadable
    assert refused.code == "DEFLATE_TOO_LARGE"


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    start = write_series(tmp_path)[0].read_bytes()
    opening = bytes.fromhex("0a30") + b"\x10\x00" + b"SQ\0\0\xff\xff\xff\xff" + bytes.fromhex("feff00e0ffffffff")
    path = tmp_path / "deep.dcm"
    path.write_bytes(start[: start.index(b"\x28\x00\x02\x00")] + opening * 100_000)
    (refused,) = read_study([path]).unreadable
    assert refused.code == "HEADER_DAMAGED"


def test_hostile_files_neither_raise_nor_hang_nor_fill_the_memory(shared_data: Path) -> None:
    files = [path for path in (shared_data / "data" / "dicom" / "hostile").rglob("*") if path.is_file()]
    assert len(files) >= 352
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in files:
        with processor_limit_s(20):  # each takes some milliseconds; one that hangs is found
            study = read_study([path])
            select(study)
        assert len(study.unreadable) + sum(len(series.images) for series in study.series) >= 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    studies, unreadable = read_studies(files)
    assert len(unreadable) + sum(len({i.path for s in st.series for i in s.images}) for st in studies) == len(files)


@pytest.mark.parametrize("folder", ["pelvis", "vendors", "encodings"])
def test_foreign_studies_are_not_applicable_with_reasons(shared_data: Path, folder: str) -> None:
    files = [path for path in (shared_data / "data" / "dicom" / folder).rglob("*") if path.is_file()]
    studies, _ = read_studies(files)
    assert studies
    for study in studies:
        selection = select(study)
        assert selection.chosen.get(Role.T1W) is None
        assert selection.chosen.get(Role.FLUID) is None
        assert word_selection(TERMS, selection).startswith("No series shows the sacroiliac joints")
        assert all(len(word_candidate(TERMS, candidate, selection)) > 12 for candidate in selection.candidates)


def test_the_pelvis_study_says_why(shared_data: Path) -> None:
    files = (shared_data / "data" / "dicom" / "pelvis").rglob("*.dcm")
    sentence = word_selection(TERMS, select(read_study(files)))
    assert "derived image" in sentence
    assert "701" in sentence


def test_real_multi_frame_objects(shared_data: Path) -> None:
    files = (shared_data / "data" / "dicom" / "vendors").rglob("*.dcm")
    studies, _ = read_studies(files)
    frames = {s.description: s.images for study in studies for s in study.series if s.images[0].frame is not None}
    philips, siemens = frames["B0 NS"], frames["REST1 w SMS PF7-8"]
    assert (len(philips), len(siemens)) == (64, 24)
    assert len({image.position_mm for image in siemens}) == 6
    assert all(image.position_mm and image.repetition_time_ms for image in (*philips, *siemens))
    assert {image.echo_time_ms for image in siemens} == {30.0}
    assert {(image.echo_time_ms, kind(image)) for image in philips} == {(1.52, ""), (None, "phase")}
