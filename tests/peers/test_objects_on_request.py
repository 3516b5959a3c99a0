"""What is made on request, before the validators and readers of others."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from inference.result import Analysis
from reporting.writer import write
from tests.factories.analysis import build_outputs, make_analysis, paths_of, with_enhanced_t1
from tests.factories.readers import read_map, values_on
from tests.programs import Need, dcentvfy_errors, dciodvfy_errors, pixelmed_errors

ASKED = {"ko", "pr", "pdf", "pm"}
SOURCES = {"single frames": make_analysis, "enhanced multi-frame": with_enhanced_t1}


@pytest.fixture(scope="module", params=SOURCES)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Analysis]:
    folder = tmp_path_factory.mktemp("study")
    made = SOURCES[request.param](folder)
    heat = made.heatmaps[0]
    steps = np.linspace(0.1, 1.0, len(heat.values), dtype=np.float32)[:, None, None]
    return folder, replace(made, heatmaps=(replace(heat, values=heat.values * steps),))


@pytest.fixture(scope="module")
def files(study: tuple[Path, Analysis]) -> dict[str, list[Path]]:
    folder, analysis = study
    objects = build_outputs(analysis, kinds=ASKED).objects
    (folder / "results").mkdir()
    paths, found = paths_of(objects, folder / "results"), {}
    for item in objects:
        write(item.dataset, paths[item.sop_instance_uid])
        found.setdefault(item.kind, []).append(paths[item.sop_instance_uid])
    assert set(found) == ASKED
    return found


def every(files: dict[str, list[Path]]) -> list[Path]:
    return [path for paths in files.values() for path in paths]


def test_dciodvfy_finds_no_error(files: dict[str, list[Path]], need_program: Need) -> None:
    assert [line for path in every(files) for line in dciodvfy_errors(need_program, path)] == []


def test_dcentvfy_finds_one_study(
    files: dict[str, list[Path]], study: tuple[Path, Analysis], need_program: Need
) -> None:
    sources = {one.path for images in study[1].images for one in images.sources}
    assert dcentvfy_errors(need_program, [*sorted(sources), *every(files)]) == []


@pytest.mark.parametrize("study", ["enhanced multi-frame"], indirect=True, scope="module")
def test_pixelmed_finds_no_error_in_the_key_objects(files: dict[str, list[Path]], need_program: Need) -> None:
    assert pixelmed_errors(need_program, files["ko"][0]) == []


def test_dcmtk_passes_the_presentation_states(files: dict[str, list[Path]], need_program: Need) -> None:
    for path in files["pr"]:
        answer = subprocess.run(
            [need_program("dcmpschk"), "-v", str(path)], capture_output=True, text=True, check=False
        )
        assert "Test passed." in answer.stdout + answer.stderr


def test_dcmtk_takes_the_pdf_out_as_it_was_put_in(
    files: dict[str, list[Path]], tmp_path: Path, need_program: Need
) -> None:
    path = files["pdf"][0]
    subprocess.run([need_program("dcm2pdf"), str(path), str(tmp_path / "report.pdf")], check=True, capture_output=True)
    dataset = pydicom.dcmread(path)
    taken = (tmp_path / "report.pdf").read_bytes()
    assert taken.rstrip(b"\0") == dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength].rstrip(b"\0")


def test_dcmqi_reads_the_parametric_map_voxel_for_voxel(
    files: dict[str, list[Path]], study: tuple[Path, Analysis], tmp_path: Path, need_program: Need
) -> None:
    heat = study[1].heatmaps[0]
    images = study[1].of_role(heat.role)
    values = values_on(images, read_map(files["pm"][0], tmp_path / "map", need_program), np.nan)
    assert np.array_equal(values, heat.values, equal_nan=True)
