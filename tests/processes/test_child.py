"""A process of the node is started again when it ends, ever later while it keeps ending, and is ended in the end."""

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from config.settings import Settings
from dicom_node.app import LONGEST_PAUSE_S, Child, ChildMain
from tests.factories.waiting import wait_until


def lives(settings: Settings) -> None:
    """Until it is asked to end."""
    (settings.data_dir / "ready").touch()
    time.sleep(600)


def is_deaf(settings: Settings) -> None:
    """Does not end when it is asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    lives(settings)


def ends(settings: Settings) -> None:
    """At once, with an exit status."""
    os._exit(3)


def breaks(settings: Settings) -> None:
    """By an error whose message must not be seen."""
    raise ValueError("Быков^Иван")


@dataclass
class Clock:
    """Stands still until somebody turns it."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    for process in multiprocessing.active_children():
        process.kill()
        process.join()


def process_of(child: Child) -> BaseProcess | None:
    """The running process of a child."""
    return next((found for found in multiprocessing.active_children() if found.name == child.name), None)


def wait_for_death(child: Child) -> None:
    wait_until(lambda: process_of(child) is None, timeout_s=60, what="the end of the process")


def started(main: ChildMain, settings: Settings, clock: Clock) -> Child:
    child = Child("worker bee", main, settings, clock)
    child.start()
    return child


def test_what_lives_is_left_alone(settings: Settings, clock: Clock) -> None:
    child = started(lives, settings, clock)
    first = process_of(child)
    clock.now += 1000
    child.watch()
    assert process_of(child) is first is not None


def test_what_was_killed_is_started_again_at_once(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    child = started(lives, settings, clock)
    first = process_of(child)
    assert first is not None
    first.kill()
    wait_for_death(child)
    child.watch()
    second = process_of(child)
    assert second is not None
    assert second.pid != first.pid
    assert "The worker bee ended (exit code -9); it is started again in 0 s" in caplog.text


def test_pauses_grow_while_it_keeps_ending_and_end_at_the_longest(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    child = started(ends, settings, clock)
    for pause in (0.0, 1.0, 3.0):
        wait_for_death(child)
        child.watch()
        if pause:
            assert process_of(child) is None
            clock.now += pause - 0.1
            child.watch()
            assert process_of(child) is None
            clock.now += 0.1
            child.watch()
        assert f"(exit code 3); it is started again in {pause:.0f} s" in caplog.text
    wait_for_death(child)
    child._deaths = 5000  # it kept ending for days
    child.watch()
    assert f"it is started again in {LONGEST_PAUSE_S:.0f} s" in caplog.text


def test_after_a_long_life_the_first_pause_is_none_again(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    child = started(lives, settings, clock)
    child._deaths = 7
    child.watch()
    assert child._deaths == 7
    clock.now += LONGEST_PAUSE_S + 1
    child.watch()
    process = process_of(child)
    assert process is not None
    process.kill()
    wait_for_death(child)
    child.watch()
    assert "it is started again in 0 s" in caplog.text
    assert process_of(child) is not None


def test_where_no_process_can_be_started_it_is_tried_again_later(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    child = started(ends, settings, clock)
    wait_for_death(child)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        child.watch()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert process_of(child) is None
    assert "could not be started again: Too many open files" in caplog.text
    child.main = lives
    child.watch()  # the next pause begins
    clock.now += 1.0
    child.watch()
    assert process_of(child) is not None


def test_an_error_that_nobody_foresaw_ends_it_with_a_status_and_without_its_words(
    settings: Settings, clock: Clock, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    child = started(breaks, settings, clock)
    wait_for_death(child)
    child.watch()
    said = capfd.readouterr().err
    assert "ValueError" in said
    assert "Быков" not in said
    assert "(exit code 1)" in caplog.text


def test_it_ends_when_it_is_asked_to(settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    child = started(lives, settings, clock)
    wait_until((settings.data_dir / "ready").exists, timeout_s=60, what="the process to be ready")
    child.terminate()
    child.join(60)
    assert process_of(child) is None
    assert "is killed" not in caplog.text


def test_what_does_not_end_in_time_is_killed(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    child = started(is_deaf, settings, clock)
    wait_until((settings.data_dir / "ready").exists, timeout_s=60, what="the process to be ready")
    child.terminate()
    child.join(1)
    assert process_of(child) is None
    assert "The worker bee did not end within 1 s and is killed" in caplog.text


def test_ending_what_was_never_started_is_no_error(settings: Settings, clock: Clock) -> None:
    child = Child("worker bee", lives, settings, clock)
    child.terminate()
    child.join(1)
    assert process_of(child) is None
