"""The parts of ``axspa-node demo``, and what it says where it fails; the whole of it is run by the acceptance tests."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

from config.errors import Retryable
from config.settings import Settings, load_settings
from dicom_node.app import open_database
from dicom_node.deliver.destination import Outgoing
from dicom_node.demo import run, unpack
from storage import users
from storage.tables import StudyState
from storage.users import LoginOutcome
from tests.factories.dicom import image
from tests.factories.dicom import save as save_file
from tests.factories.storage import claim, fresh, receive, save
from tests.factories.waiting import wait_until
from tests.programs import ENVIRONMENT, free_port

TITLES = ("DEMO", 'IT\'S "US"')


def settings_of(folder: Path, *, ae_title: str = "DEMO", bundle_root: str = "bundles") -> Settings:
    """The demo's settings, made from a person's."""
    theirs = Settings.model_validate(
        {
            "receiver": {"ae_title": ae_title, "port": free_port(), "host": "0.0.0.0"},
            "panel": {"port": free_port(), "host": "0.0.0.0"},
            "database": {"url": "postgresql+psycopg://their/own"},
            "destinations": ({"name": "theirs", "ae_title": "THEIRS", "host": "192.0.2.1", "port": 104},),
            "analysis": {"bundle_roots": (folder / bundle_root,)},
        }
    )
    return run._settings(theirs, folder, 4242)


def test_the_shipped_study_unpacks_into_dicom_files(tmp_path: Path) -> None:
    files = unpack(tmp_path / "study")
    assert files == sorted(files)
    first = pydicom.dcmread(files[0], stop_before_pixels=True)
    assert {pydicom.dcmread(file, specific_tags=["StudyInstanceUID"]).StudyInstanceUID for file in files} == {
        first.StudyInstanceUID
    }
    assert first.Modality == "MR"


def test_a_demo_touches_nothing_of_the_real_node(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert settings.data_dir == tmp_path / "data"
    assert settings.database_url.startswith("sqlite:///")
    assert {settings.receiver.host, settings.panel.host} == {"127.0.0.1"}
    assert [(to.host, to.port) for to in settings.destinations] == [("127.0.0.1", 4242)]


@pytest.mark.parametrize("ae_title", TITLES)
@pytest.mark.parametrize("bundle_root", ["bundles", 'it\'s a "folder"'])
def test_the_node_gets_the_same_settings_by_its_file(tmp_path: Path, ae_title: str, bundle_root: str) -> None:
    settings = settings_of(tmp_path, ae_title=ae_title, bundle_root=bundle_root)
    file = tmp_path / "axspa.toml"
    file.write_text(run._toml(settings), encoding="utf-8")
    assert load_settings(file).model_dump() == settings.model_dump()


def test_the_preferred_port_is_taken_where_it_is_free_and_any_other_where_it_is_not() -> None:
    port = free_port()
    assert run._port(port) == port
    with socket.create_server(("127.0.0.1", 0)) as holder:
        held = holder.getsockname()[1]
        assert run._port(held) not in {0, held}


def test_the_login_that_it_prints_is_one(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    password = run._make_login(settings)
    database = open_database(settings)
    assert users.authenticate(database, "demo", password).outcome is LoginOutcome.OK
    assert users.authenticate(database, "demo", "another").outcome is LoginOutcome.WRONG
    database.dispose()


def test_its_peer_keeps_what_it_gets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sent = image(1)
    file = save_file(sent, tmp_path / "1.dcm")
    assert run._outgoing(file) == Outgoing(file, sent.SOPClassUID, sent.SOPInstanceUID, "1.2.840.10008.1.2.1")
    received = tmp_path / "received"
    received.mkdir()
    with run._results_peer(received) as port:
        settings = settings_of(tmp_path)
        run._send([file], settings.model_copy(update={"receiver": settings.receiver.model_copy(update={"port": port})}))
    assert "1 of 1 images stored" in capsys.readouterr().out
    assert pydicom.dcmread(received / f"{sent.SOPInstanceUID}.dcm").PatientID == sent.PatientID


def test_it_waits_until_a_study_is_settled_and_tells_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = fresh(tmp_path)
    receive(database, 1)
    monkeypatch.setattr(run, "PATIENCE_S", 0.0)
    with pytest.raises(Retryable, match="DEMO_TOO_SLOW"):
        run._wait(database)
    monkeypatch.setattr(run, "PATIENCE_S", 60.0)
    save(database, claim(database, 2), destinations=())
    assert run._wait(database) is StudyState.DONE
    assert "done" in capsys.readouterr().out
    run._show(database, tmp_path)
    assert "Signs of sacroiliitis on the left." in capsys.readouterr().out
    database.dispose()


def test_it_says_where_nothing_was_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = fresh(tmp_path)
    run._show(database, tmp_path)
    database.dispose()
    assert "No result was made" in capsys.readouterr().out


def test_where_the_node_does_not_start_its_log_is_shown_and_nothing_stays(tmp_path: Path) -> None:
    config = tmp_path / "axspa.toml"
    config.write_text("[analysis]\nbundle = 'no-such'\n")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "dicom_node.cli", "demo", "--exit", "--config", str(config)],
        capture_output=True, text=True, timeout=300, check=False, env={**ENVIRONMENT, "TMPDIR": str(temporary)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "[NODE_DID_NOT_START]" in done.stderr
    assert "no-such" in done.stderr
    assert list(temporary.iterdir()) == []


def test_ended_while_it_starts_it_ends_its_node_too(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    config = tmp_path / "axspa.toml"
    config.write_text(f"[receiver]\nport = {free_port()}\n[panel]\nport = {free_port()}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "dicom_node.cli", "demo", "--exit", "--config", str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**ENVIRONMENT, "TMPDIR": str(temporary)},
    )  # fmt: skip
    try:
        wait_until(lambda: [*temporary.glob("*/node.log")], timeout_s=120, what="the node to be started")
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 130
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert list(temporary.iterdir()) == []
