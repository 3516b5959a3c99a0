"""What is fetched for the browser is what is pinned, or nothing."""

import base64
import hashlib
import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests import npm

FILES = {"package/dist/index.html": b"<html>", "package/dist/a.js.map": b"{}", "package/README.md": b"of it"}


def integrity_of(archive: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """A registry in a folder, an empty cache, and a package that is pinned; a function that publishes its archive."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in {**FILES, "package/dist/../../outside": b""}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    pinned = npm.Package("@some/viewer", "1.2.3", integrity_of(content.getvalue()), "dist")
    monkeypatch.setattr(npm, "PACKAGES", {"viewer": pinned})
    monkeypatch.setattr(npm, "REGISTRY", (tmp_path / "registry").as_uri())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def publish(more: bytes = b"") -> None:
        folder = tmp_path / "registry" / "@some" / "viewer" / "-"
        folder.mkdir(parents=True)
        (folder / "viewer-1.2.3.tgz").write_bytes(content.getvalue() + more)

    return publish


def test_what_is_pinned_is_fetched_once(registry: Callable[[bytes], None], tmp_path: Path) -> None:
    registry(b"")
    assert npm.find("viewer") is None
    assert npm.main() == 0
    folder = npm.find("viewer")
    assert folder == tmp_path / "cache" / "axspa-peers" / "viewer-1.2.3"
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", npm.STAMP], "no maps, nothing else"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing half done"
    (tmp_path / "registry").rename(tmp_path / "gone")
    assert npm.main() == 0 and npm.find("viewer") == folder


def test_something_else_is_not_kept(
    registry: Callable[[bytes], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry(b"one byte more")
    assert npm.main() == 1
    assert "not the archive that is pinned" in capsys.readouterr().err
    assert npm.find("viewer") is None and not (tmp_path / "cache").exists()


def test_without_a_registry_it_says_what_is_missing(
    registry: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert npm.main() == 0
    assert "Not fetched" in capsys.readouterr().out
    assert npm.find("viewer") is None


def test_another_pin_asks_for_another_fetch(registry: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch) -> None:
    registry(b"")
    npm.main()
    other = replace(npm.PACKAGES["viewer"], integrity=integrity_of(b"another"))
    monkeypatch.setitem(npm.PACKAGES, "viewer", other)
    assert npm.find("viewer") is None
