"""What goes wrong in a hospital, done to a running node: nothing is lost, and a good study comes out right."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from sqlalchemy import func, select, update

from storage.states import utc_now
from storage.tables import Association, Delivery, DeliveryState, Instance, Lease, ResultObject, Run, Study, StudyState
from tests import programs
from tests.factories.dicom import copied
from tests.factories.rounds import Clinic, study_uid_of
from tests.factories.storage import results_of
from tests.factories.waiting import wait_until


@pytest.fixture
def sink(tmp_path: Path, need_program: programs.Need) -> Iterator[tuple[int, Path]]:
    """A storescp that takes everything: its port and its folder."""
    folder, port = tmp_path / "sink", programs.free_port()
    with programs.storescp(need_program, folder, port):
        yield port, folder


def study_of(node: programs.Node, uid: str) -> Study:
    with node.database.read() as session:
        return session.scalars(select(Study).where(Study.study_instance_uid == uid)).one()


def ends_in_order_on_sigterm(node: programs.Node) -> None:
    assert programs.stop(node.process) == 0
    assert "Stopped" in node.log
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", node.dicom_port), 5)


def test_a_good_study_among_garbage_comes_out_right(
    clinic: Clinic, tmp_path: Path, shipped_study: list[Path], need_program: programs.Need
) -> None:
    files = copied(shipped_study, tmp_path / "study", "among garbage")
    uid, half = study_uid_of(files), len(files) // 2
    assert programs.storescu(need_program, files[:half], clinic.node.dicom_port).returncode == 0
    for garbage in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        os.urandom(4096),
        b"\x01\x00\xff\xff\xff\xff",
    ):
        with socket.create_connection(("127.0.0.1", clinic.node.dicom_port), 10) as connection:
            connection.sendall(garbage)
    assert programs.storescu(need_program, files[half:], clinic.node.dicom_port).returncode == 0
    clinic.node.wait_until_done(uid)
    study = study_of(clinic.node, uid)
    assert study.image_count == len(files)
    with clinic.node.database.read() as session:
        made = len(results_of(session, study)[-1].objects)
    assert len(clinic.pacs.instances_of(uid)) == made > 5


def test_killed_in_the_middle_the_node_goes_on_where_it_was(
    tmp_path: Path, sink: tuple[int, Path], shipped_study: list[Path], need_program: programs.Need
) -> None:
    """All its processes are killed; the minute for which it held the study and its office is taken as over."""
    uid = study_uid_of(shipped_study)
    ports = programs.free_port(), programs.free_port()
    destinations = [("sink", "SINK", sink[0])]
    with programs.node(tmp_path / "node", destinations=destinations, ports=ports) as node:
        assert programs.storescu(need_program, shipped_study, node.dicom_port).returncode == 0
        wait_until(lambda: node.state(uid) is StudyState.ANALYSING, 60, "the analysis to begin", 0.02)
        os.killpg(node.process.pid, signal.SIGKILL)
        node.process.wait()
        assert node.state(uid) is StudyState.ANALYSING
        with node.database.write() as session:
            session.execute(update(Run).values(lease_until=utc_now()))
            session.execute(update(Lease).values(until=utc_now()))
    with programs.node(tmp_path / "node", destinations=destinations, ports=ports) as node:
        node.wait_until_done(uid)
        with node.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Instance)) == len(shipped_study)
            uids = set(session.scalars(select(ResultObject.sop_instance_uid)))
    assert {pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in sink[1].iterdir()} == uids


def test_a_destination_that_is_down_blocks_no_other_and_gets_everything_later_and_sigterm_ends_the_node(
    tmp_path: Path, sink: tuple[int, Path], shipped_study: list[Path], need_program: programs.Need
) -> None:
    uid = study_uid_of(shipped_study)
    late_port, late_folder = programs.free_port(), tmp_path / "late"
    destinations = [("down", "LATE", late_port), ("up", "SINK", sink[0])]
    with programs.node(tmp_path / "node", destinations=destinations) as node:
        programs.storescu(need_program, shipped_study, node.dicom_port)

        def delivered(name: str) -> bool:
            with node.database.read() as session:
                states = session.scalars(select(Delivery.state).where(Delivery.destination == name)).all()
            return bool(states) and all(state is DeliveryState.DELIVERED for state in states)

        wait_until(lambda: delivered("up"), 120, "everything at the destination that is up")
        assert not delivered("down")
        assert node.state(uid) is StudyState.DELIVERING
        with programs.storescp(need_program, late_folder, late_port):
            wait_until(lambda: delivered("down"), 60, "everything at the destination that was down")
            node.wait_until_done(uid)
        ends_in_order_on_sigterm(node)
    assert len(list(late_folder.iterdir())) == len(list(sink[1].iterdir()))


def test_late_images_make_a_new_revision_and_duplicates_make_nothing(
    clinic: Clinic, tmp_path: Path, shipped_study: list[Path], need_program: programs.Need
) -> None:
    files = copied(shipped_study, tmp_path / "study", "late images")
    uid, port = study_uid_of(files), clinic.node.dicom_port

    def revision() -> int:
        with clinic.node.database.read() as session:
            study = session.scalars(select(Study).where(Study.study_instance_uid == uid)).one()
            return len(results_of(session, study)) if study.state is StudyState.DONE else 0

    series = {file: int(pydicom.dcmread(file, stop_before_pixels=True).SeriesNumber) for file in files}
    late = [file for file in files if series[file] == 2][-3:]  # of the T1-weighted series
    unread = [file for file in files if series[file] == 5][-3:]  # of a reformatted one
    assert late
    assert unread
    programs.storescu(need_program, [file for file in files if file not in (*late, *unread)], port)
    wait_until(lambda: revision() == 1, 120, "the first revision")
    programs.storescu(need_program, late, port)
    wait_until(lambda: revision() == 2, 120, "the second revision")
    programs.storescu(need_program, unread, port)
    assert programs.storescu(need_program, files, port, "-aet", "AGAIN").returncode == 0

    def visit() -> Association | None:
        with clinic.node.database.read() as session:
            query = select(Association).where(Association.calling_ae == "AGAIN", Association.ended_at.is_not(None))
            return session.scalars(query).first()

    ended = wait_until(visit, 30, "the end of the visit")
    assert (ended.stored, ended.duplicates) == (0, len(files))
    wait_until(lambda: revision() == 2, 120, "the study to be done again")
    assert clinic.node.run_states(uid) == {"sij_mri": "done"}, "late images that nobody reads start no run"
