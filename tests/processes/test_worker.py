"""A worker as a process: a full disk, two bundles of one study, nothing computed twice."""

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select

from config.errors import BundleError, StorageUnavailable
from config.settings import AnalysisSettings, Settings
from dicom_node.analyse import worker
from dicom_node.analyse.engine import Engine
from dicom_node.analyse.wanted import wants
from inference.serving import BundleShelf, BundleUser, LoadedBundle
from inference.types import ModelIdentity
from storage import runs, studies
from storage.codes import EventCode
from storage.objects import ObjectStore
from storage.runs import ClaimedRun
from storage.session import Database
from storage.states import RunState, StudyState, utc_now
from storage.tables import Deployment, Event, Result, Run, Study
from tests.factories.dicom import as_file, image
from tests.factories.storage import deploy, fresh
from tests.factories.storage import image as row_of


def bundle(name: str, digest: str) -> LoadedBundle:
    """Enough of a bundle for a study that no network is asked about."""
    return cast(LoadedBundle, SimpleNamespace(identity=ModelIdentity(name, "1.0", digest * 64), models={}))


class Shelf(BundleShelf):
    """Holds two bundles without networks, and looks for every other one."""

    def bundle(self, name: str, user: BundleUser) -> LoadedBundle:
        held = {"sij-1": bundle("sij-1", "a"), "sij-2": bundle("sij-2", "b")}
        return held[name] if name in held else super().bundle(name, user)


def prepare(settings: Settings, most_bytes: int) -> None:
    """Prepare a worker process without networks whose files cannot become longer than this: so ends a full disk."""
    objects = ObjectStore(settings.data_dir / "objects")
    worker._context = worker._Context(settings, Database(settings.database_url), objects, Shelf(memory_mb=1))
    if most_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, analysis=AnalysisSettings(max_attempts=1))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def study_id(settings: Settings, database: Database) -> int:
    """A complete study of one image without a place in the patient: it is read, and nothing applies."""
    one = image()
    stored = ObjectStore(settings.data_dir / "objects").put(
        "images", one.StudyInstanceUID, name="1", content=[as_file(one)], suffix=".dcm"
    )
    row = row_of(1, study=one.StudyInstanceUID, path_key=stored.key, sop_instance_uid=one.SOPInstanceUID)
    row = replace(row, series_instance_uid=one.SeriesInstanceUID)
    number = studies.record_instance(database, row).study_id
    studies.mark_complete(database, number, image_count=1, sentence="Quiet.")
    return number


def begin(database: Database) -> ClaimedRun:
    claimed = runs.claim(database, "w", lease_s=60)
    assert claimed is not None
    return claimed


def work(settings: Settings, claimed: ClaimedRun, *, most_bytes: int = 0) -> str:
    """Do one run in a process of its own."""
    engine = Engine(1, initializer=prepare, initargs=(settings, most_bytes))
    try:
        return engine.submit(worker.analyse, claimed).result(120)
    finally:
        engine.kill()


def test_a_worker_on_a_full_disk_costs_no_attempt_and_goes_on_when_there_is_room(
    settings: Settings, database: Database, study_id: int
) -> None:
    claimed = begin(database)
    with pytest.raises(StorageUnavailable) as caught:
        work(settings, claimed, most_bytes=1024)
    assert runs.fail(database, claimed, caught.value, max_attempts=1, pause_s=0) is RunState.QUEUED
    with database.read() as session:
        study = session.get_one(Study, study_id)
        assert (study.state, session.scalars(select(Result)).all()) == (StudyState.QUEUED, [])
        assert "tries again" in study.reason
    again = begin(database)
    assert (again.attempt, again.revision) == (1, 1)
    assert work(settings, again) == "not_applicable"
    with database.read() as session:
        assert session.scalars(select(Result)).one().run_id == claimed.run_id


def test_two_bundles_read_one_study_and_nothing_is_computed_twice(
    settings: Settings, database: Database, study_id: int
) -> None:
    assert work(settings, begin(database)) == "not_applicable"
    deploy(database, "sij-2")
    studies.reprocess(database, study_id, actor="ada")
    assert [work(settings, begin(database)) for _ in range(2)] == ["unchanged", "not_applicable"]
    with database.read() as session:
        made = [(one.model_name, one.deployment_id, one.revision) for one in session.scalars(select(Result))]
        kept = {one.path_key for result in session.scalars(select(Result)) for one in result.objects}
    assert made == [("sij-1", 1, 1), ("sij-2", 2, 1)]
    root = settings.data_dir / "objects"
    on_disk = {str(path.relative_to(root)) for path in (root / "results").rglob("*.dcm")}
    assert on_disk == kept, "what an unchanged run wrote is gone again"


def test_the_same_images_again_end_unchanged_before_anything_is_read(
    settings: Settings, database: Database, study_id: int
) -> None:
    assert work(settings, begin(database)) == "not_applicable"
    with database.write() as session:
        study = session.get_one(Study, study_id)
        known = session.scalars(select(Deployment)).all()
        runs.queue(session, study, known, at=utc_now(), code=EventCode.COMPLETE, sentence="Quiet.")
    claimed = runs.claim(database, "w", lease_s=60, wants=wants)
    assert claimed is not None
    ObjectStore(settings.data_dir / "objects").discard(claimed.path_keys[0])
    assert work(settings, claimed) == "unchanged"
    with database.read() as session:
        assert session.scalars(select(Run.state).order_by(Run.id)).all() == [
            RunState.NOT_APPLICABLE,
            RunState.UNCHANGED,
        ]
        assert session.get_one(Study, study_id).state is StudyState.NOT_APPLICABLE
        assert "UNCHANGED" in session.scalars(select(Event.code)).all()


def test_a_bundle_that_is_missing_is_waited_for(settings: Settings, database: Database, study_id: int) -> None:
    deploy(database, "sij-9")
    studies.record_instance(database, row_of(2, study=image().StudyInstanceUID))
    studies.mark_complete(database, study_id, image_count=2, sentence="Quiet.")
    claimed = next(one for one in (begin(database), begin(database)) if one.bundle == "sij-9")
    with pytest.raises(BundleError, match="BUNDLE_MISSING") as caught:
        work(settings, claimed)
    assert runs.fail(database, claimed, caught.value, max_attempts=1) is RunState.QUEUED
    with database.read() as session:
        run = session.get_one(Run, claimed.run_id)
        assert (run.reason_code, run.attempts, run.faults) == ("BUNDLE_MISSING", 0, 1)


def test_a_stored_image_that_is_gone_is_waited_for_and_no_study_is_read_without_it(
    settings: Settings, database: Database, study_id: int
) -> None:
    claimed = begin(database)
    file = ObjectStore(settings.data_dir / "objects").path(claimed.path_keys[0])
    content = file.read_bytes()
    file.unlink()
    with pytest.raises(StorageUnavailable, match="OBJECT_UNREADABLE") as caught:
        work(settings, claimed)
    assert runs.fail(database, claimed, caught.value, max_attempts=1, pause_s=0) is RunState.QUEUED
    file.write_bytes(content)
    again = begin(database)
    assert (again.attempt, work(settings, again)) == (1, "not_applicable")
