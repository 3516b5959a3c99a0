"""Results: saved with their objects, pictures and outbox rows in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.claims import ClaimedStudy, held, let_go, study_hash
from storage.codes import DeliveryCode, EventCode
from storage.objects import StoredObject
from storage.session import Database
from storage.states import move, note, utc_now
from storage.tables import (
    Delivery,
    DeliveryState,
    Picture,
    Result,
    ResultObject,
    ResultStatus,
    Study,
    StudyState,
)


@dataclass(frozen=True, slots=True)
class NewObject:
    """A DICOM object whose file is durable."""

    kind: str
    description: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    stored: StoredObject


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture for the panel whose file is durable."""

    name: str
    media_type: str
    stored: StoredObject


@dataclass(frozen=True, slots=True)
class NewResult:
    """Everything one analysis leaves. ``findings`` of the gate are ``{"code", "sentence", "object"}``."""

    status: ResultStatus
    headline: str
    started_at: datetime
    finished_at: datetime
    model_name: str = ""
    model_version: str = ""
    model_digest: str = ""
    software_version: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    findings: Sequence[Mapping[str, str]] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    objects: Sequence[NewObject] = ()
    pictures: Sequence[NewPicture] = ()


def save(
    database: Database,
    claimed: ClaimedStudy,
    result: NewResult,
    *,
    destinations: Sequence[str],
    now: datetime | None = None,
) -> int:
    """Save a result and end the claim, in one transaction; returns the result's number.

    One outbox row is made for each object and destination, unless the gate held the result, or images came while it
    was made: then it is kept as superseded, nothing of it is sent, and the study waits for its quiet period again.
    What earlier results of the study have not yet sent is cancelled.

    Parameters
    ----------
    destinations : sequence of str
        Names of the destinations of this node.

    Raises
    ------
    Final
        The claim was lost; nothing was saved.
    StorageUnavailable
        Nothing was saved.
    """
    now = now or utc_now()
    with database.write() as session:
        study = held(session, claimed)
        let_go(study)
        outdated = study_hash(session, study.id) != claimed.content_hash
        row = _add_result(session, claimed, result, superseded=outdated)
        _supersede(session, study.id, newest=row, now=now)
        sent_to = () if outdated or result.status is ResultStatus.HELD else tuple(destinations)
        for made in row.objects:
            for name in sent_to:
                session.add(
                    Delivery(
                        object_id=made.id,
                        destination=name,
                        state=DeliveryState.WAITING,
                        created_at=now,
                        next_attempt_at=now,
                    )
                )
        _finish(session, study, row, outdated=outdated, sending=bool(sent_to and row.objects), now=now)
        return row.id


def final_state(status: ResultStatus) -> StudyState:
    """The state of a study whose newest result has this status and is at every destination."""
    return {
        ResultStatus.COMPLETE: StudyState.DONE,
        ResultStatus.NOT_APPLICABLE: StudyState.NOT_APPLICABLE,
        ResultStatus.HELD: StudyState.HELD,
    }[status]


def newest(session: Session, study_id: int) -> Result | None:
    """The result of the newest revision of a study, inside a session."""
    return session.scalars(
        select(Result).where(Result.study_id == study_id).order_by(Result.revision.desc()).limit(1)
    ).first()


def _add_result(session: Session, claimed: ClaimedStudy, result: NewResult, *, superseded: bool) -> Result:
    row = Result(
        study_id=claimed.study_id,
        revision=claimed.revision,
        status=result.status,
        superseded=superseded,
        content_hash=claimed.content_hash,
        model_name=result.model_name,
        model_version=result.model_version,
        model_digest=result.model_digest,
        software_version=result.software_version,
        headline=result.headline,
        started_at=result.started_at,
        finished_at=result.finished_at,
        summary=dict(result.summary),
        findings=[dict(finding) for finding in result.findings],
        timings_s=dict(result.timings_s),
    )
    row.objects = [
        ResultObject(
            kind=made.kind,
            description=made.description,
            sop_class_uid=made.sop_class_uid,
            sop_instance_uid=made.sop_instance_uid,
            series_instance_uid=made.series_instance_uid,
            transfer_syntax_uid=made.transfer_syntax_uid,
            sha256=made.stored.sha256,
            size_bytes=made.stored.size_bytes,
            path_key=made.stored.key,
        )
        for made in result.objects
    ]
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


def _supersede(session: Session, study_id: int, *, newest: Result, now: datetime) -> None:
    older = select(Result.id).where(Result.study_id == study_id, Result.id != newest.id)
    session.execute(update(Result).where(Result.id.in_(older)).values(superseded=True))
    objects = select(ResultObject.id).where(ResultObject.result_id.in_(older))
    cancelled = session.execute(
        update(Delivery)
        .where(Delivery.object_id.in_(objects), Delivery.state == DeliveryState.WAITING)
        .values(
            state=DeliveryState.CANCELLED,
            last_code=DeliveryCode.SUPERSEDED,
            last_comment="A newer result took its place before it was sent.",
        )
        .returning(Delivery.id)
    ).all()
    if cancelled:
        sentence = f"{len(cancelled)} objects of an earlier revision were still to be sent and now are not."
        note(session, study_id, at=now, code=EventCode.SUPERSEDED, sentence=sentence)


def _finish(session: Session, study: Study, row: Result, *, outdated: bool, sending: bool, now: datetime) -> None:
    detail = {"result": row.id, "revision": row.revision, "objects": len(row.objects)}
    if outdated:
        to, code = StudyState.RECEIVING, EventCode.LATE_IMAGES
        sentence = "More images came during the analysis; its result is kept but not sent, and all is read again."
    elif row.status is ResultStatus.HELD:
        to, code = StudyState.HELD, EventCode.HELD
        count = len(row.findings)
        sentence = f"The result is held back and was not sent: the check before sending found {count} faults."
        if count == 1:
            sentence = f"The result is held back and was not sent. {row.findings[0].get('sentence', '')}".strip()
    elif sending:
        to, code = StudyState.DELIVERING, EventCode.RESULT_SAVED
        sentence = f"{row.headline} {len(row.objects)} objects are to be sent.".strip()
    else:
        to = final_state(row.status)
        code = EventCode.NOT_APPLICABLE if to is StudyState.NOT_APPLICABLE else EventCode.RESULT_SAVED
        sentence = row.headline or "The analysis is done."
    move(session, study, to=to, at=now, code=code, sentence=sentence, detail=detail)
