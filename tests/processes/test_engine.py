"""The engine: real processes, real deaths."""

import os
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from dicom_node.analyse.engine import Engine
from tests.factories.waiting import wait_until


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(1)
    yield made
    made.kill()


def test_a_job_runs_in_another_process(engine: Engine) -> None:
    assert engine.submit(os.getpid).result(120) != os.getpid()


def test_a_dead_worker_fails_its_job_and_the_next_job_runs(engine: Engine) -> None:
    doomed = engine.submit(os._exit, 9)
    with pytest.raises(BrokenProcessPool):
        doomed.result(120)
    assert engine.submit(abs, -3).result(120) == 3


def test_kill_ends_a_job_that_hangs(engine: Engine) -> None:
    engine.submit(abs, 1).result(120)
    hanging = engine.submit(time.sleep, 600)
    engine.kill()
    with pytest.raises(BrokenProcessPool):
        hanging.result(120)
    assert engine.submit(abs, -4).result(120) == 4


def test_one_worker_that_dies_or_is_ended_takes_no_other_s_job_with_it(tmp_path: Path) -> None:
    engine = Engine(3)
    try:
        for job in [engine.submit(abs, -number) for number in range(3)]:
            job.result(120)
        stays = engine.submit(waits_for, str(tmp_path / "go"))
        doomed = engine.submit(os._exit, 9)
        hanging = engine.submit(time.sleep, 600)
        with pytest.raises(BrokenProcessPool):
            doomed.result(120)
        engine.kill(hanging)
        with pytest.raises(BrokenProcessPool):
            hanging.result(120)
        assert [engine.submit(abs, -number).result(120) for number in (4, 5)] == [4, 5]
        assert not stays.done()
        (tmp_path / "go").touch()
        assert stays.result(120) == "went on"
    finally:
        engine.kill()


def test_jobs_of_several_workers_run_at_the_same_time(tmp_path: Path) -> None:
    engine = Engine(2)
    try:
        first = engine.submit(waits_for, str(tmp_path / "second"))
        second = engine.submit(touches, str(tmp_path / "second"))
        assert (second.result(120), first.result(120)) == ("touched", "went on")
    finally:
        engine.kill()


def waits_for(path: str) -> str:
    """A job that ends when there is a file."""
    wait_until(Path(path).exists, 60, "the file")
    return "went on"


def touches(path: str) -> str:
    """A job that makes a file."""
    Path(path).touch()
    return "touched"
