"""Held is no dead end: each way out does what it says, needs a reason, and leaves its row in the audit."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from config.codes import Code
from config.errors import Final
from reporting.findings import GateCode
from storage import deliveries, held, identities, resending, results, runs, studies
from storage.codes import RELEASABLE
from storage.session import Database
from storage.states import Reception, ResultStatus, RunState, StudyState
from storage.studies import Recorded
from storage.tables import Audit, Delivery, Event, Instance, Result, Run, Study
from tests.factories.storage import at, begin, claim, deploy, fresh, image, receive, result_of, save

MIXED = [{"code": "IDENTITY_MIXED", "sentence": "The images name two patients.", "object": ""}]
SWAPPED = [{"code": "SIDES_SWAPPED", "sentence": "Left is right.", "object": "SEG"}]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def study_of(database: Database, study_id: int) -> Study:
    with database.read() as session:
        return session.get_one(Study, study_id)


def audit(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as session:
        rows = session.scalars(select(Audit).order_by(Audit.seq)).all()
        return [
            (row.actor, row.action, json.loads(row.detail)["reason"]) for row in rows if row.action.startswith("study.")
        ]


def hold(database: Database, *, findings: list[dict[str, str]] = MIXED, patient: str = "P-2") -> int:
    """A study of two images of P-1 and one of another patient, read, and held by the gate."""
    study_id = receive(database, 1, 2)
    receive(database, 3, patient_id=patient)
    studies.mark_complete(database, study_id, image_count=3, sentence="Quiet.", at=at(60))
    claimed = begin(database, seconds=61)
    new = replace(result_of(claimed, status=ResultStatus.HELD), findings=findings)
    results.save(database, claimed, new, destinations=("archive",), now=at(65))
    assert study_of(database, study_id).state is StudyState.HELD
    return study_id


def due(database: Database) -> int:
    return len(deliveries.due(database, "archive", now=at(10_000)))


def test_what_is_released_is_sent(database: Database) -> None:
    study_id = hold(database)
    assert due(database) == 0
    count = held.release(database, study_id, reason=" She married. ", actor="ada", destinations=["archive"], at=at(100))
    study = study_of(database, study_id)
    assert (count, due(database), study.state, study.reception) == (2, 2, StudyState.DELIVERING, Reception.COMPLETE)
    assert audit(database) == [("ada", "study.release", "She married.")]
    with database.read() as session:
        assert session.scalars(select(Result.status)).one() is ResultStatus.COMPLETE
        assert "ada released what was held back: She married." in session.scalars(select(Event.sentence)).all()


def test_what_was_called_one_patient_stays_one_until_a_third_comes(database: Database) -> None:
    study_id = hold(database)
    held.release(database, study_id, reason="One person.", actor="ada", at=at(100))
    studies.reprocess(database, study_id, actor="ada", at=at(200))
    again = begin(database, seconds=201)
    assert (again.identity_conflict, again.identity_settled) == (False, True)
    save(database, again, seconds=205)
    receive(database, 4, patient_id="P-2", seconds=300)
    assert not study_of(database, study_id).identity_conflict
    receive(database, 5, patient_id="P-3", seconds=301)
    assert study_of(database, study_id).identity_conflict


def test_of_a_study_that_nobody_settled_the_worker_hears_nothing(database: Database) -> None:
    assert not claim(database, 1, 2).identity_settled


@pytest.mark.parametrize("findings", [SWAPPED, MIXED + SWAPPED])
def test_what_nobody_may_overrule_stays_held(database: Database, findings: list[dict[str, str]]) -> None:
    study_id = hold(database, findings=findings, patient="P-1")
    with pytest.raises(Final, match="RELEASE_REFUSED"):
        held.release(database, study_id, reason="Send it.", actor="ada", destinations=["archive"])
    assert (study_of(database, study_id).state, due(database), audit(database)) == (StudyState.HELD, 0, [])
    assert not held.ways(database, study_id).release


def test_two_patients_are_released_and_what_else_was_found_stays_held(database: Database) -> None:
    study_id = hold(database, findings=MIXED + SWAPPED)
    assert held.release(database, study_id, reason="One person.", actor="ada", destinations=["archive"]) == 0
    study = study_of(database, study_id)
    assert (study.identity_conflict, study.state, due(database)) == (False, StudyState.HELD, 0)


def test_a_shadow_s_result_is_released_and_not_sent(database: Database) -> None:
    deploy(database, "sij-2", purpose="shadow")
    study_id = hold(database)
    shadow = begin(database, seconds=66)
    new = replace(result_of(shadow, status=ResultStatus.HELD), findings=MIXED)
    results.save(database, shadow, new, destinations=("archive",), now=at(67))
    assert held.release(database, study_id, reason="One.", actor="ada", destinations=["archive"]) == 2


def test_only_what_a_person_can_know_better_is_released() -> None:
    assert {str(code) for code in RELEASABLE} == {str(GateCode.IDENTITY_MIXED)}


def test_a_discarded_study_is_kept_shown_with_its_reason_and_sends_nothing(database: Database) -> None:
    deploy(database, "sij-2")
    study_id = receive(database, 1)
    studies.mark_complete(database, study_id, image_count=1, sentence="Quiet.", at=at(60))
    good, bad = begin(database, seconds=61), begin(database, seconds=61)
    number = save(database, good)
    save(database, bad, status=ResultStatus.HELD)
    assert due(database) == 2
    held.discard(database, study_id, reason="A phantom.", actor="ada", at=at(100))
    study = study_of(database, study_id)
    assert (study.state, study.reason, due(database)) == (
        StudyState.DISCARDED,
        "ada discarded it: A phantom.",
        0,
    )
    with pytest.raises(Final, match="STUDY_HELD"):
        resending.resend(database, number, destinations=["archive"], actor="ada")
    assert not resending.can_resend(database, number)
    with database.read() as session:
        assert len(session.scalars(select(Result)).all()) == 2
        assert set(session.scalars(select(Delivery.last_code))) == {"DISCARDED"}
    assert audit(database) == [("ada", "study.discard", "A phantom.")]


def test_what_a_discarded_study_had_to_send_can_be_sent_after_all(database: Database) -> None:
    deploy(database, "sij-2")
    study_id = receive(database, 1)
    studies.mark_complete(database, study_id, image_count=1, sentence="Quiet.", at=at(60))
    good, bad = begin(database, seconds=61), begin(database, seconds=61)
    number = save(database, good, analysis_hash="a" * 64)
    save(database, bad, status=ResultStatus.HELD)
    held.discard(database, study_id, reason="A phantom.", actor="ada", at=at(100))
    studies.reprocess(database, study_id, actor="ada", at=at(200))
    for _ in range(2):
        runs.unchanged(database, begin(database, seconds=201))
    assert resending.resend(database, number, destinations=["archive"], actor="ada", now=at(300)) == 2
    assert due(database) == 2


def test_reprocessing_and_new_images_take_a_discarded_study_up_again(database: Database) -> None:
    study_id = hold(database)
    held.discard(database, study_id, reason="Wrong.", actor="ada", at=at(100))
    studies.reprocess(database, study_id, actor="bob", at=at(200))
    assert study_of(database, study_id).state is StudyState.QUEUED
    save(database, begin(database, seconds=201), status=ResultStatus.HELD, seconds=205)
    assert study_of(database, study_id).state is StudyState.HELD, "its images still name two"
    held.discard(database, study_id, reason="Wrong.", actor="ada", at=at(300))
    receive(database, 4, seconds=400)
    assert study_of(database, study_id).state is StudyState.RECEIVING


def test_the_images_of_one_patient_are_kept_and_the_others_set_aside(database: Database) -> None:
    study_id = hold(database)
    first, second = held.ways(database, study_id).patients
    assert [(one.identity.patient_id, one.images) for one in (first, second)] == [("P-1", 2), ("P-2", 1)]
    assert held.keep_patient(database, study_id, second.key, reason="Hers.", actor="ada", at=at(100)) == 2
    study = study_of(database, study_id)
    assert (study.state, study.identity_conflict, study.patient_id) == (StudyState.QUEUED, False, "P-2")
    claimed = begin(database, seconds=101)
    assert (claimed.path_keys, claimed.identity_conflict, claimed.asked) == (("images/3",), False, True)
    save(database, claimed, seconds=105)
    assert due(database) == 2
    with database.read() as session:
        assert len(session.scalars(select(Instance)).all()) == 3, "nothing is deleted"
    ways = held.ways(database, study_id)
    assert (ways.set_aside, len(ways.patients), ways.release) == (2, 2, False), "and it can be decided anew"
    held.keep_patient(database, study_id, first.key, reason="His.", actor="ada", at=at(200))
    assert begin(database, seconds=201).path_keys == ("images/1", "images/2")


def test_another_image_of_who_was_set_aside_holds_the_study_again(database: Database) -> None:
    study_id = hold(database)
    kept = held.ways(database, study_id).patients[0]
    held.keep_patient(database, study_id, kept.key, reason="His.", actor="ada", at=at(100))
    save(database, begin(database, seconds=101), seconds=105)
    receive(database, 4, patient_id="P-2", seconds=300)
    studies.mark_complete(database, study_id, image_count=4, sentence="Quiet.", at=at(400))
    assert study_of(database, study_id).reception is Reception.HELD


def test_a_patient_whom_no_image_names_cannot_be_kept(database: Database) -> None:
    study_id = hold(database)
    with pytest.raises(Final, match="PATIENT_UNKNOWN"):
        held.keep_patient(database, study_id, "0" * 16, reason="Hers.", actor="ada")


def test_reading_again_says_whom_the_images_still_name(database: Database) -> None:
    study_id = hold(database)
    assert not held.ways(database, study_id).again
    with pytest.raises(Final, match="STILL_MIXED"):
        held.read_again(database, study_id, reason="Mended.", actor="ada")
    assert study_of(database, study_id).state is StudyState.HELD


def test_what_the_gate_held_is_read_again(database: Database) -> None:
    study_id = hold(database, findings=SWAPPED, patient="P-1")
    assert held.ways(database, study_id).again
    held.read_again(database, study_id, reason="New version.", actor="ada", at=at(100))
    assert begin(database, seconds=101).asked
    assert audit(database) == [("ada", "study.read_again", "New version.")]


def test_corrected_images_take_the_place_of_the_wrong_ones_and_the_hold_ends_by_itself(database: Database) -> None:
    study_id = hold(database)
    wrong = image(3, patient_id="P-2")
    again = replace(wrong, patient_id="P-1", sha256="c" * 64, path_key="images/3c")
    recording = studies.record_instance(database, again, at=at(300))
    assert (recording.outcome, recording.former) == (Recorded.REPLACED, "images/3")
    assert study_of(database, study_id).state is StudyState.RECEIVING
    studies.mark_complete(database, study_id, image_count=3, sentence="Quiet.", at=at(400))
    study = study_of(database, study_id)
    assert (study.identity_conflict, study.reception) == (False, Reception.COMPLETE)
    claimed = begin(database, seconds=401)
    assert (claimed.path_keys, claimed.identity_conflict) == (("images/1", "images/2", "images/3c"), False)
    save(database, claimed, seconds=405)
    assert due(database) == 2


def test_the_study_follows_its_images_where_the_first_one_was_the_wrong_one(database: Database) -> None:
    study_id = receive(database, 1, patient_id="P-9", patient_name="Wrong", accession_number="A-0")
    receive(database, 2)
    right = image(1, content="c")
    assert studies.record_instance(database, right, at=at(10)).outcome is Recorded.REPLACED
    studies.mark_complete(database, study_id, image_count=2, sentence="Quiet.", at=at(100))
    study = study_of(database, study_id)
    assert (study.patient_id, study.patient_name, study.accession_number) == ("P-1", "Быков^Иван", "A-77")
    assert "p-1" in study.search_text and "wrong" not in study.search_text


def test_an_image_of_a_study_that_is_not_held_is_never_replaced(database: Database) -> None:
    study_id = receive(database, 1)
    assert studies.record_instance(database, image(1, content="c")).outcome is Recorded.CONFLICT
    assert study_of(database, study_id).identity_conflict is False


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_without_a_reason_nothing_is_decided(database: Database, reason: str) -> None:
    study_id = hold(database)
    key = held.ways(database, study_id).patients[0].key
    for decide in (
        lambda: held.release(database, study_id, reason=reason, actor="ada"),
        lambda: held.discard(database, study_id, reason=reason, actor="ada"),
        lambda: held.keep_patient(database, study_id, key, reason=reason, actor="ada"),
        lambda: held.read_again(database, study_id, reason=reason, actor="ada"),
    ):
        with pytest.raises(Final, match="REASON_MISSING"):
            decide()
    assert (study_of(database, study_id).state, audit(database)) == (StudyState.HELD, [])


def test_nothing_is_decided_about_what_is_on_its_way_or_not_held(database: Database) -> None:
    study_id = claim(database, 1).study_id
    with pytest.raises(Final, match="STUDY_BUSY"):
        held.discard(database, study_id, reason="Why.", actor="ada")
    assert not held.ways(database, study_id).any
    with database.read() as session:
        run = session.scalars(select(Run)).one()
    assert run.state is RunState.RUNNING
    other = claim(database, 1, study="1.2.9")
    save(database, other)
    with pytest.raises(Final, match="NOT_HELD"):
        held.release(database, other.study_id, reason="Why.", actor="ada")
    with pytest.raises(Final, match="STUDY_UNKNOWN"):
        held.discard(database, 99, reason="Why.", actor="ada")


@pytest.mark.parametrize(
    ("one", "other", "patients"),
    [
        ({"patient_id": "P-1"}, {"patient_id": "P-2"}, 2),
        ({"patient_id": "P-1"}, {"patient_id": ""}, 1),
        ({"birth_date": "19700101"}, {"birth_date": "1970.01.01"}, 1),
        ({"sex": "m"}, {"sex": "M"}, 1),
        ({"patient_name": "A^B"}, {"patient_name": "A^C"}, 2),
        ({"patient_name": "A^B"}, {"patient_name": "a b=甲"}, 1),
    ],
)
def test_whom_images_name(database: Database, one: dict[str, str], other: dict[str, str], patients: int) -> None:
    study_id = receive(database, 1, **one)
    receive(database, 2, **other)
    with database.read() as session:
        assert len(identities.patients(session, study_id)) == patients
    assert study_of(database, study_id).identity_conflict is (patients > 1)


def test_images_of_an_earlier_version_are_read_for_whom_they_name_before_anything_is_decided(
    database: Database,
) -> None:
    study_id = hold(database)
    with database.write() as session:
        for row in session.scalars(select(Instance)):
            row.patient_id = None
    key = "0" * 16
    with pytest.raises(Final, match="IDENTITY_UNREAD"):
        held.keep_patient(database, study_id, key, reason="Why.", actor="ada")
    assert held.ways(database, study_id).patients == ()
    unread = identities.unread(database)
    assert [key for _, key in unread] == ["images/1", "images/2", "images/3"]
    names = {number: {"patient_id": "P-1"} for number, _ in unread[:2]} | {unread[2][0]: {"patient_id": "P-2"}}
    identities.fill(database, names)
    assert identities.unread(database) == []
    assert len(held.ways(database, study_id).patients) == 2


def test_a_result_of_a_held_study_is_sent_again_only_when_it_is_decided(database: Database) -> None:
    first = claim(database, 1)
    number = save(database, first)
    assert resending.can_resend(database, number)
    receive(database, 2, patient_id="P-2", seconds=300)
    assert not resending.can_resend(database, number), "more images come"
    studies.mark_complete(database, first.study_id, image_count=2, sentence="Quiet.", at=at(400))
    again = begin(database, seconds=401)
    assert not resending.can_resend(database, number), "a newer one is on its way"
    runs.fail(database, again, Final(Code.NO_IMAGES, "No."), max_attempts=1)
    assert not resending.can_resend(database, number), "two patients"
    with pytest.raises(Final, match="STUDY_HELD"):
        resending.resend(database, number, destinations=["archive"], actor="ada")


def test_an_older_good_result_of_a_failed_study_can_be_sent_again(database: Database) -> None:
    first = claim(database, 1)
    number = save(database, first)
    studies.reprocess(database, first.study_id, actor="ada", at=at(200))
    runs.fail(database, begin(database, seconds=201), Final(Code.NO_IMAGES, "No."), max_attempts=1)
    assert study_of(database, first.study_id).state is StudyState.FAILED
    assert resending.can_resend(database, number)
    assert resending.resend(database, number, destinations=["archive"], actor="ada") == 2
