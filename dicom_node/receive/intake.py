"""What becomes of one image that arrives, and its answer: a thin adapter over storage.

An image is answered with success only when its bytes and its database row are durable. Nothing is decoded beyond
the header. What is refused is recorded, with its reason, and kept in quarantine where there are bytes.
"""

import logging
import time
from typing import Any

from pydicom.dataset import Dataset

from config.codes import NO_DATABASE, OUT_OF_RESOURCES, PROCESSING_FAILURE, Code
from config.errors import AxspaError, Final, Retryable
from config.settings import ReceiverSettings
from dicom_node.pynetdicom_patches import GuardedAssociation
from dicom_node.receive import headers
from dicom_node.receive.part10 import file_start
from dicom_node.receive.visit import Visit, check_named
from storage import associations, studies
from storage.associations import Refusal
from storage.objects import ObjectStore
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
        self._settings = settings
        self._database = database
        self._objects = objects

    def on_store(self, event: Any) -> Dataset:
        """The edge of C-STORE: whatever happens becomes a status."""
        assoc: GuardedAssociation = event.assoc
        visit: Visit = assoc.visit
        content = event.request.DataSet.getbuffer()
        visit.received_bytes += len(content)
        try:
            recording = self._store(event, content, visit)
        except AxspaError as error:
            status = self._refuse(event, content, visit, error)
        except Exception:
            log.exception("An image could not be stored", extra={"association": visit.association_id})
            unexpected = Final(Code.UNEXPECTED, "The image could not be stored; the log says where it failed.")
            status = self._refuse(event, content, visit, unexpected)
        else:
            again = recording.outcome not in {Recorded.NEW, Recorded.REPLACED}
            visit.stored += not again
            visit.duplicates += again
            if recording.outcome is not Recorded.OURS:
                visit.take(recording.study_id, again=again)
            status = Dataset()
            status.Status = SUCCESS
        visit.last_at = time.monotonic()
        return status

    def _store(self, event: Any, content: memoryview, visit: Visit) -> studies.Recording:
        free_mb = self._objects.free_mb()
        if free_mb < self._settings.min_free_mb:
            limit = f"receiver.min_free_mb ({self._settings.min_free_mb} MB)"
            sentence = f"Less than {limit} is free; make room: {free_mb:.0f} MB."
            raise Final(Code.DISK_LOW, sentence)
        syntax = str(event.context.transfer_syntax)
        header = headers.read_header(content, transfer_syntax_uid=syntax)
        uids = headers.uids(header)
        check_named(uids, event.request)
        stored = self._objects.put(
            "images",
            uids.study,
            name=f"{uids.series}/{uids.instance}",
            content=(file_start(uids.sop_class, uids.instance, syntax), content),
            suffix=".dcm",
        )
        recording = studies.record_instance(
            self._database,
            IncomingImage(
                study_instance_uid=uids.study,
                series_instance_uid=uids.series,
                sop_instance_uid=uids.instance,
                sop_class_uid=uids.sop_class,
                transfer_syntax_uid=syntax,
                sha256=stored.sha256,
                size_bytes=stored.size_bytes,
                path_key=stored.key,
                calling_ae=visit.peer.calling_ae,
                association_id=visit.association_id,
                **headers.fields(header),
            ),
        )
        if recording.outcome in {Recorded.CONFLICT, Recorded.OURS}:
            self._objects.discard(stored.key)
        if recording.former and recording.former != stored.key:
            self._objects.move(recording.former, "quarantine")
        if recording.outcome is Recorded.CONFLICT:
            raise Final(
                Code.DUPLICATE_DIFFERS,
                "Another image with the same UIDs is stored already; it was kept, this one is in quarantine.",
            )
        return recording

    def _refuse(self, event: Any, content: memoryview, visit: Visit, error: AxspaError) -> Dataset:
        request = event.request
        code = _status(error)
        visit.refused += 1
        log.warning(
            "An image was refused",
            extra={"association": visit.association_id, "status": f"0x{code:04X}", "reason": error.code},
        )
        try:
            kept = not (isinstance(error, Retryable) or code == OUT_OF_RESOURCES)
            refusal = Refusal(
                status=code,
                code=error.code,
                reason=error.sentence,
                sop_class_uid=str(request.AffectedSOPClassUID or ""),
                sop_instance_uid=str(request.AffectedSOPInstanceUID or ""),
                path_key=self._keep(event, content) if kept else None,
                size_bytes=len(content),
                **headers.belonging(content, transfer_syntax_uid=str(event.context.transfer_syntax)),
            )
            if error.code in NO_DATABASE:  # writing to it would only wait for it once more
                visit.unrecorded.append(refusal)
            else:
                associations.refuse_image(self._database, visit.peer, refusal, association_id=visit.association_id)
        except AxspaError as second:
            log.warning("A refused image could not be recorded: %s", second)
        status = Dataset()
        status.Status = code
        status.ErrorComment = error.sentence.encode("ascii", "replace").decode()[:64]
        return status

    def _keep(self, event: Any, content: memoryview) -> str | None:
        if self._objects.free_mb() < self._settings.min_free_mb or not content:
            return None
        request = event.request
        start = file_start(
            str(request.AffectedSOPClassUID or ""),
            str(request.AffectedSOPInstanceUID or ""),
            str(event.context.transfer_syntax),
        )
        name = str(request.AffectedSOPInstanceUID or "")
        return self._objects.put("quarantine", name, name=name, content=(start, content), suffix=".dcm").key


def _status(error: AxspaError) -> int:
    """What the table says; an error that has no place on this path is a failure of ours."""
    status = error.code.dicom_status
    return PROCESSING_FAILURE if status is None else status
