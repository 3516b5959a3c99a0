"""What goes wrong in a hospital, done to a running node: nothing is lost, and a good study comes out right."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from sqlalchemy import func, select

from dicom_node.demo import unpack
from storage.tables import Delivery, DeliveryState, Instance, ResultObject, Study, StudyState
from tests import peers

COMMAND = str(Path(sys.executable).with_name("axspa-node"))


@pytest.fixture(scope="module")
def good_study(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The shipped synthetic study."""
    return unpack(tmp_path_factory.mktemp("good"))


@pytest.fixture
def sink(tmp_path: Path, need_program: peers.Need) -> Iterator[tuple[int, Path]]:
    """A storescp that takes everything: its port and its folder."""
    folder, port = tmp_path / "sink", peers.free_port()
    folder.mkdir()
    process = start_sink(need_program, folder, port)
    yield port, folder
    process.kill()
    process.wait()


def start_sink(need_program: peers.Need, folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """DCMTK's storescp."""
    command = [need_program("storescp"), "-od", str(folder), str(port)]
    return subprocess.Popen(command, env=peers.ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_good_study_among_garbage_comes_out_right(
    tmp_path: Path, sink: tuple[int, Path], good_study: list[Path], need_program: peers.Need
) -> None:
    uid = pydicom.dcmread(good_study[0], stop_before_pixels=True).StudyInstanceUID
    with peers.node(tmp_path / "node", destinations=[("sink", "SINK", sink[0])]) as node:
        half = len(good_study) // 2
        assert peers.storescu(need_program, good_study[:half], node.dicom_port).returncode == 0
        for garbage in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00",
            os.urandom(4096),
            b"\x01\x00\xff\xff\xff\xff",
        ):
            with socket.create_connection(("127.0.0.1", node.dicom_port), 10) as connection:
                connection.sendall(garbage)
        assert peers.storescu(need_program, good_study[half:], node.dicom_port).returncode == 0
        node.wait_until_done(uid)
        with node.database.read() as session:
            made = session.scalar(select(func.count()).select_from(ResultObject))
        assert len(list(sink[1].iterdir())) == made


def test_killed_in_the_middle_the_node_goes_on_where_it_was(
    tmp_path: Path, sink: tuple[int, Path], good_study: list[Path], need_program: peers.Need
) -> None:
    uid = pydicom.dcmread(good_study[0], stop_before_pixels=True).StudyInstanceUID
    ports = peers.free_port(), peers.free_port()
    destinations = [("sink", "SINK", sink[0])]
    with peers.node(tmp_path / "node", destinations=destinations, ports=ports) as node:
        assert peers.storescu(need_program, good_study, node.dicom_port).returncode == 0
        peers.wait_until(lambda: node.state(uid) is StudyState.ANALYSING, 60, "the analysis to begin", 0.02)
        os.killpg(node.process.pid, signal.SIGKILL)
        node.process.wait()
        assert node.state(uid) is StudyState.ANALYSING
    with peers.node(tmp_path / "node", destinations=destinations, ports=ports) as node:
        node.wait_until_done(uid)
        with node.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Instance)) == len(good_study)
            uids = set(session.scalars(select(ResultObject.sop_instance_uid)))
    assert {pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in sink[1].iterdir()} == uids


def test_a_destination_that_is_down_blocks_no_other_and_gets_everything_later(
    tmp_path: Path, sink: tuple[int, Path], good_study: list[Path], need_program: peers.Need
) -> None:
    uid = pydicom.dcmread(good_study[0], stop_before_pixels=True).StudyInstanceUID
    late_port, late_folder = peers.free_port(), tmp_path / "late"
    late_folder.mkdir()
    destinations = [("down", "LATE", late_port), ("up", "SINK", sink[0])]
    with peers.node(tmp_path / "node", destinations=destinations) as node:
        peers.storescu(need_program, good_study, node.dicom_port)

        def delivered(name: str) -> bool:
            with node.database.read() as session:
                states = session.scalars(select(Delivery.state).where(Delivery.destination == name)).all()
            return bool(states) and all(state is DeliveryState.DELIVERED for state in states)

        peers.wait_until(lambda: delivered("up"), 120, "everything at the destination that is up")
        assert not delivered("down")
        assert node.state(uid) is StudyState.DELIVERING
        process = start_sink(need_program, late_folder, late_port)
        try:
            peers.wait_until(lambda: delivered("down"), 60, "everything at the destination that was down")
        finally:
            process.kill()
            process.wait()
        node.wait_until_done(uid, 10)
    assert len(list(late_folder.iterdir())) == len(list(sink[1].iterdir()))


def test_late_images_make_a_new_revision_and_duplicates_make_nothing(
    tmp_path: Path, sink: tuple[int, Path], good_study: list[Path], need_program: peers.Need
) -> None:
    uid = pydicom.dcmread(good_study[0], stop_before_pixels=True).StudyInstanceUID
    with peers.node(tmp_path / "node", destinations=[("sink", "SINK", sink[0])]) as node:

        def revision() -> int:
            with node.database.read() as session:
                study = session.scalars(select(Study).where(Study.study_instance_uid == uid)).one()
                return len(study.results) if study.state is StudyState.DONE else 0

        peers.storescu(need_program, good_study[:-3], node.dicom_port)
        peers.wait_until(lambda: revision() == 1, 120, "the first revision")
        peers.storescu(need_program, good_study[-3:], node.dicom_port)
        peers.wait_until(lambda: revision() == 2, 120, "the second revision")
        assert peers.storescu(need_program, good_study, node.dicom_port).returncode == 0
        time.sleep(3)
        assert revision() == 2


def test_sigterm_ends_the_node_in_order(tmp_path: Path) -> None:
    with peers.node(tmp_path / "node") as node:
        assert peers.stop(node.process) == 0
        assert "Stopped" in node.log
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", node.dicom_port), 5)


def process(source: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    """``axspa-node process``."""
    return subprocess.run(
        [COMMAND, "process", str(source), "--out", str(out)], capture_output=True, text=True, timeout=300, check=False
    )


def test_process_writes_results_and_a_summary(tmp_path: Path, good_study: list[Path]) -> None:
    done = process(good_study[0].parent, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == "result"
    assert sorted(summary["files"]) == sorted(file.name for file in (tmp_path / "out").glob("*.dcm"))


def test_process_of_a_pelvis_without_a_sacroiliac_series_exits_3_with_the_reason(
    tmp_path: Path, shared_data: Path
) -> None:
    done = process(shared_data / "data" / "dicom" / "pelvis", tmp_path / "out")
    assert done.returncode == 3, done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == "not_applicable"
    assert summary["reasons"]


def test_process_of_unusable_input_exits_2_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM here")
    done = process(tmp_path / "notes.txt", tmp_path / "out")
    assert done.returncode == 2
    assert "DICOM" in done.stderr
    assert process(tmp_path / "absent", tmp_path / "out").returncode == 2


def test_process_finds_the_good_study_among_all_hostile_files(
    tmp_path: Path, shared_data: Path, good_study: list[Path]
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for file in good_study:
        (source / file.name).write_bytes(file.read_bytes())
    for file in (shared_data / "data" / "dicom" / "hostile").rglob("*"):
        if file.is_file():
            (source / f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())
    done = process(source, tmp_path / "out")
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["unreadable_files"]
    uid = pydicom.dcmread(good_study[0], stop_before_pixels=True).StudyInstanceUID
    studies = summary.get("studies", [summary])
    assert [study["status"] for study in studies if study["study_instance_uid"] == uid] == ["result"]
