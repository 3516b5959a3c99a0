"""A database with studies in it, for tests of storage and of what stands on it."""

import functools
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import DeploymentSettings
from storage import deployments, destinations, results, runs, studies
from storage.objects import StoredObject
from storage.results import NewObject, NewPicture, NewResult
from storage.runs import ClaimedRun
from storage.session import Database, migrate
from storage.studies import IncomingImage
from storage.tables import Deployment, DestinationRecord, Purpose, Result, ResultStatus, Study

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STUDY = "1.2.826.0.1.1"
OPEN = ("archive", "review", "mail", "PACS", "workstation")
"""Destinations that are open in each database of :func:`fresh`."""


@functools.cache
def _empty() -> bytes:
    """A migrated database with the one deployment of the settings: migrating takes longer than most tests."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.sqlite")
        migrate(database)
        deploy_first(database)
        open_destinations(database, *OPEN)
        database.dispose()
        connection = sqlite3.connect(f"{folder}/empty.sqlite")
        content = connection.serialize()
        connection.close()
        return content


def fresh(folder: Path, *, busy_timeout_s: float = 10.0) -> Database:
    """A migrated database in this folder."""
    (folder / "axspa.sqlite").write_bytes(_empty())
    return Database(f"sqlite:///{folder / 'axspa.sqlite'}", busy_timeout_s=busy_timeout_s)


def at(seconds: float) -> datetime:
    """A moment, counted from the start of the story."""
    return START + timedelta(seconds=seconds)


def image(number: int, *, study: str = STUDY, content: str = "", **fields: str) -> IncomingImage:
    """An image whose UIDs follow its number; other content gives another hash."""
    known = IncomingImage(
        study_instance_uid=study,
        series_instance_uid=f"{study}.1",
        sop_instance_uid=f"{study}.1.{number}",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        sha256=(content or f"{number:x}").ljust(64, "0"),
        size_bytes=1000,
        path_key=f"images/{number}",
        patient_id="P-1",
        patient_name="Быков^Иван",
        birth_date="19700101",
        sex="M",
        accession_number="A-77",
        study_date="20260301",
        description="MR SI joints",
        calling_ae="PACS",
    )
    return replace(known, **fields)  # type: ignore[arg-type]


def receive(database: Database, *numbers: int, study: str = STUDY, seconds: float = 0.0, **fields: str) -> int:
    """Record images; the number of their study."""
    study_id = 0
    for number in numbers:
        study_id = studies.record_instance(database, image(number, study=study, **fields), at=at(seconds)).study_id
    return study_id


def claim(database: Database, *numbers: int, study: str = STUDY, seconds: float = 0.0) -> ClaimedRun:
    """Receive a study, let it be complete, claim it."""
    study_id = receive(database, *numbers, study=study, seconds=seconds)
    count = next(row.image_count for row in studies.receiving(database) if row.study_id == study_id)
    assert studies.mark_complete(database, study_id, image_count=count, sentence="Quiet.", at=at(seconds + 60))
    return begin(database, seconds=seconds + 61)


def begin(database: Database, *, seconds: float, worker: str = "worker") -> ClaimedRun:
    """Claim the run that is due."""
    claimed = runs.claim(database, worker, lease_s=60, now=at(seconds))
    assert claimed is not None
    return claimed


def open_destinations(database: Database, *names: str) -> None:
    """Destinations that may be sent to; no audit row either."""
    with database.read() as session:
        closed = sorted(set(names) - destinations.open_names(session))
    if not closed:
        return
    with database.write() as session:
        for name in closed:
            session.merge(
                DestinationRecord(name=name, open=True, decided_by="", changed_at=START, failures=0, trouble="")
            )


def deploy_first(database: Database) -> None:
    """The deployment that a node has without further settings; no audit row, so that tests count their own."""
    with database.write() as session:
        session.add(
            Deployment(
                application="sij_mri", bundle="sij-1", purpose=Purpose.PRIMARY, series_base=900, created_at=START
            )
        )


def deploy(database: Database, *bundles: str, purpose: Literal["primary", "shadow", "trial"] = "primary") -> None:
    """Let further bundles read studies beside the first one."""
    known = [DeploymentSettings(bundle=row.bundle, purpose=row.purpose.value) for row in deployments.every(database)]
    more = [DeploymentSettings(bundle=bundle, purpose=purpose) for bundle in bundles]
    deployments.adopt(database, [*known, *more], actor="test", at=START)


def result_of(
    claimed: ClaimedRun,
    *,
    status: ResultStatus = ResultStatus.COMPLETE,
    objects: int = 2,
    analysis_hash: str = "",
) -> NewResult:
    """A result with objects whose UIDs follow study, deployment and revision, and one picture."""
    stored = StoredObject(key=f"results/{claimed.revision}", sha256="f" * 64, size_bytes=10)
    root = f"{claimed.study_instance_uid}.9.{claimed.deployment_id}.{claimed.revision}"
    return NewResult(
        status=status,
        headline="Signs of sacroiliitis on the left.",
        started_at=at(61),
        finished_at=at(65),
        model_name="sij-1",
        model_version="1.0",
        model_digest="d" * 64,
        software_version="0.1.0",
        analysis_hash=analysis_hash,
        summary={"status": "result"},
        findings=[{"code": "SIDES", "sentence": "Left is right.", "object": "SEG"}]
        if status is ResultStatus.HELD
        else [],
        objects=[
            NewObject(
                kind=f"kind-{number}",
                description="AI RESEARCH",
                sop_class_uid="1.2.840.10008.5.1.4.1.1.7",
                sop_instance_uid=f"{root}.1.{number}",
                series_instance_uid=f"{root}.2.{number}",
                transfer_syntax_uid="1.2.840.10008.1.2.1",
                stored=stored,
            )
            for number in range(objects)
        ],
        pictures=[NewPicture("t1/base/000.png", "image/png", stored)],
    )


def save(
    database: Database,
    claimed: ClaimedRun,
    *,
    destinations: tuple[str, ...] = ("archive",),
    status: ResultStatus = ResultStatus.COMPLETE,
    analysis_hash: str = "",
    seconds: float = 65.0,
) -> int:
    """Save a result of a claim, for destinations that are open; its number."""
    open_destinations(database, *destinations)
    new = result_of(claimed, status=status, analysis_hash=analysis_hash)
    number = results.save(database, claimed, new, destinations=destinations, now=at(seconds))
    assert number is not None
    return number


def results_of(session: Session, study: Study) -> list[Result]:
    """The results of a study, in the order they were made."""
    return list(session.scalars(select(Result).where(Result.study_id == study.id).order_by(Result.id)))
