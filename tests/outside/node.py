"""A running node of a version: its processes, its ports and its panel."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from tests.outside.archive import Archive, free_port
from tests.outside.panel import NAME, PASSWORD, Panel
from tests.outside.version import Broken, Version

T = TypeVar("T")
START_S, READ_S = 180.0, 600.0  # until a node answers; until a study is read on a busy machine
ENDED = ("done", "not applicable", "held", "not delivered", "failed", "superseded", "discarded", "unchanged")


def waited(condition: Callable[[], T], timeout_s: float, *, pause_s: float = 0.3) -> T | None:
    """Poll until the condition is true; None where the time ran out. Errors of the network count as not yet."""
    end = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(httpx.HTTPError, OSError):
            if found := condition():
                return found
        if time.monotonic() > end:
            return None
        time.sleep(pause_s)


class Node:
    """``axspa-node serve`` in a session of its own."""

    def __init__(self, version: Version, folder: Path, archive: Archive, settings: dict[str, dict[str, Any]]) -> None:
        self.version, self.folder, self.archive = version, folder, archive
        self.dicom_port, self.panel_port = free_port(), free_port()
        tables: dict[str, dict[str, Any]] = {
            "receiver": {"host": "127.0.0.1", "port": self.dicom_port, "min_free_mb": 1},
            "panel": {"port": self.panel_port},
            "completion": version.patience(gap_s=3.0),
            "analysis": {"workers": 1},
        }
        for section, values in settings.items():
            tables.setdefault(section, {}).update(values)
        there = {"ae_title": "ARCHIVE", "host": "127.0.0.1", "port": archive.port}
        self.config = version.settings_file(folder, **tables, destinations={"archive": there})
        self.log = folder / "node.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._known: dict[int, psutil.Process] = {}
        self.panel = Panel(self.panel_port)

    def start(self) -> None:
        """Start and wait until it answers, then log in."""
        self.process = self.begin()
        if not waited(lambda: self.ended() or self.panel.health()[0] in (200, 503), START_S) or self.ended():
            raise Broken(f"serve did not start: {self.said()[-300:]}")
        waited(lambda: self.panel.health()[0] == 200, 30)
        told = ["--role", "admin", "--password-stdin", "--config", str(self.config)]
        made = self.version.run("user", "add", NAME, *told, stdin=PASSWORD + "\n")
        if made.returncode:
            raise Broken(f"user add: {made.stderr[-300:]}")
        self.panel.log_in()

    def begin(self) -> "subprocess.Popen[bytes]":
        """Another ``serve`` with these settings."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.version.command("serve", "--config", str(self.config)),
                env=self.version.environment(), cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        """The log."""
        return self.log.read_text(errors="replace") if self.log.is_file() else ""

    def ended(self) -> bool:
        """True where the main process is gone."""
        return self.process is None or self.process.poll() is not None

    def family(self) -> list[psutil.Process]:
        """Processes of this node that live, those whose parent is gone included."""
        if self.process is not None:
            with contextlib.suppress(psutil.Error):
                for one in psutil.Process(self.process.pid).children(recursive=True):
                    self._known[one.pid] = one
        return [one for one in self._known.values() if _lives(one)]

    def readers(self) -> list[psutil.Process]:
        """Processes that read studies: the models' library is loaded, and no other of these started them."""
        found = {}
        for one in self.family():
            with contextlib.suppress(OSError, psutil.Error):
                if "tensorflow" in Path(f"/proc/{one.pid}/maps").read_text(errors="replace"):
                    found[one.pid] = one.ppid()
        return [self._known[pid] for pid, parent in found.items() if parent not in found]

    def settled(self, address: str, timeout_s: float = READ_S) -> str:
        """The state in which a study stays; empty where it was on its way until the end."""

        def state() -> str:
            words = self.panel.state(address)[0].lower()
            return words if words.startswith(ENDED) else ""

        return waited(state, timeout_s, pause_s=1.0) or ""

    def study(self, number: int = 1) -> str:
        """The address of a study by its number of arrival."""
        address = f"/studies/{number}"
        if not waited(lambda: self.panel.client.get(address).status_code == 200, 30):
            raise Broken("a study that was sent is not in the panel")
        return address

    def stop(self) -> None:
        """SIGTERM, then SIGKILL for everything that is left."""
        family = self.family()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        for one in [*family, *self.family()]:
            with contextlib.suppress(psutil.Error):
                one.kill()
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.panel.client.close()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@contextmanager
def running(version: Version, name: str, **settings: dict[str, Any]) -> Iterator[Node]:
    """A node that has started, with an archive as its destination; both are gone afterwards."""
    with Archive().opened() as archive:
        node = Node(version, version.work / name, archive, settings)
        try:
            node.start()
            yield node
        finally:
            node.stop()
