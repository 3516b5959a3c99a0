"""The secret of a site is made once, kept to its owner, and the settings win."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.errors import StorageUnavailable
from config.settings import Settings
from dicom_node.analyse.salt import FILE, site_salt
from reporting.uids import tracking_seed


def test_a_salt_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "node")
    made = site_salt(settings)
    assert len(made) == 64 and site_salt(settings) == made
    assert stat.S_IMODE((tmp_path / "node" / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "node").iterdir()] == [FILE]
    assert site_salt(Settings(data_dir=tmp_path / "other")) != made


def test_processes_that_ask_at_once_get_the_same(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: site_salt(settings), range(64)))) == 1


def test_the_settings_win_and_nothing_is_written(tmp_path: Path) -> None:
    assert site_salt(Settings(data_dir=tmp_path / "node", site_salt="ours")) == "ours"
    assert not (tmp_path / "node").exists()


def test_a_folder_that_cannot_be_written_is_a_fault_of_the_node(tmp_path: Path) -> None:
    (tmp_path / "node").write_text("a file where the folder should be")
    with pytest.raises(StorageUnavailable):
        site_salt(Settings(data_dir=tmp_path / "node"))


def seed(salt: str = "s", patient: str = "P-1", issuer: str = "", study: str = "1.2") -> str:
    return tracking_seed(site_salt=salt, patient_id=patient, issuer=issuer, study_instance_uid=study)


def test_the_seed_is_of_the_patient_where_salt_and_patient_are_known_and_else_of_the_study() -> None:
    assert seed() == seed(study="1.3")
    assert len({seed(), seed(salt="t"), seed(patient="P-2"), seed(issuer="A")}) == 4
    assert seed(patient=" ") != seed(patient=" ", study="1.3")
    assert seed(salt="") != seed(salt="", study="1.3")
    assert seed(salt="") == seed(salt="", patient="P-2")
