"""Runs: made when a study is complete, held by one worker at a time under a lease, ended once."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.codes import AnyCode, Code, Fault
from config.errors import AxspaError, BundleError, Retryable, StorageUnavailable
from storage.claims import SUSPECTS, Basis, ClaimedRun, claim, file_group, held, let_go, standing
from storage.codes import EventCode
from storage.session import Database
from storage.showing import refresh
from storage.states import RunState, utc_now
from storage.tables import Deployment, Run, Study
from storage.timeline import move_run

__all__ = [
    "SUSPECTS",
    "Basis",
    "ClaimedRun",
    "claim",
    "extend",
    "fail",
    "file_group",
    "has_read",
    "held",
    "let_go",
    "node_fault",
    "queue",
    "release",
    "requeue_expired",
    "standing",
    "unchanged",
    "wait",
]

_LONGEST_PAUSE_S = 600.0


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

    Parameters
    ----------
    code : AnyCode
    sentence : str
        Why, as the run and the study's page say it.
    asked : bool
        A person asked for it: it waits for nothing.
    not_before : datetime, optional
        When it begins at the earliest, unless a person asked for it.
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
    """True where the newest run of a deployment reads, or has read, just these images of a study.

    ``content_hash`` is that of a :class:`~storage.snapshots.Snapshot`.
    """
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


def node_fault(error: AxspaError) -> bool:
    """True where an error says nothing about a study: this node cannot work on it, and on others neither."""
    if error.code == Code.CLAIM_LOST:
        return False  # another worker has it, and nothing of the node is broken
    return error.code.fault is Fault.NODE or isinstance(error, StorageUnavailable | BundleError)


def fail(
    database: Database,
    claimed: ClaimedRun,
    error: AxspaError,
    *,
    max_attempts: int,
    company: bool = False,
    pause_s: float = 30.0,
    now: datetime | None = None,
) -> RunState:
    """End an attempt that raised: queued again where trying again can help, else failed. Returns the new state.

    A fault of the node itself (disk, database, bundle) says nothing about the study, so it is no attempt: the run waits
    and is tried again, for as long as it takes. So it is with a process that died while others ran: nobody knows who
    ended it, so what was in it is tried alone, and only that counts.

    Parameters
    ----------
    company : bool
        Other runs were under way.
    """
    now = now or utc_now()
    with database.write() as session:
        study, run = held(session, claimed)
        if node_fault(error):
            run.attempts -= 1
            run.faults += 1
            pause_s = min(pause_s * 2.0 ** (run.faults - 1), _LONGEST_PAUSE_S)
            sentence = f"This node cannot work on it now, and tries again. {error.sentence}"
            _again(session, run, at=now, pause_s=pause_s, code=error.code, sentence=sentence, tell=run.faults == 1)
        elif error.code == Code.WORKER_DIED and company:
            run.attempts -= 1
            sentence = f"Others ran beside it, so this counts for nothing; it is tried alone. {error.sentence}"
            _again(session, run, at=now, pause_s=pause_s, code=error.code, sentence=sentence)
        elif isinstance(error, Retryable) and run.attempts < max_attempts:
            run.faults = 0
            sentence = f"Attempt {run.attempts} of {max_attempts} failed and is tried again. {error.sentence}"
            pause_s *= 2.0 ** (run.attempts - 1)
            _again(session, run, at=now, pause_s=pause_s, code=error.code, sentence=sentence)
        else:
            sentence = error.sentence
            if error.code in SUSPECTS:
                sentence = f"Given up after {run.attempts} attempts. {sentence}"
            move_run(session, run, to=RunState.FAILED, at=now, code=error.code, sentence=sentence)
            let_go(run)
        refresh(session, study, at=now)
        return run.state


def requeue_expired(
    database: Database, *, max_attempts: int, without: Collection[int] = (), now: datetime | None = None
) -> int:
    """Put back the runs whose worker gave no sign of life before its lease ended; returns how many.

    Each is tried alone from then on. One that was lost by itself ``max_attempts`` times fails instead; where a
    coordinator lost several at once, nobody knows which of them ended it, and none is counted.

    Parameters
    ----------
    without : collection of int
        Runs that are accounted for elsewhere.
    """
    now = now or utc_now()
    lost = select(Run.id, Run.study_id, Run.worker).where(
        Run.state == RunState.RUNNING, Run.lease_until < now, Run.id.not_in(list(without))
    )
    with database.read() as session:
        found = session.execute(lost.order_by(Run.study_id, Run.id)).all()
    if not found:
        return 0
    count, beside = 0, Counter(row.worker for row in found)
    with database.write() as session:
        for run_id, study_id, worker in found:
            study = session.get(Study, study_id, with_for_update=True)
            run = session.scalars(select(Run).where(Run.id == run_id)).one()
            if study is None or run.state is not RunState.RUNNING or run.lease_until is None or run.lease_until >= now:
                continue
            count += 1
            if beside[worker] > 1:
                run.attempts -= 1
            if run.attempts >= max_attempts:
                sentence = f"The analysis ended without an answer {run.attempts} times; the log says more."
                move_run(session, run, to=RunState.FAILED, at=now, code=Code.WORKER_LOST, sentence=sentence)
                let_go(run)
            else:
                sentence = "The analysis ended without an answer; the study is queued again."
                _again(session, run, at=now, pause_s=0.0, code=Code.WORKER_LOST, sentence=sentence)
            refresh(session, study, at=now)
    return count


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
