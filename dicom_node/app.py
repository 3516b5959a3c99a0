"""The only place where objects are wired: the processes of a node, their start, their watch, their end."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config import hints, logs
from config.errors import AxspaError
from config.settings import Settings
from storage import users
from storage.objects import ObjectStore
from storage.session import Database, migrate

DRAIN_S = 30.0
WATCH_S = 1.0
LONGEST_PAUSE_S = 60.0

log = logging.getLogger(__name__)

ChildMain = Callable[[Settings], None]


def open_database(settings: Settings) -> Database:
    """The database of a node, its schema brought up to date."""
    database = Database(settings.database_url)
    migrate(database)
    return database


def open_objects(settings: Settings) -> ObjectStore:
    """The files of a node."""
    return ObjectStore(settings.data_dir / "objects")


def serve(settings: Settings) -> int:
    """Run the whole node until SIGTERM or Ctrl-C.

    On SIGTERM: no new associations, running work finished or put back, then the end.

    Returns
    -------
    int
        0 after an orderly end.

    Raises
    ------
    AxspaError
        The node cannot start: database, data folder or bundle are not usable.
    """
    from dicom_node.analyse import worker
    from dicom_node.analyse.coordinator import Coordinator
    from dicom_node.analyse.engine import Engine
    from dicom_node.receive.receiver import run_receiver
    from panel.app import run_panel

    logs.setup(settings.logging)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())

    database, objects = open_database(settings), open_objects(settings)
    _check_deployments(settings, database)
    engine = Engine(settings.analysis.workers, initializer=worker.start, initargs=(settings,))
    children = [Child("receiver", run_receiver, settings), Child("panel", run_panel, settings)]
    coordinator = Coordinator(settings, database, objects, engine)
    for child in children:
        child.start()
    for _ in range(settings.analysis.workers):
        engine.submit(os.getpid)  # load the models now, not at the first study
    coordinator.start()
    announce(settings, database)
    while not ended.wait(WATCH_S):
        for child in children:
            child.watch()
    log.info("Stopping: no new associations; running work is finished or put back")
    for child in children:
        child.terminate()
    coordinator.stop(DRAIN_S)
    engine.shutdown()
    for child in children:
        child.join(DRAIN_S)
    database.dispose()
    log.info("Stopped")
    return 0


def _check_deployments(settings: Settings, database: Database) -> None:
    """Take the first deployments from the settings, and see that the bundle of each is whole."""
    from inference.serving import verify_bundle
    from storage import deployments

    deployments.seed(database, settings.wanted_deployments)
    rows = deployments.every(database)
    for sentence in deployments.differences(rows, settings.wanted_deployments):
        log.warning("%s The database rules; axspa-node deployments adopt takes what the settings say", sentence)
    for row in rows:
        if row.enabled:
            verify_bundle(row.bundle, roots=settings.analysis.bundle_roots)


def announce(settings: Settings, database: Database) -> None:
    """Log where the node listens and sends to, and what a person still has to do."""
    receiver, panel = settings.receiver, settings.panel
    log.info("Receiving as %s on %s:%d", receiver.ae_title, receiver.host, receiver.port)
    log.info("Panel on http://%s:%d", panel.host, panel.port)
    for destination in settings.destinations:
        log.info("Results go to %s at %s:%d", destination.ae_title, destination.host, destination.port)
    if not settings.destinations:
        log.warning("No destination is set: results stay here and are shown in the panel")
    with database.read() as session:
        nobody = users.count(session) == 0
    if nobody:
        log.warning("The panel has no user yet: %s", hints.first_user(settings))


def _run(main: ChildMain, settings: Settings) -> None:
    """The main function of a child; what it raises is logged here, for multiprocessing would write out its message."""
    try:
        main(settings)
    except AxspaError as error:
        log.critical("%s [%s]", error.sentence, error.code)
        sys.exit(1)
    except Exception:  # the edge of the process
        log.critical("The process ended by an error that nobody foresaw", exc_info=True)
        sys.exit(1)


@dataclass
class Child:
    """A process of the node that is started again when it ends."""

    name: str
    main: ChildMain
    settings: Settings
    _process: multiprocessing.process.BaseProcess | None = field(default=None, init=False)
    _deaths: int = field(default=0, init=False)
    _started: float = field(default=0.0, init=False)
    _start_again_at: float | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process."""
        process = multiprocessing.get_context("spawn").Process(
            target=_run, args=(self.main, self.settings), name=self.name
        )
        process.start()
        self._process, self._started, self._start_again_at = process, time.monotonic(), None

    def watch(self) -> None:
        """Start the process again if it ended, after a pause that grows while it keeps ending."""
        if self._process is not None and self._process.is_alive():
            if time.monotonic() - self._started > LONGEST_PAUSE_S:
                self._deaths = 0
            return
        now = time.monotonic()
        if self._start_again_at is None:
            pause_s = min(2.0**self._deaths - 1, LONGEST_PAUSE_S)
            self._deaths += 1
            self._start_again_at = now + pause_s
            code = self._process.exitcode if self._process is not None else None
            log.error("The %s ended (exit code %s); it is started again in %.0f s", self.name, code, pause_s)
        if now >= self._start_again_at:
            self.start()

    def terminate(self) -> None:
        """Ask the process to end in order."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def join(self, timeout_s: float) -> None:
        """Wait for the end; kill what does not end in time."""
        if self._process is None:
            return
        self._process.join(timeout_s)
        if self._process.is_alive():
            log.error("The %s did not end within %.0f s and is killed", self.name, timeout_s)
            self._process.kill()
            self._process.join()
