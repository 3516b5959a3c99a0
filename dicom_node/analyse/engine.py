"""Where analyses run: a pool of worker processes behind the interface of :class:`concurrent.futures.Executor`."""

import logging
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)


class Engine:
    """A process pool that survives the death of its workers.

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
        self._initializer = initializer
        self._initargs = initargs
        self._guard = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, job: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Run ``job`` in a worker. A pool that lost a worker is replaced; the lost job's future fails."""
        with self._guard:
            try:
                return self._running().submit(job, *args, **kwargs)
            except BrokenProcessPool:
                log.warning("An analysis process ended unexpectedly; starting new ones")
                self._discard()
                return self._running().submit(job, *args, **kwargs)

    def kill(self) -> None:
        """End every worker now; the futures of running jobs fail with BrokenProcessPool."""
        with self._guard:
            self._discard()

    def shutdown(self) -> None:
        """Wait for running jobs, then end the workers."""
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _processes(self) -> list[multiprocessing.process.BaseProcess]:
        # ProcessPoolExecutor.kill_workers comes with Python 3.14; until then its table of processes is all there is.
        return list((getattr(self._pool, "_processes", None) or {}).values())

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=self._initializer,
                initargs=self._initargs,
            )
        return self._pool

    def _discard(self) -> None:
        for process in self._processes():
            process.kill()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = None
