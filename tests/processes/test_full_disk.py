"""Storage on a disk that is full: by a limit on file size, and on a small file system."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import StorageUnavailable
from storage.objects import ObjectStore
from tests.programs import ENVIRONMENT

FILL = """
import resource, sys
from pathlib import Path
from config.errors import StorageUnavailable
from storage.objects import ObjectStore
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
store = ObjectStore(Path(sys.argv[1]))
store.put("images", "1.2", name="small", content=(b"x" * 50_000,), suffix=".dcm")
try:
    store.put("images", "1.2", name="large", content=(b"y" * 50_000, b"z" * 100_000), suffix=".dcm")
except StorageUnavailable as error:
    print(error.code)
"""


def put(store: ObjectStore, content: bytes) -> str:
    return store.put("images", "1.2.3", name="1.2.3.4", content=(content,), suffix=".dcm").key


def test_a_write_that_finds_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FILL, str(tmp_path)]
    answer = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "DISK_FULL"
    assert list((tmp_path / "temporary").iterdir()) == []
    kept = [path for path in tmp_path.rglob("*.dcm")]
    assert [path.stat().st_size for path in kept] == [50_000]


def test_a_full_disk_is_noticed(tmp_path: Path) -> None:
    mounted = tmp_path / "small"
    mounted.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(mounted)], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip("a small file system cannot be mounted here; the limit on file size is tested instead")
    try:
        store = ObjectStore(mounted)
        key = put(store, b"x" * 100_000)
        with pytest.raises(StorageUnavailable, match="DISK_FULL"):
            put(store, b"y" * 400_000)
        assert store.read(key) == b"x" * 100_000
        assert list((mounted / "temporary").iterdir()) == []
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
