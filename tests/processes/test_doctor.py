"""``axspa-node doctor``: each of its verdicts, with its twin, and that it only looks."""

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pynetdicom import AE, _config

from config import hints
from config.destinations import DicomDestination
from config.settings import DeliverySettings, Settings, load_settings
from dicom_node import ports
from dicom_node.cli import main
from dicom_node.commands import doctor
from dicom_node.commands.doctor import Finding, Verdict, examine
from dicom_node.deliver.cstore import OUR_SOP_CLASSES
from storage import users
from tests.factories.storage import fresh
from tests.programs import free_port

Change = Callable[..., Settings]


def healthy(folder: Path, **sections: object) -> Settings:
    """Settings of a node in good health, but for these sections."""
    health = {
        "data_dir": folder / "data",
        "receiver": {"host": "127.0.0.1", "port": free_port(), "min_free_mb": 0},
        "panel": {"port": free_port()},
        "delivery": DeliverySettings(timeout_s=10.0),
    }
    return Settings.model_validate(health | sections)


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    """The same, for all tests but that of the bundle: to load the networks takes seconds."""
    monkeypatch.setattr(doctor, "_bundles", lambda settings: iter(()))
    return lambda **sections: healthy(tmp_path, **sections)


def found(settings: Settings, subject: str) -> Finding:
    """The one finding on a subject."""
    (finding,) = (finding for finding in examine(settings) if finding.subject == subject)
    return finding


def with_database(settings: Settings, *, user: bool = True) -> Path:
    """The data folder of a node that ran; its database file."""
    settings.data_dir.mkdir()
    database = fresh(settings.data_dir)
    if user:
        users.add(database, "ada", "correct horse battery", role="admin", actor="test")
    database.dispose()
    return settings.data_dir / "axspa.sqlite"


def test_a_fresh_node_can_start_and_nothing_was_made_by_looking(
    change: Change, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = change()
    config = tmp_path / "axspa.toml"
    config.write_text(
        f"data_dir = {json.dumps(str(settings.data_dir))}\n"
        f"[receiver]\nport = {settings.receiver.port}\nmin_free_mb = 0\n[panel]\nport = {settings.panel.port}\n"
    )
    assert main(["doctor", "--config", str(config)]) == 0
    said, first_user = capsys.readouterr().out, hints.first_user(load_settings(config))
    assert "warn  database: There is no database yet" in said
    assert f"warn  panel users: The panel has no user yet; this makes one, and the database: {first_user}" in said
    assert "FAIL" not in said
    assert not settings.data_dir.exists()


@pytest.mark.usefixtures("change")
def test_what_fails_is_said_by_the_exit_status_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "axspa.toml"
    config.write_text(f"data_dir = {json.dumps(str(tmp_path / 'data'))}\n[receiver]\nmin_free_mb = 1000000000\n")
    assert main(["doctor", "--config", str(config)]) == 1
    assert "FAIL  disk: " in capsys.readouterr().out


@pytest.mark.parametrize("subject", ["receiver port", "panel port"])
def test_a_port_is_free_or_in_use(change: Change, subject: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        section = subject.partition(" ")[0]
        finding = found(change(**{section: {"host": "127.0.0.1", "port": port}}), subject)
        assert finding.verdict is Verdict.WARN
        assert f"127.0.0.1:{port} is in use" in finding.sentence
    finding = found(change(), subject)
    assert (finding.verdict, finding.sentence[-8:]) == (Verdict.OK, "is free.")


def test_an_address_of_another_machine_is_no_place_to_listen(change: Change) -> None:
    finding = found(change(receiver={"host": "192.0.2.1", "port": free_port()}), "receiver port")
    assert finding.verdict is Verdict.WARN
    assert "not an address of this machine" in finding.sentence


def test_a_low_port_needs_a_right(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    # Containers may let everybody bind low ports, so what the system would say is said here.
    monkeypatch.setattr(ports, "problem", lambda host, port: PermissionError(13, "Permission denied"))
    finding = found(change(), "receiver port")
    assert finding.verdict is Verdict.FAIL
    assert "needs the right to bind low ports" in finding.sentence


def test_room_on_the_disk(change: Change) -> None:
    finding = found(change(), "disk")
    assert finding.verdict is Verdict.OK
    assert "is made when the node starts" in finding.sentence
    finding = found(change(receiver={"host": "127.0.0.1", "port": 0, "min_free_mb": 10**9}), "disk")
    assert finding.verdict is Verdict.FAIL
    assert "receiver.min_free_mb = 1000000000: images are refused" in finding.sentence


def test_a_file_in_the_place_of_the_folder(change: Change, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("This is a file.")
    finding = found(change(), "disk")
    assert finding.verdict is Verdict.FAIL
    assert "is no folder" in finding.sentence


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that its user cannot write; root can write all but a file system that nobody can."""
    if os.geteuid():
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
        return
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_folder_that_cannot_be_written(change: Change, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with read_only(tmp_path / "data"):
        finding = found(change(), "disk")
    assert finding.verdict is Verdict.FAIL
    assert "cannot be written" in finding.sentence
    assert found(change(), "disk").verdict is Verdict.OK


def test_a_database_that_answers(change: Change) -> None:
    settings = change()
    with_database(settings)
    finding = found(settings, "database")
    assert finding == Finding("database", Verdict.OK, "The database answers; the panel has 1 users.")


def test_a_panel_without_a_user(change: Change) -> None:
    settings = change()
    with_database(settings, user=False)
    finding = found(settings, "database")
    assert finding.verdict is Verdict.WARN
    assert hints.first_user(settings) in finding.sentence


@pytest.mark.parametrize(
    ("statement", "verdict", "words"),
    [
        ("DELETE FROM alembic_version", Verdict.WARN, "brings it up to date when it starts"),
        ("UPDATE alembic_version SET version_num = '9999'", Verdict.FAIL, "A newer version of axspa-node"),
    ],
)
def test_a_database_of_another_version_is_named_and_left_as_it_is(
    change: Change, statement: str, verdict: Verdict, words: str
) -> None:
    settings = change()
    file = with_database(settings)
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)
    before = {path.name: path.read_bytes() for path in settings.data_dir.iterdir()}
    finding = found(settings, "database")
    assert finding.verdict is verdict
    assert words in finding.sentence
    assert str(file) in finding.sentence
    assert {path.name: path.read_bytes() for path in settings.data_dir.iterdir()} == before


def test_a_database_that_is_none(change: Change) -> None:
    settings = change()
    with_database(settings).write_bytes(b"This is no database. " * 500)
    finding = found(settings, "database")
    assert finding.verdict is Verdict.FAIL
    assert "is damaged" in finding.sentence


def test_a_database_server_that_does_not_answer(change: Change) -> None:
    url = f"postgresql+psycopg://axspa:SECRET@127.0.0.1:{free_port()}/axspa"
    finding = found(change(database={"url": url}), "database")
    assert finding.verdict is Verdict.FAIL
    assert "SECRET" not in finding.sentence


def test_the_shipped_bundle_loads_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    finding = found(healthy(tmp_path), "bundle")
    assert finding.verdict is Verdict.OK
    assert "every hash is right" in finding.sentence
    finding = found(healthy(tmp_path, analysis={"bundle": "no-such"}), "bundle")
    assert finding.verdict is Verdict.FAIL
    assert "no-such" in finding.sentence


def test_a_language_is_a_finding_of_its_own(tmp_path: Path) -> None:
    assert found(healthy(tmp_path), "language").verdict is Verdict.OK
    findings = {one.subject: one for one in examine(healthy(tmp_path, report={"language": "xx"}))}
    assert findings["language"].verdict is Verdict.FAIL and "xx" in findings["language"].sentence
    assert findings["bundle"].verdict is Verdict.OK


@contextlib.contextmanager
def peer(*sop_classes: str) -> Iterator[DicomDestination]:
    """A node that accepts these SOP classes and no other."""
    entity = AE("ARCHIVE")
    for uid in sop_classes:
        entity.add_supported_context(uid)
    server = entity.start_server(("127.0.0.1", 0), block=False)
    try:
        yield DicomDestination(
            name="archive", ae_title="ARCHIVE", host="127.0.0.1", port=int(server.socket.getsockname()[1])
        )
    finally:
        server.shutdown()


VERIFICATION = "1.2.840.10008.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def test_a_destination_that_takes_everything(change: Change) -> None:
    with peer(VERIFICATION, *OUR_SOP_CLASSES.values()) as destination:
        findings = examine(change(destinations=(destination,)))
    (finding,) = (finding for finding in findings if finding.subject == "destination archive")
    assert finding.verdict is Verdict.OK
    assert "every SOP class of what it gets is accepted" in finding.sentence
    assert "destinations" not in {finding.subject for finding in findings}


def test_a_destination_that_refuses_some_of_our_objects(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_config, "UNRESTRICTED_STORAGE_SERVICE", False)  # a receiver of ours may have run in here
    with peer(VERIFICATION, SECONDARY_CAPTURE) as destination:
        finding = found(change(destinations=(destination,)), "destination archive")
    assert finding.verdict is Verdict.WARN
    assert "Segmentation" in finding.sentence
    assert "Secondary Capture" not in finding.sentence


def test_a_destination_is_judged_by_what_it_gets(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_config, "UNRESTRICTED_STORAGE_SERVICE", False)
    with peer(VERIFICATION, SECONDARY_CAPTURE) as destination:
        captures = destination.model_copy(update={"kinds": ("sc-summary",)})
        findings = examine(change(destinations=(captures,)))
    said = {finding.subject: finding for finding in findings}
    assert said["destination archive"].verdict is Verdict.OK
    assert said["kinds"].sentence == "archive gets: sc-summary."


def test_a_kind_that_nothing_gives_is_a_failure_with_the_names_there_are(change: Change) -> None:
    wrong = DicomDestination(name="archive", ae_title="A", host="127.0.0.1", port=free_port(), kinds=("report",))
    finding = found(change(destinations=(wrong,)), "kinds")
    assert finding.verdict is Verdict.FAIL
    assert "sr-text" in finding.sentence and "Received 'report'." in finding.sentence


def test_a_destination_where_nobody_is(change: Change) -> None:
    nobody = DicomDestination(name="archive", ae_title="ARCHIVE", host="127.0.0.1", port=free_port())
    finding = found(change(destinations=(nobody,)), "destination archive")
    assert finding.verdict is Verdict.FAIL
    assert "cannot be reached: Connection refused" in finding.sentence


def test_no_destination_is_a_warning(change: Change) -> None:
    finding = found(change(), "destinations")
    assert finding.verdict is Verdict.WARN
    assert "add [[destinations]]" in finding.sentence
