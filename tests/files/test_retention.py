"""Retention: what is delivered goes when it is old, what is not stays; every deletion is audited, and no kill loses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from config.errors import StorageUnavailable
from config.settings_keeping import RetentionSettings
from dicom_node.analyse.wanted import wants
from storage import associations, audit, deliveries, figures, proofs, results, retention
from storage.associations import Peer, Refusal
from storage.attempts import Attempt
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import DeliveryState
from storage.studies import mark_complete, record_instance
from storage.tables import (
    Association,
    AssociationOutcome,
    Delivery,
    DoomedFile,
    Event,
    Instance,
    Picture,
    RefusedImage,
    Result,
    Run,
    Study,
)
from tests.factories.storage import START, begin, fresh, image, open_destinations, result_of

LATER = START + timedelta(days=40)
MONTH = RetentionSettings(study_days=30.0)


class Archive:
    """A database with its files."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.objects = ObjectStore(folder / "objects")

    def files(self) -> list[str]:
        """Keys of all files."""
        root = self.objects.root
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def put(self, area: str, name: str) -> Any:
        return self.objects.put(area, "1.2.3", name=name, content=[name.encode()], suffix=".dcm")

    def study(self, *, destinations: tuple[str, ...] = ("archive",)) -> int:
        """A study of one image with a result that is to be delivered."""
        open_destinations(self.database, *destinations)
        stored = self.put("images", "source")
        one = replace(image(1), path_key=stored.key, sha256=stored.sha256)
        study_id = record_instance(self.database, one, at=START).study_id
        mark_complete(self.database, study_id, image_count=1, sentence="Quiet.", wants=wants, gap_wait_s=0.0, at=START)
        claimed = begin(self.database, seconds=1)
        made = result_of(claimed, objects=1)
        objects = [replace(made.objects[0], stored=self.put("results", "object"))]
        pictures = [replace(made.pictures[0], stored=self.put("pictures", "picture"))]
        results.save(
            self.database,
            claimed,
            replace(made, objects=objects, pictures=pictures),
            destinations=destinations,
            now=START,
        )
        return study_id

    def deliver(self, *, proved: bool = True) -> None:
        """Have all that waits for the archive arrive there."""
        due = deliveries.due(self.database, "archive", now=START)
        found = [Attempt(row.delivery_id, DeliveryState.DELIVERED, 0, "STORED", "", None) for row in due]
        deliveries.record(self.database, found, now=START)
        if proved:
            with self.database.write() as session:
                session.execute(update(Delivery).values(proof="committed"))

    def count(self, table: type[Any]) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def actions(self) -> list[str]:
        return [row.action for row in audit.rows(self.database) if row.actor == retention.ACTOR]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(fresh(tmp_path), tmp_path)
    yield made
    made.database.dispose()


def turn(archive: Archive, settings: RetentionSettings = MONTH, **more: Any) -> retention.Deleted:
    return retention.turn(archive.database, archive.objects, settings, **({"now": LATER} | more))


def test_an_old_study_that_is_delivered_goes_with_its_files_and_leaves_an_audit_row(archive: Archive) -> None:
    study_id = archive.study()
    archive.deliver()
    assert len(archive.files()) == 3
    assert turn(archive).studies == 1
    assert [archive.count(table) for table in (Study, Instance, Run, Result, Delivery, Event, DoomedFile)] == [0] * 7
    assert archive.files() == []
    (row,) = [row for row in audit.rows(archive.database) if row.actor == retention.ACTOR]
    assert (row.action, row.subject, row.detail) == ("study.delete", f"study {study_id}", '{"files": 3, "why": "age"}')
    assert audit.verify(archive.database).intact


@pytest.mark.parametrize("state", [state for state in DeliveryState if state not in retention._GONE])
def test_what_is_not_delivered_stays(archive: Archive, state: DeliveryState) -> None:
    archive.study()
    archive.deliver()
    with archive.database.write() as session:
        session.execute(update(Delivery).values(state=state))
    assert turn(archive) == retention.Deleted()
    assert len(archive.files()) == 3 and archive.actions() == []


def test_what_a_destination_has_still_to_prove_stays(archive: Archive) -> None:
    archive.study()
    archive.deliver(proved=False)
    assert proofs.due(archive.database, "archive", now=LATER)
    assert turn(archive) == retention.Deleted()


def test_a_young_study_stays_and_without_settings_all_do(archive: Archive) -> None:
    archive.study()
    archive.deliver()
    assert turn(archive, now=START + timedelta(days=29)) == retention.Deleted()
    assert turn(archive, RetentionSettings()) == retention.Deleted()
    assert not retention.deletes(RetentionSettings()) and retention.deletes(MONTH)


def test_a_result_that_went_nowhere_stays_unless_the_settings_let_it_go(archive: Archive) -> None:
    archive.study(destinations=())
    assert turn(archive) == retention.Deleted()
    assert turn(archive, MONTH.model_copy(update={"sent_nowhere": True})).studies == 1


def test_while_its_sender_sends_a_study_stays(archive: Archive) -> None:
    archive.study()
    archive.deliver()
    with archive.database.write() as session:
        session.execute(update(Study).values(calling_ae="MR1"))
    number = associations.opened(archive.database, Peer("127.0.0.1", 1, calling_ae="MR1"))
    assert turn(archive).studies == 0
    associations.closed(archive.database, number, associations.Counts(), outcome=AssociationOutcome.RELEASED)
    assert turn(archive).studies == 1


def test_sources_and_pictures_go_by_themselves_and_the_result_stays(archive: Archive) -> None:
    study_id = archive.study()
    archive.deliver()
    deleted = turn(archive, RetentionSettings(source_days=30.0, picture_days=30.0))
    assert (deleted.sources, deleted.pictures, deleted.studies) == (1, 1, 0)
    assert [archive.count(table) for table in (Study, Result, Instance, Picture)] == [1, 1, 0, 0]
    assert [key.partition("/")[0] for key in archive.files()] == ["results"]
    assert archive.actions() == ["sources.delete", "pictures.delete"]
    with archive.database.read() as session:
        codes = list(session.scalars(select(Event.code).where(Event.study_id == study_id)))
    assert {"SOURCES_DELETED", "PICTURES_DELETED"} <= set(codes)
    assert turn(archive, RetentionSettings(source_days=30.0, picture_days=30.0)) == retention.Deleted()


def test_quarantine_and_associations_go_and_the_counts_stay(archive: Archive) -> None:
    peer = Peer("127.0.0.1", 1, calling_ae="MR1")
    number = associations.opened(archive.database, peer)
    refusal = Refusal(0xC000, "UID_INVALID", "No UID.", path_key=archive.put("quarantine", "bad").key)  # type: ignore[arg-type]
    associations.refuse_image(archive.database, peer, refusal, association_id=number)
    associations.closed(
        archive.database, number, associations.Counts(stored=3, refused=1), outcome=AssociationOutcome.RELEASED
    )
    before, later = figures.read(archive.database).received, LATER + timedelta(days=36500)
    deleted = turn(archive, RetentionSettings(quarantine_days=1.0, association_days=1.0), now=later)
    assert (deleted.quarantine, deleted.refusals, deleted.associations) == (1, 1, 1)
    assert archive.files() == [] and archive.count(RefusedImage) == archive.count(Association) == 0
    assert archive.actions() == ["quarantine.delete", "refusals.delete", "associations.delete"]
    assert figures.read(archive.database).received == before


def test_a_kill_between_rows_and_files_leaves_nothing_behind(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.study()
    archive.deliver()

    def killed(self: ObjectStore, key: str) -> None:
        raise StorageUnavailable("DISK_UNAVAILABLE", "Killed.")  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "discard", killed)
        with pytest.raises(StorageUnavailable):
            turn(archive)
    assert archive.count(Study) == 0 and len(archive.files()) == 3
    turn(archive, RetentionSettings())
    assert archive.files() == [] and archive.count(DoomedFile) == 0


def test_a_file_that_a_row_names_is_never_removed(archive: Archive) -> None:
    archive.study()
    with archive.database.write() as session:
        session.add(DoomedFile(path_key=session.scalars(select(Instance.path_key)).one()))
    assert retention.remove_doomed(archive.database, archive.objects) == 0
    assert len(archive.files()) == 3


def test_where_space_is_short_the_oldest_go_and_only_as_many_as_are_needed(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.study()
    archive.deliver()
    settings = RetentionSettings(free_mb=100.0)
    monkeypatch.setattr(ObjectStore, "free_mb", lambda self: 100.0)
    assert retention.make_room(archive.database, archive.objects, settings, now=LATER) == 0
    monkeypatch.setattr(ObjectStore, "free_mb", lambda self: 99.0)
    assert retention.make_room(archive.database, archive.objects, settings, now=START + timedelta(minutes=59)) == 0
    assert retention.make_room(archive.database, archive.objects, settings, now=LATER) == 1
    assert [row.detail for row in audit.rows(archive.database) if row.actor == retention.ACTOR] == [
        '{"files": 3, "why": "space"}'
    ]
