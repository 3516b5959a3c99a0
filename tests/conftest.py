"""Fixtures for all tests."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

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
    """A function from a program's name to its path: fails in CI when the program is missing, skips elsewhere."""

    def find(name: str) -> str:
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if path is None:
            message = f"the peer program {name} is not installed"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find
