"""Storage Commitment, asked by pynetdicom as a peer: on one association, and reported on a new one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from config.settings import ReceiverSettings
from dicom_node.receive.storage_scp import Receiver
from storage.objects import ObjectStore
from tests.factories.dicom import ENHANCED_MR, MR, image
from tests.factories.sender import store_one
from tests.factories.storage import fresh
from tests.factories.waiting import wait_until
from tests.programs import free_port

SCU = "ASKS"
Report = tuple[int, Dataset]


@pytest.fixture
def report_port() -> int:
    return free_port()


@pytest.fixture
def port(tmp_path: Path, report_port: int) -> Iterator[int]:
    database = fresh(tmp_path)
    settings = ReceiverSettings(host="127.0.0.1", port=0, idle_timeout_s=60, min_free_mb=0)
    peers = {SCU: ("127.0.0.1", report_port)}
    receiver = Receiver(settings, database, ObjectStore(tmp_path / "objects"), peers=peers)
    receiver.start()
    yield receiver.port
    receiver.stop(drain_s=1)
    database.dispose()


def asked(*wanted: tuple[str, str]) -> Dataset:
    request = Dataset()
    request.TransactionUID = "1.2.826.99"
    request.ReferencedSOPSequence = []
    for sop_class, instance in wanted:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
        request.ReferencedSOPSequence.append(item)
    return request


def ask(port: int, request: Dataset, reports: list[Report], *, waits: bool, action: int = 1) -> int:
    """Ask, and take the report where it comes on the same association; returns the status of the answer."""
    ae = AE(SCU)
    ae.add_requested_context(StorageCommitmentPushModel)
    assoc = ae.associate("127.0.0.1", port, ae_title="AXSPA", evt_handlers=[(evt.EVT_N_EVENT_REPORT, taking(reports))])
    assert assoc.is_established
    status, _ = assoc.send_n_action(request, action, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    if waits:
        wait_until(lambda: reports, what="the report")
    assoc.release()
    return int(status.Status)


def taking(reports: list[Report]) -> Any:
    def take(event: Any) -> tuple[int, None]:
        reports.append((event.event_type, event.event_information))
        return 0x0000, None

    return take


def test_what_is_kept_is_committed_and_what_is_not_is_told_with_its_reason(port: int) -> None:
    one = image(1)
    assert store_one(port, one).status == 0
    reports: list[Report] = []
    wanted = [(MR, one.SOPInstanceUID), (MR, "1.2.3.4.5"), (ENHANCED_MR, one.SOPInstanceUID)]
    assert ask(port, asked(*wanted), reports, waits=True) == 0
    ((kind, report),) = reports
    assert (kind, report.TransactionUID) == (2, "1.2.826.99")
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == [one.SOPInstanceUID]
    assert [item.FailureReason for item in report.FailedSOPSequence] == [0x0112, 0x0119]


def test_the_report_comes_on_a_new_association_where_the_first_is_over(port: int, report_port: int) -> None:
    one = image(1)
    assert store_one(port, one).status == 0
    reports: list[Report] = []
    ae = AE(SCU)
    ae.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
    server = ae.start_server(
        ("127.0.0.1", report_port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, taking(reports))]
    )
    try:
        assert ask(port, asked((MR, one.SOPInstanceUID)), [], waits=False) == 0
        wait_until(lambda: reports, what="the report")
    finally:
        server.shutdown()
    ((kind, report),) = reports
    assert kind == 1
    assert "FailedSOPSequence" not in report


@pytest.mark.parametrize(("request_", "action", "status"), [(asked(), 1, 0x0115), (asked((MR, "1.2")), 2, 0x0123)])
def test_what_is_no_request_is_refused(port: int, request_: Dataset, action: int, status: int) -> None:
    assert ask(port, request_, [], waits=False, action=action) == status
