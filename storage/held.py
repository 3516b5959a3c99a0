"""The ways out of *held*: a person releases, discards, keeps one patient or has it read again, and says why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.codes import AnyCode, Code
from config.errors import Final
from storage import audit, identities, runs, snapshots
from storage.codes import RELEASABLE, DeliveryCode, EventCode
from storage.identities import Patient
from storage.kinds import Destinations
from storage.posting import post
from storage.session import Database
from storage.showing import refresh
from storage.states import DeliveryState, Reception, ResultStatus, RunState, StudyState, utc_now
from storage.tables import Delivery, Deployment, Result, ResultObject, Run, Study
from storage.timeline import move_delivery, move_reception, move_run, note

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Ways:
    """What a person can do with a study now.

    Attributes
    ----------
    release, discard, again : bool
    patients : tuple of Patient
        Whose images can be kept while the others are set aside; empty where all name one.
    set_aside : int
        Images that nobody reads.
    """

    release: bool = False
    discard: bool = False
    again: bool = False
    patients: tuple[Patient, ...] = ()
    set_aside: int = 0

    @property
    def any(self) -> bool:
        """True where there is one."""
        return self.release or self.discard or self.again or bool(self.patients)


def ways(database: Database, study_id: int) -> Ways:
    """What a person can do with a study; nothing while it is on its way."""
    with database.read() as session:
        study = session.get(Study, study_id)
        if study is None:
            return Ways()
        try:
            found = identities.patients(session, study_id)
        except Final:
            found = []
        aside = sum(one.set_aside for one in found)
        several = tuple(found) if len(found) > 1 else ()
        if _busy(session, study):
            return Ways(set_aside=aside)
        if study.state is not StudyState.HELD:
            return Ways(patients=several if aside else (), set_aside=aside)
        releases = study.identity_conflict or any(_releasable(one) for one in _held_results(session, study_id))
        there = sum(one.images > one.set_aside for one in found)
        again = not study.identity_conflict or there == 1
        return Ways(releases, True, again, several, aside)


def release(
    database: Database,
    study_id: int,
    *,
    reason: str,
    actor: str,
    destinations: Destinations = (),
    at: datetime | None = None,
) -> int:
    """Say that the images are all of one patient; what was held back for that alone is sent. Returns how many objects.

    A result in which the check found anything else stays held.

    Parameters
    ----------
    destinations : Destinations
        Those of this node; each gets what it wants now.

    Raises
    ------
    Final
        There is no such study, it is busy or not held, no reason is given, or the check found what nobody may overrule
        (code ``RELEASE_REFUSED``).
    """
    at = at or utc_now()
    with database.write() as session:
        study = _study(session, study_id, reason, held=True)
        mixed, sentence = study.identity_conflict, _sentence(actor, "released what was held back", reason)
        ready = [one for one in _held_results(session, study_id) if _releasable(one)]
        if not mixed and not ready:
            raise Final(Code.RELEASE_REFUSED, Code.RELEASE_REFUSED.sentence)
        there = [one for one in identities.patients(session, study_id) if one.images > one.set_aside]
        study.identities_accepted = sorted({member.key for one in there for member in one.members})
        study.identity_conflict = False
        _receive(session, study, Reception.COMPLETE, at=at, code=EventCode.RELEASED, sentence=sentence)
        count = sum(_release_result(session, study, one, destinations, sentence=sentence, at=at) for one in ready)
        _record(session, study, "study.release", actor=actor, reason=reason, at=at, sent=count)
        return count


def discard(database: Database, study_id: int, *, reason: str, actor: str, at: datetime | None = None) -> None:
    """End a held study: it and its results are kept and shown, nothing of it is sent any more.

    *Reprocess*, or new images, take it up again.

    Raises
    ------
    Final
        There is no such study, it is busy or not held, or no reason is given.
    """
    at = at or utc_now()
    with database.write() as session:
        study = _study(session, study_id, reason, held=True)
        study.decision = _sentence(actor, "discarded it", reason)
        _receive(session, study, Reception.DISCARDED, at=at, code=EventCode.DISCARDED, sentence=study.decision)
        waiting = (
            select(Delivery)
            .join(ResultObject)
            .join(Result)
            .where(Result.study_id == study_id, Delivery.state.in_([state for state in DeliveryState if state.unsent]))
        )
        for row in session.scalars(waiting):
            move_delivery(row, to=DeliveryState.CANCELLED)
            row.last_code, row.last_comment = DeliveryCode.DISCARDED, DeliveryCode.DISCARDED.sentence
        _record(session, study, "study.discard", actor=actor, reason=reason, at=at)


def keep_patient(
    database: Database, study_id: int, patient: str, *, reason: str, actor: str, at: datetime | None = None
) -> int:
    """Read only the images of one patient, set the others aside, and read again. Returns how many are set aside.

    Parameters
    ----------
    patient : str
        Key of one of those of :func:`ways`.

    Raises
    ------
    Final
        There is no such study or patient, it is busy, or no reason is given.
    """
    at = at or utc_now()
    with database.write() as session:
        study = _study(session, study_id, reason)
        found = identities.patients(session, study_id)
        chosen = next((one for one in found if one.key == patient), None)
        if chosen is None or len(found) < 2:
            raise Final(Code.PATIENT_UNKNOWN, Code.PATIENT_UNKNOWN.sentence)
        count = identities.set_aside_others(session, study_id, chosen)
        sentence = _sentence(actor, f"kept {chosen.images} images of one patient and set {count} others aside", reason)
        identities.recompute(session, study, at=at)
        _read_again(session, study, at=at, code=EventCode.SPLIT, sentence=sentence)
        _record(session, study, "study.keep_patient", actor=actor, reason=reason, at=at, set_aside=count)
        return count


def read_again(database: Database, study_id: int, *, reason: str, actor: str, at: datetime | None = None) -> None:
    """Tell again whom the images name, and read them again.

    Raises
    ------
    Final
        There is no such study, it is busy or not held, no reason is given, or the images still name more than one
        patient (code ``STILL_MIXED``).
    """
    at = at or utc_now()
    with database.write() as session:
        study = _study(session, study_id, reason, held=True)
        if identities.recompute(session, study, at=at):
            raise Final(Code.STILL_MIXED, Code.STILL_MIXED.sentence)
        sentence = _sentence(actor, "asked for a new analysis after a correction", reason)
        _read_again(session, study, at=at, code=EventCode.READ_AGAIN, sentence=sentence)
        _record(session, study, "study.read_again", actor=actor, reason=reason, at=at)


def _study(session: Session, study_id: int, reason: str, *, held: bool = False) -> Study:
    """The study, locked; raises where nothing may be decided about it."""
    study = session.get(Study, study_id, with_for_update=True)
    if study is None:
        raise Final(Code.STUDY_UNKNOWN, f"There is no study with the number {study_id}.")
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise Final(Code.REASON_MISSING, Code.REASON_MISSING.sentence)
    if _busy(session, study):
        raise Final(Code.STUDY_BUSY, f"The study is on its way; wait until it is done. It is {study.state}.")
    if held and study.state is not StudyState.HELD:
        raise Final(Code.NOT_HELD, f"Nothing of this study is held back. It is {study.state}.")
    return study


def _busy(session: Session, study: Study) -> bool:
    active = select(Run.id).where(Run.study_id == study.id, Run.state.in_([s for s in RunState if s.active]))
    return not study.reception.complete or session.scalars(active).first() is not None


def _held_results(session: Session, study_id: int) -> list[Result]:
    query = select(Result).where(Result.study_id == study_id, ~Result.superseded, Result.status == ResultStatus.HELD)
    return list(session.scalars(query.order_by(Result.id)))


def _releasable(result: Result) -> bool:
    return {str(finding["code"]) for finding in result.findings} <= RELEASABLE


def _release_result(
    session: Session, study: Study, result: Result, destinations: Destinations, *, sentence: str, at: datetime
) -> int:
    """Let a held result leave as if the check had found nothing; what it found stays with it."""
    applies = result.summary.get("status") != ResultStatus.NOT_APPLICABLE
    result.status = ResultStatus.COMPLETE if applies else ResultStatus.NOT_APPLICABLE
    move_run(session, result.run, to=result.status.ends, at=at, code=EventCode.RELEASED, sentence=sentence, tell=False)
    result.run.reason = result.headline or sentence
    leaves = study.origin.sent and result.deployment.purpose.sent
    return post(session, result, destinations if leaves else (), now=at).waiting


def _read_again(session: Session, study: Study, *, at: datetime, code: AnyCode, sentence: str) -> None:
    to = Reception.HELD if study.identity_conflict else Reception.COMPLETE
    _receive(session, study, to, at=at, code=code, sentence=sentence)
    every = session.scalars(select(Deployment).where(Deployment.enabled).order_by(Deployment.series_base))
    readers = snapshots.readers(session, study, list(every))
    runs.queue(session, study, readers, at=at, code=code, sentence=sentence, asked=True)


def _receive(session: Session, study: Study, to: Reception, *, at: datetime, code: AnyCode, sentence: str) -> None:
    """Move the reception, or only say why, where it is there already."""
    if study.reception is to:
        note(session, study.id, at=at, code=code, sentence=sentence)
    else:
        move_reception(session, study, to=to, at=at, code=code, sentence=sentence)


def _record(
    session: Session, study: Study, action: str, *, actor: str, reason: str, at: datetime, **detail: int
) -> None:
    refresh(session, study, at=at)
    audit.append(
        session,
        actor=actor,
        action=action,
        subject=f"study {study.id}",
        detail={"reason": reason.strip(), **detail},
        at=at,
    )


def _sentence(actor: str, did: str, reason: str) -> str:
    return f"{actor} {did}: {reason.strip()}"
