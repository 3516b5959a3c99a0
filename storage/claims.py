"""Claims: one worker at a time holds a study, under a lease that ends by itself where the worker dies."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import AxspaError, Final, Retryable
from storage.codes import EventCode
from storage.session import Database
from storage.states import move, utc_now
from storage.tables import Instance, Result, Study, StudyState


@dataclass(frozen=True, slots=True)
class ClaimedStudy:
    """A study that one worker holds."""

    study_id: int
    study_instance_uid: str
    revision: int
    attempt: int  # 1 for the first of this revision
    content_hash: str
    worker: str
    path_keys: tuple[str, ...]
    identity_conflict: bool  # its images name more than one patient


def claim(database: Database, worker: str, *, lease_s: float, now: datetime | None = None) -> ClaimedStudy | None:
    """Take the study that has waited longest, or None where none waits.

    The revision is a new one where the images differ from those of the last analysis, where a person asked for it,
    or where that revision has a result; a retry keeps its revision and with it the UIDs of its objects.
    """
    now = now or utc_now()
    waiting = (
        select(Study.id)
        .where(Study.state == StudyState.QUEUED, Study.next_attempt_at <= now)
        .order_by(Study.next_attempt_at, Study.id)
        .limit(1)
        .scalar_subquery()
    )
    with database.write() as session:
        study_id = session.execute(
            update(Study)
            .where(Study.id == waiting, Study.state == StudyState.QUEUED)
            .values(claimed_by=worker, claimed_at=now, lease_until=now + timedelta(seconds=lease_s))
            .returning(Study.id)
            .execution_options(synchronize_session=False)
        ).scalar()
        study = session.get(Study, study_id) if study_id is not None else None
        if study is None:
            return None
        _begin(session, study, now=now)
        keys = session.scalars(select(Instance.path_key).where(Instance.study_id == study.id).order_by(Instance.id))
        return ClaimedStudy(
            study_id=study.id,
            study_instance_uid=study.study_instance_uid,
            revision=study.revision,
            attempt=study.attempts,
            content_hash=study.content_hash,
            worker=worker,
            path_keys=tuple(keys),
            identity_conflict=study.identity_conflict,
        )


def extend(database: Database, claimed: ClaimedStudy, *, lease_s: float, now: datetime | None = None) -> bool:
    """Prolong the lease; False where the claim was lost, and with it the right to save anything."""
    now = now or utc_now()
    with database.write() as session:
        changed = session.execute(
            update(Study)
            .where(
                Study.id == claimed.study_id,
                Study.state == StudyState.ANALYSING,
                Study.claimed_by == claimed.worker,
                Study.revision == claimed.revision,
                Study.attempts == claimed.attempt,
            )
            .values(lease_until=now + timedelta(seconds=lease_s))
            .returning(Study.id)
        ).scalar()
        return changed is not None


def release(database: Database, claimed: ClaimedStudy, *, reason: str, now: datetime | None = None) -> None:
    """Put a study back unharmed (the node is stopping); the attempt does not count."""
    now = now or utc_now()
    with database.write() as session:
        study = held(session, claimed)
        study.attempts = max(0, study.attempts - 1)
        let_go(study)
        study.next_attempt_at = now
        move(session, study, to=StudyState.QUEUED, at=now, code=EventCode.PUT_BACK, sentence=reason)


def fail(
    database: Database,
    claimed: ClaimedStudy,
    error: AxspaError,
    *,
    max_attempts: int,
    pause_s: float = 30.0,
    now: datetime | None = None,
) -> StudyState:
    """End an attempt that raised: queued again where trying again can help, else failed. Returns the new state."""
    now = now or utc_now()
    with database.write() as session:
        study = held(session, claimed)
        let_go(study)
        if study_hash(session, study.id) != study.content_hash:
            sentence = f"The analysis failed ({error.code}), and more images came meanwhile."
            move(session, study, to=StudyState.RECEIVING, at=now, code=EventCode.LATE_IMAGES, sentence=sentence)
        elif isinstance(error, Retryable) and study.attempts < max_attempts:
            study.next_attempt_at = now + timedelta(seconds=pause_s * 2 ** (study.attempts - 1))
            sentence = f"Attempt {study.attempts} of {max_attempts} failed and is tried again. {error.sentence}"
            move(session, study, to=StudyState.QUEUED, at=now, code=error.code, sentence=sentence)
        else:
            move(session, study, to=StudyState.FAILED, at=now, code=error.code, sentence=error.sentence)
        return study.state


def requeue_expired(database: Database, *, max_attempts: int, now: datetime | None = None) -> int:
    """Put back the studies whose worker gave no sign of life before its lease ended; returns how many.

    One that took its worker with it ``max_attempts`` times fails instead.
    """
    now = now or utc_now()
    expired = select(Study).where(Study.state == StudyState.ANALYSING, Study.lease_until < now)
    with database.read() as session:
        if session.scalars(expired).first() is None:
            return 0
    with database.write() as session:
        studies = list(session.scalars(expired.with_for_update(skip_locked=True)))
        for study in studies:
            let_go(study)
            if study.attempts >= max_attempts:
                sentence = f"The analysis ended without an answer {study.attempts} times; the log says more."
                move(session, study, to=StudyState.FAILED, at=now, code=Code.WORKER_LOST, sentence=sentence)
                continue
            study.next_attempt_at = now
            sentence = "The analysis ended without an answer; the study is queued again."
            move(session, study, to=StudyState.QUEUED, at=now, code=Code.WORKER_LOST, sentence=sentence)
        return len(studies)


def held(session: Session, claimed: ClaimedStudy) -> Study:
    """The study of a claim, inside a writing transaction.

    Raises
    ------
    Final
        The claim was lost (code ``CLAIM_LOST``): the lease ran out and another worker may hold the study.
    """
    study = session.get(Study, claimed.study_id, with_for_update=True)
    ours = (claimed.worker, claimed.revision, claimed.attempt)
    if (
        study is None
        or study.state is not StudyState.ANALYSING
        or (study.claimed_by, study.revision, study.attempts) != ours
    ):
        raise Final(Code.CLAIM_LOST, f"Study {claimed.study_id} is no longer held by the worker {claimed.worker}.")
    return study


def let_go(study: Study) -> None:
    """Clear a claim."""
    study.claimed_by = None
    study.claimed_at = None
    study.lease_until = None


def study_hash(session: Session, study_id: int) -> str:
    """Hash of all that a study holds; the order of arrival does not count."""
    rows = session.execute(
        select(Instance.series_instance_uid, Instance.sop_instance_uid, Instance.sha256).where(
            Instance.study_id == study_id
        )
    )
    digest = hashlib.sha256()
    for row in sorted(tuple(row) for row in rows):
        digest.update("\0".join(row).encode() + b"\n")
    return digest.hexdigest()


def _begin(session: Session, study: Study, *, now: datetime) -> None:
    content_hash = study_hash(session, study.id)
    has_result = session.execute(
        select(Result.id).where(Result.study_id == study.id, Result.revision == study.revision)
    ).first()
    if study.revision == 0 or study.reprocess or content_hash != study.content_hash or has_result:
        study.revision += 1
        study.attempts = 0
    study.content_hash = content_hash
    study.reprocess = False
    study.attempts += 1
    again = f", attempt {study.attempts}" if study.attempts > 1 else ""
    move(
        session,
        study,
        to=StudyState.ANALYSING,
        at=now,
        code=EventCode.ANALYSING,
        sentence=f"The analysis of revision {study.revision} began{again}.",
        detail={"revision": study.revision, "attempt": study.attempts},
    )
