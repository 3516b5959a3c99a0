"""The process that receives: nothing but the DICOM listener, so that no panel and no model can slow a PACS down."""

import gc
import logging
import signal
import sys
import threading

from config import logs
from config.destinations import DicomDestination
from config.errors import AxspaError
from config.settings import Settings
from storage import arrivals, heartbeats
from storage.objects import ObjectStore
from storage.session import Database

BEAT_S = 10.0

# pydicom imports these where they are installed, to decode pixels, which nobody does here: 40 MB less.
_NOT_NEEDED = ("numpy", "PIL", "gdcm", "jpeg_ls", "libjpeg", "openjpeg", "pylibjpeg", "requests", "rle", "tqdm")

log = logging.getLogger(__name__)


def leave_out() -> None:
    """Let nobody in this process import what only decodes pixels."""
    for name in _NOT_NEEDED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def run_receiver(settings: Settings, *, number: int = 0) -> None:
    """Run the receiver until SIGTERM; the main function of a process of its own.

    The schema of the database must be up to date (:func:`storage.session.migrate`). On SIGTERM no new associations
    are taken, open ones may end, then the process does.

    Parameters
    ----------
    settings : Settings
    number : int
        Which of ``receiver.processes`` it is, from 0 on.

    Raises
    ------
    AxspaError
        It cannot start.
    """
    ended = threading.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, lambda *_: ended.set())
    logs.setup(settings.logging)
    leave_out()
    from dicom_node.receive.storage_scp import Receiver

    database = Database(settings.database_url, busy_timeout_s=5.0)  # a sender waits, and not for ever
    objects = ObjectStore(settings.data_dir / "objects")
    peers = {one.ae_title: (one.host, one.port) for one in settings.destinations if isinstance(one, DicomDestination)}
    receiver = Receiver(settings.receiver, database, objects, number=number, peers=peers)
    arrivals.close_leftovers(database, receiver=number, receivers=settings.receiver.processes)
    objects.clean_temporary()
    receiver.start()
    gc.collect()
    gc.freeze()  # what is loaded by now stays; each look through it would hold all images up for 50 ms
    log.info("Receiving as %s on port %d", settings.receiver.ae_title, receiver.port)
    while True:
        try:
            heartbeats.beat(database, heartbeats.receiver_name(number), detail={"port": receiver.port})
        except AxspaError as error:
            log.warning("No sign of life could be written: %s", error)
        if ended.wait(BEAT_S):
            break
    log.info("Stopping: no new associations")
    receiver.stop()
    database.dispose()
