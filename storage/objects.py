"""Files on disk: written durably, named by hashes, never overwritten with something else.

Local file system only. A key such as ``images/3f/3fa2...-9c11....dcm`` is all that the database keeps; it is made
of hashes, so no UID or name from outside ever becomes a path.
"""

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from config.codes import Code
from config.errors import StorageUnavailable, UnusableInput
from storage import private

_KEY = re.compile(r"[a-z]+/[0-9a-f]{2}/[0-9a-f]{32}/[0-9a-f]{32}-[0-9a-f]{16}\.[a-z0-9]{1,8}\Z")
_TEMPORARY = "temporary"
_PROBE_BYTES = 4 * 2**20  # about what one result takes on disk


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One file that is durable."""

    key: str
    sha256: str  # of the whole file
    size_bytes: int


class ObjectStore:
    """Files under one root.

    Parameters
    ----------
    root : Path
        Folder, made where it is missing; temporary files and final ones lie in it, so renaming never copies.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            private.make_folder(root / _TEMPORARY)
        except OSError as error:
            raise as_unavailable(error) from None

    def put(
        self, area: str, group: str, *, name: str, content: Iterable[bytes | memoryview], suffix: str
    ) -> StoredObject:
        """Write one file; when this returns, bytes and directory entry are on the disk.

        Parameters
        ----------
        area : str
            First folder of the key: images, results, pictures or quarantine.
        group, name : str
            What the file belongs to (a study's UID) and what it is (a series' and instance's UID); only hashes of
            them enter the key. The hash of the content enters it too: other content gets another file.
        content : iterable of bytes
            The parts of the file, in order; iterated twice, so no generator.
        suffix : str
            With its dot, for example ".dcm".

        Raises
        ------
        StorageUnavailable
            The disk is full or cannot be written; nothing is left behind.
        """
        digest, size_bytes = hashlib.sha256(), 0
        for part in content:
            digest.update(part)
            size_bytes += len(part)
        sha256 = digest.hexdigest()
        stem = hashlib.sha256(name.encode()).hexdigest()[:32]
        key = f"{_folder(area, group)}/{stem}-{sha256[:16]}{suffix}"
        try:
            self._write(self.root / key, content, size_bytes=size_bytes)
        except OSError as error:
            raise as_unavailable(error) from None
        return StoredObject(key=key, sha256=sha256, size_bytes=size_bytes)

    def path(self, key: str) -> Path:
        """The file of a key.

        Raises
        ------
        UnusableInput
            The key is none that :meth:`put` gives.
        """
        if not _KEY.match(key):
            raise UnusableInput(Code.OBJECT_KEY, f"This is not the key of a stored file: {key[:80]!r}")
        return self.root / key

    def read(self, key: str) -> bytes:
        """The bytes of a file; raises as :meth:`open` does."""
        with self.open(key) as stream:
            return stream.read()

    def open(self, key: str) -> BufferedReader:
        """Open a file for reading, in binary.

        Raises
        ------
        StorageUnavailable
            The file is missing or cannot be read.
        UnusableInput
            The key is none that :meth:`put` gives.
        """
        try:
            return self.path(key).open("rb")
        except OSError as error:
            raise StorageUnavailable(
                Code.OBJECT_UNREADABLE, f"A stored file cannot be read ({error.strerror}): {key}"
            ) from None

    def keys(self, area: str, group: str, *, older_than_s: float) -> list[str]:
        """Keys of the files of one group that were written at least so long ago.

        Parameters
        ----------
        area, group : str
            As :meth:`put` took them.
        older_than_s : float

        Returns
        -------
        list of str
            Sorted; empty where the group has no folder.

        Raises
        ------
        StorageUnavailable
            The folder cannot be read.
        """
        limit = time.time() - older_than_s
        folder = self.root / _folder(area, group)
        try:
            files = list(folder.iterdir()) if folder.is_dir() else []
            return sorted(f"{_folder(area, group)}/{path.name}" for path in files if path.stat().st_mtime <= limit)
        except OSError as error:
            raise as_unavailable(error) from None

    def move(self, key: str, area: str) -> str:
        """Take a file into another area; one that is gone already is no error.

        Returns
        -------
        str
            Its key there.

        Raises
        ------
        StorageUnavailable
            The disk is full or cannot be written.
        UnusableInput
            The key, or the one it would have there, is none that :meth:`put` gives.
        """
        there = f"{area}/{key.partition('/')[2]}"
        try:
            self.make_folder(self.path(there).parent)
            self.path(key).replace(self.path(there))
            sync_folder(self.path(there).parent)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise as_unavailable(error) from None
        return there

    def probe(self) -> None:
        """See that a file can be written.

        Raises
        ------
        StorageUnavailable
            The disk is full or cannot be written.
        """
        temporary = self.root / _TEMPORARY / secrets.token_hex(16)
        try:
            try:
                with temporary.open("xb", buffering=0) as stream:
                    _write_all(stream.fileno(), b"\0" * _PROBE_BYTES)
                    os.fsync(stream.fileno())
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise as_unavailable(error) from None

    def discard(self, key: str) -> None:
        """Remove a file that nothing refers to; one that is gone already is no error.

        Raises
        ------
        StorageUnavailable
            The disk cannot be written.
        UnusableInput
            The key is none that :meth:`put` gives.
        """
        try:
            self.path(key).unlink(missing_ok=True)
        except OSError as error:
            raise as_unavailable(error) from None

    def free_mb(self) -> float:
        """Free space for us on the disk of the root, in 1e6 bytes.

        Raises
        ------
        StorageUnavailable
            The disk cannot be asked.
        """
        try:
            return shutil.disk_usage(self.root).free / 1e6
        except OSError as error:
            raise as_unavailable(error) from None

    def used_bytes(self, area: str) -> int:
        """Bytes of all files of an area; it looks at each."""
        return sum(path.stat().st_size for path in (self.root / area).rglob("*") if path.is_file())

    def clean_temporary(self, *, older_than_s: float = 3600.0) -> int:
        """Remove what a crash left half written and return the number of files.

        Young files may be in the making by another process, so they stay.
        """
        limit = time.time() - older_than_s
        leftovers = [path for path in (self.root / _TEMPORARY).iterdir() if path.stat().st_mtime < limit]
        for path in leftovers:
            path.unlink(missing_ok=True)
        return len(leftovers)

    def _write(self, final: Path, content: Iterable[bytes | memoryview], *, size_bytes: int) -> None:
        if final.is_file() and final.stat().st_size == size_bytes:
            sync_folder(final.parent)  # the name holds the content's hash: the same bytes came before
            return
        self.make_folder(final.parent)
        temporary = self.root / _TEMPORARY / secrets.token_hex(16)
        try:
            with temporary.open("xb", buffering=0) as stream:
                for part in content:
                    _write_all(stream.fileno(), part)
                os.fsync(stream.fileno())
            temporary.replace(final)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(final.parent)

    def make_folder(self, folder: Path) -> None:
        """Make a folder below the root, durable in the one above it."""
        if folder.is_dir():
            return
        self.make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def _folder(area: str, group: str) -> str:
    digest = hashlib.sha256(group.encode()).hexdigest()[:32]
    return f"{area}/{digest[:2]}/{digest}"


def _write_all(descriptor: int, part: bytes | memoryview) -> None:
    view = memoryview(part)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Flush a folder: names of files in it are on the disk afterwards."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def as_unavailable(error: OSError) -> StorageUnavailable:
    """What an error of the disk means to who wanted to store something."""
    if error.errno in (28, 122, 27):  # ENOSPC, EDQUOT, EFBIG
        return StorageUnavailable(Code.DISK_FULL, f"The disk has no room; make room: {error.strerror}")
    return StorageUnavailable(Code.DISK_UNAVAILABLE, f"The data folder cannot be written: {error.strerror}")
