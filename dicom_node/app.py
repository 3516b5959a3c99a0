"""The only place where objects are wired: the processes of a node, their start, their watch, their end."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from functools import partial

from config import hints, logs
from config.codes import Code
from config.errors import AxspaError, BundleError, Final
from config.settings import Settings
from dicom_node import ports
from dicom_node.children import LONGEST_PAUSE_S, Child, ChildMain
from storage import deployments, destinations, private, users
from storage.destinations import Wanted
from storage.objects import ObjectStore
from storage.session import Database, SchemaState, migrate, schema_error, schema_state
from storage.states import Purpose
from storage.tables import Deployment

__all__ = [
    "LONGEST_PAUSE_S",
    "Child",
    "ChildMain",
    "announce",
    "changing",
    "check_deployments",
    "known_applications",
    "known_deployments",
    "looking",
    "open_database",
    "open_objects",
    "serve",
]

DRAIN_S = 30.0
WATCH_S = 1.0
PORT_PATIENCE_S = 5.0

log = logging.getLogger(__name__)


def open_database(settings: Settings) -> Database:
    """The database of a node, its schema brought up to date."""
    database = Database(settings.database_url)
    migrate(database)
    return database


@contextlib.contextmanager
def looking(settings: Settings) -> Iterator[Database]:
    """The database of a node for reading only; nothing is made, changed or brought up to date.

    Raises
    ------
    Final
        There is none, or one of another revision (codes ``DATABASE_ABSENT``, ``DATABASE_OLDER``, ``DATABASE_NEWER``).
    StorageUnavailable
        It cannot be reached or read.
    """
    database = Database(settings.database_url, read_only=True)
    try:
        if error := schema_error(database, schema_state(database)):
            raise error
        yield database
    finally:
        database.dispose()


@contextlib.contextmanager
def changing(settings: Settings, *, make: bool = False) -> Iterator[Database]:
    """The database of a node for a change by a person; where there is none it is made if ``make`` is true.

    One of another revision is left as it is: bringing it up to date is for the node's start, not for a password.

    Raises
    ------
    Final
        There is none and none is to be made, or it is of another revision (codes ``DATABASE_ABSENT``,
        ``DATABASE_OLDER``, ``DATABASE_NEWER``).
    StorageUnavailable
        It cannot be reached, read or made.
    """
    known = Database(settings.database_url, read_only=True)
    state = schema_state(known)
    known.dispose()
    if (error := schema_error(known, state)) and not (make and state is SchemaState.ABSENT):
        raise error
    database = open_database(settings)
    try:
        yield database
    finally:
        database.dispose()


def open_objects(settings: Settings) -> ObjectStore:
    """The files of a node."""
    return ObjectStore(settings.data_dir / "objects")


def serve(settings: Settings) -> int:
    """Run the whole node until SIGTERM or Ctrl-C.

    On SIGTERM: no new associations, running work finished or put back, then the end. Whatever breaks, at the start or
    later, everything that was started is ended.

    Returns
    -------
    int
        0 after an orderly end.

    Raises
    ------
    AxspaError
        The node cannot start: settings, ports, database, data folder or bundle are not usable (their own codes); or
        it had to end by an error that nobody foresaw (code ``NODE_BROKE``; the log has its place).
    """
    os.umask(private.UMASK)  # of this process and its children
    logs.setup(settings.logging)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        with contextlib.ExitStack() as endings:
            children = _start(settings, endings)
            while not ended.wait(WATCH_S):
                for child in children:
                    child.watch()
            log.info("Stopping: no new associations; running work is finished or put back")
    except AxspaError:
        raise
    except Exception as error:  # the edge of the process
        log.critical("The node ends by an error that nobody foresaw", exc_info=True)
        sentence = f"The node broke and was ended; the log says where: {type(error).__name__}"
        raise Final(Code.NODE_BROKE, sentence) from None
    log.info("Stopped")
    return 0


def _start(settings: Settings, endings: contextlib.ExitStack) -> list["Child"]:
    """Start everything, what can fail soonest first; how each thing ends is settled before any of them is started."""
    from dicom_node.analyse import worker
    from dicom_node.analyse.coordinator import Coordinator
    from dicom_node.analyse.engine import Engine
    from dicom_node.kinds import check_kinds
    from dicom_node.receive.receiver import run_receiver
    from panel.app import run_panel

    receiver, panel = settings.receiver, settings.panel
    check_deployments(settings)
    _check_bundles(settings)
    _check_language(settings)
    check_kinds(settings, known_applications(settings))
    if reason := ports.problem(receiver.host, receiver.port, patience_s=PORT_PATIENCE_S):
        why = ports.explain(reason, receiver.host, receiver.port, setting="receiver.port")
        raise Final(Code.RECEIVER_PORT, f"The DICOM port cannot be used {why}")
    if reason := ports.problem(panel.host, panel.port, patience_s=PORT_PATIENCE_S):
        why = ports.explain(reason, panel.host, panel.port, setting="panel.port")
        raise Final(Code.PANEL_PORT, f"The panel's port cannot be used {why}")
    database, objects = open_database(settings), open_objects(settings)
    endings.callback(database.dispose)
    for path in private.close_to_others(private.kept_in(settings.data_dir, database.file)):
        log.warning("Other users of this machine can read %s, which belongs to somebody else", path)
    _seed(settings, database)
    engine = Engine(settings.analysis.workers, initializer=worker.start, initargs=(settings,))
    receivers = [
        Child("receiver", partial(run_receiver, number=number), settings) for number in range(receiver.processes)
    ]
    children = [*receivers, Child("panel", run_panel, settings)]
    coordinator = Coordinator(settings, database, objects, engine)

    # The last that is named here is the first that is done.
    for child in children:
        endings.callback(child.join, DRAIN_S)
    endings.callback(engine.kill)  # what ran is finished or put back; what loads models would take seconds to end
    endings.callback(coordinator.stop, DRAIN_S)
    for child in children:
        endings.callback(child.terminate)

    for child in children:
        child.start()
    for _ in range(settings.analysis.workers):
        engine.submit(os.getpid)  # load the models now, not at the first study
    coordinator.start()
    announce(settings, database)
    return children


def known_deployments(settings: Settings) -> list[Deployment]:
    """The deployments of the database, read without changing it; none before the first start has named any.

    Raises
    ------
    StorageUnavailable
        The database cannot be reached or read.
    """
    database = Database(settings.database_url, read_only=True)
    try:
        rows = deployments.every(database) if schema_state(database) is SchemaState.CURRENT else []
        return rows if any(row.application for row in rows) else []
    finally:
        database.dispose()


def check_deployments(settings: Settings) -> None:
    """See that each application may run for the purpose that settings and database deploy it for.

    Raises
    ------
    SettingsError
        One may not (code ``PURPOSE_REFUSED``).
    StorageUnavailable
        The database cannot be reached or read.
    """
    from dicom_node.purposes import check_purposes

    check_purposes((one.application, one.purpose) for one in settings.wanted_deployments)
    check_purposes((one.application, one.purpose.value) for one in known_deployments(settings) if one.enabled)


def _check_language(settings: Settings) -> None:
    """See that there are words of results in the language.

    Raises
    ------
    LanguageUnknown
        There are none.
    """
    from reporting.language import find_language

    find_language(settings.report.language)


def known_applications(settings: Settings) -> list[str]:
    """The applications that are switched on in the database, or, before the first start, in the settings.

    Raises
    ------
    StorageUnavailable
        The database cannot be reached or read.
    """
    rows = [row for row in known_deployments(settings) if row.enabled]
    return list(dict.fromkeys(one.application for one in rows or settings.wanted_deployments))


def _check_bundles(settings: Settings) -> None:
    """See that the bundles of all deployments are whole.

    Raises
    ------
    BundleError
        That of a primary deployment is not. The runs of others wait until theirs is.
    """
    from inference.serving import verify_bundle

    rows = [row for row in known_deployments(settings) if row.enabled]
    found = [(row.bundle, row.purpose) for row in rows]
    found = found or [(one.bundle, Purpose(one.purpose)) for one in settings.wanted_deployments]
    for bundle, purpose in found:
        if not bundle:
            continue  # its application needs none
        try:
            verify_bundle(bundle, roots=settings.analysis.bundle_roots)
        except BundleError as error:
            if purpose.sent:
                raise
            log.error("%s [%s]", error.sentence, error.code)


def _seed(settings: Settings, database: Database) -> None:
    """Take the first deployments from the settings; from then on say where the two differ."""
    deployments.seed(database, settings.wanted_deployments)
    for sentence in deployments.differences(deployments.every(database), settings.wanted_deployments):
        log.warning("%s The database rules; axspa-node deployments adopt takes what the settings say", sentence)
    wanted = {one.name: Wanted(one.open, one.address_hash) for one in settings.destinations}
    for name in destinations.seed(database, wanted):
        log.warning("Objects wait for %s, which is no longer in the settings; the panel's Destinations page", name)


def announce(settings: Settings, database: Database) -> None:
    """Log where the node listens and sends to, and what a person still has to do."""
    receiver, panel = settings.receiver, settings.panel
    log.info("The receiver starts: %s on %s:%d", receiver.ae_title, receiver.host, receiver.port)
    log.info("Panel on http://%s:%d", panel.host, panel.port)
    for row in destinations.every(database):
        place = next((one.address for one in settings.destinations if one.name == row.name), None)
        if place is not None and row.open:
            log.info("Results go to %s: %s", row.name, place)
        elif place is not None:
            how = hints.opening(row.name, settings=settings)
            log.warning("Nothing is sent to %s (%s) before it is opened: %s", row.name, place, how)
    if not settings.destinations:
        log.warning("No destination is set: results stay here and are shown in the panel")
    with database.read() as session:
        nobody = users.count(session) == 0
    if nobody:
        log.warning("The panel has no user yet: %s", hints.first_user(settings))
