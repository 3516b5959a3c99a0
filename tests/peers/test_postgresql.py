"""The same storage on a real PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from config.errors import Final, StorageUnavailable
from storage import alarms, audit, backup, deliveries, figures, heartbeats, runs, search, studies, users
from storage.attempts import Attempt
from storage.search import StudyFilter
from storage.session import Database, SchemaState, migrate, schema_state
from storage.studies import Recorded
from storage.tables import Base, DeliveryState, Study, StudyState
from tests.factories import old_database
from tests.factories.storage import OPEN, at, claim, deploy, deploy_first, image, open_destinations, receive, save
from tests.files import test_retention, test_storage_held
from tests.programs import free_port


@pytest.fixture(scope="module")
def url(need_program: Callable[[str], str]) -> Iterator[str]:
    """A PostgreSQL of its own, on loopback and a free port."""
    bin_folder = Path(need_program("postgres")).resolve().parent
    folder, port = Path(tempfile.mkdtemp(prefix="axspa-pg-")), free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        as_user = [need_program("runuser"), "-u", "postgres", "--"]
    data = str(folder / "data")
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    initdb = [*as_user, str(bin_folder / "initdb"), "-D", data, "-A", "trust", "-U", "axspa", "-E", "UTF8"]
    pg_ctl = [*as_user, str(bin_folder / "pg_ctl"), "-D", data, "-w", "-t", "120"]
    try:
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
        subprocess.run(
            [*pg_ctl, "-o", options, "-l", str(folder / "log"), "start"],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        yield f"postgresql+psycopg://axspa@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*pg_ctl, "-m", "immediate", "stop"], check=False, capture_output=True, cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty(url: str) -> Iterator[Database]:
    """A database without a schema."""
    made = Database(url)
    with made.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    yield made
    made.dispose()


@pytest.fixture
def database(empty: Database) -> Database:
    """A database with the one deployment that a node has without further settings."""
    migrate(empty)
    deploy_first(empty)
    open_destinations(empty, *OPEN)
    return empty


def test_every_old_study_is_what_it_was_and_goes_on_where_it_was(empty: Database) -> None:
    ids = old_database.make(empty)
    before = old_database.read(empty)
    migrate(empty)
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    old_database.check_kept(empty, before)
    old_database.check_goes_on(empty, ids)


def test_a_node_is_copied_forgets_and_is_made_anew(
    database: Database, url: str, need_program: Callable[[str], str], tmp_path: Path
) -> None:
    need_program("pg_dump")
    archive = test_retention.Archive(database, tmp_path)
    archive.study()
    archive.deliver()
    before, files = figures.read(database), archive.files()
    backup.make(database, archive.objects, tmp_path / "none", tmp_path / "copy", alive=lambda: None)
    assert test_retention.turn(archive).studies == 1
    assert archive.files() == [] and archive.count(Study) == 0
    alarms.note(database, {"waiting": "A study waits."})
    assert [row.sentence for row in alarms.every(database)] == ["A study waits."]
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    backup.restore(tmp_path / "copy", tmp_path / "anew", database, url=url)
    assert figures.read(database).deliveries == before.deliveries
    anew = test_retention.Archive(database, tmp_path / "anew")
    assert anew.files() == files and anew.count(Study) == 1
    assert studies.record_instance(database, image(9)).study_id > 0


def test_deployments_of_one_study_begin_and_end_at_once(database: Database) -> None:
    deploy(database, "sij-2", "sij-3")
    study_id = receive(database, 1)
    studies.mark_complete(database, study_id, image_count=1, sentence="Quiet.", at=at(0))
    barrier = threading.Barrier(3)
    ended: list[str] = []

    def work(number: int) -> None:
        barrier.wait()
        while (claimed := runs.claim(database, f"w{number}", lease_s=60, now=at(1))) is None:
            pass  # another one is at the study
        barrier.wait()
        save(database, claimed, destinations=("archive",))
        ended.append(claimed.bundle)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(ended) == ["sij-1", "sij-2", "sij-3"]
    assert len(deliveries.due(database, "archive", now=at(100))) == 6
    assert studies.count_states(database) == {StudyState.DELIVERING: 1}


def test_a_study_goes_all_the_way(database: Database) -> None:
    migrate(database)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    claimed = claim(database, 1, 2)
    assert studies.record_instance(database, image(1)).outcome is Recorded.DUPLICATE
    assert studies.record_instance(database, image(1, content="beef")).outcome is Recorded.CONFLICT
    save(database, claimed, destinations=("archive",))
    due = deliveries.due(database, "archive", now=at(70))
    done = [Attempt(item.delivery_id, DeliveryState.DELIVERED, 0, "STORED", "") for item in due]
    deliveries.record(database, done, now=at(70))
    (row,) = search.search(database, StudyFilter(text="БЫКОВ a-77")).rows
    assert (row.study.state, row.delivered, row.deliveries) == (StudyState.DONE, 2, 2)
    assert row.study.last_received_at == at(0)
    receive(database, 3, seconds=500)
    assert [item.image_count for item in studies.receiving(database)] == [3]
    assert studies.mark_complete(database, row.study.id, image_count=3, sentence="Quiet.", at=at(560))
    again = runs.claim(database, "worker", lease_s=60, now=at(561))
    assert again is not None
    assert again.revision == 2
    assert runs.requeue_expired(database, max_attempts=3, now=at(1000)) == 1


def test_many_at_once_lose_nothing(database: Database) -> None:
    study_id = receive(database, 0)
    problems: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(10):
                studies.record_instance(database, image(1 + worker * 10 + number))
                audit.record(database, actor=f"w{worker}", action="test")
                heartbeats.beat(database, f"w{worker}")
        except BaseException as error:
            problems.append(error)

    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert problems == []
    (row,) = studies.receiving(database)
    assert (row.study_id, row.image_count) == (study_id, 51)
    assert audit.verify(database).rows == 50
    assert studies.mark_complete(database, study_id, image_count=51, sentence="Quiet.", at=at(0))
    claimed: list[object] = []
    claimers = [
        threading.Thread(target=lambda n=n: claimed.append(runs.claim(database, f"w{n}", lease_s=60))) for n in range(5)
    ]
    for worker in claimers:
        worker.start()
    for worker in claimers:
        worker.join()
    assert sum(item is not None for item in claimed) == 1


def test_two_senders_that_open_one_study_at_once_both_succeed(database: Database) -> None:
    barrier, outcomes = threading.Barrier(4), []

    def work(number: int) -> None:
        barrier.wait()
        outcomes.append(studies.record_instance(database, image(number % 2, study="1.2.99")).outcome)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    (row,) = studies.receiving(database)
    assert sorted(outcomes) == [Recorded.DUPLICATE] * 2 + [Recorded.NEW] * 2
    assert row.image_count == 2


def test_the_last_of_two_destinations_ends_the_study_even_when_both_end_at_once(database: Database) -> None:
    for number in range(5):
        claimed = claim(database, 1, study=f"1.2.{number + 1}")
        save(database, claimed, destinations=("one", "two"))
    barrier = threading.Barrier(2)

    def deliver(name: str) -> None:
        for study in range(5):
            due = [item for item in deliveries.due(database, name, now=at(70)) if item.study_id == study + 1]
            barrier.wait()
            done = [Attempt(item.delivery_id, DeliveryState.DELIVERED, 0, "STORED", "") for item in due]
            deliveries.record(database, done, now=at(70))

    workers = [threading.Thread(target=deliver, args=(name,)) for name in ("one", "two")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert studies.count_states(database) == {StudyState.DONE: 5}


def test_audit_rows_stay(database: Database) -> None:
    users.add(database, "anna", "correct horse battery", actor="cli")
    with pytest.raises(DBAPIError, match="audit rows stay"), database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit"))
    assert audit.verify(database).intact


def test_a_server_that_is_gone_is_unavailable_not_broken() -> None:
    nobody = Database(f"postgresql+psycopg://axspa@127.0.0.1:{free_port()}/postgres")
    with pytest.raises(StorageUnavailable, match="DATABASE_UNAVAILABLE"):
        studies.receiving(nobody)


def test_who_looks_is_told_how_the_schema_stands_and_cannot_write(database: Database, url: str) -> None:
    looking = Database(url, read_only=True)
    assert schema_state(looking) is SchemaState.CURRENT
    assert looking.place == url
    with pytest.raises(DBAPIError, match="read-only transaction"):
        users.add(looking, "root", "a long password", actor="test")
    assert users.add(database, "root", "a long password", actor="test").name == "root"
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert schema_state(looking) is SchemaState.NEWER
    with pytest.raises(Final, match="DATABASE_NEWER"):
        migrate(database)
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    assert schema_state(looking) is SchemaState.ABSENT
    looking.dispose()


@pytest.mark.parametrize(
    "story",
    [
        test_storage_held.test_what_is_released_is_sent,
        test_storage_held.test_the_images_of_one_patient_are_kept_and_the_others_set_aside,
        test_storage_held.test_corrected_images_take_the_place_of_the_wrong_ones_and_the_hold_ends_by_itself,
        test_storage_held.test_a_discarded_study_is_kept_shown_with_its_reason_and_sends_nothing,
    ],
    ids=lambda story: story.__name__.removeprefix("test_"),
)
def test_held_studies_have_the_same_ways_out(database: Database, story: Callable[[Database], None]) -> None:
    story(database)
