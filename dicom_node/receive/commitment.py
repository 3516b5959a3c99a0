"""Storage Commitment: a peer asks whether its images are safe here, and is told of each (PS3.4 Annex J).

The report goes over the association of the request while that is open, else over a new one to the destination of the
settings that has the AE title of who asked.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, build_role
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from config.codes import PROCESSING_FAILURE
from config.errors import AxspaError
from dicom_node.pynetdicom_listening import GuardedAssociation
from dicom_node.pynetdicom_patches import request_association
from inference.dicom import reading, text_of
from storage import commitment
from storage.objects import ObjectStore
from storage.session import Database

SUCCESS = 0x0000
NO_SUCH_ACTION = 0x0123
INVALID_ARGUMENT = 0x0115
NO_SUCH_OBJECT = 0x0112
CLASS_INSTANCE_CONFLICT = 0x0119
_ALL_SAFE, _SOME_FAILED = 1, 2
_PAUSE_S = 0.5  # who wants the report on a new association releases this one at once
_PATIENCE_S = 5.0

log = logging.getLogger(__name__)


class Commitment:
    """Answers requests for storage commitment.

    Parameters
    ----------
    database : Database
    objects : ObjectStore
    entity : AE
        Asks for the new association where one is needed.
    peers : mapping
        From an AE title to host and port where its reports are taken.
    """

    def __init__(
        self, database: Database, objects: ObjectStore, entity: AE, peers: Mapping[str, tuple[str, int]]
    ) -> None:
        self._database = database
        self._objects = objects
        self._entity = entity
        self._peers = peers

    def on_action(self, event: Any) -> tuple[int, None]:
        """The edge of N-ACTION: whatever is asked becomes a status; the report follows the answer."""
        if event.action_type != 1:
            return NO_SUCH_ACTION, None
        try:
            with reading():
                asked = event.action_information
                transaction = text_of(asked, "TransactionUID")
                wanted = [
                    (text_of(item, "ReferencedSOPClassUID"), text_of(item, "ReferencedSOPInstanceUID"))
                    for item in asked.ReferencedSOPSequence
                ]
        except AxspaError:
            return INVALID_ARGUMENT, None
        if not transaction or not wanted:
            return INVALID_ARGUMENT, None
        try:
            kind, report = self._report(transaction, wanted)
        except AxspaError as error:
            log.warning("A request for storage commitment could not be answered: %s", error)
            return PROCESSING_FAILURE, None
        assoc: GuardedAssociation = event.assoc
        assoc.after_answer(lambda: self._send(assoc, kind, report))
        return SUCCESS, None

    def _report(self, transaction: str, wanted: Sequence[tuple[str, str]]) -> tuple[int, Dataset]:
        known = commitment.kept(self._database, {instance for _, instance in wanted})
        safe: list[Dataset] = []
        failed: list[Dataset] = []
        for sop_class, instance in wanted:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
            reason = self._why_not(sop_class, known.get(instance, ()))
            if reason:
                item.FailureReason = reason
            (failed if reason else safe).append(item)
        report = Dataset()
        report.TransactionUID = transaction
        if safe:
            report.ReferencedSOPSequence = safe
        if failed:
            report.FailedSOPSequence = failed
        return (_SOME_FAILED if failed else _ALL_SAFE), report

    def _why_not(self, sop_class: str, stored: Sequence[tuple[str, str]]) -> int:
        if not stored:
            return NO_SUCH_OBJECT
        keys = [key for its_class, key in stored if its_class == sop_class]
        if not keys:
            return CLASS_INSTANCE_CONFLICT
        return SUCCESS if all(self._objects.path(key).is_file() for key in keys) else PROCESSING_FAILURE

    def _send(self, assoc: GuardedAssociation, kind: int, report: Dataset) -> None:
        time.sleep(_PAUSE_S)
        try:
            assoc.dimse_timeout = _PATIENCE_S  # meanwhile its release waits
            told = assoc.is_established and _tell(assoc, kind, report)
            told = told or self._send_anew(assoc.visit.peer.calling_ae, kind, report)
        except Exception:
            log.exception("A report of storage commitment could not be sent")
            return
        if not told:
            log.warning("A report of storage commitment was not taken, and the peer has to ask again")

    def _send_anew(self, caller: str, kind: int, report: Dataset) -> bool:
        address = self._peers.get(caller)
        if address is None:
            return False
        role = build_role(StorageCommitmentPushModel, scp_role=True)
        asked = request_association(
            self._entity,
            address,
            contexts=[build_context(StorageCommitmentPushModel)],
            called_ae_title=caller,
            extended_negotiation=[role],
        )
        if not asked.association.is_established:
            return False
        try:
            return _tell(asked.association, kind, report)
        finally:
            asked.association.release()


def _tell(assoc: Any, kind: int, report: Dataset) -> bool:
    status, _ = assoc.send_n_event_report(report, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    return getattr(status, "Status", None) == SUCCESS
