"""Deleting what was kept for long enough; never what is not delivered. Each deletion leaves a row in the audit.

Rows go first, in one transaction with the audit row and the names of their files; then the files go, then their names.
A process that is killed in between leaves files that are still to be removed, and nothing that refers to what is gone.
"""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from config.settings_keeping import RetentionSettings
from storage import audit, figures
from storage.codes import EventCode
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import DeliveryState, Origin, Proof, Purpose, Reception, ResultStatus, RunState, StudyState, utc_now
from storage.tables import (
    Association,
    AssociationOutcome,
    Delivery,
    Deployment,
    DoomedFile,
    Instance,
    Picture,
    RefusedImage,
    Result,
    ResultObject,
    Run,
    Study,
)
from storage.timeline import note

ACTOR = "retention"
STUDIES_AT_ONCE = 50
ROWS_AT_ONCE = 500
YOUNGEST = timedelta(hours=1)
"""A study that was settled more recently is not deleted for want of space either."""
_OLD_FOLDER_S = 3600.0
_GONE = tuple(state for state in DeliveryState if not state.unsent and not state.lost)
_MAY_GO = tuple(state for state in StudyState if state.settled and not state.needs_person)
_REFER = (Instance.path_key, ResultObject.path_key, Picture.path_key, RefusedImage.path_key)


@dataclass(frozen=True, slots=True)
class Deleted:
    """How much one turn deleted."""

    studies: int = 0
    sources: int = 0  # studies whose images went
    pictures: int = 0  # studies whose pictures went
    quarantine: int = 0
    associations: int = 0
    refusals: int = 0


def deletes(settings: RetentionSettings) -> bool:
    """Whether the settings want anything deleted at all."""
    days = (settings.study_days, settings.source_days, settings.picture_days, settings.quarantine_days)
    return any(value > 0 for value in (*days, settings.association_days, settings.free_mb))


def turn(
    database: Database, objects: ObjectStore, settings: RetentionSettings, *, now: datetime | None = None
) -> Deleted:
    """Delete what the settings no longer keep, a limited number of each kind.

    Raises
    ------
    StorageUnavailable
        The database or the disk does not answer; the next turn goes on where this one ended.
    """
    now = now or utc_now()
    remove_doomed(database, objects)
    gone = _studies(database, settings, before=_before(settings.study_days, now), why="age", now=now)
    sources = pictures = 0
    for study_id in _due(database, settings, _before(settings.source_days, now), _has(Instance)):
        sources += _delete_sources(database, settings, study_id, now=now)
    for study_id in _due(database, settings, _before(settings.picture_days, now), _HAS_PICTURES):
        pictures += _delete_pictures(database, settings, study_id, now=now)
    deleted = Deleted(
        studies=gone,
        sources=sources,
        pictures=pictures,
        quarantine=_quarantine(database, _before(settings.quarantine_days, now), now=now),
        refusals=_refusals(database, _before(settings.association_days, now), now=now),
        associations=_associations(database, _before(settings.association_days, now), now=now),
    )
    remove_doomed(database, objects)
    return deleted


def make_room(
    database: Database, objects: ObjectStore, settings: RetentionSettings, *, now: datetime | None = None
) -> int:
    """Delete the oldest studies that may go while less space is free than the settings want; how many.

    Raises
    ------
    StorageUnavailable
        The database or the disk does not answer.
    """
    now, count = now or utc_now(), 0
    while count < STUDIES_AT_ONCE and objects.free_mb() < settings.free_mb:
        gone = _studies(database, settings, before=now - YOUNGEST, why="space", now=now, limit=5)
        if not gone:
            break
        count += gone
        remove_doomed(database, objects)
    return count


def remove_doomed(database: Database, objects: ObjectStore) -> int:
    """Remove files whose rows are gone, also those that an earlier process did not come to; how many."""
    removed = 0
    while True:
        with database.read() as session:
            rows = list(session.scalars(select(DoomedFile).order_by(DoomedFile.id).limit(ROWS_AT_ONCE)))
            named = _named(session, {row.path_key for row in rows})
        if not rows:
            return removed
        for row in rows:
            if row.path_key not in named:
                objects.discard(row.path_key)
                _remove_empty(objects, row.path_key)
                removed += 1
        with database.write() as session:
            session.execute(delete(DoomedFile).where(DoomedFile.id.in_([row.id for row in rows])))


def _named(session: Session, keys: set[str]) -> set[str]:
    """Those of some keys that a row refers to: they stay, whatever was thought of them."""
    return {key for column in _REFER for key in session.scalars(select(column).where(column.in_(keys))) if key}


def _remove_empty(objects: ObjectStore, key: str) -> None:
    folder = objects.path(key).parent
    with contextlib.suppress(OSError):  # something is in it, or it is gone
        if folder.stat().st_mtime < time.time() - _OLD_FOLDER_S:
            folder.rmdir()


def _before(days: float, now: datetime) -> datetime | None:
    return now - timedelta(days=days) if days > 0 else None


def _has(owned: type[Instance]) -> ColumnElement[bool]:
    return exists().where(owned.study_id == Study.id)


_HAS_PICTURES = exists().where(Picture.result_id == Result.id, Result.study_id == Study.id)


def _safe(settings: RetentionSettings, before: datetime) -> ColumnElement[bool]:
    """That nothing of a study has still to be done, sent or shown to be kept."""
    of_study = Result.study_id == Study.id
    unsent = exists().where(
        of_study,
        ResultObject.result_id == Result.id,
        Delivery.object_id == ResultObject.id,
        or_(Delivery.state.not_in(_GONE), Delivery.proof.in_([proof for proof in Proof if proof.open])),
    )
    untold = exists().where(of_study, Result.retracted_by != "", ~Result.retraction_sent)
    active = exists().where(Run.study_id == Study.id, Run.state.in_([state for state in RunState if state.active]))
    sends = exists().where(Association.outcome == AssociationOutcome.OPEN, Association.calling_ae == Study.calling_ae)
    known = [
        Study.state.in_(_MAY_GO),
        Study.reception.in_([reception for reception in Reception if reception.complete]),
        Study.changed_at < before,
        Study.last_received_at < before,
    ]
    nowhere = [] if settings.sent_nowhere else [~_sent_nowhere()]
    return and_(*known, ~unsent, ~untold, ~active, ~sends, *nowhere)


def _sent_nowhere() -> ColumnElement[bool]:
    """That a result which should go to destinations is in no ledger: what is here is all there is of it."""
    entered = exists().where(ResultObject.result_id == Result.id, Delivery.object_id == ResultObject.id)
    return exists().where(
        Result.study_id == Study.id,
        Result.deployment_id == Deployment.id,
        Result.status == ResultStatus.COMPLETE,
        ~Result.superseded,
        Result.retracted_by == "",
        Deployment.purpose.in_([purpose for purpose in Purpose if purpose.sent]),
        Study.origin.in_([origin for origin in Origin if origin.sent]),
        ~entered,
    )


def _due(
    database: Database,
    settings: RetentionSettings,
    before: datetime | None,
    *conditions: ColumnElement[bool],
    limit: int = STUDIES_AT_ONCE,
) -> list[int]:
    if before is None:
        return []
    query = select(Study.id).where(_safe(settings, before), *conditions).order_by(Study.last_received_at).limit(limit)
    with database.read() as session:
        return list(session.scalars(query))


def _still(session: Session, settings: RetentionSettings, study_id: int, before: datetime) -> Study | None:
    """The study, locked, if it may still go."""
    query = select(Study).where(Study.id == study_id, _safe(settings, before)).with_for_update(of=Study)
    return session.scalars(query).first()


def _studies(
    database: Database,
    settings: RetentionSettings,
    *,
    before: datetime | None,
    why: str,
    now: datetime,
    limit: int = STUDIES_AT_ONCE,
) -> int:
    count = 0
    for study_id in _due(database, settings, before, limit=limit):
        with database.write() as session:
            if before is None or _still(session, settings, study_id, before) is None:
                continue
            keys = [*_source_keys(session, study_id), *_object_keys(session, study_id), *_pictures(session, study_id)]
            session.execute(delete(Study).where(Study.id == study_id))
            _doom(session, keys)
            _audit(session, "study.delete", f"study {study_id}", {"files": len(keys), "why": why}, now=now)
            count += 1
    return count


def _delete_sources(database: Database, settings: RetentionSettings, study_id: int, *, now: datetime) -> int:
    before = _before(settings.source_days, now)
    with database.write() as session:
        study = _still(session, settings, study_id, before) if before is not None else None
        if study is None:
            return 0
        keys = _source_keys(session, study_id)
        session.execute(delete(Instance).where(Instance.study_id == study_id))
        study.image_count = 0
        _doom(session, keys)
        _tell(session, study_id, EventCode.SOURCES_DELETED, len(keys), now=now)
        _audit(session, "sources.delete", f"study {study_id}", {"files": len(keys), "why": "age"}, now=now)
        return 1


def _delete_pictures(database: Database, settings: RetentionSettings, study_id: int, *, now: datetime) -> int:
    before = _before(settings.picture_days, now)
    with database.write() as session:
        if before is None or _still(session, settings, study_id, before) is None:
            return 0
        keys = _pictures(session, study_id)
        results = select(Result.id).where(Result.study_id == study_id)
        session.execute(delete(Picture).where(Picture.result_id.in_(results)))
        _doom(session, keys)
        _tell(session, study_id, EventCode.PICTURES_DELETED, len(keys), now=now)
        _audit(session, "pictures.delete", f"study {study_id}", {"files": len(keys), "why": "age"}, now=now)
        return 1


def _quarantine(database: Database, before: datetime | None, *, now: datetime) -> int:
    if before is None:
        return 0
    due = select(RefusedImage.id, RefusedImage.path_key)
    due = due.where(RefusedImage.at < before, RefusedImage.path_key.is_not(None)).limit(ROWS_AT_ONCE)
    with database.write() as session:
        rows = session.execute(due).all()
        if rows:
            ids = [number for number, _ in rows]
            session.execute(update(RefusedImage).where(RefusedImage.id.in_(ids)).values(path_key=None))
            _doom(session, [key for _, key in rows if key])
            _audit(session, "quarantine.delete", "", {"files": len(rows), "why": "age"}, now=now)
        return len(rows)


def _refusals(database: Database, before: datetime | None, *, now: datetime) -> int:
    """Refusals whose bytes are gone, and that say nothing of a study that is still at work."""
    if before is None:
        return 0
    settled = select(Study.id).where(Study.state.in_(_MAY_GO))
    due = select(RefusedImage.id).where(
        RefusedImage.at < before,
        RefusedImage.path_key.is_(None),
        or_(RefusedImage.study_id.is_(None), RefusedImage.study_id.in_(settled)),
    )
    with database.write() as session:
        ids = list(session.scalars(due.limit(ROWS_AT_ONCE)))
        if ids:
            session.execute(delete(RefusedImage).where(RefusedImage.id.in_(ids)))
            _audit(session, "refusals.delete", "", {"rows": len(ids), "why": "age"}, now=now)
        return len(ids)


def _associations(database: Database, before: datetime | None, *, now: datetime) -> int:
    if before is None:
        return 0
    ended = Association.outcome != AssociationOutcome.OPEN
    due = select(Association).where(Association.started_at < before, Association.ended_at < before, ended)
    with database.write() as session:
        rows = list(session.scalars(due.order_by(Association.started_at).limit(ROWS_AT_ONCE)))
        if rows:
            figures.add_to_tally(session, rows)
            session.execute(delete(Association).where(Association.id.in_([row.id for row in rows])))
            _audit(session, "associations.delete", "", {"rows": len(rows), "why": "age"}, now=now)
        return len(rows)


def _source_keys(session: Session, study_id: int) -> list[str]:
    return list(session.scalars(select(Instance.path_key).where(Instance.study_id == study_id)))


def _object_keys(session: Session, study_id: int) -> list[str]:
    query = select(ResultObject.path_key).join(Result, ResultObject.result_id == Result.id)
    return list(session.scalars(query.where(Result.study_id == study_id)))


def _pictures(session: Session, study_id: int) -> list[str]:
    query = select(Picture.path_key).join(Result, Picture.result_id == Result.id).where(Result.study_id == study_id)
    return list(session.scalars(query))


def _doom(session: Session, keys: Iterable[str]) -> None:
    if rows := [{"path_key": key} for key in dict.fromkeys(keys)]:
        session.execute(insert(DoomedFile), rows)


def _tell(session: Session, study_id: int, code: EventCode, files: int, *, now: datetime) -> None:
    note(session, study_id, at=now, code=code, sentence=code.sentence, detail={"files": files})


def _audit(session: Session, action: str, subject: str, detail: dict[str, int | str], *, now: datetime) -> None:
    audit.append(session, actor=ACTOR, action=action, subject=subject, detail=detail, at=now)
