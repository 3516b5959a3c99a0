"""Result objects before validators and readers that others wrote: dicom3tools, PixelMed, DCMTK, dcmqi."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from inference.result import Analysis, Segment
from inference.sij_mri import Role
from inference.space.grids import to_index
from inference.types import Side, Volume
from reporting.types import Predecessor
from reporting.writer import write
from tests.factories.analysis import (
    IDENTITY,
    as_analysis,
    build_outputs,
    make_analysis,
    make_reading,
    not_applicable,
    paths_of,
    with_enhanced_t1,
    without_frame_of_reference,
    write_results,
)
from tests.factories.examples import EXAMPLES
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
    reports = [files[kind][0] for kind in ("sr-root", "sr-measurements", "sr-text")]
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


def test_pixelmed_on_a_root_that_has_nothing_but_a_region(tmp_path: Path, need_program: Need) -> None:
    files = write_results(VARIANTS["nothing but a region"](tmp_path), tmp_path / "results")
    assert pixelmed_errors(need_program, files["sr-root"][0]) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_results_of_other_applications(tmp_path: Path, name: str, need_program: Need) -> None:
    made = EXAMPLES[name](tmp_path / "study")
    assert made.findings() == ()
    paths = paths_of(made.outputs.objects, tmp_path)
    for item in made.outputs.objects:
        write(item.dataset, paths[item.sop_instance_uid])
    files = {item.kind: paths[item.sop_instance_uid] for item in made.outputs.objects}  # the last of each kind
    assert [line for path in files.values() for line in dciodvfy_errors(need_program, path)] == []
    if name != "levels":  # 26 groups of one template: a quarter of a minute of the same
        assert pixelmed_errors(need_program, files["sr-root"]) == []


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


def read_with_dcmqi(path: Path, folder: Path, need_program: Need) -> dict[int, Path]:
    """Segments of a segmentation as NIfTI files, by segment number."""
    folder.mkdir()
    program = need_program("segimage2itkimage")
    subprocess.run(
        [program, "--inputDICOM", str(path), "--outputDirectory", str(folder), "--outputType", "nii"],
        capture_output=True, check=True,
    )  # fmt: skip
    return {int(file.name.split(".")[0].split("-")[-1]): file for file in folder.glob("*.nii*")}


def voxels_on(volume: Volume, file: Path) -> np.ndarray:
    """The voxels of a NIfTI file, placed on a volume through patient coordinates."""
    image = nibabel.load(file)
    inside = np.argwhere(np.asarray(image.dataobj) > 0)
    points = (image.affine @ np.c_[inside, np.ones(len(inside))].T).T[:, :3] * [-1, -1, 1]
    indices = to_index(volume, points)
    assert np.abs(indices - np.rint(indices)).max() < 0.05, "voxels must lie on the grid"
    mask = np.zeros(volume.shape, bool)
    mask[tuple(np.rint(indices).astype(int).T)] = True
    return mask


def test_dcmqi_reads_the_segmentations_voxel_for_voxel(
    analysis: Analysis, files: dict[str, list[Path]], tmp_path: Path, need_program: Need
) -> None:
    anatomy = read_with_dcmqi(files["seg-anatomy"][0], tmp_path / "anatomy", need_program)
    edema = read_with_dcmqi(files["seg-edema"][0], tmp_path / "edema", need_program)
    expected = [
        (anatomy[1], found(analysis, "region")),
        (anatomy[2], found(analysis, "joint", Side.LEFT)),
        (anatomy[3], found(analysis, "joint", Side.RIGHT)),
        (edema[1], found(analysis, "edema", Side.LEFT)),
        (edema[2], found(analysis, "edema", Side.RIGHT)),
    ]
    for file, segment in expected:
        assert np.array_equal(voxels_on(analysis.of_role(segment.role).volume, file), segment.mask)


def found(analysis: Analysis, key: str, side: Side | None = None) -> Segment:
    """A segment that is there."""
    segment = analysis.segment(key, side)
    assert segment is not None
    return segment


def test_dcmqi_reads_one_that_comes_from_a_multi_frame_source(tmp_path: Path, need_program: Need) -> None:
    analysis = with_enhanced_t1(tmp_path)
    files = write_results(analysis, tmp_path / "results")
    segments = read_with_dcmqi(files["seg-anatomy"][0], tmp_path / "anatomy", need_program)
    t1 = analysis.of_role(Role.T1W).volume
    assert np.array_equal(voxels_on(t1, segments[1]), found(analysis, "region").mask)
    frames = pydicom.dcmread(files["seg-anatomy"][0]).PerFrameFunctionalGroupsSequence
    for frame in frames:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        index = t1.shape[0] - int(source.ReferencedFrameNumber)
        position = [float(value) for value in frame.PlanePositionSequence[0].ImagePositionPatient]
        assert np.allclose(position, t1.positions_mm[index], atol=1e-3)


def test_tid1500_reader_reads_the_measurements(
    files: dict[str, list[Path]], tmp_path: Path, need_program: Need
) -> None:
    out = tmp_path / "measurements.json"
    subprocess.run(
        [need_program("tid1500reader"), "--inputDICOM", str(files["sr-measurements"][0]),
         "--outputMetadata", str(out)],
        capture_output=True, check=True,
    )  # fmt: skip
    assert "118565006" in out.read_text()
