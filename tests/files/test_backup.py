"""Backup and restore: a node that works is copied as it was at one moment, and a node is made of the copy."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from sqlalchemy import select

from config.errors import Final, Retryable, UnusableInput
from config.settings import Settings
from dicom_node import backup as command
from dicom_node.analyse.salt import site_salt
from dicom_node.cli import main
from storage import audit, backup, heartbeats
from storage.objects import ObjectStore
from storage.session import Database
from storage.studies import IncomingImage, record_instance
from storage.tables import Instance, Study
from tests.factories.storage import at, fresh, image


def take_in(database: Database, objects: ObjectStore, file: Path, *, number: int) -> None:
    """Receive a file of a study."""
    header = pydicom.dcmread(file, stop_before_pixels=True)
    uid = str(header.SOPInstanceUID)
    stored = objects.put("images", str(header.StudyInstanceUID), name=uid, content=[file.read_bytes()], suffix=".dcm")
    received = IncomingImage(
        study_instance_uid=str(header.StudyInstanceUID),
        series_instance_uid=str(header.SeriesInstanceUID),
        sop_instance_uid=uid,
        sop_class_uid=str(header.SOPClassUID),
        transfer_syntax_uid=str(header.file_meta.TransferSyntaxUID),
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        path_key=stored.key,
    )
    record_instance(database, received, at=at(number))


def contents(settings: Settings) -> dict[str, bytes]:
    """Each image of a node by its SOP Instance UID, as its database finds it."""
    database, objects = Database(settings.database_url, read_only=True), ObjectStore(settings.data_dir / "objects")
    with database.read() as session:
        rows = session.scalars(select(Instance)).all()
    database.dispose()
    return {row.sop_instance_uid: objects.read(row.path_key) for row in rows}


@pytest.fixture
def node(tmp_path: Path, shipped_study: list[Path]) -> Iterator[tuple[Settings, Database, ObjectStore]]:
    """A node with the phantom study, its database open as that of one that runs."""
    data = tmp_path / "data"
    data.mkdir()
    settings = Settings(data_dir=data)
    database, objects = fresh(data), ObjectStore(data / "objects")
    site_salt(settings)
    for number, file in enumerate(shipped_study):
        take_in(database, objects, file, number=number)
    yield settings, database, objects
    database.dispose()


def test_a_node_that_works_is_copied_and_made_anew(
    node: tuple[Settings, Database, ObjectStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, database, objects = node
    before = contents(settings)
    copy_objects = backup._copy_objects

    def while_it_works(*given: object, **more: object) -> backup.Copied:
        record_instance(
            database,
            replace(image(7), path_key=objects.put("images", "x", name="y", content=[b"z"], suffix=".dcm").key),
        )
        return copy_objects(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(backup, "_copy_objects", while_it_works)
    said = command.make(database, settings, tmp_path / "copy")
    assert f"the database and {len(before)} files" in said
    assert [row.action for row in audit.rows(database)][-1] == "backup.make"
    assert heartbeats.hold(database, backup.LEASE, owner="retention", lease_s=1.0)

    anew = Settings(data_dir=tmp_path / "anew")
    command.restore(anew, tmp_path / "copy")
    assert contents(anew) == before and len(before) > 10
    assert site_salt(anew) == site_salt(settings)
    made = Database(anew.database_url)
    assert audit.verify(made).intact
    record_instance(made, image(8))
    with made.read() as session:
        assert len(session.scalars(select(Study)).all()) == 2
    made.dispose()
    for folder in (tmp_path / "copy", tmp_path / "anew"):
        assert not [path for path in folder.rglob("*") if path.stat().st_mode & 0o077]


def test_by_the_command_line(
    node: tuple[Settings, Database, ObjectStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(node[0])
    monkeypatch.setenv("AXSPA_DATA_DIR", str(node[0].data_dir))
    assert main(["backup", str(tmp_path / "copy")]) == 0
    assert main(["backup", str(tmp_path / "copy")]) == 1
    assert main(["restore", str(tmp_path / "copy")]) == 1
    monkeypatch.setenv("AXSPA_DATA_DIR", str(tmp_path / "anew"))
    assert main(["restore", str(tmp_path / "copy")]) == 0
    assert contents(Settings()) == before


def test_nothing_is_written_over(node: tuple[Settings, Database, ObjectStore], tmp_path: Path) -> None:
    settings, database, _ = node
    command.make(database, settings, tmp_path / "copy")
    kept = contents(settings)
    with pytest.raises(Final, match=r"Something is there already.*data"):
        command.restore(settings, tmp_path / "copy")
    with pytest.raises(Final, match=r"Something is there already.*copy"):
        command.make(database, settings, tmp_path / "copy")
    with pytest.raises(Final, match="outside the data folder"):
        command.make(database, settings, settings.data_dir / "copy")
    elsewhere = Settings.model_validate({"data_dir": tmp_path / "anew", "database": {"url": settings.database_url}})
    with pytest.raises(Final, match=r"Something is there already.*sqlite"):
        command.restore(elsewhere, tmp_path / "copy")
    assert contents(settings) == kept and not (tmp_path / "anew").exists()


@pytest.mark.parametrize("harm", ["half", "changed", "missing", "outside"])
def test_a_copy_that_is_not_whole_is_refused_and_nothing_is_made(
    node: tuple[Settings, Database, ObjectStore], tmp_path: Path, harm: str
) -> None:
    settings, database, _ = node
    copy = tmp_path / "copy"
    command.make(database, settings, copy)
    one = next(path for path in (copy / "objects").rglob("*.dcm"))
    if harm == "half":
        (copy / "backup").unlink()
    elif harm == "changed":
        one.write_bytes(one.read_bytes()[:-1] + b"?")
    elif harm == "missing":
        one.unlink()
    else:
        with (copy / "sha256sums").open("a") as stream:
            stream.write("0" * 64 + "  objects/../../outside\n")
    with pytest.raises(UnusableInput, match="no whole backup"):
        command.restore(Settings(data_dir=tmp_path / "anew"), copy)
    assert not (tmp_path / "anew").exists()


def test_retention_and_a_backup_wait_for_each_other(tmp_path: Path) -> None:
    database = fresh(tmp_path)
    assert heartbeats.hold(database, backup.LEASE, owner="retention", lease_s=600.0)
    with pytest.raises(Retryable, match="at work"), command.holding(database, patience_s=0.0):
        pass
    heartbeats.let_go(database, backup.LEASE, owner="retention")
    with command.holding(database, patience_s=0.0):
        assert not heartbeats.hold(database, backup.LEASE, owner="retention", lease_s=1.0)
    database.dispose()


def test_a_database_on_a_server_needs_its_client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(backup.shutil, "which", lambda name: None)
    with pytest.raises(Final, match=r"postgresql-client.*pg_dump") as caught:
        backup._run_postgresql("pg_dump", [], "postgresql+psycopg://axspa:HUSH@host/axspa", tmp_path / "dump")
    assert "HUSH" not in str(caught.value)
