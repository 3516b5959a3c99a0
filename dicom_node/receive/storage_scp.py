"""The DICOM listener: C-ECHO, C-STORE and Storage Commitment, and what is recorded of each association."""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from pynetdicom import evt
from pynetdicom.sop_class import Verification

from config.codes import Code
from config.errors import AxspaError, Final
from config.settings import ReceiverSettings
from dicom_node.pynetdicom_listening import GuardedAssociation, GuardedServer
from dicom_node.pynetdicom_patches import make_entity
from dicom_node.receive.admission import Admission
from dicom_node.receive.commitment import Commitment
from dicom_node.receive.intake import SUCCESS, Intake
from dicom_node.receive.listener import Stream, recognize
from dicom_node.receive.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from dicom_node.receive.peers import STREAMS, peer_of, why_rejected
from dicom_node.receive.proof_reports import listen_for
from dicom_node.receive.visit import Visit
from storage import arrivals, associations
from storage.arrivals import PAUSE_S
from storage.associations import Counts, Peer
from storage.objects import ObjectStore
from storage.session import Database
from storage.tables import AssociationOutcome

DRAIN_S = 20.0

log = logging.getLogger(__name__)


class Receiver:
    """The DICOM listener.

    Parameters
    ----------
    settings : ReceiverSettings
    database : Database
        Its schema is up to date.
    objects : ObjectStore
    number : int
        Which of the processes that receive this is.
    peers : mapping, optional
        From an AE title to host and port, where reports of storage commitment are taken.
    """

    def __init__(
        self,
        settings: ReceiverSettings,
        database: Database,
        objects: ObjectStore,
        *,
        number: int = 0,
        peers: Mapping[str, tuple[str, int]] | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._objects = objects
        self._number = number
        self._peers = dict(peers or {})
        self._admission = Admission(settings)
        self._intake = Intake(settings, database, objects)
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
        StorageUnavailable
            The database does not answer.
        """
        settings = self._settings
        self._intake.begin_work()
        ae = make_entity(settings.ae_title, takes_any_storage=True)
        ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        ae.implementation_version_name = IMPLEMENTATION_VERSION
        ae.add_supported_context(Verification)
        ae.maximum_associations = 10**6  # pynetdicom counts bare connections too; _on_requested counts for us
        ae.acse_timeout = min(30.0, settings.idle_timeout_s)
        ae.network_timeout = ae.dimse_timeout = settings.idle_timeout_s
        ae.require_called_aet = settings.require_called_ae
        ae.require_calling_aet = list(settings.allowed_callers)
        handlers: list[Any] = [
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
            listen_for(ae, self._database),
            (evt.EVT_REQUESTED, self._on_requested),
            (evt.EVT_ESTABLISHED, self._on_established),
        ]
        if settings.storage_commitment:
            answers = Commitment(self._database, self._objects, ae, self._peers)
            handlers.append((evt.EVT_N_ACTION, answers.on_action))
        try:
            self._server = ae.make_server(
                (settings.host, settings.port),
                evt_handlers=handlers,
                server_class=GuardedServer,
                ended=self._on_ended,
                stores=self._intake.begin,
                pdu_timeout_s=settings.idle_timeout_s,
                max_connections=2 * settings.max_associations + 10,
                shares_port=settings.processes > 1,
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
        self._intake.pool.close()

    def _on_requested(self, event: Any) -> None:
        assoc: GuardedAssociation = event.assoc
        assoc.visit = Visit(peer_of(assoc))
        if self._is_stranger(assoc.visit.peer):
            return  # pynetdicom rejects it, and nobody gives way to it
        assoc.visit.rejected = self._admission.decide(assoc, self._server.active_associations if self._server else ())
        if assoc.visit.rejected:
            assoc.reject_as_too_many()

    def _is_stranger(self, peer: Peer) -> bool:
        """Our rules for AE titles do not let it in."""
        settings = self._settings
        wrong_caller = bool(settings.allowed_callers) and peer.calling_ae not in settings.allowed_callers
        return wrong_caller or (settings.require_called_ae and peer.called_ae != settings.ae_title)

    def _on_established(self, event: Any) -> None:
        assoc: GuardedAssociation = event.assoc
        refused = [
            {"sop_class": str(context.abstract_syntax), "name": str(context.abstract_syntax.name)}
            for context in assoc.rejected_contexts
        ]
        try:
            assoc.visit.association_id = associations.opened(
                self._database, assoc.visit.peer, rejected_contexts=refused, receiver=self._number
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
        idle_s = visit.idle_s(in_message=assoc.in_message)
        # Our own time-out counts from the last sign of the peer, and is therefore seen a little before its full length.
        was_idle = idle_s >= min(PAUSE_S, self._settings.idle_timeout_s / 2)
        associations.closed(
            self._database,
            visit.association_id,
            Counts(visit.stored, visit.duplicates, visit.refused, visit.received_bytes),
            outcome=outcome,
            reason=_why_over(assoc, visit, idle_s if was_idle else None),
        )
        self._record_late(visit)
        arrivals.note_arrivals(
            self._database,
            visit.arrivals(broken=outcome is AssociationOutcome.ABORTED and not was_idle),
            sender=visit.peer.calling_ae,
            association_id=visit.association_id,
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


def _why_over(assoc: GuardedAssociation, visit: Visit, idle_s: float | None) -> str:
    """Why an association ended without a release; idle_s where it was idle for so long."""
    if assoc.is_released:
        return ""
    if visit.gave_way:
        return "It did nothing for longer than receiver.give_way_s and gave way to another sender."
    if idle_s is None:
        return "The association broke off before it was released."
    return f"It ended without a release, after {idle_s:.0f} s without an image and with none under way."
