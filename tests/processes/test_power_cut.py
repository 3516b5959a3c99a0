"""The power goes at the moment of each answer: what was answered with success is there, in its study."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.objects import ObjectStore
from storage.session import Database
from storage.tables import Instance, Study
from tests.factories.dicom import encode, image
from tests.factories.power import Disk, recorded
from tests.factories.sender import association, receiver_process, store

SUCCESS = b"\x00\x00\x00\x09\x02\x00\x00\x00\x00\x00"  # (0000,0900) Status 0x0000
STUDIES, IMAGES = 2, 12


def send(port: int) -> None:
    """Send images of several studies in turn."""
    with ExitStack() as stack:
        senders = [stack.enter_context(association(port)) for _ in range(STUDIES)]
        for number in range(IMAGES):
            for study, sender in enumerate(senders):
                made = image(number, study=f"1.2.826.{study}")
                assert store(sender, encode(made), instance=made.SOPInstanceUID).status == 0


def test_what_was_answered_survives_a_power_cut_at_each_answer(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    folder, base, rebuilt, record = (tmp_path / name for name in ("data", "base", "rebuilt", "record"))
    with receiver_process(folder, min_free_mb=0) as running:
        try:
            with recorded(running.process.pid, record):
                shutil.copytree(folder, base)
                send(running.port)
        except OSError as error:
            pytest.skip(str(error))
    disk = Disk(folder, base)
    expected = [(f"1.2.826.{n % STUDIES}", n // STUDIES) for n in range(STUDIES * IMAGES)]
    answered = 0
    for _ in disk.answers(record.read_text(), SUCCESS):
        answered += 1
        disk.restore(rebuilt)
        assert there(rebuilt) >= set(expected[:answered])
    assert answered == STUDIES * IMAGES


def test_a_disk_forgets_what_was_not_flushed(tmp_path: Path) -> None:
    root, base, rebuilt = tmp_path / "data", tmp_path / "base", tmp_path / "rebuilt"
    (base / "a").mkdir(parents=True)
    (base / "a" / "old").write_bytes(b"as it was")

    def name(path: str) -> str:
        return "".join(f"\\x{byte:02x}" for byte in str(root / path).encode())

    calls = [
        f'7 openat(AT_FDCWD, "{name("a/one")}", O_RDWR|O_CREAT) = 3<{name("a/one")}>',
        f'7 write(3<{name("a/one")}>, "\\x31\\x32", 2) = 2',
        f"8 fsync(3<{name('a/one')}> <unfinished ...>",
        f'7 pwrite64(4<{name("a/old")}>, "\\x41", 1, 0) = 1',
        '7 sendto(9<s>, "\\x2a", 1, 0, NULL, 0) = 1',
        "8 <... fsync resumed>) = 0",
        '7 sendto(9<s>, "\\x2a", 1, 0, NULL, 0) = 1',
        f"7 fsync(5<{name('a')}>) = 0",
        f"7 fdatasync(4<{name('a/old')}>) = 0",
        '7 sendto(9<s>, "\\x2a", 1, 0, NULL, 0) = 1',
    ]
    states = []
    disk = Disk(root, base)
    for _ in disk.answers("\n".join(calls), b"*"):
        disk.restore(rebuilt)
        states.append({path.name: path.read_bytes() for path in (rebuilt / "a").iterdir()})
    assert states == [{"old": b"as it was"}] * 2 + [{"old": b"As it was", "one": b"12"}]


def there(folder: Path) -> set[tuple[str, int]]:
    """Study and number of each image that a node would find, whole, in this folder."""
    database, objects = Database(f"sqlite:///{folder / 'axspa.sqlite'}"), ObjectStore(folder / "objects")
    found = set()
    with database.read() as session:
        for uid, row in session.execute(select(Study.study_instance_uid, Instance).join(Instance)):
            number = int(row.sop_instance_uid.rpartition(".")[2])
            made = encode(image(number, study=uid))
            assert objects.read(row.path_key).endswith(made)
            found.add((uid, number))
    database.dispose()
    return found
