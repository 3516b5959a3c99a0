"""Whether a DICOM peer keeps what it took: storage commitment, or C-FIND where it has none.

References
----------
PS3.4 Annex J (Storage Commitment), Annex C (Query/Retrieve).
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import build_context, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StudyRootQueryRetrieveInformationModelFind

from config.destinations import DicomDestination
from dicom_node.deliver.association import associate, place
from dicom_node.deliver.destination import Outcome, Outgoing, ProofAnswer
from storage.states import Proof

PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1.1"
"""The one instance of the Storage Commitment Push Model SOP class (PS3.4 section J.3.5)."""

REPORT_S = 5.0
"""How long an answer is awaited on the association of the request; a later one comes to the node's own AE."""

_REQUEST, _ALL_KEPT = 1, 1
_PENDING = (0xFF00, 0xFF01)
_SUCCESS = 0x0000


def prove(
    destination: DicomDestination,
    objects: Sequence[Outgoing],
    *,
    transaction_uid: str,
    again: bool = False,
    our_ae_title: str,
    timeout_s: float,
) -> list[ProofAnswer]:
    """Ask a peer whether it keeps objects; an answer for each, in their order.

    Where a commitment was promised before and never came (``again``), C-FIND is asked instead, if the settings let it.
    """
    if destination.proof == "none":
        return [ProofAnswer(Proof.UNPROVABLE, comment="The settings ask for no proof.")] * len(objects)
    reports: list[Dataset] = []
    came = threading.Event()

    def on_report(event: Any) -> tuple[int, None]:
        reports.append(event.event_information)
        came.set()
        return _SUCCESS, None

    by_setting = {"commitment": _COMMITMENT, "query": _FIND}
    wanted = by_setting.get(destination.proof, _FIND if again else _COMMITMENT + _FIND)
    asked = associate(
        destination,
        [build_context(uid) for uid in wanted],
        our_ae_title=our_ae_title,
        timeout_s=timeout_s,
        handlers=[(evt.EVT_N_EVENT_REPORT, on_report)],
    )
    if isinstance(asked, Outcome):
        return [ProofAnswer(Proof.WANTED, comment=asked.comment)] * len(objects)
    assoc = asked.association
    taken = {str(context.abstract_syntax) for context in assoc.accepted_contexts}
    try:
        if str(StorageCommitmentPushModel) in taken and _request(assoc, objects, transaction_uid):
            came.wait(min(REPORT_S, timeout_s))
            return [_reported(made, reports, place(destination)) for made in objects]
        if str(StudyRootQueryRetrieveInformationModelFind) in taken:
            return _find(assoc, objects, place(destination))
    finally:
        if assoc.is_established:
            assoc.release()
    sentence = f"{place(destination)} offers this node no way to show that it keeps it."
    return [ProofAnswer(Proof.UNPROVABLE, comment=sentence)] * len(objects)


_COMMITMENT = (StorageCommitmentPushModel,)
_FIND = (StudyRootQueryRetrieveInformationModelFind,)


def read_report(report: Dataset) -> tuple[frozenset[str], Mapping[str, int]]:
    """SOP Instance UIDs that a peer committed itself to keep, and those that it does not, with its reason.

    References
    ----------
    PS3.4 Table J.3-2; failure reasons in PS3.3 section C.14.
    """
    kept = frozenset(str(item.ReferencedSOPInstanceUID) for item in report.get("ReferencedSOPSequence", ()))
    failed = {
        str(item.ReferencedSOPInstanceUID): int(item.get("FailureReason", 0) or 0)
        for item in report.get("FailedSOPSequence", ())
    }
    return kept, failed


def _request(assoc: Any, objects: Sequence[Outgoing], transaction_uid: str) -> bool:
    """Ask for storage commitment (N-ACTION); False where the peer does not take the request."""
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ReferencedSOPSequence = [_reference(made) for made in objects]
    status, _ = assoc.send_n_action(information, _REQUEST, StorageCommitmentPushModel, PUSH_MODEL_INSTANCE)
    return getattr(status, "Status", None) == _SUCCESS


def _reference(made: Outgoing) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = made.sop_class_uid
    item.ReferencedSOPInstanceUID = made.sop_instance_uid
    return item


def _reported(made: Outgoing, reports: Sequence[Dataset], where: str) -> ProofAnswer:
    for report in reports:
        kept, failed = read_report(report)
        if made.sop_instance_uid in kept:
            return ProofAnswer(Proof.COMMITTED, comment=f"{where} committed itself to keep it.")
        if made.sop_instance_uid in failed:
            reason = failed[made.sop_instance_uid]
            return ProofAnswer(Proof.WANTED, True, f"{where} does not keep it (failure reason 0x{reason:04X}).")
    return ProofAnswer(Proof.ASKED, comment=f"{where} was asked for storage commitment and has not answered yet.")


def _find(assoc: Any, objects: Sequence[Outgoing], where: str) -> list[ProofAnswer]:
    """Ask by C-FIND, series by series."""
    series: dict[tuple[str, str], list[str]] = defaultdict(list)
    for made in objects:
        series[made.study_instance_uid, made.series_instance_uid].append(made.sop_instance_uid)
    found: set[str] = set()
    for (study_uid, series_uid), uids in series.items():
        named = _named(assoc, study_uid, series_uid)
        if named is None:
            sentence = f"{where} did not answer the query."
            return [ProofAnswer(Proof.WANTED, comment=sentence)] * len(objects)
        found |= named & set(uids)
    return [
        ProofAnswer(Proof.FOUND, comment=f"{where} names it among what it has.")
        if made.sop_instance_uid in found
        else ProofAnswer(Proof.WANTED, True, f"{where} does not name it among what it has.")
        for made in objects
    ]


def _named(assoc: Any, study_uid: str, series_uid: str) -> set[str] | None:
    """SOP Instance UIDs that a peer names in a series; None where it does not answer in order."""
    query = Dataset()
    query.QueryRetrieveLevel = "IMAGE"
    query.StudyInstanceUID = study_uid
    query.SeriesInstanceUID = series_uid
    query.SOPInstanceUID = ""
    named: set[str] = set()
    for status, answer in assoc.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
        code = getattr(status, "Status", None)
        if code in _PENDING and answer is not None:
            named.add(str(answer.get("SOPInstanceUID", "")))
        elif code == _SUCCESS:
            return named
        elif code not in _PENDING:
            return None
    return None
