"""Every kind of object of many results before every validator and reader, in each language and class of reports.

One row of the table is one thing that can be found, or that a study can lack. Run by name (``python -m pytest
tests/proof/validators.py``), by the part *validators* of the proof.
"""

import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom.uid import UID, Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage

from inference.result import Analysis, Answer, Images, Segment
from inference.types import Side, StudyHeaders
from reporting.kinds import every_kind, expected_kinds
from reporting.objects import tracking_identifier
from reporting.presentation import Presentation, find_presentation
from reporting.sij_mri.terms import LANGUAGES
from reporting.types import ResultObject
from reporting.writer import write
from tests.factories.analysis import (
    as_analysis,
    build_outputs,
    gate_findings,
    headers_of,
    make_analysis,
    make_reading,
    not_applicable,
    one_slice,
    paths_of,
    with_enhanced_t1,
    without_frame_of_reference,
)
from tests.factories.readers import mask_on, read_map, read_segmentation, read_volumes_ml, segments_in, values_on
from tests.factories.sacroiliac import Said, sacroiliac, write_study
from tests.programs import Need, dcentvfy_errors, dciodvfy_errors, pixelmed_errors

AT_ONCE = 2
Read = tuple[Analysis, StudyHeaders]


def told(said: Said) -> Callable[[Path], Analysis]:
    """A small study of which just that is said."""
    return lambda folder: sacroiliac(write_study(folder), said)


def nothing_but_a_region(folder: Path) -> Analysis:
    reading = make_reading(folder, with_fluid=False)
    return as_analysis(replace(reading, joints=(), prediction=None, explanation=None))


FOUND: dict[str, Callable[[Path], Analysis]] = {
    "everything": partial(make_analysis, elsewhere=True),
    "no edema": partial(make_analysis, edema=(False, False)),
    "edema on one side": partial(make_analysis, edema=(False, True)),
    "one lesion in one slice": one_slice,
    "one joint": told(Said(joints={Side.LEFT: False, Side.RIGHT: True})),
    "T1-weighted alone": partial(make_analysis, with_fluid=False),
    "fluid-sensitive alone": partial(make_analysis, with_t1=False),
    "no frame of reference": lambda folder: without_frame_of_reference(make_analysis(folder)),
    "enhanced multi-frame": with_enhanced_t1,
    "undecided": told(Said(axspa="undecided", asas=dict.fromkeys(Side, Answer.UNDECIDED))),
    "no normal marrow": told(Said(marrow=False)),
    "nothing but a region": nothing_but_a_region,
}
NOT_ANALYSED = "not analysed"
CLASSES = (Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage)


@dataclass(frozen=True)
class Case:
    """A result in one language: every kind of object that it can have, as files."""

    analysis: Analysis
    headers: StudyHeaders
    presentation: Presentation
    folder: Path
    objects: tuple[ResultObject, ...]
    files: dict[str, list[Path]]

    @property
    def outlined(self) -> set[str]:
        """Names of the reports that outline, and of what they name."""
        groups = self.presentation.groups
        return {name for group in groups if group.report for name in (group.report, group.segmentation)}

    def images(self, segment: Segment) -> Images:
        """What a segment lies on."""
        found = self.analysis.of_role(segment.role)
        assert found is not None
        return found

    def all_of(self, *prefixes: str) -> list[Path]:
        """Files of the kinds whose names begin so; of all without."""
        return [path for kind, paths in self.files.items() if kind.startswith(prefixes or "") for path in paths]


@pytest.fixture(scope="module", params=product((*FOUND, NOT_ANALYSED), LANGUAGES), ids=", ".join)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Each result in each language."""
    found, language = request.param
    folder = tmp_path_factory.mktemp("study")
    analysis, headers = not_applicable(folder) if found == NOT_ANALYSED else with_uneven_heat(FOUND[found](folder))
    presentation = find_presentation(analysis.application, language)
    objects = build_outputs(analysis, headers, presentation=presentation, kinds=every_kind(presentation)).objects
    return Case(analysis, headers, presentation, folder, objects, written(objects, folder / "results"))


def with_uneven_heat(analysis: Analysis) -> Read:
    """No plane of the heat map is as another: one in the place of another would be seen."""
    uneven = [
        replace(heat, values=heat.values * np.linspace(0.1, 1.0, len(heat.values), dtype=np.float32)[:, None, None])
        for heat in analysis.heatmaps
    ]
    return replace(analysis, heatmaps=tuple(uneven)), headers_of(analysis)


def written(objects: Iterable[ResultObject], folder: Path) -> dict[str, list[Path]]:
    """Files of objects, by kind."""
    folder.mkdir()
    paths, files = paths_of(list(objects), folder), {}
    for item in objects:
        write(item.dataset, paths[item.sop_instance_uid])
        files.setdefault(item.kind, []).append(paths[item.sop_instance_uid])
    return files


def errors(judge: Callable[[Need, Path], list[str]], files: Iterable[Path], need_program: Need) -> list[str]:
    """What a validator finds in files, two at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda path: [f"{path.name}: {line}" for line in judge(need_program, path)], files)
        return [line for lines in found for line in lines]


def test_every_kind_is_there_and_the_gate_lets_it_pass(case: Case) -> None:
    kinds = every_kind(case.presentation)
    expected = expected_kinds(case.analysis, case.presentation, kinds)
    assert {kind: len(paths) for kind, paths in case.files.items()} == dict(expected)
    assert gate_findings(case.objects, case.analysis, case.headers, presentation=case.presentation, kinds=kinds) == ()


def test_dciodvfy_finds_no_error(case: Case, need_program: Need) -> None:
    assert errors(dciodvfy_errors, case.all_of(), need_program) == []


def test_dcentvfy_finds_one_study(case: Case, need_program: Need) -> None:
    assert dcentvfy_errors(need_program, [*case.folder.glob("*.dcm"), *case.all_of()]) == []


def test_pixelmed_finds_no_error_in_words_and_key_objects(case: Case, need_program: Need) -> None:
    assert errors(pixelmed_errors, case.all_of("sr-text", "ko"), need_program) == []


@pytest.mark.parametrize("report_class", CLASSES, ids=lambda uid: uid.keyword)
def test_reports_that_outline(case: Case, report_class: UID, tmp_path: Path, need_program: Need) -> None:
    made = build_outputs(
        case.analysis, case.headers, presentation=case.presentation, kinds=case.outlined, report_class=report_class
    )
    files = written(made.objects, tmp_path / "results")
    reports = [path for kind, paths in files.items() if kind.startswith("sr-") and kind != "sr-text" for path in paths]
    assert len(reports) == sum(kind.startswith("sr-") and kind != "sr-text" for kind in case.files)
    assert errors(dciodvfy_errors, reports, need_program) == errors(pixelmed_errors, reports, need_program) == []
    for number, path in enumerate(reports):
        read = highdicom.sr.srread(path)
        assert read.SOPClassUID == report_class
        assert read.content.get_planar_roi_measurement_groups()
        assert_volumes(case, read_volumes_ml(path, tmp_path / f"{number}.json", need_program))


def assert_volumes(case: Case, read: dict[str, float]) -> None:
    """The volumes that were read are those that were measured."""
    assert read
    measured = {tracking_identifier(one.of, one.site): one.value for one in case.analysis.measurements if one.of}
    for name, volume_ml in read.items():
        assert volume_ml == pytest.approx(measured[name] / 1000, abs=0.06), name


def test_dcmtk_passes_the_presentation_states(case: Case, need_program: Need) -> None:
    for path in case.all_of("pr"):
        command = [need_program("dcmpschk"), "-v", str(path)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "Test passed." in answer.stdout + answer.stderr


def test_dcmqi_reads_every_segmentation_voxel_for_voxel(case: Case, tmp_path: Path, need_program: Need) -> None:
    for path in case.all_of("seg-"):
        read = read_segmentation(path, tmp_path / path.stem, need_program)
        segments = segments_in(path, case.analysis, case.presentation.terms)
        assert read.keys() == segments.keys()
        for number, segment in segments.items():
            assert np.array_equal(mask_on(case.images(segment), read[number]), segment.mask), segment.key


def test_highdicom_reads_every_segmentation_voxel_for_voxel(case: Case) -> None:
    for path in case.all_of("seg-"):
        read = highdicom.seg.segread(path)
        for number, segment in segments_in(path, case.analysis, case.presentation.terms).items():
            pixels = by_source(read, case.images(segment))
            assert np.array_equal(pixels[..., number - 1] > 0, segment.mask), segment.key


def by_source(read: Any, images: Images) -> np.ndarray:
    """Segments on the planes of a series, (planes, rows, columns, segments)."""
    uids = [one.sop_instance_uid for one in images.sources]
    if images.sources[0].frame is None:
        found: np.ndarray = read.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)
        return found
    frames = [one.frame for one in images.sources]
    found = read.get_pixels_by_source_frame(uids[0], frames, assert_missing_frames_are_empty=True)
    return found


def test_dcmqi_reads_the_parametric_map_voxel_for_voxel(case: Case, tmp_path: Path, need_program: Need) -> None:
    for path in case.all_of("pm"):
        (heat, *_), (images,) = case.analysis.heatmaps, [case.analysis.of_role(case.analysis.heatmaps[0].role)]
        assert images is not None
        values = values_on(images, read_map(path, tmp_path / "map", need_program), np.nan)
        planes = list(heat.planes)
        assert np.array_equal(values[planes], heat.values[planes])
