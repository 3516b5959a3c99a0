"""``axspa-node process`` as people run it: a program with an exit status."""

import json
import subprocess
import sys
from pathlib import Path

from tests.factories.rounds import study_uid_of
from tests.programs import ENVIRONMENT

COMMAND = str(Path(sys.executable).with_name("axspa-node"))


def process(source: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [COMMAND, "process", str(source), "--out", str(out)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)


def test_results_and_a_summary_are_written(tmp_path: Path, shipped_study: list[Path]) -> None:
    done = process(shipped_study[0].parent, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == "result"
    assert sorted(summary["files"]) == sorted(file.name for file in (tmp_path / "out").glob("*.dcm"))


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
    done = process(source, tmp_path / "out")
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["unreadable_files"]
    uid = study_uid_of(shipped_study)
    studies = summary.get("studies", [summary])
    assert [study["status"] for study in studies if study["study_instance_uid"] == uid] == ["result"]
