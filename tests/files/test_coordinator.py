"""The coordinator, step by step, with an engine whose jobs end as the test says."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from config.codes import Code
from config.destinations import DicomDestination
from config.errors import BundleError, StorageUnavailable
from config.settings import AnalysisSettings, CompletionSettings, Settings
from storage import heartbeats
from storage.session import Database
from storage.states import RunState, StudyState
from storage.tables import Study
from tests.factories.coordinating import Bench, coordinator, run_of
from tests.factories.storage import claim, deploy, fresh, receive, save
from tests.factories.waiting import wait_until


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        completion=CompletionSettings(quiet_s=0),
        analysis=AnalysisSettings(timeout_s=1000, max_attempts=2),
        destinations=(DicomDestination(name="archive", ae_title="PACS", host="127.0.0.1", port=1),),
    )


def study_of(database: Database, study_id: int) -> Study:
    with database.read() as session:
        return session.get_one(Study, study_id)


def test_a_quiet_study_is_completed_and_given_to_a_free_worker_for_each_deployment(
    settings: Settings, database: Database
) -> None:
    deploy(database, "sij-2")
    study_id, bench = receive(database, 1), Bench(2)
    works = coordinator(settings, database, bench)
    works._sweep()
    assert study_of(database, study_id).state is StudyState.QUEUED
    works._dispatch()
    assert [claimed.bundle for claimed, _ in bench.given] == ["sij-1", "sij-2"]
    works._dispatch()
    assert len(bench.given) == 2


def test_no_more_is_given_than_there_are_workers(settings: Settings, database: Database) -> None:
    for number in range(3):
        receive(database, 1, study=f"1.2.{number + 1}")
    bench = Bench(2)
    works = coordinator(settings, database, bench)
    works._sweep()
    works._dispatch()
    assert len(bench.given) == 2
    claimed, future = bench.given[0]
    save(database, claimed)
    future.set_result("done")
    works._dispatch()
    assert len(bench.given) == 3


def test_a_reference_to_images_alone_is_no_reason_to_read_again(settings: Settings, database: Database) -> None:
    study_id, bench = receive(database, 1, sop_class_uid="1.2.840.10008.5.1.4.1.1.88.59"), Bench(1)
    works = coordinator(settings, database, bench)
    works._sweep()
    works._dispatch()
    assert bench.given == []
    assert study_of(database, study_id).reason_code == "NOT_WANTED"


def test_a_run_that_takes_too_long_ends_alone(settings: Settings, database: Database) -> None:
    deploy(database, "sij-2")
    receive(database, 1)
    bench = Bench(2)
    works = coordinator(settings, database, bench)
    works._sweep()
    works._dispatch()
    (slow, its_future), (good, other) = bench.given
    works._running[slow.run_id].since -= 2000
    works._tend()
    assert bench.killed == [its_future] and not other.done()
    works._collect()
    late, fine = run_of(database, slow), run_of(database, good)
    assert (late.state, late.reason_code, late.attempts) == (RunState.QUEUED, "ANALYSIS_TIMEOUT", 1)
    assert (fine.state, fine.attempts) == (RunState.RUNNING, 1)


def test_tending_keeps_what_runs_and_takes_back_what_others_lost(settings: Settings, database: Database) -> None:
    lost = claim(database, 1, study="1.2.9")
    receive(database, 1)
    bench = Bench(1)
    works = coordinator(settings, database, bench)
    works._sweep()
    works._dispatch()
    ((ours, _),) = bench.given
    before = run_of(database, ours).lease_until
    time.sleep(0.01)
    works._tend()
    after = run_of(database, ours).lease_until
    assert before is not None and after is not None and after > before
    assert (run_of(database, lost).state, run_of(database, lost).reason_code) == (RunState.QUEUED, "WORKER_LOST")


@pytest.mark.parametrize(
    ("error", "code", "attempts"),
    [
        (BrokenProcessPool(), "WORKER_DIED", 1),
        (ValueError("odd"), "WORKER_BROKE", 1),
        (StorageUnavailable(Code.DATABASE_FULL, "Full."), "DATABASE_FULL", 0),
        (BundleError(Code.BUNDLE_MISSING, "None."), "BUNDLE_MISSING", 0),
    ],
)
def test_a_job_that_breaks_is_put_back_and_counts_where_it_is_the_study_s(
    settings: Settings, database: Database, error: Exception, code: str, attempts: int
) -> None:
    receive(database, 1)
    bench = Bench(1)
    works = coordinator(settings, database, bench)
    works._sweep()
    works._dispatch()
    ((claimed, future),) = bench.given
    future.set_exception(error)
    assert works._collect() == 0
    run = run_of(database, claimed)
    assert (run.state, run.reason_code, run.attempts) == (RunState.QUEUED, code, attempts)


def test_a_job_that_was_called_off_is_put_back_without_an_attempt(settings: Settings, database: Database) -> None:
    receive(database, 1)
    bench = Bench(1)
    works = coordinator(settings, database, bench)
    works._sweep()
    works._dispatch()
    ((claimed, _),) = bench.given
    never: Future[str] = Future()
    never.cancel()
    works._running[claimed.run_id].future = never
    assert works._collect() == 0
    run = run_of(database, claimed)
    assert (run.state, run.attempts) == (RunState.QUEUED, 0)


def test_what_the_database_does_not_take_back_now_is_kept_until_it_does(settings: Settings, database: Database) -> None:
    receive(database, 1)
    bench = Bench(1)
    impatient = Database(settings.database_url, busy_timeout_s=0.05)
    works = coordinator(settings, impatient, bench)
    works._sweep()
    works._dispatch()
    ((claimed, future),) = bench.given
    future.set_exception(StorageUnavailable(Code.DATABASE_FULL, "Full."))
    with database.write():  # another process holds the database
        assert works._collect() == 1
    assert run_of(database, claimed).state is RunState.RUNNING
    assert works._collect() == 1, "it is not tried at every tick"
    works._running[claimed.run_id].put_back_at = 0.0
    assert works._collect() == 0
    assert (run_of(database, claimed).state, run_of(database, claimed).attempts) == (RunState.QUEUED, 0)
    impatient.dispose()


def test_a_stop_puts_back_what_does_not_end_in_time(settings: Settings, database: Database) -> None:
    study_id, bench = receive(database, 1), Bench(1)
    works = coordinator(settings, database, bench)
    works.start()
    wait_until(lambda: bench.given, what="the run to be given")
    works.stop(0)
    ((claimed, _),) = bench.given
    run = run_of(database, claimed)
    assert (run.state, run.attempts, run.reason_code) == (RunState.QUEUED, 0, "PUT_BACK")
    assert study_of(database, study_id).state is StudyState.QUEUED
    assert bench.killed == [None]
    assert heartbeats.hold(database, "coordinator", owner="next", lease_s=1), "the office is free again"


def test_only_one_of_two_holds_the_office_and_the_second_follows(settings: Settings, database: Database) -> None:
    first, second = (coordinator(settings, database, Bench(1)) for _ in range(2))
    receive(database, 1)
    first._hold_office()
    second._hold_office()
    assert (first._in_office, second._in_office) == (True, False)
    second._only_in_office(second._sweep)()
    assert study_of(database, 1).state is StudyState.RECEIVING
    first._only_in_office(first._sweep)()
    assert study_of(database, 1).state is StudyState.QUEUED
    heartbeats.let_go(database, "coordinator", owner=first._name)
    second._hold_office()
    first._hold_office()
    assert (first._in_office, second._in_office) == (False, True)


def test_an_error_of_one_turn_is_logged_and_is_not_the_last_turn(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    works, turns = coordinator(settings, database, Bench(1)), list[int]()

    def breaks() -> None:
        turns.append(1)
        raise RuntimeError("P-1 Быков")

    works._guarded(breaks)
    works._guarded(breaks)
    assert len(turns) == 2
    assert caplog.text.count("A turn of the clock broke: RuntimeError") == 2
