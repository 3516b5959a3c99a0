"""C-ECHO and C-STORE: a thin adapter over storage.

An image is answered with success only when its bytes and its database row are durable. Nothing is decoded beyond
the header. What is refused is recorded, with its reason, and kept in quarantine where there are bytes.
"""

import logging
import threading
import time
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import Verification

from config.codes import NO_DATABASE, OUT_OF_RESOURCES, PROCESSING_FAILURE, Code
from config.errors import AxspaError, Final, Retryable
from config.settings import ReceiverSettings
from dicom_node.pynetdicom_patches import GuardedAssociation, GuardedServer, make_entity
from dicom_node.receive import headers
from dicom_node.receive.listener import Stream, recognize
from dicom_node.receive.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION, file_start
from dicom_node.receive.peers import STREAMS, peer_of, why_rejected
from dicom_node.receive.visit import Visit, check_named
from storage import arrivals, associations, studies
from storage.arrivals import Arrival
from storage.associations import Counts, Refusal
from storage.objects import ObjectStore
from storage.session import Database
from storage.studies import IncomingImage, Recorded
from storage.tables import AssociationOutcome

DRAIN_S = 20.0

SUCCESS = 0x0000

log = logging.getLogger(__name__)


class Receiver:
    """The DICOM listener.

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
        self._server: GuardedServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port in use (a settings port of 0 means any that is free).

        Raises
        ------
        Final
            The receiver has not been started (code ``RECEIVER_STOPPED``).
        """
        if self._server is None:
            raise Final(Code.RECEIVER_STOPPED, "The receiver has not been started.")
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Listen; returns at once.

        Raises
        ------
        Final
            The port is taken, or may not be used (code ``RECEIVER_PORT``).
        """
        settings = self._settings
        ae = make_entity(settings.ae_title, takes_any_storage=True)
        ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        ae.implementation_version_name = IMPLEMENTATION_VERSION
        ae.add_supported_context(Verification)
        ae.maximum_associations = 10**6  # pynetdicom counts bare connections too; _on_requested counts for us
        ae.acse_timeout = min(30.0, settings.idle_timeout_s)
        ae.network_timeout = ae.dimse_timeout = settings.idle_timeout_s
        ae.require_called_aet = settings.require_called_ae
        ae.require_calling_aet = list(settings.allowed_callers)
        try:
            self._server = ae.make_server(
                (settings.host, settings.port),
                evt_handlers=[
                    (evt.EVT_C_STORE, self._on_store),
                    (evt.EVT_C_ECHO, lambda event: SUCCESS),
                    (evt.EVT_REQUESTED, self._on_requested),
                    (evt.EVT_ESTABLISHED, self._on_established),
                ],
                server_class=GuardedServer,
                ended=self._on_ended,
                pdu_timeout_s=settings.idle_timeout_s,
                max_connections=2 * settings.max_associations + 10,
            )
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            raise Final(Code.RECEIVER_PORT, f"The DICOM port cannot be used ({error.strerror}): {place}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        self._thread.start()

    def stop(self, *, drain_s: float = DRAIN_S) -> None:
        """Take no new associations, let open ones end for ``drain_s`` seconds, abort the rest."""
        server = self._server
        if server is None:
            return
        server.shutdown()
        end = time.monotonic() + drain_s
        while server.active_associations and time.monotonic() < end:
            time.sleep(0.05)
        for assoc in server.active_associations:
            assoc.abort()
        end = time.monotonic() + 2.0
        while server.active_associations and time.monotonic() < end:
            time.sleep(0.05)

    def _on_requested(self, event: Any) -> None:
        assoc: GuardedAssociation = event.assoc
        assoc.visit = Visit(peer_of(assoc))
        open_now = sum(other.is_established for other in self._server.active_associations) if self._server else 0
        if open_now >= self._settings.max_associations:
            assoc.reject_as_too_many()

    def _on_established(self, event: Any) -> None:
        assoc: GuardedAssociation = event.assoc
        refused = [
            {"sop_class": str(context.abstract_syntax), "name": str(context.abstract_syntax.name)}
            for context in assoc.rejected_contexts
        ]
        try:
            assoc.visit.association_id = associations.opened(
                self._database, assoc.visit.peer, rejected_contexts=refused
            )
        except AxspaError as error:
            log.warning("An association could not be recorded: %s", error)

    def _on_ended(self, assoc: GuardedAssociation) -> None:
        """The edge: runs in the association's thread, after everything else."""
        try:
            self._record_end(assoc)
        except AxspaError as error:
            log.warning("The end of an association could not be recorded: %s", error)
        except Exception:
            log.exception("The end of an association could not be recorded")

    def _record_end(self, assoc: GuardedAssociation) -> None:
        visit: Visit | None = assoc.visit
        if visit is None:
            stream = recognize(assoc.start_bytes)
            if stream is not Stream.NOTHING:
                associations.refused(
                    self._database, peer_of(assoc), outcome=AssociationOutcome.NOT_DICOM, reason=STREAMS[stream]
                )
            log.info("A connection was no association: %s", STREAMS[stream])
            return
        if visit.association_id is None:
            reason = why_rejected(assoc)
            associations.refused(self._database, visit.peer, outcome=AssociationOutcome.REJECTED, reason=reason)
            log.info("An association was rejected: %s", reason)
            return
        outcome = AssociationOutcome.RELEASED if assoc.is_released else AssociationOutcome.ABORTED
        associations.closed(
            self._database,
            visit.association_id,
            Counts(visit.stored, visit.duplicates, visit.refused, visit.received_bytes),
            outcome=outcome,
            reason="" if assoc.is_released else "The association broke off before it was released.",
        )
        self._record_late(visit)
        arrivals.note_arrivals(
            self._database,
            {study_id: Arrival(new, again) for study_id, (new, again) in visit.arrivals.items()},
            sender=visit.peer.calling_ae,
            association_id=visit.association_id,
            broken=outcome is AssociationOutcome.ABORTED,
        )
        log.info(
            "Association ended",
            extra={
                "association": visit.association_id,
                "outcome": outcome.value,
                "stored": visit.stored,
                "duplicates": visit.duplicates,
                "refused": visit.refused,
            },
        )

    def _record_late(self, visit: Visit) -> None:
        """Record the images that were refused because the database could not be written then."""
        for refusal in visit.unrecorded:
            associations.refuse_image(self._database, visit.peer, refusal, association_id=visit.association_id)
        visit.unrecorded.clear()

    def _on_store(self, event: Any) -> Dataset:
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
                visit.arrivals.setdefault(recording.study_id, [0, 0])[again] += 1
            status = Dataset()
            status.Status = SUCCESS
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
