"""Where the peer programs lie; Debian keeps some of them out of PATH."""

import shutil
from collections.abc import Iterable
from pathlib import Path

SYSTEM = (Path("/usr/sbin"), Path("/sbin"))
POSTGRESQL = Path("/usr/lib/postgresql")


def folders(postgresql: Path = POSTGRESQL) -> list[Path]:
    """Folders to look in after PATH: the system's, then each PostgreSQL server's, the newest version first."""
    versions = [folder for folder in postgresql.glob("*") if folder.name.isdigit()]
    return [*SYSTEM, *(folder / "bin" for folder in sorted(versions, key=lambda one: -int(one.name)))]


def find_program(name: str, *, beside_path: Iterable[Path] | None = None) -> str | None:
    """Path of a program in PATH, or else in one of the folders of :func:`folders`; None where it is missing."""
    places = folders() if beside_path is None else beside_path
    return shutil.which(name) or shutil.which(name, path=":".join(map(str, places)))
