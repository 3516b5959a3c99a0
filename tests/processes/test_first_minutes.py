"""What README and quickstart tell a newcomer to type after ``make install``, typed as it stands."""

import os
import pty
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from dicom_node.demo import unpack
from tests.documents import ROOT, blocks, section
from tests.programs import free_port, stop, wait_until

PASSWORD = "a word nobody guesses"
QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text()


class Newcomer:
    """Someone in a checkout of their own with an empty home, who types commands.

    The virtual environment is the one at hand, and ``make install`` is left to the proof in a bare Debian: it would
    fill the environment anew. Ports are free ones, set by environment: a node of this machine is not in the way.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder as a checkout looks after ``make install``."""
        self.folder = folder
        self.panel_port = free_port()
        shutil.copytree(ROOT / "config", folder / "config")
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / "home").mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AXSPA_")}
        self.environment = {
            **kept, "HOME": str(folder / "home"), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT),
            "AXSPA_RECEIVER__PORT": str(free_port()), "AXSPA_PANEL__PORT": str(self.panel_port),
        }  # fmt: skip

    def start(self, line: str, **streams: Any) -> "subprocess.Popen[str]":
        """Begin a command; its output is kept."""
        return subprocess.Popen(
            ["/bin/sh", "-c", f"exec {line}"], cwd=self.folder, env=self.environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **streams,
        )  # fmt: skip

    def run(self, line: str) -> str:
        """Type a command and wait for its end; what it said."""
        process = self.start(line)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return said

    def answer(self, line: str, answers: list[tuple[str, str]]) -> str:
        """Type a command that asks at the terminal; ``answers``: (what it asks, what is typed then)."""
        keyboard, terminal = pty.openpty()
        process = self.start(line, stdin=terminal)
        os.close(terminal)
        assert process.stdout is not None
        said = ""
        for question, typed in answers:
            while not said.endswith(question):
                letter = process.stdout.read(1)
                assert letter, said
                said += letter
            os.write(keyboard, f"{typed}\n".encode())
        rest, _ = process.communicate(timeout=120)
        os.close(keyboard)
        assert process.returncode == 0, said + rest
        return said + rest

    @contextmanager
    def running(self, line: str) -> Iterator["subprocess.Popen[str]"]:
        """Type a command that stays, until the block ends; the panel answers meanwhile."""
        process = self.start(line)
        try:
            wait_until(lambda: self.panel("/health").status_code == 200, 120, "the panel to answer")
            yield process
        finally:
            stop(process)

    def panel(self, path: str) -> httpx.Response:
        """A page of the panel."""
        return httpx.get(f"http://127.0.0.1:{self.panel_port}{path}", timeout=30)

    def log_in(self, name: str) -> httpx.Response:
        """The answer to a log-in by the form."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.panel_port}", timeout=30) as browser:
            token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login").text)
            assert token is not None
            return browser.post(
                "/login", data={"name": name, "password": PASSWORD, "csrf_token": token[1], "next": "/"}
            )


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    return Newcomer(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module", autouse=True)
def offline(newcomer: Newcomer) -> Iterator["subprocess.Popen[str]"]:
    """The quickstart's offline analysis, begun before the first test: it needs a core of its own, and time."""
    (block,) = blocks(section(QUICKSTART, "Your own files, offline"))
    install, line = block
    assert install == "make install"
    unpack(newcomer.folder / "FOLDER")
    process = newcomer.start(line)
    yield process
    stop(process)


def test_the_way_to_a_node_that_stays(newcomer: Newcomer) -> None:
    (block,) = blocks(section(QUICKSTART, "A node that stays"))
    install, copy, doctor, user, serve = block
    assert install == "make install"
    newcomer.run(copy)
    said = newcomer.run(doctor)
    assert user in said, "doctor names the command that the quickstart shows"
    newcomer.answer(user.replace("NAME", "anna"), [("Password: ", PASSWORD), ("Again: ", PASSWORD)])
    with newcomer.running(serve) as node:
        assert newcomer.log_in("anna").headers["location"] == "/"
        assert newcomer.log_in("bert").status_code == 401
        page = newcomer.panel("/login").text
        node.send_signal(signal.SIGINT)
        log, _ = node.communicate(timeout=60)
    assert node.returncode == 0
    assert "--config" not in page, "the page names the file to nobody once there is an account"
    assert "has no user" not in log


def test_the_way_without_a_network(newcomer: Newcomer, offline: "subprocess.Popen[str]") -> None:
    said, _ = offline.communicate(timeout=300)
    assert offline.returncode == 0, said
    assert (newcomer.folder / "RESULTS" / "summary.json").is_file()
    assert list((newcomer.folder / "RESULTS").rglob("*.dcm"))
