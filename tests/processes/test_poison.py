"""What kills its process is tried alone and given up; what ran beside it is read as if nothing had been."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from config.codes import Code
from config.errors import Final, Retryable
from config.settings import AnalysisSettings, CompletionSettings, Settings
from dicom_node.analyse.coordinator import Coordinator
from dicom_node.analyse.engine import Engine
from storage import runs, studies
from storage.objects import ObjectStore
from storage.runs import ClaimedRun
from storage.session import Database
from storage.states import RunState
from storage.tables import Event, Run
from tests.factories.storage import at, claim, fresh, receive, save
from tests.factories.waiting import wait_until

POISON = "1.2.66"


def analyses(folder: str, claimed: ClaimedRun) -> str:
    """A worker: one study kills its process as soon as it is told to; the others wait, then are read."""
    ready = Path(folder) / f"begun-{claimed.study_instance_uid}-{claimed.claim}"
    ready.touch()
    wait_until((Path(folder) / "go").exists, 240, "leave")
    if claimed.study_instance_uid == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    database = Database(f"sqlite:///{folder}/axspa.sqlite")
    save(database, claimed)
    database.dispose()
    return "done"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


class Hall:
    """The engine with another job."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.workers = str(folder), workers
        self.engine = Engine(workers)
        self.beside: list[tuple[str, int]] = []
        self.open: list[Any] = []

    def submit(self, _job: object, claimed: ClaimedRun) -> Any:
        others = sum(not future.done() for future in self.open)
        self.beside.append((claimed.study_instance_uid, others))
        future = self.engine.submit(analyses, self.folder, claimed)
        self.open.append(future)
        return future

    def began(self, future: Any) -> bool:
        return self.engine.began(future)

    def kill(self, future: Any = None) -> None:
        self.engine.kill(future)


def run_of(database: Database, study: str) -> Run:
    with database.read() as session:
        return session.scalars(select(Run).where(Run.study.has(study_instance_uid=study))).one()


def skip_pauses(database: Database) -> None:
    with database.write() as session:
        for run in session.scalars(select(Run).where(Run.state == RunState.QUEUED)):
            run.next_attempt_at = at(0)


def test_what_kills_its_process_is_tried_alone_given_up_and_takes_nobody_with_it(
    database: Database, tmp_path: Path
) -> None:
    innocents = ["1.2.1", "1.2.2"]
    for study in (innocents[0], POISON, *innocents[1:]):
        receive(database, 1, study=study)
    settings = Settings(
        data_dir=tmp_path, completion=CompletionSettings(quiet_s=0), analysis=AnalysisSettings(max_attempts=2)
    )
    hall = Hall(tmp_path, 2)
    works: Any = Coordinator(settings, database, ObjectStore(tmp_path / "objects"), hall)  # type: ignore[arg-type]
    try:
        works._sweep()
        works._dispatch()
        wait_until(lambda: len(list(tmp_path.glob("begun-*"))) == 2, 120, "two to begin")
        (tmp_path / "go").touch()

        def settled() -> bool:
            skip_pauses(database)
            works._dispatch()
            return all(not run_of(database, study).state.active for study in (POISON, *innocents))

        wait_until(settled, 120, "every study to end")
    finally:
        hall.kill()
    assert [(run_of(database, one).state, run_of(database, one).attempts) for one in innocents] == [
        (RunState.DONE, 1)
    ] * 2
    poison = run_of(database, POISON)
    assert (poison.state, poison.attempts, poison.reason_code) == (RunState.FAILED, 2, "WORKER_DIED")
    assert poison.reason.startswith("Given up after 2 attempts.")
    tries = [others for study, others in hall.beside if study == POISON]
    assert len(tries) == 3 and tries[0] > 0 and tries[1:] == [0, 0], "once in company, then twice alone"
    places = [number for number, (study, _) in enumerate(hall.beside) if study == POISON]
    for place in places[1:]:
        assert all(others == 0 for _, others in hall.beside[place : place + 2]), "nobody begins beside it"
    studies.reprocess(database, poison.study_id, actor="ada")
    with database.read() as session:
        assert session.scalars(select(Run).where(Run.study_id == poison.study_id, Run.state == RunState.QUEUED)).one()


def test_what_may_kill_waits_until_it_is_alone_and_holds_back_only_what_came_after_it(database: Database) -> None:
    first = claim(database, 1, study="1.2.1")
    runs.fail(database, first, Retryable(Code.WORKER_DIED, "x"), max_attempts=3, company=True, now=at(70))
    assert run_of(database, "1.2.1").attempts == 0
    for study, seconds in (("1.2.2", 30), ("1.2.3", 45)):
        study_id = receive(database, 1, study=study, seconds=seconds - 25)
        studies.mark_complete(database, study_id, image_count=1, sentence="Quiet.", at=at(seconds + 60))
    before = runs.claim(database, "w", lease_s=600, company=True, now=at(110))
    assert before is not None and (before.study_instance_uid, before.alone) == ("1.2.2", False)
    assert runs.claim(database, "w", lease_s=600, company=True, now=at(110)) is None
    suspect = runs.claim(database, "w", lease_s=600, company=False, now=at(110))
    assert suspect is not None and (suspect.study_instance_uid, suspect.alone) == ("1.2.1", True)


def test_of_several_that_were_lost_together_none_is_counted_and_one_that_was_lost_alone_is(database: Database) -> None:
    for study in ("1.2.1", "1.2.2"):
        claim(database, 1, study=study)
    assert runs.requeue_expired(database, max_attempts=1, now=at(1000)) == 2
    assert [run_of(database, study).attempts for study in ("1.2.1", "1.2.2")] == [0, 0]
    alone = runs.claim(database, "w", lease_s=60, now=at(1001))
    assert alone is not None and alone.alone
    assert runs.requeue_expired(database, max_attempts=1, without=[alone.run_id], now=at(2000)) == 0
    assert runs.requeue_expired(database, max_attempts=1, now=at(2000)) == 1
    assert run_of(database, alone.study_instance_uid).state is RunState.FAILED
    with database.read() as session:
        assert "WORKER_LOST" in session.scalars(select(Event.code)).all()
    with pytest.raises(Final, match="CLAIM_LOST"):
        save(database, alone)


def dies() -> None:
    """A start of a process that ends it."""
    os._exit(7)


def test_a_process_that_dies_at_its_start_is_told_from_one_that_its_job_killed() -> None:
    broken, good = Engine(1, initializer=dies), Engine(1)
    try:
        never = broken.submit(abs, -1)
        with pytest.raises(BrokenProcessPool):
            never.result(120)
        assert not broken.began(never)
        doomed = good.submit(os._exit, 9)
        with pytest.raises(BrokenProcessPool):
            doomed.result(120)
        assert good.began(doomed)
    finally:
        broken.kill()
        good.kill()
