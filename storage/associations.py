"""What came to the receiver's port: associations, refused ones included, and refused images."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from config.codes import Code
from storage.session import Database
from storage.states import utc_now
from storage.tables import Association, AssociationOutcome, RefusedImage, Study
from storage.timeline import note


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is on the other side, as far as it said."""

    host: str
    port: int
    calling_ae: str = ""
    called_ae: str = ""
    implementation: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One C-STORE that is answered with a failure."""

    status: int
    code: Code
    reason: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    modality: str = ""
    image_type: str = ""
    path_key: str | None = None
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What one association brought."""

    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    received_bytes: int = 0


def opened(
    database: Database, peer: Peer, *, rejected_contexts: Sequence[dict[str, str]] = (), receiver: int = 0
) -> int:
    """Record an association that was accepted; returns its number."""
    with database.write() as session:
        row = _row(peer, at=utc_now())
        row.rejected_contexts = list(rejected_contexts)
        row.receiver = receiver
        session.add(row)
        session.flush()
        return row.id


def refused(database: Database, peer: Peer, *, outcome: AssociationOutcome, reason: str) -> int:
    """Record a connection that came to nothing: rejected by our rules, or not DICOM."""
    with database.write() as session:
        row = _row(peer, at=utc_now())
        row.ended_at, row.outcome, row.reason = row.started_at, outcome, reason
        session.add(row)
        session.flush()
        return row.id


def closed(
    database: Database, association_id: int, counts: Counts, *, outcome: AssociationOutcome, reason: str = ""
) -> None:
    """Record how an association ended."""
    with database.write() as session:
        session.execute(
            update(Association)
            .where(Association.id == association_id)
            .values(
                ended_at=utc_now(),
                outcome=outcome,
                reason=reason,
                stored=counts.stored,
                duplicates=counts.duplicates,
                refused=counts.refused,
                received_bytes=counts.received_bytes,
            )
        )


def refuse_image(database: Database, peer: Peer, refusal: Refusal, *, association_id: int | None = None) -> int:
    """Record a refused image, and in its study's timeline where the study is known."""
    at = utc_now()
    with database.write() as session:
        study_id = session.scalars(
            select(Study.id).where(Study.study_instance_uid == refusal.study_instance_uid)
        ).first()
        row = RefusedImage(
            at=at,
            association_id=association_id,
            study_id=study_id,
            calling_ae=peer.calling_ae,
            peer_host=peer.host,
            sop_class_uid=refusal.sop_class_uid[:255],
            sop_instance_uid=refusal.sop_instance_uid[:255],
            study_instance_uid=refusal.study_instance_uid[:64],
            series_instance_uid=refusal.series_instance_uid[:64],
            modality=refusal.modality[:32],
            image_type=refusal.image_type[:255],
            status=refusal.status,
            code=refusal.code,
            reason=refusal.reason,
            path_key=refusal.path_key,
            size_bytes=refusal.size_bytes,
        )
        session.add(row)
        session.flush()
        if study_id is not None:
            detail: dict[str, Any] = {"refused": row.id, "status": f"0x{refusal.status:04X}"}
            sentence = f"An image from {peer.calling_ae} was refused. {refusal.reason}"
            note(session, study_id, at=at, code=refusal.code, sentence=sentence, detail=detail)
        return row.id


def _row(peer: Peer, *, at: datetime) -> Association:
    return Association(
        calling_ae=peer.calling_ae[:64],
        called_ae=peer.called_ae[:64],
        peer_host=peer.host[:64],
        peer_port=peer.port,
        peer_implementation=peer.implementation[:128],
        started_at=at,
        outcome=AssociationOutcome.OPEN,
        rejected_contexts=[],
    )
