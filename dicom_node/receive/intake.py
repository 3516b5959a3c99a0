"""What becomes of one image that arrives, and its answer: a thin adapter over storage.

An image is answered with success only when its bytes and its database row are durable. Nothing is decoded beyond
the header. What is refused is recorded, with its reason, and kept in quarantine where there are bytes.
"""

import contextlib
import logging
from dataclasses import replace

from pydicom.dataset import Dataset
from pynetdicom.presentation import PresentationContext

from config.codes import NO_DATABASE, OUT_OF_RESOURCES, PROCESSING_FAILURE, Code
from config.errors import AxspaError, Final, Retryable, StorageUnavailable, UnusableInput
from config.settings import ReceiverSettings
from dicom_node.pynetdicom_listening import GuardedAssociation
from dicom_node.receive import headers
from dicom_node.receive.incoming import Incoming
from dicom_node.receive.part10 import same_data_set
from dicom_node.receive.quarantine import Quarantine
from dicom_node.receive.visit import Visit, check_named
from dicom_node.wire import StoreRequest
from inference.dicom import tolerant
from storage import associations, images, studies
from storage.associations import Refusal
from storage.objects import ObjectStore, as_unavailable
from storage.pool import FilePool, remove_leftovers
from storage.recorder import Recorder
from storage.session import Database
from storage.studies import IncomingImage, Recorded

SUCCESS = 0x0000

log = logging.getLogger(__name__)


class Intake:
    """Stores images, or refuses them with a reason; both are on record.

    Parameters
    ----------
    settings : ReceiverSettings
    database : Database
        Its schema is up to date.
    objects : ObjectStore
    """

    def __init__(self, settings: ReceiverSettings, database: Database, objects: ObjectStore) -> None:
        self.objects = objects
        self.pool = FilePool(objects, "images")
        self._settings = settings
        self._database = database
        self._recorder = Recorder(database)
        self._quarantine = Quarantine(objects, most_mb=settings.quarantine_mb)

    def begin_work(self) -> None:
        """Remove what earlier processes left half done, and have files at hand.

        Raises
        ------
        StorageUnavailable
            The database does not answer.
        """
        removed = remove_leftovers(self.objects, lambda keys: images.known_keys(self._database, keys))
        if removed:
            log.info("Files of images that were not answered were removed: %d", removed)
        with contextlib.suppress(StorageUnavailable):  # a full disk is told with each image
            self.pool.fill()

    def begin(self, assoc: GuardedAssociation, context: PresentationContext, request: StoreRequest) -> Incoming:
        """An image begins to come."""
        return Incoming(self, assoc.visit, request, str(context.transfer_syntax[0]))

    def check_room(self) -> None:
        """See that there is room for an image.

        Raises
        ------
        Final
            There is less than ``receiver.min_free_mb`` (code ``DISK_LOW``).
        StorageUnavailable
            The disk cannot be asked.
        """
        free_mb = self.objects.free_mb()
        if free_mb < self._settings.min_free_mb:
            limit = f"receiver.min_free_mb ({self._settings.min_free_mb} MB)"
            raise Final(Code.DISK_LOW, f"Less than {limit} is free; make room: {free_mb:.0f} MB.")

    def take(self, incoming: Incoming) -> tuple[int, str]:
        """The edge of C-STORE: whatever happens with an image that has come becomes a status and a comment."""
        visit = incoming.visit
        visit.received_bytes += incoming.size_bytes
        header: Dataset | None = None
        try:
            _check_whole(incoming)
            with tolerant():  # once for all that is read of it
                header = incoming.header()
                image = _described(incoming, header, visit)
            recording = self._store(incoming, image)
        except AxspaError as error:
            return self._refuse(incoming, header, visit, error)
        except Exception:
            log.exception("An image could not be stored", extra={"association": visit.association_id})
            unexpected = Final(Code.UNEXPECTED, "The image could not be stored; the log says where it failed.")
            return self._refuse(incoming, header, visit, unexpected)
        again = recording.outcome not in {Recorded.NEW, Recorded.REPLACED}
        visit.stored += not again
        visit.duplicates += again
        if recording.outcome is not Recorded.OURS:
            visit.take(recording.study_id, again=again)
        if again:
            self.forget(incoming)
        return SUCCESS, ""

    def forget(self, incoming: Incoming) -> None:
        """Take the file of an image back that is not kept."""
        if incoming.key:
            with contextlib.suppress(AxspaError):
                self.pool.give_back(incoming.key)

    def _store(self, incoming: Incoming, image: IncomingImage) -> studies.Recording:
        incoming.flush()
        recording = self._recorder.record(image)
        if recording.former:
            self.objects.move(recording.former, "quarantine")
        if recording.outcome is Recorded.CONFLICT:
            if self._is_same(recording.kept, incoming.key):
                return replace(recording, outcome=Recorded.DUPLICATE)
            raise Final(
                Code.DUPLICATE_DIFFERS,
                "Another image with the same UIDs is stored already; it was kept, this one is in quarantine.",
            )
        return recording

    def _is_same(self, kept: str, key: str) -> bool:
        """Whether an image that differs from the one that is stored does so only in what we wrote before it."""
        try:
            return same_data_set(self.objects.path(kept), self.objects.path(key))
        except OSError as error:
            raise as_unavailable(error) from None

    def _refuse(self, incoming: Incoming, header: Dataset | None, visit: Visit, error: AxspaError) -> tuple[int, str]:
        request = incoming.request
        code = _status(error)
        visit.refused += 1
        log.warning(
            "An image was refused",
            extra={"association": visit.association_id, "status": f"0x{code:04X}", "reason": error.code},
        )
        try:
            refusal = Refusal(
                status=code,
                code=error.code,
                reason=error.sentence,
                sop_class_uid=request.sop_class,
                sop_instance_uid=request.sop_instance,
                path_key=self._keep(incoming, error),
                size_bytes=incoming.size_bytes,
                **_belonging(incoming, header),
            )
            if error.code in NO_DATABASE:  # writing to it would only wait for it once more
                visit.unrecorded.append(refusal)
            else:
                associations.refuse_image(self._database, visit.peer, refusal, association_id=visit.association_id)
        except AxspaError as second:
            log.warning("A refused image could not be recorded: %s", second)
        return code, error.sentence

    def _keep(self, incoming: Incoming, error: AxspaError) -> str | None:
        """Take the bytes of a refused image into quarantine, where they are its fault and there is room."""
        comes_again = isinstance(error, Retryable) or _status(error) == OUT_OF_RESOURCES
        has_bytes = bool(incoming.key and incoming.size_bytes)
        if has_bytes and not comes_again and self.objects.free_mb() >= self._settings.min_free_mb:
            key = self._quarantine.take(incoming.key, incoming.file_bytes)
            if key is not None:
                return key
        self.forget(incoming)
        return None


def _described(incoming: Incoming, header: Dataset, visit: Visit) -> IncomingImage:
    """What is recorded of an image."""
    uids = headers.uids(header)
    check_named(uids, incoming.request)
    return IncomingImage(
        study_instance_uid=uids.study,
        series_instance_uid=uids.series,
        sop_instance_uid=uids.instance,
        sop_class_uid=uids.sop_class,
        transfer_syntax_uid=incoming.syntax,
        sha256=incoming.sha256,
        size_bytes=incoming.file_bytes,
        path_key=incoming.key,
        calling_ae=visit.peer.calling_ae,
        association_id=visit.association_id,
        **headers.fields(header),
    )


def _check_whole(incoming: Incoming) -> None:
    if not incoming.size_bytes:
        raise UnusableInput(Code.DATA_SET_UNREADABLE, "The image has no data set. Received: 0 bytes.")
    if incoming.error is not None:
        raise incoming.error


def _belonging(incoming: Incoming, header: Dataset | None) -> dict[str, str]:
    try:
        return headers.belonging(incoming.header() if header is None else header)
    except (UnusableInput, OSError):
        return {}


def _status(error: AxspaError) -> int:
    """What the table says; an error that has no place on this path is a failure of ours."""
    status = error.code.dicom_status
    return PROCESSING_FAILURE if status is None else status
