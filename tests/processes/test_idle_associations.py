"""An association that ends without a release: no sign of missing images where it was idle, one where it was not."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from sqlalchemy import select

from config.settings import ReceiverSettings
from dicom_node.receive.storage_scp import Receiver
from dicom_node.receive.visit import Visit
from storage import arrivals, associations
from storage.arrivals import PAUSE_S, Arrival
from storage.associations import Peer
from storage.objects import ObjectStore
from storage.session import Database
from storage.tables import Association, Event
from tests.factories.dicom import MR, encode, image
from tests.factories.sender import association, echo, pdu, store, store_one
from tests.factories.storage import fresh
from tests.factories.waiting import wait_until
from tests.programs import free_port

IDLE_S = 2.0


@contextmanager
def receiving(folder: Path, *, idle_timeout_s: float, **rules: Any) -> Iterator[tuple[int, Database]]:
    database = fresh(folder)
    settings = ReceiverSettings(host="127.0.0.1", port=0, idle_timeout_s=idle_timeout_s, min_free_mb=0, **rules)
    receiver = Receiver(settings, database, ObjectStore(folder / "objects"))
    receiver.start()
    try:
        yield receiver.port, database
    finally:
        receiver.stop(drain_s=0)
        database.dispose()


def begin_a_pdu(connection: socket.socket, assoc: Any) -> None:
    connection.sendall(pdu(4, 1000, b"\0" * 10))


def begin_a_message(connection: socket.socket, assoc: Any) -> None:
    request = C_STORE()
    request.MessageID, request.Priority = 2, 0
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = MR, "1.2.3"
    request.DataSet = BytesIO(encode(image(2)))
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    command = next(iter(message.encode_msg(assoc.accepted_contexts[0].context_id, 16384)))
    assoc.dul.send_pdu(command)


def nothing(connection: socket.socket, assoc: Any) -> None:
    """The last image was answered; nothing more comes."""


def said(database: Database) -> tuple[str, bool]:
    """What is recorded of the one association, and whether it counts as broken off for the study."""
    with database.read() as session:
        event = session.scalars(select(Event).where(Event.code == "IMAGES_RECEIVED")).one()
        return session.scalars(select(Association.reason)).one(), event.detail["broken"]


def ended(database: Database) -> bool:
    with database.read() as session:
        return session.scalars(select(Event).where(Event.code == "IMAGES_RECEIVED")).first() is not None


@pytest.mark.parametrize(
    ("goes_on", "broken"),
    [(nothing, False), (begin_a_pdu, True), (begin_a_message, True)],
    ids=["idle", "in a PDU", "in a message"],
)
def test_our_time_out_breaks_off_only_what_was_in_a_message(tmp_path: Path, goes_on: Any, broken: bool) -> None:
    with (
        receiving(tmp_path, idle_timeout_s=IDLE_S) as (port, database),
        association(port, (MR, ExplicitVRLittleEndian)) as assoc,
    ):
        one = image()
        assert store(assoc, encode(one), instance=one.SOPInstanceUID).status == 0
        goes_on(assoc.dul.socket.socket, assoc)
        wait_until(lambda: ended(database), 60, "the end of the association")
        reason, was_broken = said(database)
    assert was_broken is broken
    assert ("broke off" in reason, "none under way" in reason) == (broken, not broken)


@pytest.mark.parametrize(("pause_s", "broken"), [(0.0, True), (0.2, False)])
def test_a_peer_that_ends_without_a_release_broke_off_unless_it_was_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause_s: float, broken: bool
) -> None:
    monkeypatch.setattr("dicom_node.receive.storage_scp.PAUSE_S", PAUSE_S if broken else pause_s)
    with receiving(tmp_path, idle_timeout_s=60) as (port, database):
        with association(port, (MR, ExplicitVRLittleEndian)) as assoc:
            one = image()
            assert store(assoc, encode(one), instance=one.SOPInstanceUID).status == 0
            time.sleep(pause_s)
            assoc.abort()
        wait_until(lambda: ended(database), 60, "the end of the association")
        assert said(database)[1] is broken


def test_what_broke_off_did_so_for_the_studies_that_it_was_at() -> None:
    visit = Visit(Peer("127.0.0.1", 104))
    for study_id, at in ((1, 0.0), (2, 100.0), (3, 104.0)):
        visit.take(study_id, again=False)
        visit.brought_at[study_id] = at
    visit.take(3, again=True)
    visit.brought_at[3] = visit.last_at = 105.0
    assert visit.arrivals(broken=True) == {1: Arrival(1), 2: Arrival(1, broken=True), 3: Arrival(1, 1, broken=True)}
    assert not any(one.broken for one in visit.arrivals(broken=False).values())


def reasons(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Association.reason).where(Association.reason != "")))


def test_idle_associations_give_way_to_a_new_one_the_longest_idle_first(tmp_path: Path) -> None:
    with receiving(tmp_path, idle_timeout_s=60, max_associations=2, give_way_s=0) as (port, database):
        with association(port) as first, association(port) as second:
            assert echo(port)
            wait_until(lambda: first.is_aborted, what="the first to end")
            assert store(second, encode(image()), instance=image().SOPInstanceUID).status == 0
            assert second.is_established
        wait_until(lambda: reasons(database), what="the record")
        assert "gave way" in " ".join(reasons(database))


def test_working_associations_give_way_to_nobody(tmp_path: Path) -> None:
    with (
        receiving(tmp_path, idle_timeout_s=60, max_associations=1, give_way_s=60) as (port, _),
        association(port) as first,
    ):
        assert not echo(port)
        assert store(first, encode(image()), instance=image().SOPInstanceUID).status == 0


@pytest.mark.parametrize("option", ["max_per_caller", "max_per_address"])
def test_one_peer_may_hold_no_more_than_its_share(tmp_path: Path, option: str) -> None:
    with (
        receiving(tmp_path, idle_timeout_s=60, give_way_s=60, **{option: 1}) as (port, database),
        association(port, calling="GREEDY"),
        association(port, calling="GREEDY") as second,
        association(port, calling="OTHER") as other,
    ):
        assert second.is_rejected
        assert other.is_established is (option == "max_per_caller")
        wait_until(lambda: option in " ".join(reasons(database)), what="the record")


def test_connections_that_say_nothing_make_room_for_one_that_does(tmp_path: Path) -> None:
    with receiving(tmp_path, idle_timeout_s=60, max_associations=1) as (port, _):
        silent = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(40)]
        assert echo(port)
        assert silent[0].recv(1) == b""
        for connection in silent:
            connection.close()


def test_several_processes_receive_on_one_port_and_each_closes_its_own(tmp_path: Path) -> None:
    database = fresh(tmp_path)
    port = free_port()
    settings = ReceiverSettings(host="127.0.0.1", port=port, idle_timeout_s=60, min_free_mb=0, processes=2)
    receivers = [Receiver(settings, database, ObjectStore(tmp_path / "objects"), number=number) for number in (0, 1)]
    for receiver in receivers:
        receiver.start()
    try:
        for number in range(8):
            assert store_one(port, image(number)).status == 0
        lost = [associations.opened(database, Peer("127.0.0.1", 104), receiver=number) for number in (0, 1, 7)]
        arrivals.close_leftovers(database, receiver=1, receivers=2)
        with database.read() as session:
            ended = {row.id: row.ended_at is not None for row in session.scalars(select(Association))}
        assert [ended[number] for number in lost] == [False, True, True]
    finally:
        for receiver in receivers:
            receiver.stop(drain_s=1)
        database.dispose()
