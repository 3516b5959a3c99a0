"""Where analyses run: worker processes behind the interface of :class:`concurrent.futures.Executor`."""

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from config.lifeline import end_with_parent

P = ParamSpec("P")
R = TypeVar("R")

FIRST_REFILL_PAUSE_S = 5.0
LONGEST_REFILL_PAUSE_S = 600.0

log = logging.getLogger(__name__)


class Engine:
    """Worker processes, each in a pool of its own, so that one that dies takes no other's work with it.

    Parameters
    ----------
    workers : int
        Analyses at the same time.
    initializer : callable, optional
        Runs once in each worker process before its first analysis, with ``initargs``; must be importable.

    Notes
    -----
    Processes are spawned, not forked: TensorFlow and open database connections do not survive a fork.
    """

    def __init__(
        self,
        workers: int,
        *,
        initializer: Callable[..., None] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        self.workers = workers
        self._guard = threading.Lock()
        self._places = [_Place(initializer, initargs) for _ in range(workers)]

    def submit(self, job: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Run ``job`` in the worker with the least to do. One that died is replaced; its lost job's future fails."""
        with self._guard:
            place = min(self._places, key=lambda place: place.waiting)
            return place.submit(job, *args, **kwargs)

    @property
    def alive(self) -> int:
        """How many worker processes live."""
        with self._guard:
            return sum(place.alive for place in self._places)

    def refill(self) -> None:
        """Start a process where the last one ended, so that the next job finds one; each time after a longer pause.

        Raises
        ------
        OSError
            None can be started.
        """
        now = time.monotonic()
        with self._guard:
            for place in self._places:
                place.refill(now)

    def began(self, future: "Future[Any]") -> bool:
        """False where the worker of a job ended before it could begin any: what it lacks is not the job's fault."""
        with self._guard:
            return all(place.began(future) for place in self._places)

    def kill(self, future: "Future[Any] | None" = None) -> None:
        """End the worker of one job now, or every worker; running jobs fail with BrokenProcessPool."""
        with self._guard:
            for place in self._places:
                if future is None or place.has(future):
                    place.discard()


class _Place:
    """One worker process at a time."""

    def __init__(self, initializer: Callable[..., None] | None, initargs: tuple[Any, ...]) -> None:
        self._initializer = initializer
        self._initargs = initargs
        self._pool: ProcessPoolExecutor | None = None
        self._futures: list[Future[Any]] = []
        self._first: Future[int] | None = None  # what shows that the process started
        self._first_of: WeakKeyDictionary[Future[Any], Future[int]] = WeakKeyDictionary()

        self._refills = 0
        self._refill_at = 0.0

    @property
    def alive(self) -> bool:
        """True while its process lives."""
        return any(process.is_alive() for process in self._processes())

    def refill(self, now: float) -> None:
        """Start a process where there is none."""
        if self.alive:
            if now > self._refill_at + LONGEST_REFILL_PAUSE_S:
                self._refills = 0
        elif now >= self._refill_at:
            self._refills += 1
            self._refill_at = now + min(FIRST_REFILL_PAUSE_S * 2.0 ** min(self._refills, 30), LONGEST_REFILL_PAUSE_S)
            self.discard()
            self._running()

    def _processes(self) -> list[Any]:
        # ProcessPoolExecutor.kill_workers comes with Python 3.14; until then its table of processes is all there is.
        return list((getattr(self._pool, "_processes", None) or {}).values())

    @property
    def waiting(self) -> int:
        """Jobs that have not ended."""
        self._futures = [future for future in self._futures if not future.done()]
        return len(self._futures)

    def began(self, future: "Future[Any]") -> bool:
        """False where it was given to this one, and the process did not even start."""
        first = self._first_of.get(future)
        return first is None or (first.done() and not first.cancelled() and first.exception() is None)

    def has(self, future: "Future[Any]") -> bool:
        """True where this job was given to it and has not ended."""
        return not future.done() and future in self._futures

    def submit(self, job: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Run a job, in a new process where the last one died."""
        try:
            future = self._running().submit(job, *args, **kwargs)
        except BrokenProcessPool:
            log.warning("An analysis process ended unexpectedly; starting a new one")
            self.discard()
            future = self._running().submit(job, *args, **kwargs)
        self._futures.append(future)
        if self._first is not None:
            self._first_of[future] = self._first
        return future

    def discard(self) -> None:
        """End the process now."""
        for process in self._processes():
            process.kill()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = None

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._initializer, self._initargs),
            )
            self._first = self._pool.submit(os.getpid)
        return self._pool


def _begin(initializer: Callable[..., None] | None, initargs: tuple[Any, ...]) -> None:
    """The start of a worker process: it never outlives the node."""
    end_with_parent()
    if initializer is not None:
        initializer(*initargs)
