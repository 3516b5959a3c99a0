"""What the node keeps is for its owner alone, and no secret of the settings is said."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.settings import Settings, load_settings
from dicom_node.analyse.salt import site_salt
from storage import private
from storage.objects import ObjectStore
from storage.session import Database, migrate


@pytest.fixture(autouse=True)
def generous_umask() -> Iterator[None]:
    """That of most machines: everybody reads what is made."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """Rights of the files and folders that lie in a folder."""
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_folder_database_objects_and_salt_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    database = Database(f"sqlite:///{data / 'axspa.sqlite'}")
    migrate(database)
    ObjectStore(data / "objects")
    site_salt(Settings(data_dir=data))
    with database.read():
        made = modes(data)
    database.dispose()
    assert modes(tmp_path) == {"data": 0o700}
    assert {"axspa.sqlite", "axspa.sqlite-wal", "axspa.sqlite-shm", "objects", "site-salt"} <= made.keys()
    assert not [name for name, mode in made.items() if mode & 0o077]


def test_what_an_earlier_version_left_open_is_closed_and_the_rest_is_left(tmp_path: Path) -> None:
    file, other = tmp_path / "axspa.sqlite", tmp_path / "notes.txt"
    for path in (file, other):
        path.touch()
    assert private.open_to_others(private.kept_in(tmp_path, file)) == [file]
    assert private.close_to_others(private.kept_in(tmp_path, file)) == []
    assert modes(tmp_path) == {"axspa.sqlite": 0o600, "notes.txt": 0o644}


@pytest.mark.parametrize(
    "url",
    [
        "postgres://axspa:HUSH@host/axspa",
        "postgresql+nothing://axspa:HUSH@host/axspa",
        "mysql://axspa:HUSH@host/axspa",
        "axspa:HUSH@host",
        "postgresql+psycopg://axspa:HUSH@host:port/axspa",
        "mysql://host/axspa?password=HUSH",
    ],
)
def test_a_wrong_database_url_is_a_sentence_without_its_secret(url: str) -> None:
    with pytest.raises(SettingsError, match=r"Correct database\.url: .*postgresql\+psycopg://") as caught:
        Database(url)
    assert "HUSH" not in str(caught.value)


def test_what_is_wrong_with_a_url_is_shown_where_it_is_no_secret() -> None:
    with pytest.raises(SettingsError, match=r"received mysql://axspa:\*\*\*@host/axspa"):
        Database("mysql://axspa:HUSH@host/axspa")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[database]\nurl = ["HUSH"]\n', "database.url"),
        ('site_salt = ["HUSH"]\n', "site_salt"),
        ('[panel]\nhost = ["https://me:HUSH@host"]\n', "panel.host"),
        ('pasword = "HUSH"\n', "pasword"),
        ("[[destinations]]\nname = 'a'\nurl = 'https://me:HUSH@host/'\n", "destinations.0"),
        ("[database]\nurl = HUSH\n", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_without_its_secret(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert said in str(caught.value)
    assert "HUSH" not in str(caught.value)


def test_a_wrong_setting_that_is_no_secret_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text("[panel]\nport = 99999\n")
    with pytest.raises(SettingsError, match=r"panel\.port: .* received 99999"):
        load_settings(file)
