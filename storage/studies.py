"""Studies as they arrive: the quiet ones found and taken as complete, a new analysis asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import Final
from storage import audit, gaps, identities, runs, snapshots
from storage.codes import EventCode
from storage.gaps import Gap
from storage.images import IncomingImage, Recorded, Recording, check_uid, record_instance
from storage.session import Database
from storage.showing import refresh
from storage.snapshots import Wants, everything
from storage.states import Reception, RunState, StudyState, utc_now
from storage.tables import Deployment, Run, Study
from storage.timeline import move_reception, note

__all__ = [
    "IncomingImage",
    "ReceivingStudy",
    "Recorded",
    "Recording",
    "check_uid",
    "count_states",
    "mark_complete",
    "read_now",
    "receiving",
    "record_instance",
    "reprocess",
    "waits_for_images",
]


@dataclass(frozen=True, slots=True)
class ReceivingStudy:
    """What :mod:`dicom_node.analyse.completion` needs to know of a study that is being received."""

    study_id: int
    first_received_at: datetime
    last_received_at: datetime
    image_count: int


def receiving(database: Database) -> list[ReceivingStudy]:
    """Studies that images still come for, the longest quiet first."""
    columns = (Study.id, Study.first_received_at, Study.last_received_at, Study.image_count)
    with database.read() as session:
        found = session.execute(
            select(*columns).where(Study.reception == Reception.RECEIVING).order_by(Study.last_received_at)
        )
        return [ReceivingStudy(*row) for row in found]


def mark_complete(
    database: Database,
    study_id: int,
    *,
    image_count: int,
    sentence: str,
    wants: Wants = everything,
    gap_wait_s: float = 0.0,
    at: datetime | None = None,
) -> bool:
    """Take a study as complete and queue a run of each deployment that finds something new in it.

    Where images seem to be missing, the run waits for them; what comes meanwhile makes the study complete anew.

    Parameters
    ----------
    image_count : int
        The count the decision was made on: where another image came since, nothing happens.
    sentence : str
        Why it is complete, for the timeline.
    wants : Wants
    gap_wait_s : float
        How long a run waits for images that are missing.

    Returns
    -------
    bool
        False where the study changed in between.
    """
    at = at or utc_now()
    with database.write() as session:
        study = session.get(Study, study_id, with_for_update=True)
        if study is None or study.reception is not Reception.RECEIVING or study.image_count != image_count:
            return False
        if study.identity_conflict:
            identities.recompute(session, study, at=at)
        to = Reception.HELD if study.identity_conflict else Reception.COMPLETE
        move_reception(session, study, to=to, at=at, code=EventCode.COMPLETE, sentence=sentence)
        for deployment in snapshots.readers(session, study, _deployments(session), wants=wants):
            taken = snapshots.take(session, study.id, deployment.application, wants=wants)
            if not runs.has_read(session, study.id, deployment.id, taken.content_hash):
                _queue(session, study, deployment, taken.gaps, sentence=sentence, gap_wait_s=gap_wait_s, at=at)
        refresh(session, study, at=at)
        return True


def reprocess(database: Database, study_id: int, *, actor: str, at: datetime | None = None) -> None:
    """Queue a run of every deployment because a person asks; leaves an audit row.

    Raises
    ------
    Final
        There is no such study (``STUDY_UNKNOWN``), or it is on its way already (``STUDY_BUSY``).
    """
    at = at or utc_now()
    with database.write() as session:
        study = session.get(Study, study_id, with_for_update=True)
        if study is None:
            raise Final(Code.STUDY_UNKNOWN, f"There is no study with the number {study_id}.")
        active = select(Run.id).where(Run.study_id == study_id, Run.state.in_([s for s in RunState if s.active]))
        if not study.reception.complete or session.scalars(active).first() is not None:
            raise Final(
                Code.STUDY_BUSY, f"The study is on its way already; wait until it is done. It is {study.state}."
            )
        sentence = f"{actor} asked for a new analysis."
        identities.recompute(session, study, at=at)
        to = Reception.HELD if study.identity_conflict else Reception.COMPLETE
        if study.reception is not to:
            move_reception(session, study, to=to, at=at, code=EventCode.REPROCESS, sentence=sentence)
        readers = snapshots.readers(session, study, _deployments(session))
        runs.queue(session, study, readers, at=at, code=EventCode.REPROCESS, sentence=sentence, asked=True)
        note(session, study_id, at=at, code=EventCode.REPROCESS, sentence=sentence)
        refresh(session, study, at=at)
        audit.append(session, actor=actor, action="study.reprocess", subject=f"study {study_id}", at=at)


def waits_for_images(database: Database, study_id: int, *, at: datetime | None = None) -> bool:
    """True where a run of the study waits for images that are missing."""
    with database.read() as session:
        return bool(_waiting_for_images(session, study_id, at=at or utc_now()))


def read_now(database: Database, study_id: int, *, actor: str, at: datetime | None = None) -> None:
    """Have a study read as it is, which waits for missing images; leaves an audit row. The result says what is missing.

    Raises
    ------
    Final
        Nothing of this study waits for images (``STUDY_STATE``).
    """
    at = at or utc_now()
    with database.write() as session:
        study = session.get(Study, study_id, with_for_update=True)
        waiting = _waiting_for_images(session, study_id, at=at)
        if study is None or not waiting:
            raise Final(Code.STUDY_STATE, "Nothing of this study waits for images.")
        code, sentence = EventCode.READ_NOW, f"{actor} had it read as it is, without waiting for images."
        deployments = [run.deployment for run in waiting]
        runs.queue(session, study, deployments, at=at, code=code, sentence=sentence, asked=True)
        note(session, study_id, at=at, code=code, sentence=sentence)
        refresh(session, study, at=at)
        audit.append(session, actor=actor, action="study.read-now", subject=f"study {study_id}", at=at)


def _waiting_for_images(session: Session, study_id: int, *, at: datetime) -> list[Run]:
    code = EventCode.WAITS_FOR_IMAGES
    mine = (Run.study_id == study_id, Run.state == RunState.QUEUED, Run.reason_code == code)
    return list(session.scalars(select(Run).where(*mine, Run.next_attempt_at > at)))


def _deployments(session: Session) -> list[Deployment]:
    return list(session.scalars(select(Deployment).where(Deployment.enabled).order_by(Deployment.series_base)))


def count_states(database: Database) -> dict[StudyState, int]:
    """How many studies are in each state."""
    with database.read() as session:
        found = session.execute(select(Study.state, func.count()).group_by(Study.state))
        return {state: count for state, count in found}


def _queue(
    session: Session,
    study: Study,
    deployment: Deployment,
    missing: Sequence[Gap],
    *,
    sentence: str,
    gap_wait_s: float,
    at: datetime,
) -> None:
    """Queue a run: to begin now, or where images are missing when it has waited for them."""
    if not missing or not gap_wait_s:
        runs.queue(session, study, [deployment], at=at, code=EventCode.COMPLETE, sentence=sentence)
        return
    until = at + timedelta(seconds=gap_wait_s)
    sentence = gaps.say_waiting([gap.sentence for gap in missing], until)
    code = EventCode.WAITS_FOR_IMAGES
    runs.queue(session, study, [deployment], at=at, code=code, sentence=sentence, not_before=until)
    note(session, study.id, at=at, code=code, sentence=sentence)
