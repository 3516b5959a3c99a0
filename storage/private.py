"""What the node keeps is for its own user alone: studies name patients, the database and the salt are secrets."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
UMASK = 0o077
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, each for its owner alone; one that is there stays as it is.

    Raises
    ------
    OSError
        It cannot be made.
    """
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=FOLDER_MODE, exist_ok=True)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)  # refuses what is there and is no folder


def make_file(path: Path) -> None:
    """Make an empty file for its owner alone; one that is there stays as it is.

    Raises
    ------
    OSError
        It cannot be made.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))


def kept_in(data_dir: Path, database: Path | None) -> Iterator[Path]:
    """What a node keeps that lies directly in its data folder, and the files of its database."""
    yield data_dir / "objects"
    yield data_dir / "site-salt"
    if database is not None:
        yield from (database.with_name(database.name + end) for end in ("", "-wal", "-shm"))


def open_to_others(paths: Iterable[Path]) -> list[Path]:
    """Those that are there and that another user of this machine may read or enter."""
    return [path for path in paths if path.exists() and path.stat().st_mode & _OTHERS]


def close_to_others(paths: Iterable[Path]) -> list[Path]:
    """Take the rights of others away, which an earlier version gave; those that are another user's stay as they are.

    Returns
    -------
    list of Path
        Those that are still open.
    """
    left = []
    for path in open_to_others(paths):
        try:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
        except OSError:
            left.append(path)
    return left
