"""Runs: several deployments of one study, what is not computed again, faults of the node, what is never sent."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from config.codes import Code
from config.errors import BundleError, Final, Retryable, StorageUnavailable
from config.settings import DeploymentSettings
from storage import deliveries, deployments, resending, results, runs, search, studies, sweeping
from storage.attempts import Attempt
from storage.codes import EventCode
from storage.objects import ObjectStore
from storage.search import StudyFilter
from storage.session import Database
from storage.states import DeliveryState, Origin, ResultStatus, RunState, StudyState
from storage.tables import Deployment, Event, Result, Run, Study
from tests.factories.storage import STUDY, at, begin, claim, deploy, fresh, image, receive, result_of, save


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def study_of(database: Database, study_id: int) -> Study:
    with database.read() as session:
        return session.get_one(Study, study_id)


def run_of(database: Database, run_id: int) -> Run:
    with database.read() as session:
        return session.get_one(Run, run_id)


def deliver(database: Database, *, seconds: float = 70) -> list[str]:
    due = deliveries.due(database, "archive", now=at(seconds))
    gone = [Attempt(item.delivery_id, DeliveryState.DELIVERED, 0, Code.STUDY_STATE, "") for item in due]
    deliveries.record(database, gone, now=at(seconds))
    return [item.sop_instance_uid for item in due]


def complete_again(database: Database, study_id: int, *, images: int, seconds: float) -> None:
    assert studies.mark_complete(database, study_id, image_count=images, sentence="Quiet.", at=at(seconds))


def test_one_deployment_fails_and_the_other_is_delivered(database: Database) -> None:
    deploy(database, "sij-2")
    first = claim(database, 1)
    second = begin(database, seconds=62)
    assert (first.bundle, first.series_base, second.bundle, second.series_base) == ("sij-1", 900, "sij-2", 920)
    assert (first.study_id, first.revision) == (second.study_id, second.revision)
    broken = Final(Code.NO_IMAGES, "Broken.")
    assert runs.fail(database, first, broken, max_attempts=3, now=at(64)) is RunState.FAILED
    assert study_of(database, first.study_id).state is StudyState.ANALYSING
    save(database, second)
    assert len(deliver(database)) == 2
    study = study_of(database, first.study_id)
    assert (study.state, study.reason) == (StudyState.FAILED, "sij-1: Broken.")
    (row,) = search.search(database, StudyFilter()).rows
    assert (row.delivered, row.deliveries) == (2, 2)
    assert row.result is not None and row.result.deployment_id == second.deployment_id
    studies.reprocess(database, first.study_id, actor="ada", at=at(100))
    save(database, begin(database, seconds=101), seconds=102)
    save(database, begin(database, seconds=103), seconds=104)
    deliver(database, seconds=110)
    assert study_of(database, first.study_id).state is StudyState.DONE


def test_results_supersede_and_cancel_only_within_their_deployment(database: Database) -> None:
    deploy(database, "sij-2")
    first = claim(database, 1)
    other = begin(database, seconds=62)
    save(database, first)
    save(database, other)
    studies.reprocess(database, first.study_id, actor="ada", at=at(70))
    again = begin(database, seconds=71)
    assert (again.bundle, again.revision) == ("sij-1", 2)
    save(database, again, seconds=72)
    with database.read() as session:
        found = {
            (one.deployment_id, one.revision): (one.superseded, {d.state for o in one.objects for d in o.deliveries})
            for one in session.scalars(select(Result))
        }
    waiting, cancelled = {DeliveryState.WAITING}, {DeliveryState.CANCELLED}
    assert found == {
        (first.deployment_id, 1): (True, cancelled),
        (first.deployment_id, 2): (False, waiting),
        (other.deployment_id, 1): (False, waiting),
    }


def test_late_images_make_a_new_run_of_every_deployment(database: Database) -> None:
    deploy(database, "sij-2")
    first = claim(database, 1)
    save(database, first)
    save(database, begin(database, seconds=62))
    receive(database, 2, seconds=300)
    assert study_of(database, first.study_id).state is StudyState.RECEIVING
    complete_again(database, first.study_id, images=2, seconds=360)
    late = [begin(database, seconds=361), begin(database, seconds=361)]
    assert [(one.bundle, one.revision, len(one.path_keys)) for one in late] == [("sij-1", 2, 2), ("sij-2", 2, 2)]


def test_images_that_come_while_a_run_waits_are_read_by_that_run(database: Database) -> None:
    study_id = receive(database, 1)
    complete_again(database, study_id, images=1, seconds=60)
    receive(database, 2, seconds=61)
    assert runs.claim(database, "worker", lease_s=60, now=at(62)) is None, "not while images come"
    complete_again(database, study_id, images=2, seconds=121)
    only = begin(database, seconds=122)
    assert (only.revision, len(only.path_keys)) == (1, 2)
    assert runs.claim(database, "worker", lease_s=60, now=at(123)) is None


def test_a_second_run_of_a_deployment_waits_for_the_first(database: Database) -> None:
    first = claim(database, 1)
    receive(database, 2, seconds=62)
    complete_again(database, first.study_id, images=2, seconds=122)
    assert runs.claim(database, "worker", lease_s=60, now=at(123)) is None
    save(database, first, seconds=124)
    with database.read() as session:
        assert session.scalars(select(Result)).one().superseded, "it has not seen the late image"
    second = begin(database, seconds=125)
    assert (second.revision, len(second.path_keys)) == (2, 2)


def test_a_run_that_fails_while_a_newer_one_waits_leaves_the_work_to_it(database: Database) -> None:
    first = claim(database, 1)
    receive(database, 2, seconds=62)
    complete_again(database, first.study_id, images=2, seconds=122)
    odd = Retryable(Code.ANALYSIS_BROKE, "Odd.")
    assert runs.fail(database, first, odd, max_attempts=3, now=at(123)) is RunState.FAILED
    assert study_of(database, first.study_id).state is StudyState.QUEUED
    assert begin(database, seconds=124).revision == 2


def test_an_object_that_nobody_wants_starts_nothing_and_an_image_does(database: Database) -> None:
    def images_alone(application: str, *, sop_class_uid: str, modality: str, image_type: str) -> bool:
        return modality != "SR" and "DERIVED" not in image_type

    study_id = receive(database, 1, modality="MR")
    complete_again(database, study_id, images=1, seconds=60)
    first = runs.claim(database, "w", lease_s=60, wants=images_alone, now=at(61))
    assert first is not None and first.standing is None
    receive(database, 2, seconds=62, modality="SR")
    number = results.save(database, first, result_of(first), destinations=("archive",), wants=images_alone, now=at(65))
    assert number is not None and len(deliveries.due(database, "archive", now=at(66))) == 2, "it is not outdated"
    receive(database, 3, seconds=66, modality="MR", image_type="DERIVED\\SECONDARY")
    assert studies.mark_complete(database, study_id, image_count=3, sentence="Quiet.", wants=images_alone, at=at(122))
    assert runs.claim(database, "w", lease_s=60, wants=images_alone, now=at(123)) is None
    assert study_of(database, study_id).state is StudyState.DELIVERING
    assert len(deliver(database, seconds=125)) == 2
    assert study_of(database, study_id).state is StudyState.DONE
    receive(database, 4, seconds=200, modality="MR")
    studies.mark_complete(database, study_id, image_count=4, sentence="Quiet.", wants=images_alone, at=at(260))
    second = runs.claim(database, "w", lease_s=60, wants=images_alone, now=at(261))
    assert second is not None and second.standing is not None
    assert (second.revision, len(second.path_keys)) == (2, 2)
    assert second.standing.content_hash == first.content_hash != second.content_hash
    assert second.standing.bundle_digest == "d" * 64


def test_a_run_that_finds_nothing_new_leaves_the_result_that_stands(database: Database) -> None:
    first = claim(database, 1)
    save(database, first)
    with database.write() as session:
        study = session.get_one(Study, first.study_id)
        known = session.get_one(Deployment, first.deployment_id)
        runs.queue(session, study, [known], at=at(70), code=EventCode.COMPLETE, sentence="Quiet.")
    again = begin(database, seconds=71)
    assert again.standing is not None and again.standing.content_hash == again.content_hash
    assert runs.unchanged(database, again, now=at(72)) is RunState.UNCHANGED
    assert study_of(database, first.study_id).state is StudyState.DELIVERING


def test_a_study_that_nobody_wants_anything_of_makes_no_run(database: Database) -> None:
    study_id = receive(database, 1)
    wants_none = lambda application, *, sop_class_uid, modality, image_type: False
    studies.mark_complete(database, study_id, image_count=1, sentence="Quiet.", wants=wants_none, at=at(60))
    assert runs.claim(database, "w", lease_s=60, wants=wants_none, now=at(61)) is None
    study = study_of(database, study_id)
    assert (study.state, study.reason_code) == (StudyState.NOT_APPLICABLE, "NOT_WANTED")
    studies.reprocess(database, study_id, actor="ada", at=at(70))
    assert study_of(database, study_id).state is StudyState.QUEUED
    assert runs.claim(database, "w", lease_s=60, wants=wants_none, now=at(71)) is None
    study = study_of(database, study_id)
    assert (study.state, study.reason_code) == (StudyState.NOT_APPLICABLE, "NOTHING_WANTED")


def test_a_reprocess_that_says_the_same_saves_and_sends_nothing(database: Database) -> None:
    first = claim(database, 1)
    save(database, first, analysis_hash="a" * 64)
    deliver(database)
    studies.reprocess(database, first.study_id, actor="ada", at=at(100))
    again = begin(database, seconds=101)
    assert again.asked and again.standing is not None, "it is for the worker to compute all the same"
    same = result_of(again, analysis_hash="a" * 64)
    assert results.save(database, again, same, destinations=("archive",), now=at(102)) is None
    assert run_of(database, again.run_id).state is RunState.UNCHANGED
    assert deliveries.due(database, "archive", now=at(103)) == []
    study = study_of(database, first.study_id)
    assert (study.state, len(study_results(database))) == (StudyState.DONE, 1)


@pytest.mark.parametrize(
    ("analysis_hash", "status"),
    [("b" * 64, ResultStatus.COMPLETE), ("a" * 64, ResultStatus.HELD), ("", ResultStatus.COMPLETE)],
)
def test_a_reprocess_that_says_anything_else_is_saved(
    database: Database, analysis_hash: str, status: ResultStatus
) -> None:
    first = claim(database, 1)
    save(database, first, analysis_hash=analysis_hash and "a" * 64)
    studies.reprocess(database, first.study_id, actor="ada", at=at(100))
    save(database, begin(database, seconds=101), analysis_hash=analysis_hash, status=status, seconds=102)
    assert len(study_results(database)) == 2


def study_results(database: Database) -> list[Result]:
    with database.read() as session:
        return list(session.scalars(select(Result)))


def test_a_failed_run_after_a_good_one_is_shown_until_a_run_affirms_the_result(database: Database) -> None:
    first = claim(database, 1)
    save(database, first)
    deliver(database)
    studies.reprocess(database, first.study_id, actor="ada", at=at(100))
    runs.fail(database, begin(database, seconds=101), Final(Code.NO_IMAGES, "No."), max_attempts=3, now=at(102))
    assert study_of(database, first.study_id).state is StudyState.FAILED
    sent = resending.resend(database, study_results(database)[0].id, destinations=["archive"], actor="ada", now=at(103))
    assert sent == 2, "the older good result stands and can be sent"
    deliver(database, seconds=104)
    studies.reprocess(database, first.study_id, actor="ada", at=at(110))
    runs.unchanged(database, begin(database, seconds=111), now=at(112))
    assert study_of(database, first.study_id).state is StudyState.DONE


@pytest.mark.parametrize(
    "error",
    [StorageUnavailable(Code.DISK_FULL, "No room."), BundleError(Code.BUNDLE_MISSING, "There is none.")],
)
def test_a_fault_of_the_node_is_no_attempt_and_is_tried_again(
    database: Database, error: StorageUnavailable | BundleError
) -> None:
    claimed, seconds = claim(database, 1), 100.0
    pauses = []
    for _ in range(8):
        assert runs.fail(database, claimed, error, max_attempts=1, now=at(seconds)) is RunState.QUEUED
        study = study_of(database, claimed.study_id)
        assert (study.state, study.reason_code) == (StudyState.QUEUED, error.code)
        assert error.sentence in study.reason
        again = run_of(database, claimed.run_id).next_attempt_at
        pauses.append((again - at(seconds)).total_seconds())
        seconds += pauses[-1]
        claimed = begin(database, seconds=seconds)
        assert (claimed.attempt, claimed.revision) == (1, 1)
    assert pauses == [30, 60, 120, 240, 480, 600, 600, 600]
    with database.read() as session:
        lines = session.scalars(select(Event.code).where(Event.study_id == claimed.study_id)).all()
    assert lines.count(error.code) == 1 and lines.count("ANALYSING") == 1, "the timeline does not fill"
    save(database, claimed)
    assert study_of(database, claimed.study_id).state is StudyState.DELIVERING


def test_a_stale_worker_cannot_end_a_run_that_was_given_again(database: Database) -> None:
    stale = claim(database, 1)
    runs.release(database, stale, reason="Stopping.", now=at(70))
    heir = begin(database, seconds=71)
    assert (heir.worker, heir.attempt) == (stale.worker, stale.attempt), "nothing but the claim tells them apart"
    with pytest.raises(Final, match="CLAIM_LOST"):
        save(database, stale)
    with pytest.raises(Final, match="CLAIM_LOST"):
        runs.unchanged(database, stale)
    assert not runs.extend(database, stale, lease_s=60, now=at(72))
    save(database, heir)


def test_no_lease_goes_beyond_the_deadline(database: Database) -> None:
    study_id = receive(database, 1)
    complete_again(database, study_id, images=1, seconds=60)
    claimed = runs.claim(database, "w", lease_s=60, timeout_s=100, now=at(100))
    assert claimed is not None and claimed.deadline == at(200)
    assert runs.extend(database, claimed, lease_s=60, now=at(120))
    assert run_of(database, claimed.run_id).lease_until == at(180)
    assert runs.extend(database, claimed, lease_s=60, now=at(170))
    assert run_of(database, claimed.run_id).lease_until == at(200)


@pytest.mark.parametrize("origin", list(Origin))
def test_only_what_a_pacs_pushed_is_sent(database: Database, origin: Origin) -> None:
    study_id = receive(database, 1)
    with database.write() as session:
        session.get_one(Study, study_id).origin = origin
    complete_again(database, study_id, images=1, seconds=60)
    number = save(database, begin(database, seconds=61))
    sent = origin is Origin.PUSHED
    assert len(deliveries.due(database, "archive", now=at(70))) == (2 if sent else 0)
    assert study_of(database, study_id).state is (StudyState.DELIVERING if sent else StudyState.DONE)
    if not sent:
        with pytest.raises(Final, match="RESULT_NOT_SENT"):
            resending.resend(database, number, destinations=["archive"], actor="ada")


def test_a_shadow_is_shown_and_never_sent_nor_waited_for(database: Database) -> None:
    deploy(database, "sij-2", purpose="shadow")
    primary, shadow = claim(database, 1), begin(database, seconds=62)
    assert (primary.bundle, shadow.bundle) == ("sij-1", "sij-2")
    save(database, primary)
    deliver(database)
    assert study_of(database, primary.study_id).state is StudyState.DONE
    number = save(database, shadow, status=ResultStatus.HELD)
    assert study_of(database, primary.study_id).state is StudyState.DONE
    assert deliveries.due(database, "archive", now=at(80)) == []
    (row,) = search.search(database, StudyFilter(result=ResultStatus.COMPLETE)).rows
    assert row.result is not None and row.result.id != number
    assert search.search(database, StudyFilter(result=ResultStatus.HELD)).rows == ()


def test_a_trial_deployment_reads_only_what_no_pacs_pushed(database: Database) -> None:
    deploy(database, "sij-2", purpose="trial")
    claim(database, 1)
    assert runs.claim(database, "w", lease_s=60, now=at(62)) is None
    study_id = receive(database, 1, study="1.2.9")
    with database.write() as session:
        session.get_one(Study, study_id).origin = Origin.TRIAL
    complete_again(database, study_id, images=1, seconds=60)
    assert {begin(database, seconds=62).bundle, begin(database, seconds=62).bundle} == {"sij-1", "sij-2"}


def test_primary_deployments_go_before_shadows_of_older_studies(database: Database) -> None:
    deploy(database, "sij-2", purpose="shadow")
    first = claim(database, 1)
    receive(database, 1, study="1.2.9", seconds=10)
    (other,) = [row.study_id for row in studies.receiving(database)]
    complete_again(database, other, images=1, seconds=70)
    assert begin(database, seconds=80).study_id == other
    assert (begin(database, seconds=80).study_id, first.bundle) == (first.study_id, "sij-1")


def test_what_waits_of_a_deployment_that_is_switched_off_ends(database: Database) -> None:
    deploy(database, "sij-2")
    study_id = receive(database, 1)
    complete_again(database, study_id, images=1, seconds=60)
    (first, _) = deployments.every(database)
    deployments.adopt(database, [DeploymentSettings(bundle=first.bundle)], actor="ada", at=at(61))
    assert begin(database, seconds=62).bundle == "sij-1"
    assert runs.claim(database, "w", lease_s=60, now=at(63)) is None
    with database.read() as session:
        off = session.scalars(select(Run).where(Run.deployment_id != first.id)).one()
    assert (off.state, off.reason_code) == (RunState.NOT_APPLICABLE, "DEPLOYMENT_OFF")


def test_two_patients_hold_the_reception_and_the_run_still_tells(database: Database) -> None:
    study_id = receive(database, 1)
    receive(database, 2, patient_id="P-2")
    complete_again(database, study_id, images=2, seconds=60)
    claimed = begin(database, seconds=61)
    assert claimed.identity_conflict
    save(database, claimed, status=ResultStatus.HELD)
    study = study_of(database, study_id)
    assert (study.state, study.reception.value) == (StudyState.HELD, "held")


def test_statements_are_kept_one_by_one(database: Database) -> None:
    claimed = claim(database, 1)
    said = (
        results.NewStatement("edema", anatomy="sacroiliac-joint", side="left", number=7.6, unit="ml"),
        results.NewStatement("stage", value="early", level="S1"),
    )
    new = replace(result_of(claimed), statements=said)
    number = results.save(database, claimed, new, destinations=(), now=at(65))
    with database.read() as session:
        kept = session.get_one(Result, number).statements
        assert [(one.key, one.anatomy, one.side, one.level, one.value, one.number, one.unit) for one in kept] == [
            ("edema", "sacroiliac-joint", "left", "", "", 7.6, "ml"),
            ("stage", "", "", "S1", "early", None, ""),
        ]


def test_files_that_a_crash_left_are_swept_and_those_of_results_stay(database: Database, tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path / "objects")
    crashed = claim(database, 1)

    def write(run: runs.ClaimedRun, name: str) -> str:
        return objects.put("results", run.file_group, name=name, content=[name.encode()], suffix=".dcm").key

    lost, young = write(crashed, "lost"), write(crashed, "young")
    runs.requeue_expired(database, max_attempts=3, now=at(1000))
    heir = begin(database, seconds=1001)
    new = result_of(heir, objects=1)
    stored = objects.put("results", heir.file_group, name="kept", content=[b"kept"], suffix=".dcm")
    new = replace(new, objects=[replace(new.objects[0], stored=stored)])
    results.save(database, heir, new, destinations=(), now=at(1002))
    other = claim(database, 1, study="1.2.9")
    runs.fail(database, other, Final(Code.NO_IMAGES, "No."), max_attempts=3)
    failed = write(other, "failed")
    old = time.time() - 2 * sweeping.OLD_S
    for key in (lost, stored.key, failed):
        os.utime(objects.path(key), (old, old))
    assert sweeping.sweep(database, objects) == 2
    assert [objects.path(key).exists() for key in (lost, young, stored.key, failed)] == [False, True, True, False]


def test_a_late_image_is_late_even_where_the_study_became_complete_a_moment_ago(database: Database) -> None:
    claimed = claim(database, 1)
    assert studies.record_instance(database, image(2), at=at(62)).study_id == claimed.study_id
    study = study_of(database, claimed.study_id)
    assert (study.state, study.study_instance_uid) == (StudyState.RECEIVING, STUDY)
    assert study.reason.startswith("More images came before the analysis ended")
