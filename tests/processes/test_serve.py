"""The node starts as a whole or not at all, says why, and leaves nothing behind when it ends."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.factories.storage import fresh
from tests.factories.waiting import wait_until
from tests.programs import ENVIRONMENT, free_port

MAIN = """
import sys
from dicom_node import app, cli
app.PORT_PATIENCE_S = 0.5
app.DRAIN_S = 60.0
{changes}
sys.exit(cli.main(["serve", "--config", sys.argv[1]]))
"""
BREAKS_LATE = """
from dicom_node.analyse.coordinator import Coordinator
def breaks(self):
    raise RuntimeError("this names a patient")
Coordinator.start = breaks
"""
BREAKS_AT_THE_END = """
from dicom_node.analyse.coordinator import Coordinator
def stop(self, drain_s):
    self._clock.shutdown(wait=False)
    raise RuntimeError("this names a patient")
Coordinator.stop = stop
"""


class Attempt:
    """``axspa-node serve`` in a folder of its own, in a group of processes of its own."""

    def __init__(
        self, folder: Path, *, changes: str = "", plain: bool = False, dicom_port: int = 0, bundle: str = "sij-1"
    ) -> None:
        self.ports = dicom_port or free_port(), free_port()
        self.data = folder / "data"
        config = folder / "axspa.toml"
        config.write_text(
            f"data_dir = '{self.data}'\n[receiver]\nhost = '127.0.0.1'\nport = {self.ports[0]}\n"
            f"[panel]\nport = {self.ports[1]}\n[analysis]\nbundle = '{bundle}'\n"
        )
        self.said = folder / "said.txt"
        serve = ["-m", "dicom_node.cli", "serve", "--config", str(config)]
        changed = ["-c", MAIN.format(changes=changes), str(config)]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, *(serve if plain else changed)],
                stdout=said, stderr=said, env=ENVIRONMENT, start_new_session=True,
            )  # fmt: skip

    def result(self) -> tuple[int, str]:
        """Exit status and what was said; nothing of the group may be left."""
        status = self.process.wait(120)
        wait_until(lambda: not self.group(), timeout_s=60, what="every process of the node to be gone")
        return status, self.said.read_text()

    def group(self) -> list[int]:
        """Processes of this node that live."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(ProcessLookupError, psutil.Error):
                if os.getpgid(process.pid) == self.process.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
        return found

    def listens(self) -> bool:
        """True where both ports answer."""
        with contextlib.suppress(OSError):
            for port in self.ports:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return True
        return False

    def end(self) -> None:
        """Whatever is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def attempt(folder: Path, **options: object) -> Iterator[Attempt]:
    made = Attempt(folder, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.end()


def test_a_port_in_use_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = int(holder.getsockname()[1])
        with attempt(tmp_path, dicom_port=port) as node:
            status, said = node.result()
    assert status == 1
    assert "The DICOM port cannot be used (Address already in use): " in said
    assert f"127.0.0.1:{port} [RECEIVER_PORT]" in said
    assert not node.data.exists()


def test_a_bundle_that_is_not_there_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with attempt(tmp_path, bundle="no-such") as node:
        status, said = node.result()
    assert status == 1
    assert "no-such" in said
    assert "[BUNDLE_" in said
    assert not node.data.exists()


def test_a_data_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("This is a file.")
    with attempt(tmp_path) as node:
        status, said = node.result()
    assert status == 1
    assert "[DATA_FOLDER_UNAVAILABLE]" in said


def test_a_database_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    fresh(tmp_path / "data").dispose()
    file = tmp_path / "data" / "axspa.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = file.read_bytes()
    with attempt(tmp_path) as node:
        status, said = node.result()
    assert status == 1
    assert "[DATABASE_NEWER]" in said
    assert "Traceback" not in said
    assert file.read_bytes() == before


def test_what_breaks_after_the_children_were_started_ends_them(tmp_path: Path) -> None:
    with attempt(tmp_path, changes=BREAKS_LATE) as node:
        status, said = node.result()
    assert status == 1
    assert "The node broke and was ended; the log says where: RuntimeError [NODE_BROKE]" in said
    assert not node.listens()


def test_a_node_ends_in_order_when_it_is_told_to(tmp_path: Path) -> None:
    with attempt(tmp_path) as node:
        wait_until(node.listens, timeout_s=120, what="the node to listen")
        node.process.send_signal(signal.SIGTERM)
        status, said = node.result()
    assert status == 0
    assert "Stopped" in said
    assert not node.listens()


def test_one_part_that_breaks_at_the_end_keeps_no_other_from_ending(tmp_path: Path) -> None:
    with attempt(tmp_path, changes=BREAKS_AT_THE_END) as node:
        wait_until(node.listens, timeout_s=120, what="the node to listen")
        node.process.send_signal(signal.SIGTERM)
        status, said = node.result()
    assert status == 1
    assert "RuntimeError [NODE_BROKE]" in said
    assert "this names a patient" not in said
    assert not node.listens()
