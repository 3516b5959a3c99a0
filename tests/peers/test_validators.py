"""Result objects before validators and readers that others wrote: dicom3tools, PixelMed, DCMTK, dcmqi.

PixelMed takes seconds a file: what it is asked here is a sample, the whole table is tests/proof/validators.py.
"""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.uid import UID, ComprehensiveSRStorage, EnhancedSRStorage

from inference.result import Analysis, Segment
from inference.sij_mri import Role
from inference.types import Side
from reporting.types import Predecessor
from reporting.writer import write
from tests.factories.analysis import (
    IDENTITY,
    as_analysis,
    build_outputs,
    make_analysis,
    make_reading,
    not_applicable,
    one_slice,
    paths_of,
    with_enhanced_t1,
    without_frame_of_reference,
    write_results,
)
from tests.factories.examples import EXAMPLES
from tests.factories.readers import mask_on, read_segmentation, read_volumes_ml
from tests.programs import Need, dcentvfy_errors, dciodvfy_errors, pixelmed_errors


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def analysis(study: Path) -> Analysis:
    return make_analysis(study)


@pytest.fixture(scope="module")
def files(analysis: Analysis, study: Path) -> dict[str, list[Path]]:
    return write_results(analysis, study / "results")


def every(files: dict[str, list[Path]]) -> list[Path]:
    return [path for paths in files.values() for path in paths]


def test_dciodvfy_finds_no_error(files: dict[str, list[Path]], need_program: Need) -> None:
    assert {path.name: dciodvfy_errors(need_program, path) for path in every(files)} == {
        path.name: [] for path in every(files)
    }


def test_dcentvfy_finds_one_study(files: dict[str, list[Path]], study: Path, need_program: Need) -> None:
    assert dcentvfy_errors(need_program, [*study.glob("*.dcm"), *every(files)]) == []


def test_pixelmed_finds_no_error(files: dict[str, list[Path]], need_program: Need) -> None:
    reports = [files[kind][0] for kind in ("sr-edema", "sr-joints", "sr-text")]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda path: pixelmed_errors(need_program, path), reports)) == [[], [], []]


VARIANTS: dict[str, Callable[[Path], Analysis]] = {
    "T1-weighted alone": lambda folder: make_analysis(folder, with_fluid=False),
    "fluid-sensitive alone": lambda folder: make_analysis(folder, with_t1=False),
    "no edema": lambda folder: make_analysis(folder, edema=(False, False)),
    "edema on one side": lambda folder: make_analysis(folder, edema=(True, False)),
    "no frame of reference": lambda folder: without_frame_of_reference(make_analysis(folder)),
    "enhanced multi-frame": with_enhanced_t1,
    "nothing but a region": lambda folder: as_analysis(
        replace(make_reading(folder, with_fluid=False), joints=(), prediction=None, explanation=None)
    ),
    "bad dates and sex": lambda folder: make_analysis(
        folder,
        header={"PatientBirthDate": "1990", "PatientSex": "f", "StudyTime": "10:15:00", "BodyPartExamined": "SIJ"},
    ),
    "missing attributes": lambda folder: make_analysis(folder, header=dict.fromkeys(IDENTITY)),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_dciodvfy_finds_no_error_whatever_is_missing(tmp_path: Path, name: str, need_program: Need) -> None:
    files = write_results(VARIANTS[name](tmp_path), tmp_path / "results")
    # Of the captures, the page and one slice: the others differ in their pixels alone.
    chosen = [path for kind, paths in files.items() for path in (paths[:2] if kind == "sc-heat" else paths)]
    assert [line for path in chosen for line in dciodvfy_errors(need_program, path)] == []


def test_pixelmed_on_a_report_of_one_outline_and_on_one_that_has_none(tmp_path: Path, need_program: Need) -> None:
    bare = VARIANTS["nothing but a region"]
    made = [(one_slice, "sr-edema", "one"), (bare, "sr-text", "none")]
    for make, kind, name in made:
        (tmp_path / name).mkdir()
        files = write_results(make(tmp_path / name), tmp_path / name / "results")
        assert pixelmed_errors(need_program, files[kind][0]) == [], name
        assert dciodvfy_errors(need_program, files[kind][0]) == [], name


@pytest.mark.parametrize("report_class", [ComprehensiveSRStorage, EnhancedSRStorage])
def test_reports_of_lesser_classes(analysis: Analysis, tmp_path: Path, report_class: UID, need_program: Need) -> None:
    made = build_outputs(analysis, report_class=report_class, kinds={"sr-edema", "seg-edema"})
    report = made.objects[0]
    write(report.dataset, tmp_path / "report.dcm")
    assert pydicom.dcmread(tmp_path / "report.dcm").SOPClassUID == report_class
    assert dciodvfy_errors(need_program, tmp_path / "report.dcm") == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_results_of_other_applications(tmp_path: Path, name: str, need_program: Need) -> None:
    made = EXAMPLES[name](tmp_path / "study")
    assert made.findings() == ()
    paths = paths_of(made.outputs.objects, tmp_path)
    for item in made.outputs.objects:
        write(item.dataset, paths[item.sop_instance_uid])
    files = {item.kind: paths[item.sop_instance_uid] for item in made.outputs.objects}  # the last of each kind
    assert [line for path in files.values() for line in dciodvfy_errors(need_program, path)] == []
    if name != "threshold":  # its report has one outline, as that of the lesion of one slice
        assert pixelmed_errors(need_program, files["sr-text"]) == []


def test_a_study_that_does_not_apply(tmp_path: Path, need_program: Need) -> None:
    analysis, headers = not_applicable(tmp_path)
    files = write_results(analysis, tmp_path / "results", headers)
    assert list(files) == ["sr-text"]
    path = files["sr-text"][0]
    assert dciodvfy_errors(need_program, path) == []
    assert pixelmed_errors(need_program, path) == []
    assert dcentvfy_errors(need_program, [*tmp_path.glob("*.dcm"), path]) == []
    text = subprocess.run(
        [need_program("dsrdump"), "+Pl", str(path)], capture_output=True, check=True, text=True
    ).stdout
    assert "Not analysed: no series" in text and "NOT FOR DIAGNOSIS" in text


def test_a_report_that_follows_another(analysis: Analysis, tmp_path: Path, need_program: Need) -> None:
    first = build_outputs(analysis).objects
    earlier = [Predecessor(o.kind, o.sop_class_uid, o.sop_instance_uid, o.series_instance_uid) for o in first]
    for item in build_outputs(analysis, predecessors=earlier).objects:
        if item.dataset.Modality == "SR":
            write(item.dataset, tmp_path / "report.dcm")
            assert "PredecessorDocumentsSequence" in pydicom.dcmread(tmp_path / "report.dcm")
            assert dciodvfy_errors(need_program, tmp_path / "report.dcm") == []


NAMES = {
    "Japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "Korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "Cyrillic": (["ISO_IR 144"], "Люксембург^Анна"),
    "UTF-8": (["ISO_IR 192"], "Wang^XiaoDong=王^小东"),
    "Latin-1": (["ISO_IR 100"], "Buc^Jérôme"),
}


@pytest.mark.parametrize("script", NAMES)
def test_names_come_back_intact(tmp_path: Path, script: str, need_program: Need) -> None:
    charset, name = NAMES[script]
    analysis = make_analysis(tmp_path, with_fluid=False, header={"SpecificCharacterSet": charset, "PatientName": name})
    source = pydicom.dcmread(analysis.of_role(Role.T1W).sources[0].path)
    assert source.SpecificCharacterSet == (charset if len(charset) > 1 else charset[0])
    files = write_results(analysis, tmp_path / "results")
    for kind, paths in files.items():
        dump = subprocess.run(
            [need_program("dcmdump"), "-q", "+P", "PatientName", "+P", "SpecificCharacterSet", str(paths[0])],
            capture_output=True, check=True,
        ).stdout.decode("utf-8")  # fmt: skip
        assert f"[{name}]" in dump, kind
        assert "[ISO_IR 192]" in dump
        assert dciodvfy_errors(need_program, paths[0]) == []


def test_dcmqi_reads_the_segmentations_voxel_for_voxel(
    analysis: Analysis, files: dict[str, list[Path]], tmp_path: Path, need_program: Need
) -> None:
    joints = read_segmentation(files["seg-joints"][0], tmp_path / "joints", need_program)
    edema = read_segmentation(files["seg-edema"][0], tmp_path / "edema", need_program)
    expected = [
        (joints[1], found(analysis, "joint", Side.LEFT)),
        (joints[2], found(analysis, "joint", Side.RIGHT)),
        (edema[1], found(analysis, "edema", Side.LEFT)),
        (edema[2], found(analysis, "edema", Side.RIGHT)),
    ]
    for file, segment in expected:
        assert np.array_equal(mask_on(analysis.of_role(segment.role), file), segment.mask)


def found(analysis: Analysis, key: str, side: Side | None = None) -> Segment:
    """A segment that is there."""
    segment = analysis.segment(key, side)
    assert segment is not None
    return segment


def test_dcmqi_reads_one_that_comes_from_a_multi_frame_source(tmp_path: Path, need_program: Need) -> None:
    analysis = with_enhanced_t1(tmp_path)
    files = write_results(analysis, tmp_path / "results")
    segments = read_segmentation(files["seg-joints"][0], tmp_path / "joints", need_program)
    t1 = analysis.of_role(Role.T1W)
    assert np.array_equal(mask_on(t1, segments[1]), found(analysis, "joint", Side.LEFT).mask)
    frames = pydicom.dcmread(files["seg-joints"][0]).PerFrameFunctionalGroupsSequence
    for frame in frames:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        index = t1.shape[0] - int(source.ReferencedFrameNumber)
        position = [float(value) for value in frame.PlanePositionSequence[0].ImagePositionPatient]
        assert np.allclose(position, t1.volume.positions_mm[index], atol=1e-3)


def test_tid1500_reader_reads_the_volumes(
    analysis: Analysis, files: dict[str, list[Path]], tmp_path: Path, need_program: Need
) -> None:
    read = read_volumes_ml(files["sr-edema"][0], tmp_path / "measurements.json", need_program)
    for side in Side:
        measured = analysis.measurement("edema-volume", side)
        assert measured is not None and isinstance(measured.value, float)
        assert read[f"AXSPA-EDEMA-{side.upper()}"] == pytest.approx(measured.value / 1000, abs=0.05)


def test_highdicom_reads_what_it_built(analysis: Analysis, files: dict[str, list[Path]]) -> None:
    report = highdicom.sr.srread(files["sr-edema"][0])
    outlines = report.content.get_planar_roi_measurement_groups()
    volumes = report.content.get_volumetric_roi_measurement_groups()
    assert len(outlines) > len(volumes) == 4
    assert {str(one.tracking_uid) for one in volumes} < {str(one.tracking_uid) for one in outlines}
    assert all(one.reference_type.value == "111030" for one in outlines)
    read = highdicom.seg.segread(files["seg-edema"][0])
    segments = {str(one.tracking_uid): int(one.segment_number) for one in read.SegmentSequence}
    assert set(segments) == {str(one.tracking_uid) for one in volumes}
    fluid = analysis.of_role(Role.FLUID)
    assert fluid is not None
    pixels = read.get_pixels_by_source_instance(
        [source.sop_instance_uid for source in fluid.sources], assert_missing_frames_are_empty=True
    )
    assert np.array_equal(pixels[..., 0] > 0, found(analysis, "edema", Side.LEFT).mask)
