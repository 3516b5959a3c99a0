"""A database of the first slice, full of rows in every state, becomes one of runs."""

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from config.destinations import DicomDestination
from config.settings import Settings
from dicom_node.analyse import named
from storage import identities, users
from storage.objects import ObjectStore
from storage.session import Database, migrate
from storage.tables import Base, Picture
from tests.factories import old_database
from tests.factories.dicom import as_file, image
from tests.factories.panel import ADMIN, PASSWORD, Place
from tests.factories.panel_pages import log_in, make_client


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    places = [DicomDestination(name=f"place {number}", ae_title="PACS", host="127.0.0.1", port=1) for number in (0, 1)]
    return Settings(data_dir=tmp_path, destinations=tuple(places))


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings.database_url)
    yield made
    made.dispose()


def test_every_old_study_is_what_it_was_and_goes_on_where_it_was(database: Database) -> None:
    ids = old_database.make(database)
    before = old_database.read(database)
    assert {old.state for old in before.values()} == {
        *("receiving", "queued", "analysing", "delivering", "done"),
        *("not_applicable", "held", "undelivered", "failed"),
    }
    migrate(database)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    old_database.check_kept(database, before)
    old_database.check_goes_on(database, ids)


def test_foreign_keys_are_kept_again_after_the_migration(database: Database) -> None:
    old_database.make(database)
    migrate(database)
    with database.write() as session:
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
        session.execute(text("DELETE FROM result"))
        assert session.scalars(select(Picture)).all() == []


def test_the_panel_shows_old_results_with_their_objects_and_deliveries(database: Database, settings: Settings) -> None:
    ids = old_database.make(database)
    migrate(database)
    users.add(database, ADMIN, PASSWORD, role="admin", actor="test")
    client = make_client(Place(settings, database, ObjectStore(settings.data_dir / "objects")))
    log_in(client)
    page = html.unescape(client.get(f"/studies/{ids['twice']}").text)
    assert "Signs on the left." in page and "Revisions" in page
    assert "place 0" in page and "2.25." in page
    earlier = page.partition("?result=")[2].partition('"')[0]
    old = html.unescape(client.get(f"/studies/{ids['twice']}?result={earlier}").text)
    assert "You are looking at the earlier result of revision 1" in old and "replaced" in old
    viewer = client.get(f"/studies/{ids['twice']}/results/{earlier}/viewer")
    assert viewer.status_code == 200
    listed = html.unescape(client.get("/studies").text)
    for words in ("receiving", "waiting", "analysing", "sending", "done", "held back", "not delivered", "failed"):
        assert words in listed


def test_the_images_of_an_old_study_name_its_patient_and_those_of_a_mixed_one_are_read(
    database: Database, settings: Settings
) -> None:
    """What an old node stored: whom an image names stood in its file alone."""
    old_database.make(database)
    objects, keys = ObjectStore(settings.data_dir / "objects"), []
    for number, patient in ((1, "P-1"), (2, "P-2")):
        content = [as_file(image(number, PatientID=patient, PatientBirthDate="19700101"))]
        keys.append(objects.put("images", "1.2", name=str(number), content=content, suffix=".dcm").key)
    keys.append(keys[0].rpartition("-")[0] + "-" + "0" * 16 + ".dcm")  # a file that is gone
    with database.engine.execution_options(axspa_writes=True).begin() as connection:
        plain, mixed = [row.id for row in connection.execute(text("SELECT id FROM study ORDER BY id LIMIT 2"))]
        connection.execute(text("DELETE FROM instance"))
        connection.execute(text("UPDATE study SET patient_id = 'P-7' WHERE id = :id"), {"id": plain})
        connection.execute(text("UPDATE study SET identity_conflict = TRUE WHERE id = :id"), {"id": mixed})
        insert = (
            "INSERT INTO instance (study_id, series_instance_uid, sop_instance_uid, sop_class_uid, modality,"
            " transfer_syntax_uid, sha256, size_bytes, path_key, received_at, calling_ae)"
            " VALUES (:study, '1.2', :uid, '1.2', 'MR', '1.2', '', 1, :key, '2026-03-01 12:00:00.000000', '')"
        )
        for number, (study, key) in enumerate([(plain, "images/x"), *((mixed, key) for key in keys)]):
            connection.execute(text(insert), {"study": study, "uid": f"1.2.{number}", "key": key})
    migrate(database)
    with database.read() as session:
        assert [one.identity.patient_id for one in identities.patients(session, plain)] == ["P-7"]
    assert len(identities.unread(database)) == 3
    assert named.read_names(database, objects) == 3
    with database.read() as session:
        found = {one.identity.patient_id: one.images for one in identities.patients(session, mixed)}
    assert found == {"P-1": 2, "P-2": 1}, "an image that cannot be read contradicts nobody"


def test_an_empty_old_database_gets_its_deployment_from_the_settings_alone(database: Database) -> None:
    from storage import deployments

    migrate(database)
    assert deployments.every(database) == []
    deployments.seed(database, Settings().wanted_deployments)
    assert [row.bundle for row in deployments.every(database)] == ["sij-1"]
