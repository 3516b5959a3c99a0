"""``axspa-node process`` as people run it: a program with an exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.rounds import study_uid_of
from tests.golden.compare import ANY_MACHINE, compare, load
from tests.golden.record import KEPT, describe, save
from tests.programs import ENVIRONMENT

COMMAND = str(Path(sys.executable).with_name("axspa-node"))


def process(source: Path, out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [COMMAND, "process", str(source), "--out", str(out), *more]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, shipped_study: list[Path]) -> Path:
    """What the command writes of the shipped study."""
    out = tmp_path_factory.mktemp("results") / "out"
    done = process(shipped_study[0].parent, out)
    assert done.returncode == 0, done.stderr
    return out


def test_results_and_a_summary_are_written(results: Path) -> None:
    summary = json.loads((results / "summary.json").read_text())
    assert summary["status"] == "result"
    assert sorted(summary["files"]) == sorted(file.name for file in results.glob("*.dcm"))


def test_every_mask_number_code_and_text_is_that_of_the_golden_record(
    results: Path, shipped_study: list[Path], tmp_path: Path
) -> None:
    """What a change alters on purpose is recorded anew (python -m tests.golden write) and told in the changelog."""
    content, arrays = describe(shipped_study[0].parent, results)
    save(tmp_path, {**content, "way": load(KEPT)["way"]}, arrays)
    assert compare(KEPT, tmp_path, ANY_MACHINE) == []


def test_a_result_that_says_something_else_is_found(results: Path, shipped_study: list[Path], tmp_path: Path) -> None:
    content, arrays = describe(shipped_study[0].parent, results)
    content["summary"]["headline"] = "All is well."
    save(tmp_path, {**content, "way": load(KEPT)["way"]}, arrays)
    assert [line.partition(":")[0] for line in compare(KEPT, tmp_path, ANY_MACHINE)] == ["summary"]


def test_the_good_study_is_found_among_all_hostile_files(
    tmp_path: Path, shared_data: Path, shipped_study: list[Path]
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for file in shipped_study:
        (source / file.name).symlink_to(file)
    for file in (shared_data / "data" / "dicom" / "hostile").rglob("*"):
        if file.is_file():
            (source / f"{file.parent.name}-{file.name}").symlink_to(file.resolve())
    done = process(source, tmp_path / "out", "--kinds", "sc-summary,pdf,pm")
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["unreadable_files"]
    uid = study_uid_of(shipped_study)
    studies = summary.get("studies", [summary])
    good = [study for study in studies if study["study_instance_uid"] == uid]
    assert [study["status"] for study in good] == ["result"]
    names = sorted(file.partition("_")[2] for file in good[0]["files"])
    assert names == ["pdf.dcm", "pm.dcm", "sc-summary.dcm"], "those that were named"
