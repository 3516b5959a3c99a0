"""Claims: a run that one worker holds, what it needs to know, and who may still end it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from config.codes import Code
from config.errors import Final
from storage import identities, snapshots
from storage.codes import EventCode
from storage.gaps import Gap
from storage.session import Database
from storage.showing import refresh
from storage.snapshots import Snapshot, Wants, everything
from storage.states import Purpose, Reception, RunState, utc_now
from storage.tables import Deployment, Event, Result, Run, Study
from storage.timeline import move_run

SUSPECTS = frozenset({Code.WORKER_DIED, Code.WORKER_LOST, Code.ANALYSIS_TIMEOUT})
"""Why a run waits that may have ended its process: it is tried alone, so that it takes no other one with it."""

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
    identity_settled : bool
        They may seem to, and a person said that it is one.
    alone : bool
        It may have ended a process before: nothing else runs beside it.
    standing : Basis or None
        What the result that stands was made of.
    gaps : tuple of Gap
        What the receiver knows of missing images.
    complete_at : datetime
        When the study was last taken as complete.
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
    identity_settled: bool
    alone: bool
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


def claim(
    database: Database,
    worker: str,
    *,
    lease_s: float,
    timeout_s: float = 3600.0,
    wants: Wants = everything,
    company: bool = False,
    without: Collection[int] = (),
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
    company : bool
        Other runs are under way: one that must be alone is not given, and neither is what waits behind it.
    without : collection of int
        Deployments whose runs wait, because this node cannot work on them now.
    """
    now = now or utc_now()
    with database.read() as session:
        candidates = session.execute(_waiting(now, without=without)).all()
    for candidate in candidates:
        alone = candidate.reason_code in SUSPECTS
        if alone and company:
            return None
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
            return _claimed(session, study, run, taken=taken, alone=alone)
    return None


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


def _waiting(now: datetime, *, run_id: int | None = None, without: Collection[int] = ()) -> Select[int, int, str]:
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
        select(Run.id, Run.study_id, Run.reason_code)
        .join(Study, Run.study_id == Study.id)
        .join(Deployment, Run.deployment_id == Deployment.id)
        .where(
            Run.state == RunState.QUEUED,
            Run.next_attempt_at <= now,
            Study.reception.in_([reception for reception in Reception if reception.complete]),
            Deployment.enabled,
            Run.deployment_id.not_in(list(without)),
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


def _claimed(session: Session, study: Study, run: Run, *, taken: Snapshot, alone: bool) -> ClaimedRun:
    last = standing(session, study.id, run.deployment_id)
    complete = select(func.max(Event.at)).where(Event.study_id == study.id, Event.code == EventCode.COMPLETE)
    assert run.deadline is not None and run.worker is not None  # noqa: S101 - for the type checker; claim() has set them
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
        worker=run.worker,
        deadline=run.deadline,
        path_keys=taken.path_keys,
        identity_conflict=study.identity_conflict,
        identity_settled=identities.settled(session, study),
        alone=alone,
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
