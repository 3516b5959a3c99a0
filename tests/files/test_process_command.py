"""``axspa-node process`` where there is nothing to analyse: the exit status and the reason."""

import json
from pathlib import Path

import pytest

from dicom_node.cli import main
from inference.testing import write_series

pytestmark = pytest.mark.usefixtures("restored_logging")


def process(source: Path, out: Path, *options: str) -> int:
    return main(["process", str(source), "--out", str(out), *options])


def test_a_pelvis_without_a_sacroiliac_series_exits_3_with_the_reason(tmp_path: Path, shared_data: Path) -> None:
    assert process(shared_data / "data" / "dicom" / "pelvis", tmp_path / "out") == 3
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == "not_applicable"
    assert summary["reasons"]


def test_unusable_input_exits_2_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM here")
    assert process(tmp_path / "notes.txt", tmp_path / "out") == 2
    assert "No readable DICOM" in capsys.readouterr().err
    assert process(tmp_path / "absent", tmp_path / "out") == 2
    assert "There is no file or folder" in capsys.readouterr().err


def test_the_summary_speaks_the_language_that_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_series(tmp_path / "study", (9, 40, 40))
    said = {}
    for code in ("en", "de"):
        assert process(tmp_path / "study", tmp_path / code, "--language", code) == 3
        said[code] = json.loads((tmp_path / code / "summary.json").read_text(encoding="utf-8"))
        assert said[code]["language"] == code
    assert said["en"]["headline"].startswith("Not analysed: the study has no fluid-sensitive series")
    assert said["de"]["headline"].startswith("Nicht analysiert: Keine flüssigkeitssensitive Serie zeigt")
    capsys.readouterr()
    assert process(tmp_path / "study", tmp_path / "xx", "--language", "xx") == 2
    assert "one of de, en. Received 'xx'" in capsys.readouterr().err
