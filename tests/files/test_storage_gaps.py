"""A study that may not be whole: the evidence, the wait, and what ends it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from config.codes import Code, GapCode
from config.errors import Final
from storage import arrivals, associations, runs, studies
from storage.arrivals import Arrival
from storage.associations import Counts, Peer, Refusal
from storage.session import Database
from storage.states import Reception, StudyState
from storage.tables import Association, AssociationOutcome, Audit, Event, RefusedImage, Run, Study
from tests.factories.storage import STUDY, at, begin, fresh, image, receive, save

PACS = Peer("10.0.0.1", 104, calling_ae="PACS")
WAIT_S = 900.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def study_of(database: Database) -> Study:
    with database.read() as session:
        return session.scalars(select(Study)).one()


def refuse(database: Database, number: int, *, association: int | None = None) -> None:
    one = image(number)
    refusal = Refusal(
        status=0xA700,
        code=Code.DISK_LOW,
        reason="Less than receiver.min_free_mb (500 MB) is free.",
        sop_class_uid=one.sop_class_uid,
        sop_instance_uid=one.sop_instance_uid,
        study_instance_uid=STUDY,
        series_instance_uid=one.series_instance_uid,
    )
    associations.refuse_image(database, PACS, refusal, association_id=association)


def transfer(database: Database, *numbers: int, seconds: float, duplicates: int = 0, broken: bool = False) -> int:
    """An association that brings images and ends, in order or not."""
    number = associations.opened(database, PACS)
    for one in numbers:
        studies.record_instance(database, image(one, association_id=number), at=at(seconds))  # type: ignore[arg-type]
    outcome = AssociationOutcome.ABORTED if broken else AssociationOutcome.RELEASED
    associations.closed(database, number, Counts(len(numbers), duplicates), outcome=outcome)
    with database.read() as session:
        study_id = session.scalars(select(Study.id)).one()
    brought = {study_id: Arrival(len(numbers), duplicates, broken)}
    arrivals.note_arrivals(database, brought, sender="PACS", association_id=number)
    return number


def complete(database: Database, *, seconds: float) -> Study:
    study = study_of(database)
    assert studies.mark_complete(
        database, study.id, image_count=study.image_count, sentence="Quiet.", gap_wait_s=WAIT_S, at=at(seconds)
    )
    return study_of(database)


def test_a_study_of_which_nothing_is_missing_is_read_at_once(database: Database) -> None:
    transfer(database, 1, 2, seconds=0)
    assert complete(database, seconds=60).reason == "Quiet."
    assert begin(database, seconds=61).gaps == ()


def test_images_that_were_refused_are_waited_for_and_said(database: Database) -> None:
    refuse(database, 1)  # before the study is known
    receive(database, 2, 3)
    refuse(database, 4)
    refuse(database, 4)  # it was tried twice
    study = complete(database, seconds=60)
    assert (study.state, study.reason_code) == (StudyState.QUEUED, "WAITS_FOR_IMAGES")
    assert "until 2026-03-01 12:16 UTC" in study.reason and "2 images were refused" in study.reason
    assert runs.claim(database, "w", lease_s=60, now=at(60 + WAIT_S - 1)) is None
    (gap,) = begin(database, seconds=60 + WAIT_S).gaps
    assert (gap.code, gap.count, gap.series) == (GapCode.IMAGES_REFUSED, 2, (f"{STUDY}.1",))


def test_refused_images_that_come_again_end_the_wait(database: Database) -> None:
    receive(database, 1)
    refuse(database, 2)
    assert complete(database, seconds=60).reason_code == "WAITS_FOR_IMAGES"
    receive(database, 2, seconds=100)
    assert study_of(database).state is StudyState.RECEIVING
    assert complete(database, seconds=160).reason == "Quiet."
    claimed = begin(database, seconds=161)
    assert (claimed.revision, claimed.gaps, len(claimed.path_keys)) == (1, (), 2)


def test_a_refused_object_that_nobody_reads_is_not_missing(database: Database) -> None:
    receive(database, 1)
    refuse(database, 2)
    with database.write() as session:
        session.execute(update(RefusedImage).values(sop_class_uid="1.2.840.10008.5.1.4.1.1.88.33"))

    def images_alone(application: str, *, sop_class_uid: str, modality: str, image_type: str) -> bool:
        return not sop_class_uid.endswith(".88.33")

    study = study_of(database)
    studies.mark_complete(
        database, study.id, image_count=1, sentence="Quiet.", wants=images_alone, gap_wait_s=WAIT_S, at=at(60)
    )
    assert study_of(database).reason == "Quiet."
    claimed = runs.claim(database, "w", lease_s=60, wants=images_alone, now=at(61))
    assert claimed is not None and claimed.gaps == ()


def test_a_transfer_that_broke_off_is_waited_for_until_a_later_one_ends_in_order(database: Database) -> None:
    transfer(database, 1, 2, seconds=0, broken=True)
    assert complete(database, seconds=60).reason_code == "WAITS_FOR_IMAGES"
    assert "broke off" in study_of(database).reason
    transfer(database, seconds=100, duplicates=2)  # all of it was here: nothing new comes
    assert study_of(database).reception is Reception.RECEIVING
    assert complete(database, seconds=101).reason == "Quiet."
    assert begin(database, seconds=102).gaps == ()


def test_a_transfer_beside_the_broken_one_does_not_make_it_good(database: Database) -> None:
    beside = associations.opened(database, PACS)
    transfer(database, 1, seconds=0, broken=True)
    studies.record_instance(database, image(2, association_id=beside), at=at(1))  # type: ignore[arg-type]
    associations.closed(database, beside, Counts(1), outcome=AssociationOutcome.RELEASED)
    brought = {study_of(database).id: Arrival(1)}
    arrivals.note_arrivals(database, brought, sender="PACS", association_id=beside)
    complete(database, seconds=60)
    assert [gap.code for gap in begin(database, seconds=60 + WAIT_S).gaps] == [GapCode.TRANSFER_BROKEN]


def test_a_broken_resend_of_what_is_here_is_no_gap(database: Database) -> None:
    transfer(database, 1, 2, seconds=0)
    transfer(database, seconds=1, duplicates=1, broken=True)
    assert complete(database, seconds=60).reason == "Quiet."


def test_what_is_said_to_be_missing_and_comes_gives_a_new_revision(database: Database) -> None:
    transfer(database, 1, seconds=0, broken=True)
    complete(database, seconds=60)
    first = begin(database, seconds=60 + WAIT_S)
    save(database, first, destinations=(), seconds=970)
    transfer(database, seconds=1000, duplicates=1)
    complete(database, seconds=1060)
    second = begin(database, seconds=1061)
    assert (second.revision, second.gaps, second.path_keys) == (2, (), first.path_keys)
    assert second.content_hash != first.content_hash


def test_an_image_refused_after_the_result_is_waited_for_too(database: Database) -> None:
    transfer(database, 1, seconds=0)
    complete(database, seconds=60)
    save(database, begin(database, seconds=61), destinations=())
    late = associations.opened(database, PACS)
    refuse(database, 2, association=late)
    arrivals.note_arrivals(database, {}, sender="PACS", association_id=late)
    study = complete(database, seconds=200)
    assert (study.state, study.reason_code) == (StudyState.QUEUED, "WAITS_FOR_IMAGES")
    assert begin(database, seconds=200 + WAIT_S).revision == 2


def test_a_study_is_not_complete_while_its_association_is_open_and_silent(database: Database) -> None:
    number = associations.opened(database, PACS)
    studies.record_instance(database, image(1, association_id=number), at=at(0))  # type: ignore[arg-type]
    first = study_of(database).id
    assert arrivals.still_sending(database, first)
    other = image(1, study="1.2.9", association_id=number)  # type: ignore[arg-type]
    second = studies.record_instance(database, other, at=at(1)).study_id
    assert not arrivals.still_sending(database, first), "it has gone on to the next study"
    assert arrivals.still_sending(database, second)
    assert arrivals.still_sending(database, second, since=at(1))
    assert not arrivals.still_sending(database, second, since=at(2)), "a peer may hold one open for good"
    associations.closed(database, number, Counts(2), outcome=AssociationOutcome.RELEASED)
    assert not arrivals.still_sending(database, second)


def test_associations_that_a_dead_receiver_left_open_broke_off_for_their_studies(database: Database) -> None:
    number = associations.opened(database, PACS)
    studies.record_instance(database, image(1, association_id=number), at=at(0))  # type: ignore[arg-type]
    assert arrivals.close_leftovers(database) == 1
    with database.read() as session:
        assert session.scalars(select(Association.outcome)).all() == [AssociationOutcome.ABORTED]
        assert "broke off" in session.scalars(select(Event.sentence).order_by(Event.id.desc())).first()
    assert complete(database, seconds=60).reason_code == "WAITS_FOR_IMAGES"


def test_a_receiver_that_died_broke_off_only_the_study_that_was_being_brought(database: Database) -> None:
    number = associations.opened(database, PACS)
    for study, seconds in (("1.2.1", 0), ("1.2.2", arrivals.PAUSE_S + 1)):
        studies.record_instance(database, image(1, study=study, association_id=number), at=at(seconds))  # type: ignore[arg-type]
    assert arrivals.close_leftovers(database) == 1
    with database.read() as session:
        detail = session.scalars(select(Event.detail).where(Event.code == "IMAGES_RECEIVED").order_by(Event.study_id))
        assert [one["broken"] for one in detail] == [False, True]


def test_a_run_that_finds_slices_missing_waits_without_losing_an_attempt(database: Database) -> None:
    transfer(database, 1, seconds=0)
    complete(database, seconds=60)
    claimed = begin(database, seconds=61)
    assert claimed.complete_at == at(60)
    runs.wait(database, claimed, until=at(60 + WAIT_S), sentence="It waits. 2 slices are missing.", now=at(62))
    assert (study_of(database).state, study_of(database).reason) == (
        StudyState.QUEUED,
        "It waits. 2 slices are missing.",
    )
    assert runs.claim(database, "w", lease_s=60, now=at(100)) is None
    again = begin(database, seconds=60 + WAIT_S)
    assert (again.attempt, again.revision) == (1, 1)
    with database.read() as session:
        assert session.scalars(select(Run.revision)).all() == [1]


def test_a_person_who_asks_does_not_wait(database: Database) -> None:
    receive(database, 1)
    refuse(database, 2)
    complete(database, seconds=60)
    save(database, begin(database, seconds=60 + WAIT_S), destinations=())
    studies.reprocess(database, study_of(database).id, actor="ada", at=at(1000))
    claimed = begin(database, seconds=1001)
    assert claimed.asked and [gap.code for gap in claimed.gaps] == [GapCode.IMAGES_REFUSED]


def test_a_person_has_a_waiting_study_read_as_it_is(database: Database) -> None:
    receive(database, 1)
    refuse(database, 2)
    study = complete(database, seconds=60)
    assert studies.waits_for_images(database, study.id, at=at(70))
    assert runs.claim(database, "w", lease_s=60, now=at(70)) is None
    studies.read_now(database, study.id, actor="ada", at=at(71))
    assert not studies.waits_for_images(database, study.id, at=at(72))
    claimed = begin(database, seconds=72)
    assert claimed.asked and [gap.code for gap in claimed.gaps] == [GapCode.IMAGES_REFUSED]
    with database.read() as session:
        (row,) = session.scalars(select(Audit))
        assert (row.actor, row.action, row.subject) == ("ada", "study.read-now", f"study {study.id}")
        assert "READ_NOW" in session.scalars(select(Event.code)).all()


def test_a_study_that_waits_for_no_images_is_not_read_now(database: Database) -> None:
    transfer(database, 1, seconds=0)
    study = complete(database, seconds=60)
    assert not studies.waits_for_images(database, study.id, at=at(60))
    for number in (study.id, 999):
        with pytest.raises(Final) as refused:
            studies.read_now(database, number, actor="ada", at=at(61))
        assert refused.value.code is Code.STUDY_STATE
    assert not begin(database, seconds=62).asked
