"""Fixtures for all tests. What takes long to make is made once for the whole run, and only looked at afterwards."""

import logging
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import npm, programs

if TYPE_CHECKING:
    from dicom_node.analyse.pipeline import Outcome
    from inference.serving.registry import LoadedBundle
    from tests.chromium import Browser
    from tests.factories.rounds import Clinic, Round
    from training.phantom.phantom import Phantom

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What pytest-xdist keeps together: a tier whose tests share a warm node, else a module."""
    for item in items:
        tier = item.path.relative_to(ROOT / "tests").parts[0]
        item.add_marker(pytest.mark.xdist_group(tier if tier in ("processes", "peers") else str(item.path)))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout (``AXSPA_SHARED`` or ``../shared``); skips where it is absent."""
    folder = Path(os.environ.get("AXSPA_SHARED", ROOT.parent / "shared"))
    if not (folder / "data" / "sij").is_dir():
        pytest.skip(f"the real data are absent: no {folder.name}/data/sij beside the checkout")
    return folder


@pytest.fixture(scope="session")
def need_program() -> Callable[[str], str]:
    """A function from a program's name to its path.

    A program that is missing fails the test wherever ``make install-dev`` installs it; it skips elsewhere.
    """

    def find(name: str) -> str:
        path = programs.find(name)
        if path is None:
            message = f"the peer program {name} is not installed: make install-dev, as root on Debian, installs it"
            if os.environ.get("CI") or (os.geteuid() == 0 and programs.find("apt-get")):
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find


@pytest.fixture(scope="session")
def need_package() -> Callable[[str], Path]:
    """A function from the name of a package of npm to its folder.

    Whether it is there is a matter of the network: one that is missing skips the test, and fails it in CI.
    """

    def find(name: str) -> Path:
        folder = npm.find(name)
        if folder is None:
            package = npm.PACKAGES[name]
            message = (
                f"{package.name} {package.version} was not fetched: make install-dev fetches it from {npm.REGISTRY}"
            )
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return folder

    return find


@pytest.fixture(scope="session")
def real_study(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Path]]:
    """A function from the number of a real subject to its DICOM files, written once."""
    folder = tmp_path_factory.mktemp("real")

    def files(subject: str) -> list[Path]:
        if not (folder / subject).is_dir():
            command = [sys.executable, str(shared_data / "tools" / "sij_to_dicom.py"), subject, str(folder)]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
        return sorted((folder / subject).rglob("*.dcm"))

    return files


@pytest.fixture(scope="session")
def shipped_study(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The shipped synthetic study, unpacked once; nobody changes its files."""
    from dicom_node.demo import unpack

    return unpack(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="session")
def shipped_truth() -> "Phantom":
    """The phantom of the shipped study, with its truth, made again from its seed."""
    from training.phantom.shipped import shipped_phantom

    return shipped_phantom()


@pytest.fixture(scope="session")
def shipped_bundle() -> "LoadedBundle":
    """The shipped networks, loaded once."""
    from inference.serving.registry import load_bundle
    from inference.sij_mri import SacroiliacMri

    return load_bundle("sij-1", SacroiliacMri())


@pytest.fixture(scope="session")
def analysed_phantom(shipped_study: list[Path], shipped_bundle: "LoadedBundle") -> "Outcome":
    """The shipped study, analysed once in this process: its analysis, its objects, and what the gate found."""
    from dicom_node.analyse import pipeline
    from inference.dicom.headers import read_study

    study = read_study(shipped_study)
    return pipeline.run(study, shipped_bundle, application="sij_mri", revision=1, started=datetime.now(UTC))


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory, need_program: programs.Need) -> "Iterator[Clinic]":
    """One warm node with an Orthanc beside it, for every test that starves or kills neither."""
    from tests.factories import rounds

    with rounds.clinic(tmp_path_factory.mktemp("clinic"), need_program) as running:
        yield running


@pytest.fixture(scope="session")
def phantom_round(
    clinic: "Clinic", shipped_study: list[Path], tmp_path_factory: pytest.TempPathFactory, need_program: programs.Need
) -> "Round":
    """The shipped study through PACS and node."""
    from tests.factories.rounds import Round

    return Round(clinic, shipped_study, tmp_path_factory.mktemp("phantom_round"), need_program)


@pytest.fixture(scope="session")
def real_round(
    clinic: "Clinic",
    real_study: Callable[[str], list[Path]],
    tmp_path_factory: pytest.TempPathFactory,
    need_program: programs.Need,
) -> "Round":
    """The real study 1013 through PACS and node."""
    from tests.factories.rounds import Round

    return Round(clinic, real_study("1013"), tmp_path_factory.mktemp("real_round"), need_program)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory, need_program: programs.Need) -> "Iterator[Browser]":
    """One Chromium for the whole run."""
    from tests.chromium import Browser

    with Browser(need_program("chromium"), tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Puts logging back as it was: a command that runs in this process sets it up for itself."""
    from config import logs

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in (*logs._SILENCED, *logs._QUIET, "py.warnings")}
    hooks = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = hooks
    root.handlers[:], root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each folder of tests took: what is made once counts where it was first needed."""
    spent: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder = Path(report.location[0]).parent
                spent[folder.name if folder.name != "tests" else "other"] += round(1000 * report.duration)
    if spent:
        words = ", ".join(f"{folder} {ms / 1000:.0f} s" for folder, ms in sorted(spent.items()))
        terminalreporter.write_sep("-", f"time: {words}")
