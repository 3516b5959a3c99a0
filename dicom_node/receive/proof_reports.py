"""Reports of storage commitment that a destination sends to our own AE, on an association of its own making.

References
----------
PS3.4 section J.3.3 (N-EVENT-REPORT).
"""

import logging
from datetime import timedelta
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel

from config.errors import AxspaError
from dicom_node.deliver.kept import read_report
from storage import proofs
from storage.session import Database
from storage.states import utc_now

SEND_AGAIN_AFTER = timedelta(minutes=1)

_SUCCESS, _PROCESSING_FAILURE, _INVALID_ARGUMENT = 0x0000, 0x0110, 0x0115

log = logging.getLogger(__name__)


def listen_for(entity: AE, database: Database) -> tuple[Any, ...]:
    """Let an entity take such reports; the handler to be bound.

    The destination is the requestor and has the role of SCP: both roles are let in, whichever it asks for.
    """
    entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    return evt.EVT_N_EVENT_REPORT, _on_report, [database]


def _on_report(event: Any, database: Database) -> tuple[int, None]:
    """Write what a destination keeps; one that we did not ask changes nothing."""
    try:
        report = event.event_information
        kept, failed = read_report(report)
        transaction_uid = str(report.get("TransactionUID", ""))
    except Exception as error:  # noqa: BLE001 (whatever a peer sends as a data set)
        log.warning("A report of storage commitment cannot be read: %s", type(error).__name__)
        return _INVALID_ARGUMENT, None
    try:
        again_at = utc_now() + SEND_AGAIN_AFTER
        count = proofs.committed(database, transaction_uid, kept=kept, failed=failed, again_at=again_at)
    except AxspaError as error:
        log.warning("A report of storage commitment could not be written: %s", error.code)
        return _PROCESSING_FAILURE, None
    log.info("A report of storage commitment was about %d of our objects", count)
    return _SUCCESS, None
