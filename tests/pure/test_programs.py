"""Peer programs are found where Debian puts them."""

from pathlib import Path

import pytest

from tests.programs import find


@pytest.fixture
def postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two versions of a server beside a PATH without either."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    for version in ("9", "15"):
        program = tmp_path / "postgresql" / version / "bin" / "a-server"
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
    return tmp_path / "postgresql"


def test_a_server_outside_path_is_found_the_newest_first(postgresql: Path) -> None:
    found = find("a-server", servers=postgresql)
    assert found == str(postgresql / "15" / "bin" / "a-server")


def test_what_is_in_path_wins(postgresql: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = postgresql / "9" / "bin"
    monkeypatch.setenv("PATH", str(older))
    assert find("a-server", servers=postgresql) == str(older / "a-server")


def test_what_lies_nowhere_is_not_found(postgresql: Path) -> None:
    assert find("no-such-server", servers=postgresql) is None
