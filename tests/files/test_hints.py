"""Commands that the product tells a person to type: the program as it was called, with the settings file in use."""

import html
import logging
import pickle
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from config import hints
from config.settings import Settings, load_settings
from dicom_node.app import announce, open_database
from panel.app import create_app
from storage import users
from storage.objects import ObjectStore
from storage.session import Database
from tests.factories.panel import PASSWORD

COMMAND = "user add NAME --role admin"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a node whose settings lie in a file beside it."""
    monkeypatch.chdir(tmp_path)
    Path("axspa.toml").write_text(f'data_dir = "{tmp_path}"\n')
    return load_settings(Path("axspa.toml"))


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    yield database
    database.dispose()


def log_in_page(settings: Settings, database: Database) -> str:
    app = create_app(settings, database, ObjectStore(settings.data_dir / "objects"))
    return html.unescape(TestClient(app).get("/login").text)


def test_a_command_names_the_settings_file_as_it_was_given(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [".venv/bin/axspa-node", "doctor"])
    assert hints.typed(COMMAND, settings=settings) == f".venv/bin/axspa-node {COMMAND} --config axspa.toml"
    Path("my node.toml").touch()
    spaced = load_settings(Path("my node.toml"))
    assert hints.typed(COMMAND, settings=spaced) == f".venv/bin/axspa-node {COMMAND} --config 'my node.toml'"


def test_a_command_names_no_settings_file_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [".venv/bin/axspa-node", "doctor"])
    assert hints.typed(COMMAND, settings=load_settings()) == f".venv/bin/axspa-node {COMMAND}"


def test_a_program_in_the_path_goes_by_its_name(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "axspa-node"
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "serve"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert hints.typed("serve", settings=settings).startswith(f"{program} serve ")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hints.typed("serve", settings=settings).startswith("axspa-node serve ")


def test_a_program_that_was_called_otherwise_is_named_where_it_lies(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/dicom_node/cli.py", "serve"])
    monkeypatch.setenv("PATH", "/nowhere")
    program = hints.typed("serve", settings=settings).split()[0]
    assert shutil.which(program) == program


def test_what_settings_were_read_from_survives_the_way_to_another_process(settings: Settings) -> None:
    assert pickle.loads(pickle.dumps(settings)).source == Path("axspa.toml")
    assert settings.model_copy(update={"data_dir": Path("elsewhere")}).source == Path("axspa.toml")


def test_log_and_log_in_page_name_the_command_while_there_is_no_account(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        announce(settings, database)
    assert hints.first_user(settings) in caplog.text
    assert hints.first_user(settings) in log_in_page(settings, database)


def test_neither_names_it_to_strangers_once_there_is_one(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    users.add(database, "ada", PASSWORD, role="admin", actor="test")
    with caplog.at_level(logging.INFO):
        announce(settings, database)
    assert "The receiver starts: AXSPA" in caplog.text
    assert "user add" not in caplog.text
    page = log_in_page(settings, database)
    assert "axspa.toml" not in page
    assert "Ask an administrator of this node." in page
