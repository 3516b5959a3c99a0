"""What a disk holds when the power goes: a process's writes recorded by strace, without what was not flushed.

A file's bytes count once the file was flushed, its name once its folder was. That is the least that a file system
promises; real ones keep more.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.factories.waiting import wait_until
from tests.programs import stop

CALLS = (
    "openat,open,creat,write,pwrite64,writev,pwritev,fsync,fdatasync,rename,renameat,renameat2,"
    "truncate,ftruncate,sendto,sendmsg,fallocate"
)
_LINE = re.compile(r"(?:\[pid +)?(\d+)\]? +(.*)\Z", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?")
_HANDLE = re.compile(r"(-?\d+)<([^>]*)>")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')


@contextmanager
def recorded(pid: int, record: Path) -> Iterator[None]:
    """Record what a process writes and sends within this context.

    Raises
    ------
    OSError
        Nobody may watch a process here.
    """
    command = ["strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}"]
    process = subprocess.Popen([*command, "-o", str(record), "-p", str(pid)], stderr=subprocess.PIPE)
    try:
        status = Path(f"/proc/{pid}/status")
        wait_until(lambda: process.poll() is not None or f"TracerPid:\t{process.pid}\n" in status.read_text(), 60)
        if process.poll() is not None:
            raise OSError("a process may not be watched here")
        yield
    finally:
        stop(process)


@dataclass
class _File:
    """One file: as programs see it, and as the disk holds it."""

    seen: bytearray = field(default_factory=bytearray)
    flushed: bytes = b""


@dataclass
class Disk:
    """A folder on a disk, as a record of calls changes it.

    Parameters
    ----------
    root : Path
        Only what is below it counts.
    base : Path
        What it held, flushed, before the record began.
    """

    root: Path
    base: Path
    _files: dict[str, _File] = field(default_factory=dict)
    _names: dict[str, _File] = field(default_factory=dict)
    _flushed_names: dict[str, _File] = field(default_factory=dict)
    _places: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take the base in."""
        for path in self.base.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                name = str(self.root / path.relative_to(self.base))
                self._names[name] = self._flushed_names[name] = _File(bytearray(data), data)

    def answers(self, record: str, answer: bytes) -> Iterator[None]:
        """Play the record; yields before each call that sends these bytes, when the disk is as it was then."""
        begun: dict[str, str] = {}
        for line in record.splitlines():
            match = _LINE.match(line)
            if match is None:
                continue
            thread, text = match.groups()
            if text.endswith("<unfinished ...>"):
                begun[thread] = text.removesuffix("<unfinished ...>")
                text = begun[thread] + ") = 0"
                if "sendto(" in text and answer in _bytes(text):
                    yield
                continue
            resumed = re.match(r"<\.\.\. \w+ resumed>(.*)\Z", text, re.DOTALL)
            if resumed:
                before = begun.pop(thread, "")
                if before.startswith("sendto("):
                    continue
                text = before + resumed[1]
            call = _CALL.match(text)
            if call is None or int(call[3]) < 0:
                continue
            if call[1] == "sendto":
                if answer in _bytes(call[2]):
                    yield
                continue
            self._apply(call[1], call[2], int(call[3]), _path(call[4] or ""))

    def restore(self, folder: Path) -> None:
        """Write what the disk holds into a new folder."""
        shutil.rmtree(folder, ignore_errors=True)
        for name, file in self._flushed_names.items():
            path = folder / Path(name).relative_to(self.root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.flushed)

    def _apply(self, call: str, arguments: str, result: int, opened: str) -> None:
        if call in {"openat", "open", "creat"}:
            self._open(arguments, str(result), opened)
        elif call.startswith("rename"):
            source, target = (_path(text) for text in _TEXT.findall(arguments))
            if source in self._names:
                self._names[target] = self._names.pop(source)
        elif call == "truncate":
            self._resize(_path(_TEXT.findall(arguments)[0]), int(arguments.rsplit(",", 1)[1]))
        elif (handle := _HANDLE.match(arguments)) is not None and self._is_ours(_path(handle[2])):
            self._change(call, _path(handle[2]), handle[1], arguments, result)

    def _open(self, arguments: str, number: str, name: str) -> None:
        if self._is_ours(name) and "O_CREAT" in arguments:
            self._names.setdefault(name, _File())
        if "O_TRUNC" in arguments and name in self._names:
            self._names[name].seen.clear()
        self._places[name, number] = 0

    def _change(self, call: str, name: str, number: str, arguments: str, result: int) -> None:
        if call in {"fsync", "fdatasync"}:
            self._flush(name)
        elif call == "ftruncate":
            self._resize(name, int(arguments.rsplit(",", 1)[1]))
        elif call == "pwrite64":
            self._write(name, _bytes(arguments)[:result], int(arguments.rsplit(",", 1)[1]))
        elif call == "write":
            place = self._places.get((name, number), 0)
            self._write(name, _bytes(arguments)[:result], place)
            self._places[name, number] = place + result
        else:
            raise ValueError(f"a call that is not played: {call}")

    def _is_ours(self, name: str) -> bool:
        return name.startswith(f"{self.root}/")

    def _write(self, name: str, data: bytes, place: int) -> None:
        seen = self._names.setdefault(name, _File()).seen
        seen.extend(bytes(max(0, place - len(seen))))
        seen[place : place + len(data)] = data

    def _resize(self, name: str, size: int) -> None:
        if name in self._names:
            seen = self._names[name].seen
            del seen[size:]
            seen.extend(bytes(size - len(seen)))

    def _flush(self, name: str) -> None:
        if name in self._names:
            self._names[name].flushed = bytes(self._names[name].seen)
            return
        for one in [one for one in self._flushed_names if str(Path(one).parent) == name and one not in self._names]:
            del self._flushed_names[one]
        for one, file in self._names.items():
            if str(Path(one).parent) == name:
                self._flushed_names[one] = file


def _path(text: str) -> str:
    """A path that strace wrote in hexadecimal."""
    return bytes.fromhex(text.replace("\\x", "")).decode()


def _bytes(arguments: str) -> bytes:
    found = _TEXT.search(arguments)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""
