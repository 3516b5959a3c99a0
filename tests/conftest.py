"""Fixtures for all tests."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installed import find_program

ROOT = Path(__file__).resolve().parent.parent


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
        path = find_program(name)
        if path is None:
            message = f"the peer program {name} is not installed: make install-dev, as root on Debian, installs it"
            if os.environ.get("CI") or (os.geteuid() == 0 and shutil.which("apt-get")):
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find
