"""What shows that a destination keeps what it took: whom to ask, and what it answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.attempts import tell_change
from storage.codes import DeliveryCode
from storage.deliveries import DueDelivery
from storage.session import Database
from storage.states import DeliveryState, Proof, utc_now
from storage.tables import Delivery, Result, ResultObject, Study


@dataclass(frozen=True, slots=True)
class ProofEntry:
    """What the ledger shall hold of the proof of one delivery.

    Attributes
    ----------
    again_at : datetime or None
        When the destination is asked again; None where its answer is the last.
    missing : bool
        It has the object not: it is sent again, at ``again_at``.
    """

    delivery_id: int
    proof: Proof
    comment: str
    again_at: datetime | None = None
    missing: bool = False
    transaction_uid: str = ""


def due(database: Database, destination: str, *, now: datetime | None = None, limit: int = 200) -> list[DueDelivery]:
    """What was delivered to a destination and is still to be proved."""
    now = now or utc_now()
    with database.read() as session:
        found = session.execute(
            select(Delivery, ResultObject, Result.study_id, Study.study_instance_uid)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .join(Result, ResultObject.result_id == Result.id)
            .join(Study, Result.study_id == Study.id)
            .where(
                Delivery.state == DeliveryState.DELIVERED,
                Delivery.proof.in_([one for one in Proof if one.open]),
                Delivery.destination == destination,
                Delivery.proof_due_at <= now,
            )
            .order_by(Delivery.proof_due_at, Delivery.id)
            .limit(limit)
        )
        return [DueDelivery.of(*row) for row in found]


def ask(database: Database, deliveries: Collection[int], transaction_uid: str) -> None:
    """Note under which transaction objects are asked for, before the question leaves: its answer may be quick."""
    with database.write() as session:
        for row in session.scalars(select(Delivery).where(Delivery.id.in_(deliveries))):
            row.transaction_uid = transaction_uid


def write(database: Database, entries: Sequence[ProofEntry], *, now: datetime | None = None) -> None:
    """Write what a destination answered; what it has not is sent again."""
    with database.write() as session:
        _write(session, entries, now=now or utc_now())


def committed(
    database: Database,
    transaction_uid: str,
    *,
    kept: Collection[str],
    failed: Mapping[str, int],
    again_at: datetime,
    now: datetime | None = None,
) -> int:
    """Write a report of storage commitment that came to the node's own AE; returns how many objects it was about.

    Parameters
    ----------
    transaction_uid : str
        Of our request; a report under another one changes nothing.
    kept : collection of str
        SOP Instance UIDs that the destination keeps.
    failed : mapping from str to int
        Those that it does not, with its failure reason.
    again_at : datetime
        When what it does not keep is sent again.
    """
    with database.write() as session:
        found = session.execute(
            select(Delivery, ResultObject.sop_instance_uid)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .where(Delivery.transaction_uid == transaction_uid, Delivery.state == DeliveryState.DELIVERED)
        )
        entries = []
        for row, uid in found if transaction_uid else ():
            if uid in kept:
                comment = f"{row.destination} committed itself to keep it."
                entries.append(ProofEntry(row.id, Proof.COMMITTED, comment, transaction_uid=transaction_uid))
            elif uid in failed:
                comment = f"{row.destination} does not keep it (failure reason 0x{failed[uid]:04X})."
                entries.append(ProofEntry(row.id, Proof.WANTED, comment, again_at, True, transaction_uid))
        _write(session, entries, now=now or utc_now())
        return len(entries)


def _write(session: Session, entries: Sequence[ProofEntry], *, now: datetime) -> None:
    missing: dict[int, str] = {}
    for entry in entries:
        row = session.get(Delivery, entry.delivery_id)
        if row is None or row.state is not DeliveryState.DELIVERED or not row.proof.open:
            continue  # sent again meanwhile, or answered on another way
        row.proof, row.proof_comment, row.proof_due_at = entry.proof, entry.comment, entry.again_at
        row.transaction_uid = entry.transaction_uid
        if entry.proof.given:
            row.proof_at = now
        if entry.missing:
            row.state, row.proof, row.next_attempt_at = DeliveryState.WAITING, Proof.NONE, entry.again_at or now
            row.delivered_at, row.last_code, row.last_comment = None, DeliveryCode.NOT_KEPT, entry.comment
            missing[row.id] = entry.comment
    session.flush()
    for delivery_id, comment in missing.items():
        tell_change(session, {delivery_id: DeliveryState.WAITING}, code=DeliveryCode.NOT_KEPT, comment=comment, now=now)
