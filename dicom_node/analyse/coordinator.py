"""The clock of the node: finds studies that are complete, has them analysed, has results delivered, tends leases."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from config import logs
from config.destinations import DestinationSettings
from config.errors import AxspaError, StorageUnavailable
from config.settings import Settings
from dicom_node.analyse import completion, named, worker
from dicom_node.analyse.endings import Running, reason_of, unready
from dicom_node.analyse.engine import Engine
from dicom_node.analyse.faults import Faults
from dicom_node.analyse.wanted import wants
from dicom_node.deliver import retractions
from dicom_node.deliver.making import make_destination
from dicom_node.deliver.outbox import Turn
from dicom_node.deliver.senders import Senders
from storage import arrivals, heartbeats, kinds, retention, runs, studies, sweeping
from storage.backup import LEASE
from storage.objects import ObjectStore
from storage.runs import ClaimedRun
from storage.session import Database
from storage.states import utc_now

Job = Callable[[], None]

LEASE_S = 60.0
TENURE_S = 15.0  # of the one coordinator that may work on a database
TICK_S = 0.25
KEEPING_S = 60.0  # between two looks at what is kept for long enough
KEEPING_LEASE_S = 600.0  # of such a look
LOOK_S = 1.0  # at what may be over of the faults of the node
PUT_BACK_PAUSE_S = 5.0

log = logging.getLogger(__name__)


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
        self._faults = Faults(objects, beat=self._beat, check_bundle=self._check_bundle)
        self._guard = threading.Lock()
        self._running: dict[int, Running] = {}
        self._stopping = False
        self._in_office = False
        # A turn that outlasts its tick is normal, and no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._clock = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._senders = Senders({one.name: self._turn(one) for one in settings.destinations})

    def start(self) -> None:
        """Begin to work; returns at once."""
        add = self._clock.add_job
        self._guarded(self._hold_office)
        add(self._guarded, "interval", seconds=TENURE_S / 3, args=(self._hold_office,), id="office")
        add(self._guarded, "interval", seconds=TICK_S, args=(self._only_in_office(self._sweep_if_well),), id="sweep")
        add(self._guarded, "interval", seconds=TICK_S, args=(self._only_in_office(self._dispatch),), id="dispatch")
        add(self._guarded, "interval", seconds=LEASE_S / 6, args=(self._tend,), id="tend")
        add(self._guarded, "interval", seconds=LOOK_S, args=(self._faults.look,), id="look")
        add(self._guarded, "interval", seconds=LOOK_S, args=(self._only_in_office(self._retract),), id="retract")
        if retention.deletes(self._settings.retention):
            add(self._guarded, "interval", seconds=KEEPING_S, args=(self._only_in_office(self._retain),), id="retain")
        self._clock.start()
        self._senders.start()

    def stop(self, drain_s: float) -> None:
        """Take no new work; let running analyses finish for ``drain_s`` seconds, put the others back.

        It may be called where :meth:`start` was not, or broke off.
        """
        self._stopping = True
        if self._clock.running:
            self._clock.shutdown(wait=True)
        self._senders.stop()  # what is under way is finished
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
                lambda running=running: runs.release(  # type: ignore[misc]
                    self._database, running.claimed, reason="The node was stopped; the study is queued again."
                )
            )
        self._attempt(lambda: heartbeats.let_go(self._database, "coordinator", owner=self._name))

    def _hold_office(self) -> None:
        """Only one coordinator works on a database; a second one waits until the first has gone."""
        held = heartbeats.hold(self._database, "coordinator", owner=self._name, lease_s=TENURE_S)
        if not held and (self._in_office or not self._clock.running):
            log.warning("Another coordinator works on this database; this one waits until its lease ends")
        begins = held and not self._in_office
        self._in_office = held
        if begins:
            self._clock.add_job(self._guarded, args=(self._take_over,), id="take over", replace_existing=True)
        self._beat()

    def _beat(self) -> None:
        """Say that this coordinator lives, how much it does, and what keeps it from working."""
        workers = {"workers": self._engine.workers, "workers_alive": self._engine.alive}
        detail = {"running": len(self._running), "faults": self._faults.told(), **workers}
        heartbeats.beat(self._database, "coordinator", detail=detail)

    def _take_over(self) -> None:
        """What is done once, when the office begins."""
        kinds.cancel_unwanted(self._database, self._settings.wanted_kinds)
        named.read_names(self._database, self._objects)
        lost = sweeping.sweep(self._database, self._objects)
        if lost:
            log.info("%d files of results that were never saved were removed", lost)

    def _only_in_office(self, job: Job) -> Job:
        return lambda: job() if self._in_office else None

    def _retain(self) -> None:
        """Delete what is old, unless a backup is made at this moment."""
        if heartbeats.hold(self._database, LEASE, owner=self._name, lease_s=KEEPING_LEASE_S):
            try:
                self._delete()
            finally:
                heartbeats.let_go(self._database, LEASE, owner=self._name)

    def _delete(self) -> None:
        kept = self._settings.retention
        deleted = retention.turn(self._database, self._objects, kept)
        for_space = retention.make_room(self._database, self._objects, kept) if kept.free_mb > 0 else 0
        if deleted != retention.Deleted() or for_space:
            log.info("Retention deleted for age %s; studies for want of space: %d", deleted, for_space)

    def _retract(self) -> None:
        retractions.tell_destinations(self._settings, self._database, self._objects)

    def _turn(self, destination: DestinationSettings) -> Job:
        turn = Turn(
            make_destination(destination, self._settings), self._settings.delivery, self._database, self._objects
        )
        return lambda: self._guarded(self._only_in_office(self._where_written(turn)))

    def _where_written(self, job: Job) -> Job:
        """Nothing is sent while nobody could write down that it was: it would be sent again and again."""
        return lambda: None if self._faults.no_database else job()

    def _check_bundle(self, name: str) -> None:
        from inference.serving import verify_bundle

        verify_bundle(name, roots=self._settings.analysis.bundle_roots)

    def _guarded(self, job: Job) -> None:
        """The edge of the clock: a job that fails is logged and runs again at its next turn."""
        try:
            job()
        except StorageUnavailable as error:
            self._faults.meet(error)
        except AxspaError as error:
            log.warning("%s [%s]", error.sentence, error.code)
        except Exception as error:
            log.error("A turn of the clock broke: %s", type(error).__name__, exc_info=error.__traceback__ is not None)

    def _attempt(self, job: Callable[[], object]) -> bool:
        """Do it; False where only the database was not ready for it."""
        try:
            job()
        except StorageUnavailable as error:
            self._faults.meet(error)
            return False
        except AxspaError as error:
            log.warning("%s [%s]", error.sentence, error.code)
        return True

    def _sweep_if_well(self) -> None:
        if not self._faults.stopped:
            self._sweep()

    def _sweep(self) -> None:
        """Queue runs for the studies that are complete."""
        # One that is idle is ended after idle_timeout_s; what is open for longer brings messages without images.
        receiver, quiet_s = self._settings.receiver, self._settings.completion.quiet_s
        open_for = timedelta(seconds=quiet_s + 2 * receiver.idle_timeout_s)
        for study in studies.receiving(self._database):
            decision = completion.decide(
                utc_now(),
                last_received_at=study.last_received_at,
                image_count=study.image_count,
                settings=self._settings.completion,
            )
            if decision.complete and not arrivals.still_sending(
                self._database, study.study_id, since=utc_now() - open_for
            ):
                studies.mark_complete(
                    self._database,
                    study.study_id,
                    image_count=study.image_count,
                    sentence=decision.reason,
                    wants=wants,
                    gap_wait_s=self._settings.completion.gap_wait_s,
                )

    def _dispatch(self) -> None:
        """Give waiting runs to free workers, unless the node cannot work now."""
        while self._collect() < self._faults.most(self._engine.workers) and not (
            self._stopping or self._faults.stopped
        ):
            with self._guard:
                running = [one.claimed for one in self._running.values()]
            if any(one.alone for one in running):
                return
            claimed = runs.claim(
                self._database,
                self._name,
                lease_s=LEASE_S,
                timeout_s=self._settings.analysis.timeout_s,
                wants=wants,
                company=bool(running),
                without=self._faults.without([one.deployment_id for one in running]),
            )
            if claimed is None:
                if not running:
                    self._faults.idle()
                return
            if not self._begin(claimed):
                return

    def _begin(self, claimed: ClaimedRun) -> bool:
        """Give a run to the engine; False where no process could be started for it."""
        with logs.about(study=claimed.study_id, run=claimed.run_id, application=claimed.application):
            log.info(
                "Run %d of study %d begins%s: %s with %s, revision %d",
                claimed.run_id,
                claimed.study_id,
                " alone" if claimed.alone else "",
                claimed.application,
                claimed.bundle or "no bundle",
                claimed.revision,
            )
        try:
            future = self._engine.submit(worker.analyse, claimed)
        except OSError as error:  # no memory, or too many processes
            future = Future()
            future.set_exception(unready(error))
        with self._guard:
            self._running[claimed.run_id] = Running(claimed, future, time.monotonic())
            if len(self._running) > 1:
                for one in self._running.values():
                    one.company = True
        return not future.done()

    def _collect(self) -> int:
        """Forget the runs that ended and are accounted for; the number of the others."""
        now = time.monotonic()
        with self._guard:
            ended = [one for one in self._running.values() if one.future.done() and one.put_back_at <= now]
        for running in ended:
            if self._account(running):
                with self._guard:
                    del self._running[running.claimed.run_id]
            else:
                running.put_back_at = now + PUT_BACK_PAUSE_S
        with self._guard:
            return len(self._running)

    def _account(self, running: Running) -> bool:
        """Put a run back that ended without saying how; False where that must be tried again."""
        if running.future.cancelled():
            why = "The analysis was called off before it began."
            return self._attempt(lambda: runs.release(self._database, running.claimed, reason=why))
        error = running.future.exception()
        claimed = running.claimed
        if error is None:
            self._faults.over(deployment=claimed.deployment_id)
            return True
        reason = reason_of(
            running, error, began=self._engine.began(running.future), timeout_s=self._settings.analysis.timeout_s
        )
        if not running.told:
            running.told = True
            self._tell(claimed, reason)
        return self._attempt(
            lambda: runs.fail(
                self._database,
                claimed,
                reason,
                max_attempts=self._settings.analysis.max_attempts,
                company=running.company,
            )
        )

    def _tell(self, claimed: ClaimedRun, reason: AxspaError) -> None:
        with logs.about(study=claimed.study_id, run=claimed.run_id):
            self._say(claimed, reason)

    def _say(self, claimed: ClaimedRun, reason: AxspaError) -> None:
        if runs.node_fault(reason):
            self._faults.meet(reason, deployment=claimed.deployment_id, bundle=claimed.bundle)
        else:
            log.error("The process of run %d ended: %s [%s]", claimed.run_id, reason.sentence, reason.code)
            self._faults.over(deployment=claimed.deployment_id)

    def _refill(self) -> None:
        """Have a process ready where one ended, unless the node cannot work or stops."""
        if not (self._stopping or self._faults.stopped):
            try:
                self._engine.refill()
            except OSError as error:  # no memory, or too many processes: the next run says so
                log.warning("No process for analyses could be started: %s", error.strerror)

    def _tend(self) -> None:
        """Extend the leases of what runs, end what runs for too long, put back what others lost."""
        timeout_s = self._settings.analysis.timeout_s
        self._refill()
        with self._guard:
            current = list(self._running.values())
        for running in current:
            if time.monotonic() - running.since > timeout_s and not running.future.done():
                log.error("Run %d took more than %.0f s; its process is ended", running.claimed.run_id, timeout_s)
                running.overdue = True
                self._engine.kill(running.future)
            else:
                runs.extend(self._database, running.claimed, lease_s=LEASE_S)
        ours = [one.claimed.run_id for one in current]
        runs.requeue_expired(self._database, max_attempts=self._settings.analysis.max_attempts, without=ours)
