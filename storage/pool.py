"""Files that are there before they are needed: named, empty, and durable in their folders.

A new file costs two flushes, its own and that of its folder. Here the folder is flushed once for many files, before
anything is in them; what is written into one needs its own flush alone. A file keeps its name when it is filled, so
nothing is renamed either. What a process that was killed left behind, empty or without a row, is found by a list that
it held locked, and removed by the next one.
"""

import contextlib
import fcntl
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TextIO

from config.errors import StorageUnavailable
from storage.objects import ObjectStore, as_unavailable, sync_folder

FILES_IN_ONE = 256
_FEW = 64
_LISTS = "pools"
_LISTED_FOLDERS = 8  # older ones hold no file that is still being written


class FilePool:
    """Empty files in an area of an object store, for one process.

    Parameters
    ----------
    objects : ObjectStore
    area : str
    """

    def __init__(self, objects: ObjectStore, area: str) -> None:
        self._objects = objects
        self._area = area
        self._lock = threading.Lock()
        self._filling = threading.Lock()
        self._keys: deque[str] = deque()
        self._folders: deque[str] = deque(maxlen=_LISTED_FOLDERS)
        self._list = _open_list(objects)

    def take(self) -> str:
        """The key of an empty file.

        Raises
        ------
        StorageUnavailable
            There is none, and none can be made.
        """
        with self._lock:
            few = len(self._keys) < _FEW
            key = self._keys.popleft() if self._keys else ""
        if not key:
            with self._filling:
                if not self._keys:
                    self.fill()
            return self.take()
        if few and self._filling.acquire(blocking=False):
            threading.Thread(target=self._fill_later, daemon=True).start()
        return key

    def give_back(self, key: str) -> None:
        """Take back a file that was not needed; nothing refers to it.

        Raises
        ------
        StorageUnavailable
            The disk cannot be written.
        """
        try:
            os.truncate(self._objects.path(key), 0)
        except OSError as error:
            raise as_unavailable(error) from None
        with self._lock:
            self._keys.append(key)

    def fill(self) -> None:
        """Make more files.

        Raises
        ------
        StorageUnavailable
            The disk is full or cannot be written.
        """
        name = secrets.token_hex(16)
        place = f"{self._area}/{name[:2]}/{name}"
        keys = [f"{place}/{secrets.token_hex(16)}-{secrets.token_hex(8)}.dcm" for _ in range(FILES_IN_ONE)]
        self._folders.append(place)
        try:
            self._note()
            self._objects.make_folder(self._objects.root / place)
            for key in keys:
                os.close(os.open(self._objects.root / key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            for folder in (place, f"{self._area}/{name[:2]}", self._area):  # another process may have made one
                sync_folder(self._objects.root / folder)
        except OSError as error:
            for key in keys:
                with contextlib.suppress(OSError):
                    (self._objects.root / key).unlink()
            raise as_unavailable(error) from None
        with self._lock:
            self._keys.extend(keys)

    def close(self) -> None:
        """Remove the files that were not needed."""
        with self._lock:
            left, self._keys = list(self._keys), deque()
        for key in left:
            with contextlib.suppress(OSError):
                self._objects.path(key).unlink()
        for folder in self._folders:
            with contextlib.suppress(OSError):
                (self._objects.root / folder).rmdir()
        with contextlib.suppress(OSError):
            Path(self._list.name).unlink()
        self._list.close()

    def _fill_later(self) -> None:
        try:
            self.fill()
        except (StorageUnavailable, ValueError):  # who finds no file makes some, and is told; or the pool was closed
            pass
        finally:
            self._filling.release()

    def _note(self) -> None:
        """Write down which folders may hold a file without a row, for the case that this process is killed."""
        self._list.seek(0)
        self._list.write("".join(f"{folder}\n" for folder in self._folders))
        self._list.truncate()
        self._list.flush()


def remove_leftovers(objects: ObjectStore, known: Callable[[Collection[str]], Collection[str]]) -> int:
    """Remove the files that pools of processes which are gone left behind, and to which no row refers.

    Parameters
    ----------
    objects : ObjectStore
    known : callable
        Of some keys, those that a row refers to.

    Returns
    -------
    int
        How many were removed.

    Raises
    ------
    StorageUnavailable
        The disk cannot be written, or what is known cannot be told; what is left then stays for the next time.
    """
    removed = 0
    try:
        for path in sorted((objects.root / _LISTS).glob("*")):
            with path.open("r+") as stream:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue  # its process lives
                for place in stream.read().split():
                    removed += _remove_unknown(objects, place, known)
                path.unlink(missing_ok=True)
    except OSError as error:
        raise as_unavailable(error) from None
    return removed


def _remove_unknown(objects: ObjectStore, place: str, known: Callable[[Collection[str]], Collection[str]]) -> int:
    folder = objects.root / place
    if not folder.is_dir():
        return 0
    keys = {f"{place}/{path.name}" for path in folder.iterdir()}
    unknown = keys - set(known(keys))
    for key in unknown:
        objects.path(key).unlink(missing_ok=True)
    if unknown == keys:
        with contextlib.suppress(OSError):
            folder.rmdir()
    return len(unknown)


def _open_list(objects: ObjectStore) -> TextIO:
    """A file of its own, locked for as long as this process lives."""
    try:
        (objects.root / _LISTS).mkdir(exist_ok=True)
        stream = Path(objects.root, _LISTS, secrets.token_hex(8)).open("x")  # noqa: SIM115 - held as long as the pool
        fcntl.flock(stream, fcntl.LOCK_EX)
    except OSError as error:
        raise as_unavailable(error) from None
    return stream
