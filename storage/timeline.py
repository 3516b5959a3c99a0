"""The timeline of a study, and the moves of what it tells of: each move is checked, and leaves its line."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from config.codes import AnyCode
from storage.states import DELIVERY_MOVES, RECEPTION_MOVES, RUN_MOVES, DeliveryState, Reception, RunState, check_move
from storage.tables import Delivery, Event, Run, Study


def note(
    session: Session,
    study_id: int,
    *,
    at: datetime,
    code: AnyCode,
    sentence: str,
    detail: Mapping[str, Any] | None = None,
    run_id: int | None = None,
) -> None:
    """Write one line of a study's timeline.

    Parameters
    ----------
    code : AnyCode
        What happened.
    sentence : str
        The same in words; without patient data.
    detail : mapping, optional
        JSON values.
    run_id : int, optional
        The run that it belongs to; none of what belongs to the study.
    """
    session.add(Event(study_id=study_id, run_id=run_id, at=at, code=code, sentence=sentence, detail=dict(detail or {})))


def move_reception(
    session: Session, study: Study, *, to: Reception, at: datetime, code: AnyCode, sentence: str
) -> None:
    """Say that more images of a study come, or that all are here; the line says why.

    Raises
    ------
    Final
        There is no such move.
    """
    check_move(RECEPTION_MOVES, now=study.reception, to=to)
    study.reception = to
    note(session, study.id, at=at, code=code, sentence=sentence)


def move_run(
    session: Session,
    run: Run,
    *,
    to: RunState,
    at: datetime,
    code: AnyCode,
    sentence: str,
    detail: Mapping[str, Any] | None = None,
    tell: bool = True,
) -> None:
    """Move a run to another state, with the reason.

    Parameters
    ----------
    tell : bool
        Write a line of the timeline too; it names the bundle where several deployments read the study.

    Raises
    ------
    Final
        There is no such move.
    """
    check_move(RUN_MOVES, now=run.state, to=to)
    run.state = to
    run.changed_at = at
    run.reason_code = code
    run.reason = sentence
    if tell:
        used = run.deployment
        known = {"deployment": f"{used.application} {used.bundle}", "revision": run.revision, **(detail or {})}
        if _several(session, run.study_id):
            sentence = named(run.deployment.bundle, sentence)
        note(
            session,
            run.study_id,
            at=at,
            code=code,
            sentence=sentence,
            detail=known,
            run_id=run.id,
        )


def move_delivery(row: Delivery, *, to: DeliveryState) -> None:
    """Move a row of the ledger to another state.

    Raises
    ------
    Final
        There is no such move.
    """
    check_move(DELIVERY_MOVES, now=row.state, to=to)
    row.state = to


def named(bundle: str, sentence: str) -> str:
    """A sentence that says which bundle it is about."""
    return f"{bundle}: {sentence}" if sentence else ""


def _several(session: Session, study_id: int) -> bool:
    count = session.scalar(select(func.count(distinct(Run.deployment_id))).where(Run.study_id == study_id))
    return (count or 0) > 1
