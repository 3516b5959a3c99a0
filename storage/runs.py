"""Runs: made when a study is complete, held by one worker at a time under a lease, ended once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, aliased

from config.codes import AnyCode, Code
from config.errors import AxspaError, BundleError, Final, Retryable, StorageUnavailable
from storage import snapshots
from storage.codes import EventCode
from storage.gaps import Gap
from storage.session import Database
from storage.showing import refresh
from storage.snapshots import Snapshot, Wants, everything
from storage.states import Purpose, Reception, RunState, utc_now
from storage.tables import Deployment, Event, Result, Run, Study
from storage.timeline import move_run

_LONGEST_PAUSE_S = 600.0
_LOOK_AT = 20  # candidates for one claim: another coordinator may be busy with some


@dataclass(frozen=True, slots=True)
class Basis:
    """What a result is made of; where two are equal, computing again cannot give another."""

    content_hash: str
    application_version: str
    bundle_digest: str
    settings_digest: str


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run that one worker holds, with all it needs to know.

    Attributes
    ----------
    series_base : int
        First of the series numbers of its results.
    attempt : int
        1 for the first.
    claim : int
        Which handing over this is; only the last one may end the run.
    asked : bool
        A person asked: it computes though nothing changed.
    path_keys : tuple of str
        Files of the images that its application wants.
    identity_conflict : bool
        The images of the study name more than one patient.
    gaps : tuple of Gap
        What the receiver knows of missing images.
    complete_at : datetime
        When the study was last taken as complete.
    standing : Basis or None
        What the result that stands was made of.
    """

    run_id: int
    study_id: int
    study_instance_uid: str
    deployment_id: int
    application: str
    bundle: str
    purpose: Purpose
    series_base: int
    revision: int
    attempt: int
    claim: int
    asked: bool
    content_hash: str
    worker: str
    deadline: datetime
    path_keys: tuple[str, ...]
    identity_conflict: bool
    standing: Basis | None
    gaps: tuple[Gap, ...]
    complete_at: datetime

    @property
    def file_group(self) -> str:
        """What the files of its result are kept under."""
        return file_group(self.study_instance_uid, self.deployment_id, self.revision)


def file_group(study_instance_uid: str, deployment_id: int, revision: int) -> str:
    """The group of :meth:`storage.objects.ObjectStore.put` for the files of one run's result."""
    return f"{study_instance_uid}/{deployment_id}/{revision}"


def queue(
    session: Session,
    study: Study,
    deployments: Sequence[Deployment],
    *,
    at: datetime,
    code: AnyCode,
    sentence: str,
    asked: bool = False,
    not_before: datetime | None = None,
) -> None:
    """Make a run of each deployment for a study; one that waits already begins with the images that are there then.

    It begins at ``not_before`` at the earliest, unless a person asked for it.
    """
    for deployment in deployments:
        mine = (Run.study_id == study.id, Run.deployment_id == deployment.id)
        run = session.scalars(select(Run).where(*mine, Run.state == RunState.QUEUED)).first()
        if run is None:
            last = session.scalar(select(func.max(Run.revision)).where(*mine)) or 0
            run = Run(
                study_id=study.id,
                deployment_id=deployment.id,
                revision=last + 1,
                state=RunState.QUEUED,
                asked=False,
                created_at=at,
                claims=0,
            )
            session.add(run)
        run.asked = run.asked or asked
        run.attempts = run.faults = 0
        run.changed_at = at
        run.next_attempt_at = at if run.asked or not_before is None else not_before
        run.reason_code, run.reason = code, sentence


def claim(
    database: Database,
    worker: str,
    *,
    lease_s: float,
    timeout_s: float = 3600.0,
    wants: Wants = everything,
    now: datetime | None = None,
) -> ClaimedRun | None:
    """Take the run that has waited longest, primary deployments first, or None where none waits.

    What it reads are the images that its application wants now. A run that wants none of them ends here.

    Parameters
    ----------
    lease_s : float
        The run is lost to others where it is not extended for so long.
    timeout_s : float
        No lease goes beyond it.
    wants : Wants
    """
    now = now or utc_now()
    with database.read() as session:
        candidates = session.execute(_waiting(now)).all()
    for candidate in candidates:
        with database.write() as session:
            study = session.get(Study, candidate.study_id, with_for_update={"skip_locked": True})
            run = session.scalars(_waiting(now, run_id=candidate.id).with_only_columns(Run)).first()
            if study is None or run is None:
                continue
            taken = snapshots.take(session, study.id, run.deployment.application, wants=wants)
            if not taken.path_keys:
                sentence = "Nothing in the study is for it."
                move_run(
                    session, run, to=RunState.NOT_APPLICABLE, at=now, code=EventCode.NOTHING_WANTED, sentence=sentence
                )
                refresh(session, study, at=now)
                continue
            run.content_hash, run.path_keys = taken.content_hash, list(taken.path_keys)
            run.worker, run.claimed_at = worker, now
            run.deadline = now + timedelta(seconds=timeout_s)
            run.lease_until = min(now + timedelta(seconds=lease_s), run.deadline)
            _begin(session, study, run, now=now)
            return _claimed(session, study, run, worker=worker, taken=taken)
    return None


def extend(database: Database, claimed: ClaimedRun, *, lease_s: float, now: datetime | None = None) -> bool:
    """Prolong the lease, never beyond the deadline; False where the claim was lost, and with it the right to save."""
    now = now or utc_now()
    with database.write() as session:
        changed = session.execute(
            update(Run)
            .where(
                Run.id == claimed.run_id,
                Run.state == RunState.RUNNING,
                Run.worker == claimed.worker,
                Run.claims == claimed.claim,
            )
            .values(lease_until=min(now + timedelta(seconds=lease_s), claimed.deadline))
            .returning(Run.id)
        ).scalar()
        return changed is not None


def has_read(session: Session, study_id: int, deployment_id: int, content_hash: str) -> bool:
    """True where the newest run of a deployment reads, or has read, just these images of a study."""
    mine = (Run.study_id == study_id, Run.deployment_id == deployment_id)
    newest = session.scalars(select(Run).where(*mine).order_by(Run.revision.desc()).limit(1)).first()
    return newest is not None and newest.state is not RunState.QUEUED and newest.content_hash == content_hash


def wait(
    database: Database, claimed: ClaimedRun, *, until: datetime, sentence: str, now: datetime | None = None
) -> RunState:
    """Put a run back to wait for images that are missing; the attempt does not count."""
    now = now or utc_now()
    with database.write() as session:
        study, run = held(session, claimed)
        run.attempts -= 1
        pause_s = (until - now).total_seconds()
        _again(session, run, at=now, pause_s=pause_s, code=EventCode.WAITS_FOR_IMAGES, sentence=sentence)
        refresh(session, study, at=now)
        return run.state


def release(database: Database, claimed: ClaimedRun, *, reason: str, now: datetime | None = None) -> None:
    """Put a run back unharmed (the node is stopping); the attempt does not count."""
    now = now or utc_now()
    with database.write() as session:
        study, run = held(session, claimed)
        run.attempts -= 1
        _again(session, run, at=now, pause_s=0.0, code=EventCode.PUT_BACK, sentence=reason)
        refresh(session, study, at=now)


def unchanged(database: Database, claimed: ClaimedRun, *, now: datetime | None = None) -> RunState:
    """End a run before it computes: nothing differs from what the standing result was made of."""
    now = now or utc_now()
    with database.write() as session:
        study, run = held(session, claimed)
        sentence = "Images, application, models and settings are those of the last result, which stands."
        move_run(session, run, to=RunState.UNCHANGED, at=now, code=EventCode.UNCHANGED, sentence=sentence)
        let_go(run)
        refresh(session, study, at=now)
        return run.state


def fail(
    database: Database,
    claimed: ClaimedRun,
    error: AxspaError,
    *,
    max_attempts: int,
    pause_s: float = 30.0,
    now: datetime | None = None,
) -> RunState:
    """End an attempt that raised: queued again where trying again can help, else failed. Returns the new state.

    A fault of the node itself (disk, database, bundle) says nothing about the study, so it is no attempt: the run waits
    and is tried again, for as long as it takes.
    """
    now = now or utc_now()
    with database.write() as session:
        study, run = held(session, claimed)
        if isinstance(error, StorageUnavailable | BundleError):
            run.attempts -= 1
            run.faults += 1
            pause_s = min(pause_s * 2.0 ** (run.faults - 1), _LONGEST_PAUSE_S)
            sentence = f"This node cannot work on it now, and tries again. {error.sentence}"
            _again(session, run, at=now, pause_s=pause_s, code=error.code, sentence=sentence, tell=run.faults == 1)
        elif isinstance(error, Retryable) and run.attempts < max_attempts:
            run.faults = 0
            sentence = f"Attempt {run.attempts} of {max_attempts} failed and is tried again. {error.sentence}"
            pause_s *= 2.0 ** (run.attempts - 1)
            _again(session, run, at=now, pause_s=pause_s, code=error.code, sentence=sentence)
        else:
            move_run(session, run, to=RunState.FAILED, at=now, code=error.code, sentence=error.sentence)
            let_go(run)
        refresh(session, study, at=now)
        return run.state


def requeue_expired(database: Database, *, max_attempts: int, now: datetime | None = None) -> int:
    """Put back the runs whose worker gave no sign of life before its lease ended; returns how many.

    One that took its worker with it ``max_attempts`` times fails instead.
    """
    now = now or utc_now()
    lost = select(Run.id, Run.study_id).where(Run.state == RunState.RUNNING, Run.lease_until < now)
    with database.read() as session:
        found = session.execute(lost.order_by(Run.study_id, Run.id)).all()
    if not found:
        return 0
    count = 0
    with database.write() as session:
        for run_id, study_id in found:
            study = session.get(Study, study_id, with_for_update=True)
            run = session.scalars(select(Run).where(Run.id == run_id)).one()
            if study is None or run.state is not RunState.RUNNING or run.lease_until is None or run.lease_until >= now:
                continue
            count += 1
            if run.attempts >= max_attempts:
                sentence = f"The analysis ended without an answer {run.attempts} times; the log says more."
                move_run(session, run, to=RunState.FAILED, at=now, code=Code.WORKER_LOST, sentence=sentence)
                let_go(run)
            else:
                sentence = "The analysis ended without an answer; the study is queued again."
                _again(session, run, at=now, pause_s=0.0, code=Code.WORKER_LOST, sentence=sentence)
            refresh(session, study, at=now)
    return count


def held(session: Session, claimed: ClaimedRun) -> tuple[Study, Run]:
    """The study and the run of a claim, locked, inside a writing transaction.

    Raises
    ------
    Final
        The claim was lost (code ``CLAIM_LOST``): the lease ran out and another worker may hold the run.
    """
    study = session.get(Study, claimed.study_id, with_for_update=True)
    run = session.get(Run, claimed.run_id, with_for_update=True)
    if (
        study is None
        or run is None
        or run.state is not RunState.RUNNING
        or (run.worker, run.claims) != (claimed.worker, claimed.claim)
    ):
        raise Final(Code.CLAIM_LOST, f"Run {claimed.run_id} is no longer held by the worker {claimed.worker}.")
    return study, run


def let_go(run: Run) -> None:
    """Clear a claim."""
    run.worker = None
    run.lease_until = None
    run.deadline = None


def standing(session: Session, study_id: int, deployment_id: int) -> Result | None:
    """The result of a deployment that stands for a study: the newest, where no later images outdated it."""
    query = select(Result).where(Result.study_id == study_id, Result.deployment_id == deployment_id, ~Result.superseded)
    return session.scalars(query.order_by(Result.revision.desc()).limit(1)).first()


def _waiting(now: datetime, *, run_id: int | None = None) -> Select[int, int]:
    """Runs that may begin: their study is complete, and no other run of their deployment is at it."""
    other = aliased(Run)
    running = (
        select(other.id)
        .where(
            other.study_id == Run.study_id,
            other.deployment_id == Run.deployment_id,
            other.state == RunState.RUNNING,
        )
        .exists()
    )
    query = (
        select(Run.id, Run.study_id)
        .join(Study, Run.study_id == Study.id)
        .join(Deployment, Run.deployment_id == Deployment.id)
        .where(
            Run.state == RunState.QUEUED,
            Run.next_attempt_at <= now,
            Study.reception.in_([reception for reception in Reception if reception.complete]),
            Deployment.enabled,
            ~running,
        )
    )
    if run_id is not None:
        return query.where(Run.id == run_id)
    primary_first = (Deployment.purpose != Purpose.PRIMARY).asc()
    return query.order_by(primary_first, Run.next_attempt_at, Run.id).limit(_LOOK_AT)


def _begin(session: Session, study: Study, run: Run, *, now: datetime) -> None:
    run.attempts += 1
    run.claims += 1
    again = f", attempt {run.attempts}" if run.attempts > 1 else ""
    move_run(
        session,
        run,
        to=RunState.RUNNING,
        at=now,
        code=EventCode.ANALYSING,
        sentence=f"The analysis of revision {run.revision} began{again}.",
        detail={"attempt": run.attempts},
        tell=not run.faults,  # else the timeline would fill while the disk is full
    )
    refresh(session, study, at=now)


def _again(
    session: Session, run: Run, *, at: datetime, pause_s: float, code: AnyCode, sentence: str, tell: bool = True
) -> None:
    """Queue a run once more, unless a newer one of its deployment waits already: then that one does the work."""
    newer = select(Run.id).where(
        Run.study_id == run.study_id, Run.deployment_id == run.deployment_id, Run.revision > run.revision
    )
    to = RunState.QUEUED if session.scalars(newer).first() is None else RunState.FAILED
    move_run(session, run, to=to, at=at, code=code, sentence=sentence, tell=tell)
    let_go(run)
    run.next_attempt_at = at + timedelta(seconds=pause_s)


def _claimed(session: Session, study: Study, run: Run, *, worker: str, taken: Snapshot) -> ClaimedRun:
    last = standing(session, study.id, run.deployment_id)
    complete = select(func.max(Event.at)).where(Event.study_id == study.id, Event.code == EventCode.COMPLETE)
    assert run.deadline is not None  # noqa: S101 - for the type checker; claim() has set it
    return ClaimedRun(
        run_id=run.id,
        study_id=study.id,
        study_instance_uid=study.study_instance_uid,
        deployment_id=run.deployment_id,
        application=run.deployment.application,
        bundle=run.deployment.bundle,
        purpose=run.deployment.purpose,
        series_base=run.deployment.series_base,
        revision=run.revision,
        attempt=run.attempts,
        claim=run.claims,
        asked=run.asked,
        content_hash=run.content_hash,
        worker=worker,
        deadline=run.deadline,
        path_keys=taken.path_keys,
        identity_conflict=study.identity_conflict,
        standing=None if last is None else _basis(last),
        gaps=taken.gaps,
        complete_at=session.scalar(complete) or run.created_at,
    )


def _basis(result: Result) -> Basis:
    return Basis(
        content_hash=result.content_hash,
        application_version=result.application_version,
        bundle_digest=result.model_digest,
        settings_digest=result.settings_digest,
    )
