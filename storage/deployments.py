"""Deployments: the settings name the first ones; from then on the database rules, and each change is audited."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import Final
from config.settings import SERIES_STEP, DeploymentSettings
from storage import audit
from storage.codes import EventCode
from storage.session import Database
from storage.showing import refresh
from storage.states import Purpose, RunState, utc_now
from storage.tables import Deployment, Run, Study
from storage.timeline import move_run

FIRST_BASE = 900


def every(database: Database) -> list[Deployment]:
    """All deployments, in the order of their series."""
    with database.read() as session:
        return _all(session)


def seed(database: Database, wanted: Sequence[DeploymentSettings], *, at: datetime | None = None) -> None:
    """Make the deployments that the settings name, where the database knows none yet.

    The deployment that older rows belong to, which a migration left without a name, becomes the first of them.
    """
    at = at or utc_now()
    with database.read() as session:
        if any(row.application for row in _all(session)):
            return
    with database.write() as session:
        rows = _all(session)
        if any(row.application for row in rows):
            return
        rest = list(wanted)
        for row in rows:  # at most one
            first = rest.pop(0)
            row.application, row.bundle = first.application, first.bundle
            _put(session, row, first, actor="settings", action="deployment.name", at=at)
        for one in rest:
            _add(session, one, actor="settings", at=at)


def adopt(
    database: Database, wanted: Sequence[DeploymentSettings], *, actor: str, at: datetime | None = None
) -> list[str]:
    """Make the deployments those of the settings; returns what was different, in sentences.

    One that the settings do not name is switched off and keeps its results.

    Raises
    ------
    Final
        Its series would have the numbers of another one's (code ``Code.SERIES_BASE_TAKEN``).
    """
    at = at or utc_now()
    with database.write() as session:
        rows = _all(session)
        found = differences(rows, wanted)
        known = {(row.application, row.bundle): row for row in rows}
        named = {(one.application, one.bundle) for one in wanted}
        for key, row in known.items():
            if key not in named and row.enabled:
                _switch_off(session, row, actor=actor, at=at)
        for one in wanted:
            row_of = known.get((one.application, one.bundle))
            if row_of is None:
                _add(session, one, actor=actor, at=at)
            elif _differs(row_of, one):
                _put(session, row_of, one, actor=actor, action="deployment.change", at=at)
        return found


def differences(rows: Sequence[Deployment], wanted: Sequence[DeploymentSettings]) -> list[str]:
    """Where the deployments of the database are not those of the settings, a sentence for each."""
    known = {(row.application, row.bundle): row for row in rows}
    named = {(one.application, one.bundle) for one in wanted}
    found = []
    for one in wanted:
        row = known.get((one.application, one.bundle))
        if row is None:
            found.append(f"{one.application} with {one.bundle} is in the settings and not in the database.")
        elif _differs(row, one):
            state = f"{row.purpose.value}, series from {row.series_base}, {'on' if row.enabled else 'off'}"
            found.append(f"{one.application} with {one.bundle} is {state} in the database; the settings say otherwise.")
    for (application, bundle), row in known.items():
        if (application, bundle) not in named and row.enabled:
            found.append(f"{application} with {bundle or 'no bundle'} is in the database and not in the settings.")
    return found


def _all(session: Session) -> list[Deployment]:
    return list(session.scalars(select(Deployment).order_by(Deployment.series_base)))


def _differs(row: Deployment, one: DeploymentSettings) -> bool:
    return not row.enabled or row.purpose != one.purpose or one.series_base not in (None, row.series_base)


def _add(session: Session, one: DeploymentSettings, *, actor: str, at: datetime) -> None:
    row = Deployment(
        application=one.application,
        bundle=one.bundle,
        purpose=Purpose(one.purpose),
        series_base=_next_base(session),
        enabled=True,
        created_at=at,
    )
    session.add(row)
    _put(session, row, one, actor=actor, action="deployment.add", at=at)


def _put(session: Session, row: Deployment, one: DeploymentSettings, *, actor: str, action: str, at: datetime) -> None:
    row.purpose = Purpose(one.purpose)
    row.enabled = True
    if one.series_base is not None:
        row.series_base = one.series_base
    with session.no_autoflush:
        others = [other for other in _all(session) if other is not row]
    if any(abs(other.series_base - row.series_base) < SERIES_STEP for other in others):
        raise Final(
            Code.SERIES_BASE_TAKEN,
            f"Series bases lie at least {SERIES_STEP} apart; give {row.bundle} another one, received {row.series_base}",
        )
    session.flush()
    _tell(session, row, actor=actor, action=action, at=at)


def _switch_off(session: Session, row: Deployment, *, actor: str, at: datetime) -> None:
    """Switch one off; what still waits of it ends, or its studies would wait for ever."""
    row.enabled = False
    waiting = select(Run).where(Run.deployment_id == row.id, Run.state == RunState.QUEUED).order_by(Run.study_id)
    for run in session.scalars(waiting).all():
        study = session.get_one(Study, run.study_id, with_for_update=True)
        session.refresh(run)
        if run.state is not RunState.QUEUED:
            continue
        sentence = "Its deployment was switched off before it began."
        move_run(session, run, to=RunState.NOT_APPLICABLE, at=at, code=EventCode.DEPLOYMENT_OFF, sentence=sentence)
        refresh(session, study, at=at)
    _tell(session, row, actor=actor, action="deployment.off", at=at)


def _tell(session: Session, row: Deployment, *, actor: str, action: str, at: datetime) -> None:
    detail = {"purpose": row.purpose.value, "series_base": row.series_base, "enabled": row.enabled}
    subject = f"deployment {row.id} {row.application} {row.bundle}"
    audit.append(session, actor=actor, action=action, subject=subject, detail=detail, at=at)


def _next_base(session: Session) -> int:
    used = session.scalars(select(Deployment.series_base)).all()
    return max(used) + SERIES_STEP if used else FIRST_BASE
