"""A push that is refused in the middle: read as half a study after a wait, and as a whole one when the rest comes."""

import io
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pydicom
import pytest
from pydicom.dataset import FileDataset
from sqlalchemy import select

from config.settings import ReceiverSettings, Settings
from dicom_node.analyse import worker
from dicom_node.analyse.wanted import wants
from dicom_node.receive.storage_scp import Receiver
from inference.serving import BundleShelf, LoadedBundle
from storage import runs, studies
from storage.objects import ObjectStore
from storage.runs import ClaimedRun
from storage.session import Database
from storage.states import StudyState, utc_now
from storage.tables import Result, ResultObject, Study
from tests.factories.dicom import encode
from tests.factories.sender import association, store
from tests.factories.storage import fresh
from tests.factories.waiting import wait_until

WAIT_S = 900.0
STAGES = ("Normal", "Early", "Moderate", "Advanced")


class Disk(ObjectStore):
    """Has room for so many images, then for none until somebody makes room."""

    room = 10**6

    def free_mb(self) -> float:
        self.room -= 1
        return 1e6 if self.room >= 0 else 1.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def objects(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "objects")


@pytest.fixture
def port(database: Database, objects: Disk) -> Iterator[int]:
    receiver = Receiver(ReceiverSettings(host="127.0.0.1", port=0), database, objects)
    receiver.start()
    yield receiver.port
    receiver.stop(drain_s=1)


@pytest.fixture
def work(
    tmp_path: Path,
    database: Database,
    objects: Disk,
    shipped_bundle: LoadedBundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker in this process, with the shipped networks."""
    shelf = cast(BundleShelf, SimpleNamespace(bundle=lambda name, user: shipped_bundle))
    monkeypatch.setattr(worker, "_context", worker._Context(Settings(data_dir=tmp_path), database, objects, shelf))


@pytest.fixture(scope="module")
def images(shipped_study: list[Path]) -> list[FileDataset]:
    """51 images in no order: both series that are read, and one localizer."""
    read = [pydicom.dcmread(file) for file in shipped_study]
    both = [one for one in read if one.SeriesNumber in (2, 3)]
    chosen = [*both, next(one for one in read if one.SeriesNumber == 1)]
    random.Random(1).shuffle(chosen)
    return chosen


def push(port: int, images: list[FileDataset]) -> list[int | None]:
    """Send until one is refused, as storescu does; the statuses."""
    answers: list[int | None] = []
    with association(port) as assoc:
        for one in images:
            answers.append(store(assoc, encode(one), instance=one.SOPInstanceUID).status)
            if answers[-1] != 0:
                break
    return answers


def study_of(database: Database) -> Study:
    with database.read() as session:
        return session.scalars(select(Study)).one()


def complete(database: Database, *, ago_s: float) -> Study:
    """The study is quiet, and was taken as complete so long ago."""
    wait_until(lambda: "IMAGES_RECEIVED" in codes(database), 60, "the association to end")
    study = study_of(database)
    assert studies.mark_complete(
        database,
        study.id,
        image_count=study.image_count,
        sentence="Quiet.",
        wants=wants,
        gap_wait_s=WAIT_S,
        at=utc_now() - timedelta(seconds=ago_s),
    )
    return study_of(database)


def codes(database: Database) -> list[str]:
    from storage.tables import Event

    with database.read() as session:
        return list(session.scalars(select(Event.code)))


def claim(database: Database) -> ClaimedRun | None:
    return runs.claim(database, "w", lease_s=60, wants=wants)


def newest(database: Database) -> Result:
    with database.read() as session:
        result = session.scalars(select(Result).order_by(Result.id.desc())).first()
        assert result is not None
        return result


def lines(database: Database, objects: ObjectStore, result: Result) -> list[str]:
    """What the text report of a result says, line by line."""
    with database.read() as session:
        mine = select(ResultObject).where(ResultObject.result_id == result.id, ResultObject.kind == "sr-text")
        key = session.scalars(mine).one().path_key
    report = pydicom.dcmread(io.BytesIO(objects.read(key)))
    return [
        str(line.TextValue)
        for part in report.ContentSequence
        for line in part.get("ContentSequence", ())
        if "TextValue" in line
    ]


def test_half_a_push_is_never_read_as_a_whole_study_and_the_rest_makes_it_one(
    port: int, database: Database, objects: Disk, images: list[FileDataset], work: None
) -> None:
    objects.room = 29
    assert push(port, images) == [0] * 29 + [0xA700]
    study = complete(database, ago_s=WAIT_S + 1)
    assert (study.state, study.reason_code, study.image_count) == (StudyState.QUEUED, "WAITS_FOR_IMAGES", 29)
    assert "1 image was refused" in study.reason
    half = claim(database)
    assert half is not None
    assert worker.analyse(half) == "done"

    result = newest(database)
    first = "The study is incomplete. Images that this node could not store and that did not come again: 1."
    assert result.headline.startswith(first)
    assert " ".join(result.summary["limits"]).startswith(first) and result.summary["scope"] == "partial"
    said = {one["key"]: one for one in result.summary["said"] if one["key"] in {"axspa", "stage"}}
    assert all(one["value"] is None and one["not_assessable"]["code"] == "IMAGES_REFUSED" for one in said.values())
    report = lines(database, objects, result)
    assert " ".join(report[1:]).startswith(first) and not any(stage in line for stage in STAGES for line in report)
    assert any("Slices missing within the T1-weighted series" in line for line in report)

    objects.room = 10**6
    assert set(push(port, images)) == {0}
    study = complete(database, ago_s=0)
    assert (study.reason, study.image_count) == ("Quiet.", 51)
    whole = claim(database)
    assert whole is not None and (whole.revision, whole.gaps) == (2, ())
    assert worker.analyse(whole) == "done"

    result = newest(database)
    assert "incomplete" not in result.headline and result.summary["scope"] == "full"
    said = {one["key"]: one for one in result.summary["said"] if one["key"] in {"axspa", "stage"}}
    assert said["stage"]["value"] is not None and said["axspa"]["value"] is not None
    report = lines(database, objects, result)
    assert report[1] == "Revision 2; it replaces the earlier result of this study."
    with database.read() as session:
        assert session.scalars(select(Result.superseded).order_by(Result.id)).all() == [True, False]


def test_slices_that_never_came_are_waited_for_though_nothing_was_refused(
    port: int, database: Database, images: list[FileDataset], work: None
) -> None:
    lost = [one for one in images if one.SeriesNumber == 2 and one.InstanceNumber in (10, 11)]
    assert set(push(port, [one for one in images if one not in lost])) == {0}
    assert complete(database, ago_s=0).reason == "Quiet."
    claimed = claim(database)
    assert claimed is not None
    assert worker.analyse(claimed) == "queued"
    study = study_of(database)
    assert (study.state, study.reason_code) == (StudyState.QUEUED, "WAITS_FOR_IMAGES")
    assert "Slices missing within the T1-weighted series: 2." in study.reason
    assert claim(database) is None
    assert set(push(port, lost)) == {0}
    assert complete(database, ago_s=0).reason == "Quiet."
    again = claim(database)
    assert again is not None and len(again.path_keys) == 51
    assert (again.revision, again.attempt) == (1, 1)
