"""Results: saved with their statements, objects, pictures and outbox rows in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from storage import runs, snapshots
from storage.codes import EventCode
from storage.kinds import Destinations
from storage.objects import StoredObject
from storage.posting import Posted, post, supersede
from storage.runs import ClaimedRun
from storage.session import Database
from storage.showing import refresh
from storage.snapshots import Wants, everything
from storage.states import ResultStatus, RunState, utc_now
from storage.tables import Picture, Result, ResultObject, Run, Statement
from storage.timeline import move_run


@dataclass(frozen=True, slots=True)
class NewObject:
    """A DICOM object whose file is durable; ``of_default``: its kind is of the default set."""

    kind: str
    description: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    stored: StoredObject
    of_default: bool = True

    def row(self, **others: Any) -> ResultObject:
        """Its row; `others` are the columns that say whose it is, or that are to hold something else."""
        columns = {
            "kind": self.kind,
            "description": self.description,
            "sop_class_uid": self.sop_class_uid,
            "sop_instance_uid": self.sop_instance_uid,
            "series_instance_uid": self.series_instance_uid,
            "transfer_syntax_uid": self.transfer_syntax_uid,
            "sha256": self.stored.sha256,
            "size_bytes": self.stored.size_bytes,
            "path_key": self.stored.key,
            "of_default": self.of_default,
        }
        return ResultObject(**(columns | others))


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture for the panel whose file is durable."""

    name: str
    media_type: str
    stored: StoredObject


@dataclass(frozen=True, slots=True)
class NewStatement:
    """One thing that a result says: a key at a site, and a value, a number or both."""

    key: str
    anatomy: str = ""
    side: str = ""
    level: str = ""
    value: str = ""
    number: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class NewResult:
    """Everything one analysis leaves.

    Attributes
    ----------
    status : ResultStatus
    headline : str
        The result in one line, for lists.
    model_name, model_version, model_digest : str
        Identity of the bundle.
    settings_digest : str
        Hash of the settings that have a part in the result.
    analysis_hash : str
        Hash of what is said, rounded as reported, without UIDs and times; empty: not known.
    schema_number : int
        Of the summary.
    findings : sequence of mapping
        Of the gate: ``{"code", "sentence", "object"}``.
    plausible : bool
        Where nothing was read: whether the study might be one to read.
    """

    status: ResultStatus
    headline: str
    started_at: datetime
    finished_at: datetime
    application_version: str = ""
    model_name: str = ""
    model_version: str = ""
    model_digest: str = ""
    settings_digest: str = ""
    software_version: str = ""
    analysis_hash: str = ""
    schema_number: int = 1
    summary: Mapping[str, Any] = field(default_factory=dict)
    findings: Sequence[Mapping[str, str]] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    statements: Sequence[NewStatement] = ()
    objects: Sequence[NewObject] = ()
    pictures: Sequence[NewPicture] = ()
    plausible: bool = True


def save(
    database: Database,
    claimed: ClaimedRun,
    result: NewResult,
    *,
    destinations: Destinations,
    wants: Wants = everything,
    now: datetime | None = None,
) -> int | None:
    """Save a result and end its run, in one transaction; returns the result's number.

    One outbox row is made for each object and destination that wants it, where a PACS pushed the study, the deployment
    is a primary one and the gate let the result pass. Where wanted images came while it was made, it is kept as
    superseded and nothing of it is sent: all is read again. What earlier results of this deployment have not yet sent
    is cancelled; other deployments are not touched.

    Parameters
    ----------
    destinations : Destinations
        Those of this node.
    wants : Wants
        What the run's snapshot was taken with.

    Returns
    -------
    int or None
        None where the result says what the one that stands says: nothing was saved, and the run ended as unchanged. One
        that a person asked for is saved where it brings a kind of object that the standing one lacks.

    Raises
    ------
    Final
        The claim was lost; nothing was saved.
    StorageUnavailable
        Nothing was saved.
    """
    now = now or utc_now()
    with database.write() as session:
        study, run = runs.held(session, claimed)
        runs.let_go(run)
        run.faults = 0
        if _says_the_same(runs.standing(session, study.id, run.deployment_id), result, asked=claimed.asked):
            sentence = "The analysis says what the last result says, which stands."
            move_run(session, run, to=RunState.UNCHANGED, at=now, code=EventCode.UNCHANGED, sentence=sentence)
            refresh(session, study, at=now)
            return None
        content = snapshots.take(session, study.id, claimed.application, wants=wants)
        outdated = content.content_hash != claimed.content_hash
        row = _add_result(session, claimed, result, superseded=outdated)
        supersede(session, row, now=now)
        leaves = not outdated and result.status.may_leave and not study.identity_conflict
        leaves = leaves and study.origin.sent and run.deployment.purpose.sent
        posted = post(session, row, destinations if leaves else (), now=now)
        _finish(session, run, row, outdated=outdated, posted=posted, now=now)
        refresh(session, study, at=now)
        return row.id


def standing_objects(database: Database, claimed: ClaimedRun) -> tuple[ResultObject, ...]:
    """The objects of the result of this study and deployment that stands, in the order they were made.

    One that was held back has none: nobody outside has seen it.
    """
    with database.read() as session:
        last = runs.standing(session, claimed.study_id, claimed.deployment_id)
        if last is None or last.status is ResultStatus.HELD:
            return ()
        return tuple(made for made in last.objects if made.stands_for_id is None)


def _says_the_same(last: Result | None, result: NewResult, *, asked: bool) -> bool:
    if last is None or not last.analysis_hash:
        return False
    if asked and not {made.kind for made in result.objects} <= {made.kind for made in last.objects}:
        return False
    return (last.analysis_hash, last.status) == (result.analysis_hash, result.status)


def _add_result(session: Session, claimed: ClaimedRun, result: NewResult, *, superseded: bool) -> Result:
    row = Result(
        study_id=claimed.study_id,
        deployment_id=claimed.deployment_id,
        run_id=claimed.run_id,
        revision=claimed.revision,
        status=result.status,
        superseded=superseded,
        analysis_hash=result.analysis_hash,
        content_hash=claimed.content_hash,
        application=claimed.application,
        application_version=result.application_version,
        model_name=result.model_name,
        model_version=result.model_version,
        model_digest=result.model_digest,
        settings_digest=result.settings_digest,
        software_version=result.software_version,
        schema_number=result.schema_number,
        headline=result.headline,
        plausible=result.plausible,
        started_at=result.started_at,
        finished_at=result.finished_at,
        summary=dict(result.summary),
        findings=[dict(finding) for finding in result.findings],
        timings_s=dict(result.timings_s),
    )
    row.statements = [
        Statement(
            key=said.key,
            anatomy=said.anatomy,
            side=said.side,
            level=said.level,
            value=said.value,
            number=said.number,
            unit=said.unit,
        )
        for said in result.statements
    ]
    row.objects = [made.row() for made in result.objects]
    row.pictures = [
        Picture(
            name=picture.name,
            media_type=picture.media_type,
            size_bytes=picture.stored.size_bytes,
            path_key=picture.stored.key,
        )
        for picture in result.pictures
    ]
    session.add(row)
    session.flush()
    return row


def _finish(session: Session, run: Run, row: Result, *, outdated: bool, posted: Posted, now: datetime) -> None:
    code, sentence = EventCode.RESULT_SAVED, row.headline or "The analysis is done."
    if outdated:
        code = EventCode.LATE_IMAGES
        sentence = "More images came during the analysis; its result is kept but not sent, and all is read again."
    elif row.status is ResultStatus.HELD:
        code, count = EventCode.HELD, len(row.findings)
        sentence = f"The result is held back and was not sent: the check before sending found {count} faults."
        if count == 1:
            sentence = f"The result is held back and was not sent. {row.findings[0].get('sentence', '')}".strip()
    elif posted.waiting:
        sentence = f"{row.headline} {len(row.objects)} objects are to be sent.".strip()
    elif posted.kept_from:
        closed = f"Nothing was sent: {', '.join(posted.kept_from)} is not open."
        sentence = f"{row.headline} {closed}".strip()
    elif row.status is ResultStatus.NOT_APPLICABLE:
        code = EventCode.NOT_APPLICABLE
    detail = {"result": row.id, "objects": len(row.objects)}
    move_run(session, run, to=row.status.ends, at=now, code=code, sentence=sentence, detail=detail)
    if posted.waiting:
        run.reason = row.headline or "Every object is where it should be."
