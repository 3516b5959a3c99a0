"""Sending again because a person asks, and which results may leave at all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import Final
from storage import audit, refusals
from storage.codes import EventCode
from storage.destinations import open_names
from storage.kinds import Destinations, wanted
from storage.session import Database
from storage.showing import newest_runs, refresh
from storage.states import DeliveryState, Proof, utc_now
from storage.tables import Delivery, Result, ResultObject, Study
from storage.timeline import move_delivery, note


def resend(
    database: Database,
    result_id: int,
    *,
    destinations: Destinations,
    actor: str,
    object_id: int | None = None,
    destination: str | None = None,
    only_failed: bool = False,
    now: datetime | None = None,
) -> int:
    """Send objects of a result again because a person asks; returns how many, and leaves an audit row.

    Parameters
    ----------
    destinations : Destinations
        Those of this node; one that was added later, or wants more now, gets its ledger rows now. None gets what it
        does not want, nor one that is not open. A class that one did not accept is offered again.
    object_id, destination : optional
        Only this object, only to this destination; without them all.
    only_failed : bool
        Leave out what was delivered.

    Raises
    ------
    Final
        There is no such result or destination, the destination is not open, or the result must not leave (held back,
        superseded, of a study or a deployment whose results are not sent), or a newer one is on its way.
    """
    now = now or utc_now()
    with database.write() as session:
        result = session.get(Result, result_id)
        if result is None:
            raise Final(Code.RESULT_UNKNOWN, "There is no such result.")
        study = session.get_one(Study, result.study_id, with_for_update=True)
        if refusal := _refusal(session, study, result):
            raise refusal
        if destination is not None and destination not in destinations:
            raise Final(Code.DESTINATION_UNKNOWN, f"There is no such destination in the settings: {destination[:64]!r}")
        opened = open_names(session)
        if destination is not None and destination not in opened:
            raise Final(Code.DESTINATION_CLOSED, f"{destination} is not open; nothing is sent there before it is.")
        chosen = [made for made in result.objects if object_id in (None, made.id)]
        count = 0
        for made in chosen:
            for name in wanted(made, result, destinations):
                if name in opened and destination in (None, name):
                    count += _again(session, made, name, only_failed=only_failed, now=now)
        if count:
            sentence = f"{actor} asked for {count} objects to be sent again."
            note(session, study.id, at=now, code=EventCode.RESEND, sentence=sentence, run_id=result.run_id)
            refresh(session, study, at=now)
        audit.append(
            session,
            actor=actor,
            action="result.resend",
            subject=f"study {result.study_id} result {result.id}",
            detail={"object": object_id, "destination": destination, "sent": count},
            at=now,
        )
        return count


def may_leave(study: Study, result: Result) -> bool:
    """True where a result is one that is sent."""
    stands = not (result.superseded or result.retracted_by)
    return stands and result.status.may_leave and study.origin.sent and result.deployment.purpose.sent


def can_resend(database: Database, result_id: int) -> bool:
    """True where a person may have a result sent now: :func:`resend` would not refuse it."""
    with database.read() as session:
        result = session.get(Result, result_id)
        return result is not None and _refusal(session, session.get_one(Study, result.study_id), result) is None


def lost_somewhere(database: Database, study_id: int, destinations: Sequence[str]) -> bool:
    """True where something of a study that can be sent failed for good at one of these destinations."""
    with database.read() as session:
        lost = (
            select(ResultObject.result_id)
            .join(Delivery)
            .join(Result)
            .where(
                Result.study_id == study_id,
                Delivery.state.in_([state for state in DeliveryState if state.lost]),
                Delivery.destination.in_(list(destinations)),
            )
        )
        numbers = list(session.scalars(lost.distinct()))
    return any(can_resend(database, number) for number in numbers)


def _refusal(session: Session, study: Study, result: Result) -> Final | None:
    """Why a result cannot be sent now."""
    if not result.status.may_leave:
        return Final(Code.RESULT_HELD, "A result that the check held back is not sent.")
    if result.retracted_by:
        return Final(Code.RESULT_RETRACTED, "The result was taken back; only another one can be sent.")
    if result.superseded:
        return Final(Code.RESULT_SUPERSEDED, f"Only the newest result is sent, received revision {result.revision}.")
    if not may_leave(study, result):
        origin, purpose = study.origin.value, result.deployment.purpose.value
        return Final(Code.RESULT_NOT_SENT, f"Results of a {origin} study and a {purpose} deployment stay on this node.")
    newer = [run for run in newest_runs(session, study.id) if run.deployment_id == result.deployment_id]
    if not study.reception.complete or any(run.state.active for run in newer):
        return Final(Code.STUDY_BUSY, f"A newer result is on its way; the study is {study.state}.")
    if study.identity_conflict or not study.reception.may_leave:
        return Final(Code.STUDY_HELD, f"Nothing of the study leaves this node; it is {study.state}.")
    return None


def _again(session: Session, made: ResultObject, name: str, *, only_failed: bool, now: datetime) -> int:
    row = session.scalars(select(Delivery).where(Delivery.object_id == made.id, Delivery.destination == name)).first()
    if row is None:
        row = Delivery(object_id=made.id, destination=name, state=DeliveryState.WAITING)
        session.add(row)
    elif only_failed and row.state is DeliveryState.DELIVERED:
        return 0
    move_delivery(row, to=DeliveryState.WAITING)
    row.attempts = 0
    row.created_at = now
    row.next_attempt_at = now
    row.delivered_at = row.proof_at = row.proof_due_at = None
    row.proof, row.proof_comment, row.transaction_uid = Proof.NONE, "", ""
    refusals.forget_class(session, name, made.sop_class_uid)
    return 1
