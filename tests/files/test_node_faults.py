"""A fault of the node counts against no study, stops the queue instead of spinning through it, and ends by itself."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from config.codes import Code, Fault
from config.errors import AxspaError, BundleError, Final, StorageUnavailable
from config.settings import AnalysisSettings, CompletionSettings, Settings
from dicom_node.analyse import faults
from panel import health
from storage import heartbeats, runs
from storage.session import Database
from storage.states import RunState
from storage.tables import Run
from tests.factories.coordinating import Bench, coordinator, run_of
from tests.factories.storage import at, claim, deploy, fresh, receive, save

OF_THE_NODE = [code for code in Code if code.fault is Fault.NODE and code is not Code.CLAIM_LOST]


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
        analysis=AnalysisSettings(max_attempts=1, workers=2),
    )


class Clock:
    """Stands still until somebody turns it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def at_work(settings: Settings, database: Database, *, workers: int = 1, studies: int = 3) -> tuple[Any, Bench, Clock]:
    """A coordinator that has given away what it can of some studies."""
    for number in range(studies):
        receive(database, 1, study=f"1.2.{number + 1}")
    bench, clock = Bench(workers), Clock()
    works = coordinator(settings, database, bench)
    works._faults._clock = clock
    works._sweep()
    works._dispatch()
    return works, bench, clock


def end_pauses(database: Database) -> None:
    with database.write() as session:
        for run in session.query(Run):
            run.next_attempt_at = at(0)


def attempts(database: Database) -> list[int]:
    with database.read() as session:
        return [run.attempts for run in session.query(Run) if run.state is not RunState.RUNNING]


@pytest.mark.parametrize("code", OF_THE_NODE)
def test_no_fault_of_the_node_is_an_attempt(database: Database, code: Code) -> None:
    claimed = claim(database, 1)
    for seconds in (70, 5000):
        assert runs.fail(database, claimed, Final(code, "x"), max_attempts=1, now=at(seconds)) is RunState.QUEUED
        again = runs.claim(database, "worker", lease_s=60, now=at(seconds + 1000))
        assert again is not None and again.attempt == 1
        claimed = again
    runs.fail(database, claimed, Final(code, "x"), max_attempts=1, now=at(9000))
    assert run_of(database, claimed).attempts == 0


@pytest.mark.parametrize("code", [code for code in Code if code.fault in (Fault.STUDY, Fault.UNCLEAR)])
def test_every_other_fault_is(database: Database, code: Code) -> None:
    claimed = claim(database, 1)
    assert runs.fail(database, claimed, Final(code, "x"), max_attempts=1) is RunState.FAILED
    assert run_of(database, claimed).attempts == 1


@pytest.mark.parametrize("code", [Code.DISK_FULL, Code.DATABASE_FULL, Code.OBJECT_UNREADABLE])
def test_the_queue_stops_is_told_once_and_goes_on_with_one_run_at_first(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture, code: Code
) -> None:
    caplog.set_level(logging.INFO)
    works, bench, clock = at_work(settings, database, workers=2, studies=4)
    assert len(bench.given) == 2
    for _, future in bench.given:
        future.set_exception(StorageUnavailable(code, "It is broken."))
    for _ in range(20):
        works._dispatch()
        works._faults.look()
    assert len(bench.given) == 2, "the queue is not spun through"
    assert caplog.text.count("It is broken.") == 1
    clock.now += faults.FIRST_PAUSE_S
    works._faults.look()
    works._dispatch()
    assert len(bench.given) == 3, "one run shows whether it is over"
    bench.given[2][1].set_exception(StorageUnavailable(code, "It is broken."))
    works._dispatch()
    clock.now += faults.FIRST_PAUSE_S
    works._faults.look()
    works._dispatch()
    assert (len(bench.given), caplog.text.count("It is broken.")) == (3, 1), "the pause grows, and nothing is repeated"
    clock.now += faults.FIRST_PAUSE_S
    end_pauses(database)
    works._faults.look()
    works._dispatch()
    assert len(bench.given) == 4
    save(database, bench.given[3][0])
    bench.given[3][1].set_result("done")
    works._dispatch()
    assert len(bench.given) == 6, "two at a time again"
    assert "the node goes on" in caplog.text
    assert set(attempts(database)) <= {0, 1}
    assert works._faults.told() == []


def test_a_full_disk_stops_it_until_there_is_room(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, bench, clock = at_work(settings, database)
    bench.given[0][1].set_exception(StorageUnavailable(Code.DISK_FULL, "The disk has no room."))
    works._dispatch()
    real = os.write

    def full(descriptor: int, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    clock.now += faults.FIRST_PAUSE_S
    works._faults.look()
    works._dispatch()
    assert len(bench.given) == 1
    monkeypatch.setattr(os, "write", real)
    clock.now += faults.LONGEST_PAUSE_S
    works._faults.look()
    works._dispatch()
    assert len(bench.given) == 2


def test_a_lost_database_is_told_once_and_gone_on_with_when_it_is_back(
    settings: Settings, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    works, bench, clock = at_work(settings, database)
    ((claimed, future),) = bench.given
    file = tmp_path / "axspa.sqlite"
    database.dispose()
    for path in tmp_path.glob("axspa.sqlite*"):
        path.rename(tmp_path / f"away-{path.name}")
    file.mkdir()
    future.set_exception(StorageUnavailable(Code.DATABASE_UNAVAILABLE, "Gone."))
    for _ in range(10):
        for job in (works._sweep_if_well, works._dispatch, works._hold_office, works._tend):
            works._guarded(job)
    clock.now += faults.FIRST_PAUSE_S
    works._faults.look()
    assert works._faults.stopped and works._faults.no_database
    assert sum("No study is begun" in line for line in caplog.messages) == 1
    assert sum(record.levelno >= logging.WARNING for record in caplog.records) == 1
    file.rmdir()
    for path in tmp_path.glob("away-*"):
        path.rename(tmp_path / path.name.removeprefix("away-"))
    clock.now += faults.LONGEST_PAUSE_S
    works._faults.look()
    works._running[claimed.run_id].put_back_at = 0.0
    works._guarded(works._dispatch)
    assert (run_of(database, claimed).state, run_of(database, claimed).attempts) == (RunState.QUEUED, 0)
    assert len(bench.given) == 2


def test_a_missing_bundle_stops_only_the_deployment_that_needs_it(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    deploy(database, "sij-9")
    works, bench, clock = at_work(settings, database, workers=2)
    missing = next(pair for pair in bench.given if pair[0].bundle == "sij-9")
    missing[1].set_exception(BundleError(Code.BUNDLE_MISSING, "No bundle sij-9."))
    for _ in range(10):
        works._dispatch()
    clock.now += faults.FIRST_PAUSE_S
    works._faults.look()  # it looks for the bundle, which is not there
    works._dispatch()
    assert [one.bundle for one, _ in bench.given] == ["sij-1", "sij-9", "sij-1"]
    assert "Nothing is begun with the bundle sij-9" in caplog.text
    assert run_of(database, missing[0]).attempts == 0
    works._faults._check_bundle = lambda name: None  # somebody installed it
    clock.now += faults.LONGEST_PAUSE_S
    works._faults.look()
    save(database, bench.given[2][0])
    bench.given[2][1].set_result("done")
    works._dispatch()
    assert [one.bundle for one, _ in bench.given][3:] == ["sij-9"]


def test_a_process_that_cannot_start_is_the_node_s_fault(settings: Settings, database: Database) -> None:
    works, bench, _ = at_work(settings, database)
    bench.began = lambda future: False  # type: ignore[method-assign]
    ((claimed, future),) = bench.given
    future.set_exception(BrokenProcessPool())
    works._dispatch()
    assert (run_of(database, claimed).reason_code, run_of(database, claimed).attempts) == ("WORKER_UNREADY", 0)
    assert works._faults.stopped


def test_monitoring_and_the_panel_are_told_and_told_that_it_is_over(settings: Settings, database: Database) -> None:
    works, bench, clock = at_work(settings, database, studies=1)
    heartbeats.beat(database, "receiver")
    works._hold_office()
    assert all(one.well for one in health.check(settings.model_copy(), database) if one.name != "disk")
    bench.given[0][1].set_exception(StorageUnavailable(Code.DISK_FULL, "The disk has no room."))
    works._dispatch()
    works._hold_office()
    work = next(one for one in health.check(settings, database) if one.name == "work")
    assert not work.well and "The disk has no room." in work.sentence
    clock.now += faults.FIRST_PAUSE_S
    works._faults.look()
    works._dispatch()
    works._hold_office()
    assert next(one for one in health.check(settings, database) if one.name == "work").well


def test_a_fault_of_another_kind_is_said_anew(settings: Settings, database: Database) -> None:
    works, _, _ = at_work(settings, database, studies=0)
    errors: list[AxspaError] = [
        StorageUnavailable(Code.DISK_FULL, "Full."),
        StorageUnavailable(Code.DATABASE_DAMAGED, "Damaged."),
    ]
    for error in errors:
        works._faults.meet(error)
        assert [one["code"] for one in works._faults.told()] == [error.code]
