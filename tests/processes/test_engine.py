"""The engine: real processes, real deaths."""

import os
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool

import pytest

from dicom_node.analyse.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(1)
    yield made
    made.kill()


def test_a_job_runs_in_another_process(engine: Engine) -> None:
    assert engine.submit(os.getpid).result(30) != os.getpid()


def test_a_dead_worker_fails_its_job_and_the_next_job_runs(engine: Engine) -> None:
    doomed = engine.submit(os._exit, 9)
    with pytest.raises(BrokenProcessPool):
        doomed.result(30)
    assert engine.submit(abs, -3).result(30) == 3


def test_kill_ends_a_job_that_hangs(engine: Engine) -> None:
    engine.submit(abs, 1).result(30)
    hanging = engine.submit(time.sleep, 600)
    engine.kill()
    with pytest.raises(BrokenProcessPool):
        hanging.result(30)
    assert engine.submit(abs, -4).result(30) == 4
