"""Studies: what each image does, who may hold a study, which moves there are."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from config.codes import Code
from config.errors import Final, Retryable, StorageUnavailable, UnusableInput
from storage import results, runs, snapshots, studies
from storage.session import Database, migrate
from storage.states import RunState
from storage.studies import Recorded
from storage.tables import Base, Event, Instance, Result, Run, Study, StudyState
from storage.timeline import move_run
from tests.factories.storage import STUDY, at, claim, fresh, image, receive, result_of, save


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def study_of(database: Database, study_id: int) -> Study:
    with database.read() as session:
        return session.get_one(Study, study_id)


def codes(database: Database, study_id: int) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Event.code).where(Event.study_id == study_id).order_by(Event.id)))


def test_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    migrate(database)  # a second start changes nothing
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_sqlite_keeps_what_it_confirmed(database: Database) -> None:
    with database.read() as session:
        pragmas = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
        assert pragmas == {"journal_mode": "wal", "synchronous": 2}
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_an_image_opens_its_study_and_restarts_its_quiet_period(database: Database) -> None:
    study_id = receive(database, 1, 2, seconds=0)
    receive(database, 3, seconds=30)
    (row,) = studies.receiving(database)
    assert (row.study_id, row.image_count) == (study_id, 3)
    assert (row.first_received_at, row.last_received_at) == (at(0), at(30))
    assert study_of(database, study_id).patient_name == "Быков^Иван"


def test_a_duplicate_makes_nothing_not_even_a_longer_wait(database: Database) -> None:
    study_id = receive(database, 1, seconds=0)
    again = studies.record_instance(database, image(1), at=at(50))
    assert again.outcome is Recorded.DUPLICATE
    study = study_of(database, study_id)
    assert (study.image_count, study.last_received_at) == (1, at(0))


def test_other_content_under_known_uids_changes_nothing(database: Database) -> None:
    study_id = receive(database, 1)
    assert studies.record_instance(database, image(1, content="beef")).outcome is Recorded.CONFLICT
    with database.read() as session:
        assert [row.sha256 for row in session.scalars(select(Instance))] == [image(1).sha256]
    assert study_of(database, study_id).image_count == 1


def test_one_instance_uid_in_two_series_is_two_images(database: Database) -> None:
    receive(database, 1)
    other = studies.record_instance(database, image(1, series_instance_uid=f"{STUDY}.2", content="abc"))
    assert other.outcome is Recorded.NEW


@pytest.mark.parametrize("uid", ["", "1.2.x", "../../etc/passwd", "1." * 40 + "1", "1..2", "1.2\n"])
def test_what_is_no_uid_is_never_recorded(database: Database, uid: str) -> None:
    with pytest.raises(UnusableInput, match="UID_INVALID"):
        studies.record_instance(database, image(1, study=uid))
    assert studies.receiving(database) == []


@pytest.mark.parametrize(
    ("field", "value", "mixed"),
    [
        ("patient_id", "P-2", True),
        ("patient_name", "Other^Person", True),
        ("birth_date", "19800202", True),
        ("patient_id", "", False),
        ("patient_name", "БЫКОВ^ИВАН^", False),
        ("patient_name", "Быков^Иван=Other^Form", False),
        ("patient_name", "Other^Person=Быков^Иван", True),
        ("birth_date", "1970.01.01", False),
        ("sex", "m", False),
        ("description", "Another description", False),
    ],
)
def test_two_patients_in_one_study_are_noticed(database: Database, field: str, value: str, mixed: bool) -> None:
    study_id = receive(database, 1)
    receive(database, 2, **{field: value})
    assert study_of(database, study_id).identity_conflict is mixed
    assert ("IDENTITY_MIXED" in codes(database, study_id)) is mixed


def test_two_patients_after_an_image_that_names_none_are_noticed(database: Database) -> None:
    study_id = receive(database, 1, patient_id="", patient_name="", birth_date="", sex="", accession_number="")
    receive(database, 2)
    study = study_of(database, study_id)
    assert (study.patient_id, study.patient_name, study.identity_conflict) == ("P-1", "Быков^Иван", False)
    assert "быков" in study.search_text
    receive(database, 3, patient_id="P-2")
    assert study_of(database, study_id).identity_conflict


@pytest.mark.parametrize("study", [STUDY, "1.2.826.0.1.99"])
def test_our_own_result_that_comes_back_starts_nothing(database: Database, study: str) -> None:
    claimed = claim(database, 1)
    save(database, claimed)
    made = result_of(claimed).objects[0]
    back = image(9, study=study, sop_instance_uid=made.sop_instance_uid, series_instance_uid=made.series_instance_uid)
    assert studies.record_instance(database, back, at=at(500)).outcome is Recorded.OURS
    kept = study_of(database, claimed.study_id)
    assert (kept.state, kept.image_count) == (StudyState.DELIVERING, 1)
    assert studies.receiving(database) == []


def test_a_study_that_got_another_image_is_not_marked_complete(database: Database) -> None:
    study_id = receive(database, 1, 2)
    receive(database, 3)
    assert not studies.mark_complete(database, study_id, image_count=2, sentence="Quiet.")
    assert study_of(database, study_id).state is StudyState.RECEIVING


def test_only_one_of_many_workers_gets_a_study(database: Database) -> None:
    study_id = receive(database, 1)
    studies.mark_complete(database, study_id, image_count=1, sentence="Quiet.", at=at(0))
    got: list[runs.ClaimedRun | None] = []
    workers = [
        threading.Thread(target=lambda n=n: got.append(runs.claim(database, f"w{n}", lease_s=60, now=at(1))))
        for n in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len([held for held in got if held is not None]) == 1
    assert len(got) == 8


def test_a_retry_keeps_its_revision_and_a_reprocess_gets_a_new_one(database: Database) -> None:
    first = claim(database, 1, 2)
    assert (first.revision, first.attempt, len(first.path_keys)) == (1, 1, 2)
    state = runs.fail(database, first, Retryable(Code.ANALYSIS_BROKE, "Odd."), max_attempts=3, pause_s=10, now=at(100))
    assert state is RunState.QUEUED
    assert runs.claim(database, "worker", lease_s=60, now=at(105)) is None
    second = runs.claim(database, "worker", lease_s=60, now=at(111))
    assert second is not None
    assert (second.revision, second.attempt, second.content_hash) == (1, 2, first.content_hash)
    save(database, second, destinations=())
    studies.reprocess(database, second.study_id, actor="admin", at=at(200))
    third = runs.claim(database, "worker", lease_s=60, now=at(201))
    assert third is not None
    assert (third.revision, third.attempt) == (2, 1)


def test_final_errors_and_too_many_attempts_fail_the_study(database: Database) -> None:
    final = claim(database, 1)
    assert runs.fail(database, final, Final(Code.NO_IMAGES, "No."), max_attempts=3) is RunState.FAILED
    claimed = claim(database, 1, study="1.9.9")
    state = runs.fail(database, claimed, Retryable(Code.ANALYSIS_BROKE, "Odd."), max_attempts=1)
    assert state is RunState.FAILED
    assert study_of(database, claimed.study_id).state is StudyState.FAILED
    with pytest.raises(Final, match="CLAIM_LOST"):
        runs.fail(database, claimed, Final(Code.NO_IMAGES, "No."), max_attempts=3)


def test_a_dead_worker_loses_its_study_and_can_save_nothing(database: Database) -> None:
    dead = claim(database, 1)
    assert runs.requeue_expired(database, max_attempts=3, now=at(100)) == 0
    assert runs.extend(database, dead, lease_s=60, now=at(100))
    assert runs.requeue_expired(database, max_attempts=3, now=at(200)) == 1
    heir = runs.claim(database, "worker", lease_s=60, now=at(201))
    assert heir is not None
    assert heir.revision == dead.revision
    assert not runs.extend(database, dead, lease_s=60, now=at(202))
    with pytest.raises(Final, match="CLAIM_LOST"):
        save(database, dead)
    save(database, heir)
    with database.read() as session:
        assert len(session.scalars(select(Result)).all()) == 1


def test_a_study_that_kills_its_worker_each_time_ends_as_failed(database: Database) -> None:
    claim(database, 1)
    for attempt in range(2):
        assert runs.requeue_expired(database, max_attempts=3, now=at(1000 * (attempt + 1))) == 1
        assert runs.claim(database, "w", lease_s=60, now=at(1000 * (attempt + 1) + 1)) is not None
    runs.requeue_expired(database, max_attempts=3, now=at(9000))
    with database.read() as session:
        study = session.scalars(select(Study)).one()
    assert (study.state, study.reason_code) == (StudyState.FAILED, "WORKER_LOST")


def test_a_study_that_was_put_back_lost_no_attempt(database: Database) -> None:
    runs.release(database, claim(database, 1), reason="Stopping.", now=at(70))
    again = runs.claim(database, "w", lease_s=60, now=at(71))
    assert again is not None
    assert (again.revision, again.attempt) == (1, 1)


def test_late_images_make_a_new_revision_of_the_whole_study(database: Database) -> None:
    first = claim(database, 1, 2)
    save(database, first, destinations=())
    assert study_of(database, first.study_id).state is StudyState.DONE
    receive(database, 3, seconds=500)
    assert study_of(database, first.study_id).state is StudyState.RECEIVING
    assert studies.mark_complete(database, first.study_id, image_count=3, sentence="Quiet.", at=at(560))
    second = runs.claim(database, "w", lease_s=60, now=at(561))
    assert second is not None
    assert (second.revision, len(second.path_keys)) == (2, 3)
    assert second.content_hash != first.content_hash


def test_images_during_the_analysis_keep_its_result_from_being_sent(database: Database) -> None:
    claimed = claim(database, 1, 2)
    receive(database, 3, seconds=63)
    result_id = save(database, claimed)
    with database.read() as session:
        result = session.get_one(Result, result_id)
        assert result.superseded
        assert [made.deliveries for made in result.objects] == [[], []]
    assert study_of(database, claimed.study_id).state is StudyState.RECEIVING


def test_the_hash_of_a_snapshot_does_not_hang_on_the_order_of_arrival(database: Database) -> None:
    one, other = claim(database, 1, 2, 3), claim(database, 3, 2, 1, study="1.5")
    assert one.content_hash != other.content_hash  # other UIDs
    with database.write() as session:
        session.execute(text("UPDATE instance SET id = 100 - id WHERE study_id = :s"), {"s": one.study_id})
    with database.read() as session:
        taken = snapshots.take(session, one.study_id, one.application)
    assert taken.content_hash == one.content_hash
    assert taken.path_keys == one.path_keys[::-1]


def test_a_move_that_is_not_in_the_table_is_refused(database: Database) -> None:
    claimed = claim(database, 1)
    save(database, claimed, destinations=())
    before = codes(database, claimed.study_id)
    with pytest.raises(Final, match="STUDY_STATE"), database.write() as session:
        run = session.get_one(Run, claimed.run_id)
        move_run(session, run, to=RunState.RUNNING, at=at(1), code="X", sentence="X")
    assert codes(database, claimed.study_id) == before


def test_a_busy_study_is_not_reprocessed(database: Database) -> None:
    claimed = claim(database, 1)
    with pytest.raises(Final, match="STUDY_BUSY"):
        studies.reprocess(database, claimed.study_id, actor="admin")
    with pytest.raises(Final, match="STUDY_UNKNOWN"):
        studies.reprocess(database, 999, actor="admin")


def test_a_second_result_of_one_revision_cannot_exist(database: Database) -> None:
    claimed = claim(database, 1)
    save(database, claimed)
    with pytest.raises(IntegrityError), database.write() as session:
        results._add_result(session, claimed, result_of(claimed, objects=0), superseded=False)


def test_a_database_that_another_process_holds_is_unavailable_not_broken(database: Database, tmp_path: Path) -> None:
    impatient = Database(f"sqlite:///{tmp_path / 'axspa.sqlite'}", busy_timeout_s=0.1)
    with database.write(), pytest.raises(StorageUnavailable) as caught:
        studies.record_instance(impatient, image(1))
    assert caught.value.code == "DATABASE_LOCKED"
    assert "Быков" not in str(caught.value)
    assert studies.record_instance(impatient, image(1)).outcome is Recorded.NEW


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="data folder"):
        Database(f"sqlite:///{tmp_path / 'file' / 'x.sqlite'}")


def test_times_without_a_zone_are_refused(database: Database) -> None:
    naive = at(0).replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive"):
        studies.record_instance(database, image(1), at=naive)


def test_a_file_that_is_moved_away_is_unavailable_and_work_goes_on_when_it_is_back(
    database: Database, tmp_path: Path
) -> None:
    receive(database, 1)
    file, away = tmp_path / "axspa.sqlite", tmp_path / "away"
    file.rename(away)
    for at_work in (database.read, database.write):
        with pytest.raises(StorageUnavailable, match="its file is gone"), at_work() as session:
            session.execute(text("SELECT 1"))
    assert not file.exists(), "no empty one is made in its place"
    away.rename(file)
    with database.read() as session:
        assert session.scalars(select(Study)).one().image_count == 1
    receive(database, 2)


def test_a_backup_that_is_put_in_the_place_of_a_database_is_what_is_written_to(
    database: Database, tmp_path: Path
) -> None:
    receive(database, 1)
    database.dispose()  # the write-ahead log is in the file now
    backup = (tmp_path / "axspa.sqlite").read_bytes()
    receive(database, 2)
    for path in tmp_path.glob("axspa.sqlite*"):
        path.unlink()
    (tmp_path / "axspa.sqlite").write_bytes(backup)
    receive(database, 3)
    with sqlite3.connect(tmp_path / "axspa.sqlite") as found:
        assert found.execute("SELECT count(*) FROM instance").fetchone() == (2,)
