"""A database of the first slice, full of rows in every state, becomes one of runs."""

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from config.settings import Destination, Settings
from storage import users
from storage.objects import ObjectStore
from storage.session import Database, migrate
from storage.tables import Base, Picture
from tests.factories import old_database
from tests.factories.panel import ADMIN, PASSWORD, Place
from tests.factories.panel_pages import log_in, make_client


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    places = [Destination(name=f"place {number}", ae_title="PACS", host="127.0.0.1", port=1) for number in (0, 1)]
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


def test_an_empty_old_database_gets_its_deployment_from_the_settings_alone(database: Database) -> None:
    from storage import deployments

    migrate(database)
    assert deployments.every(database) == []
    deployments.seed(database, Settings().wanted_deployments)
    assert [row.bundle for row in deployments.every(database)] == ["sij-1"]
