"""Files at hand before they are needed, and rows that share a commit."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from config.errors import UnusableInput
from storage import images
from storage.images import IncomingImage, Recorded
from storage.objects import ObjectStore
from storage.pool import FILES_IN_ONE, FilePool, remove_leftovers
from storage.recorder import Recorder
from storage.session import Database
from tests.factories.storage import fresh
from tests.factories.waiting import wait_until


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def incoming(number: int, **values: str) -> IncomingImage:
    named = {"study_instance_uid": "1.2", "series_instance_uid": "1.2.3", "sop_instance_uid": f"1.2.3.{number}"}
    fixed = {"sop_class_uid": "1.4", "transfer_syntax_uid": "1.5", "sha256": f"{number:064d}"}
    return IncomingImage(**(named | fixed | {"path_key": f"images/{number}"} | values), size_bytes=1)


def test_each_file_is_given_once_and_is_there_and_empty(objects: ObjectStore) -> None:
    pool = FilePool(objects, "images")
    keys = [pool.take() for _ in range(FILES_IN_ONE + 10)]
    assert len(set(keys)) == len(keys)
    assert all(objects.path(key).stat().st_size == 0 for key in keys)


def test_a_file_that_comes_back_is_empty_again(objects: ObjectStore) -> None:
    pool = FilePool(objects, "images")
    key = pool.take()
    objects.path(key).write_bytes(b"not kept")
    pool.give_back(key)
    assert objects.path(key).stat().st_size == 0


def test_what_a_killed_process_left_is_removed_but_for_what_has_a_row(objects: ObjectStore) -> None:
    dead = FilePool(objects, "images")
    answered, unanswered = dead.take(), dead.take()
    for key in (answered, unanswered):
        objects.path(key).write_bytes(b"image")
    dead._list.close()  # as the system does for a process that is killed
    alive = FilePool(objects, "images")
    kept = alive.take()
    assert remove_leftovers(objects, lambda keys: {answered} & set(keys)) == FILES_IN_ONE - 1
    assert objects.read(answered) == b"image"
    assert not objects.path(unanswered).exists()
    assert objects.path(kept).exists()
    assert remove_leftovers(objects, lambda keys: ()) == 0


def test_a_pool_that_ends_leaves_only_what_was_taken(objects: ObjectStore) -> None:
    pool = FilePool(objects, "images")
    taken = pool.take()
    pool.close()
    assert [path for path in (objects.root / "images").rglob("*.dcm")] == [objects.path(taken)]
    assert list((objects.root / "pools").iterdir()) == []


def test_images_that_come_during_a_commit_share_the_next_one(database: Database) -> None:
    recorder = Recorder(database)
    commits: list[int] = []
    first_is_in, others_wait = threading.Event(), threading.Event()

    def at_commit(_connection: object) -> None:
        commits.append(1)
        first_is_in.set()
        assert others_wait.wait(60)

    event.listen(database.engine, "commit", at_commit)
    answers: list[Recorded] = []
    threads = [
        threading.Thread(target=lambda n=number: answers.append(recorder.record(incoming(n)).outcome))
        for number in range(9)
    ]
    threads[0].start()
    assert first_is_in.wait(60)
    for thread in threads[1:]:
        thread.start()
    wait_until(lambda: len(recorder._waiting) == 8, what="the others to wait")
    others_wait.set()
    for thread in threads:
        thread.join(60)
    assert answers == [Recorded.NEW] * 9
    assert len(commits) == 2
    assert images.known_keys(database, ["images/3", "images/99"]) == {"images/3"}


def test_one_that_cannot_be_recorded_takes_no_other_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, real = Recorder(database), images._record

    def record(session: object, image: IncomingImage, **options: object) -> object:
        if image.sop_instance_uid == "1.2.3.1":
            raise ZeroDivisionError
        return real(session, image, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(images, "_record", record)
    found = recorder._record([incoming(0), incoming(1), incoming(2)])
    assert [getattr(one, "outcome", type(one)) for one in found] == [Recorded.NEW, ZeroDivisionError, Recorded.NEW]


def test_what_has_no_uids_is_not_recorded(database: Database) -> None:
    with pytest.raises(UnusableInput, match="UID_INVALID"):
        Recorder(database).record(incoming(1, series_instance_uid="x"))
    assert Recorder(database).record(incoming(1)).outcome is Recorded.NEW
