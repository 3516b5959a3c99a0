"""``axspa-node deployments`` and what ``doctor`` says of them."""

from pathlib import Path

import pytest

from config.settings import load_settings
from dicom_node.app import open_database
from dicom_node.cli import main
from dicom_node.commands import doctor
from storage import deployments


def write(folder: Path, *bundles: str) -> Path:
    file = folder / "axspa.toml"
    sections = "".join(f'[[deployments]]\nbundle = "{bundle}"\n' for bundle in bundles)
    file.write_text(f'data_dir = "{folder}"\n{sections}')
    return file


def test_what_the_settings_say_is_shown_and_adopted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_settings(write(tmp_path, "sij-1"))
    deployments.seed(open_database(settings), settings.wanted_deployments)
    file = write(tmp_path, "sij-1", "sij-2")
    assert main(["deployments", "--config", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "sij_mri with sij-1: primary, series from 900, on\n" in shown
    assert "Differs: sij_mri with sij-2 is in the settings and not in the database." in shown
    assert main(["deployments", "adopt", "--config", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "sij_mri with sij-2: primary, series from 920, on\n" in shown and "Differs" not in shown


def test_doctor_says_where_settings_and_database_differ(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "sij-1"))
    database = open_database(settings)
    differs = load_settings(write(tmp_path, "sij-1", "sij-2"))
    assert list(doctor._deployments(differs)) == [], "before the first start the settings rule"
    deployments.seed(database, settings.wanted_deployments)
    assert list(doctor._deployments(settings)) == []
    (finding,) = doctor._deployments(differs)
    assert finding.verdict is doctor.Verdict.WARN
    assert "sij-2 is in the settings and not in the database" in finding.sentence
    database.dispose()
