"""Files: durable, named by hashes, nothing left behind where the disk is full."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from config.errors import StorageUnavailable, UnusableInput
from storage.objects import ObjectStore


def put(store: ObjectStore, content: bytes = b"bytes", *, group: str = "1.2.3", name: str = "1.2.3.4") -> str:
    return store.put("images", group, name=name, content=(content[:2], memoryview(content)[2:]), suffix=".dcm").key


def test_what_was_put_is_there_under_a_key_of_hashes(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    stored = store.put("images", "1.2.3", name="1.2.3.4", content=(b"ab", memoryview(b"cde")), suffix=".dcm")
    assert store.read(stored.key) == b"abcde"
    assert (stored.size_bytes, stored.sha256) == (5, hashlib.sha256(b"abcde").hexdigest())
    assert "1.2.3" not in stored.key
    assert hashlib.sha256(store.read(stored.key)).hexdigest() == stored.sha256


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a/b", "\0", "x" * 5000, "con", ""])
def test_no_name_from_outside_becomes_a_path(tmp_path: Path, name: str) -> None:
    store = ObjectStore(tmp_path / "objects")
    key = put(store, group=name, name=name)
    assert store.path(key).resolve().is_relative_to(tmp_path / "objects")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["objects"]


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "images/../../x", "", "images/ab/cd", "images/aa/\n"])
def test_a_key_that_was_never_given_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(UnusableInput, match="OBJECT_KEY"):
        ObjectStore(tmp_path).read(key)


def test_other_content_under_the_same_name_overwrites_nothing(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    one, other = put(store, b"first"), put(store, b"second")
    assert (store.read(one), store.read(other)) == (b"first", b"second")
    assert put(store, b"first") == one


def test_a_lost_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    key = put(store)
    store.discard(key)
    with pytest.raises(StorageUnavailable, match="OBJECT_UNREADABLE"):
        store.read(key)


def test_leftovers_of_a_crash_are_cleaned_and_young_files_stay(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    old, young = tmp_path / "temporary" / "old", tmp_path / "temporary" / "young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert ObjectStore(tmp_path).clean_temporary() == 1
    assert (old.exists(), young.exists()) == (False, True)
    assert store.free_mb() > 0
