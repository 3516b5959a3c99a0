"""The clock of the node: finds studies that are complete, has them analysed, has results delivered, tends leases."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from config.codes import Code
from config.errors import AxspaError, Retryable
from config.settings import Settings
from dicom_node.analyse import completion, worker
from dicom_node.analyse.engine import Engine
from dicom_node.deliver import outbox
from storage import claims, deliveries, heartbeats, studies
from storage.claims import ClaimedStudy
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import utc_now

LEASE_S = 60.0
TENURE_S = 15.0  # of the one coordinator that may work on a database
TICK_S = 0.25
DELIVERIES = "deliveries"  # the executor with a thread for each destination

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    """An analysis in the engine."""

    claimed: ClaimedStudy
    future: "Future[str]"
    since: float  # time.monotonic()


class Coordinator:
    """Moves every study forward; state lives in the database, here is only what runs at this moment.

    Parameters
    ----------
    settings : Settings
    database : Database
    objects : ObjectStore
    engine : Engine
        Its workers were prepared with :func:`dicom_node.analyse.worker.start`.
    """

    def __init__(self, settings: Settings, database: Database, objects: ObjectStore, engine: Engine) -> None:
        self._settings = settings
        self._database = database
        self._objects = objects
        self._engine = engine
        self._name = f"{socket.gethostname()[:64]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._guard = threading.Lock()
        self._running: dict[int, _Running] = {}
        self._stopping = False
        self._in_office = False
        # A turn that outlasts its tick is normal (a destination that does not answer), and no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._clock = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            # Destinations that do not answer hold their threads for long: they must never be those that tend leases.
            executors={DELIVERIES: ThreadPoolExecutor(max(1, len(settings.destinations)))},
        )

    def start(self) -> None:
        """Begin to work; returns at once."""
        add = self._clock.add_job
        self._guarded(self._hold_office)
        add(self._guarded, "interval", seconds=TENURE_S / 3, args=(self._hold_office,), id="office")
        add(self._guarded, "interval", seconds=TICK_S, args=(self._only_in_office(self._sweep),), id="sweep")
        add(self._guarded, "interval", seconds=TICK_S, args=(self._only_in_office(self._dispatch),), id="dispatch")
        add(self._guarded, "interval", seconds=LEASE_S / 6, args=(self._tend,), id="tend")
        for destination in self._settings.destinations:
            turn = outbox.Turn(self._settings, self._database, self._objects, destination)
            add(
                self._guarded,
                "interval",
                seconds=TICK_S,
                args=(self._only_in_office(turn),),
                id=f"to {destination.name}",
                executor=DELIVERIES,
            )
        self._clock.start()

    def stop(self, drain_s: float) -> None:
        """Take no new work; let running analyses finish for ``drain_s`` seconds, put the others back.

        It may be called where :meth:`start` was not, or broke off.
        """
        self._stopping = True
        if self._clock.running:
            self._clock.shutdown(wait=True)  # deliveries under way are finished
        end = time.monotonic() + drain_s
        while self._collect() and time.monotonic() < end:
            time.sleep(0.1)
        with self._guard:
            left = list(self._running.values())
            self._running.clear()
        if left:
            self._engine.kill()
        for running in left:
            self._attempt(
                lambda running=running: claims.release(  # type: ignore[misc]
                    self._database, running.claimed, reason="The node was stopped; the study is queued again."
                )
            )
        self._attempt(lambda: heartbeats.let_go(self._database, "coordinator", owner=self._name))

    def _hold_office(self) -> None:
        """Only one coordinator works on a database; a second one waits until the first has gone."""
        held = heartbeats.hold(self._database, "coordinator", owner=self._name, lease_s=TENURE_S)
        if held and not self._in_office:
            names = [destination.name for destination in self._settings.destinations]
            deliveries.give_up_unknown(self._database, known=names)
        if not held and (self._in_office or not self._clock.running):
            log.warning("Another coordinator works on this database; this one waits until its lease ends")
        self._in_office = held
        heartbeats.beat(self._database, "coordinator", detail={"running": len(self._running)})

    def _only_in_office(self, job: outbox.Job) -> outbox.Job:
        return lambda: job() if self._in_office else None

    def _guarded(self, job: outbox.Job) -> None:
        """The edge of the clock: a job that fails is logged and runs again at its next turn."""
        try:
            job()
        except AxspaError as error:
            log.warning("%s [%s]", error.sentence, error.code)
        except Exception as error:
            log.error("A turn of the clock broke: %s", type(error).__name__, exc_info=error.__traceback__ is not None)

    def _attempt(self, job: Callable[[], object]) -> None:
        try:
            job()
        except AxspaError as error:
            log.warning("%s [%s]", error.sentence, error.code)

    def _sweep(self) -> None:
        """Queue the studies that are complete."""
        for study in studies.receiving(self._database):
            decision = completion.decide(
                utc_now(),
                last_received_at=study.last_received_at,
                image_count=study.image_count,
                settings=self._settings.completion,
            )
            if decision.complete:
                studies.mark_complete(
                    self._database, study.study_id, image_count=study.image_count, sentence=decision.reason
                )

    def _dispatch(self) -> None:
        """Give waiting studies to free workers."""
        while self._collect() < self._engine.workers and not self._stopping:
            claimed = claims.claim(self._database, self._name, lease_s=LEASE_S)
            if claimed is None:
                return
            log.info("Study %d revision %d: analysis begins", claimed.study_id, claimed.revision)
            future = self._engine.submit(worker.analyse, claimed)
            with self._guard:
                self._running[claimed.study_id] = _Running(claimed, future, time.monotonic())

    def _collect(self) -> int:
        """Forget the analyses that ended; the number of those that run."""
        with self._guard:
            ended = [running for running in self._running.values() if running.future.done()]
            for running in ended:
                del self._running[running.claimed.study_id]
            count = len(self._running)
        for running in ended:
            error = running.future.exception()
            if error is not None:
                self._put_back(running, error)
        return count

    def _put_back(self, running: _Running, error: BaseException) -> None:
        log.error("The process that analysed study %d ended: %s", running.claimed.study_id, type(error).__name__)
        if isinstance(error, BrokenProcessPool):
            reason = Retryable(Code.WORKER_DIED, "The analysis process ended in the middle (out of memory, or killed).")
        else:
            reason = Retryable(
                Code.WORKER_BROKE, f"The analysis process could not start or answer: {type(error).__name__}."
            )
        self._attempt(
            lambda: claims.fail(
                self._database, running.claimed, reason, max_attempts=self._settings.analysis.max_attempts
            )
        )

    def _tend(self) -> None:
        """Extend the leases of what runs, end what runs for too long, put back what others lost."""
        timeout_s = self._settings.analysis.timeout_s
        with self._guard:
            current = list(self._running.values())
        if any(time.monotonic() - running.since > timeout_s for running in current):
            log.error("An analysis ran for more than %.0f s; the analysis processes are ended", timeout_s)
            self._engine.kill()
            return
        for running in current:
            claims.extend(self._database, running.claimed, lease_s=LEASE_S)
        claims.requeue_expired(self._database, max_attempts=self._settings.analysis.max_attempts)
