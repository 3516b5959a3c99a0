"""What one association meant for the studies it brought images of: a line of their timeline, and a second look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage import gaps
from storage.codes import EventCode
from storage.session import Database
from storage.showing import refresh
from storage.states import Reception, utc_now
from storage.tables import Association, AssociationOutcome, Instance, RefusedImage, Study
from storage.timeline import move_reception, note

PAUSE_S = 10.0
"""A sender that is at a study pauses for less between two of its images.

An association that brings nothing for longer is idle: Orthanc, for one, ends it itself after 5 s (its
``DicomAssociationCloseDelay``).
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Images of one study that an association brought.

    Attributes
    ----------
    new, duplicates : int
    broken : bool
        The association broke off while it was at this study: what it was to bring may not be here.
    """

    new: int = 0
    duplicates: int = 0
    broken: bool = False


def note_arrivals(
    database: Database,
    arrivals: Mapping[int, Arrival],
    *,
    sender: str,
    association_id: int | None = None,
) -> None:
    """Write, at the end of an association, one line for each study it brought images of.

    A complete study is looked at once more where the association may have changed what is known of its gaps.

    Parameters
    ----------
    arrivals : mapping from study number to Arrival
    sender : str
        The calling AE title.
    association_id : int, optional
    """
    with database.write() as session:
        _note(session, arrivals, sender=sender, association_id=association_id)


def close_leftovers(database: Database, *, receiver: int = 0, receivers: int = 1) -> int:
    """Mark the associations that an earlier receiver left open when it died, as broken off; returns how many.

    The studies that they brought are told, as at the end of every association.

    Parameters
    ----------
    receiver : int
        Number of the process that starts: only those of its forerunner are closed, for the others may live.
    receivers : int
        How many processes receive: of one with a higher number nobody else takes care.
    """
    with database.write() as session:
        mine = (Association.receiver == receiver) | (Association.receiver >= receivers)
        query = select(Association).where(Association.outcome == AssociationOutcome.OPEN, mine)
        left = session.scalars(query).all()
        for row in left:
            row.ended_at, row.outcome = utc_now(), AssociationOutcome.ABORTED
            row.reason = "The receiver stopped before this association ended."
            brought = session.execute(
                select(Instance.study_id, func.count(), func.max(Instance.received_at))
                .where(Instance.association_id == row.id)
                .group_by(Instance.study_id)
            ).all()
            pause = timedelta(seconds=PAUSE_S)
            since = max((last for _, _, last in brought), default=row.started_at) - pause
            arrivals = {study: Arrival(count, broken=last > since) for study, count, last in brought}
            _note(session, arrivals, sender=row.calling_ae, association_id=row.id)
        return len(left)


def still_sending(database: Database, study_id: int, *, since: datetime | None = None) -> bool:
    """True while an association is open of which the last image was one of this study.

    Parameters
    ----------
    since : datetime, optional
        Aware. An association whose last image came before does not count: a peer may hold one open for good.
    """
    with database.read() as session:
        brought = select(Instance.association_id).where(Instance.study_id == study_id).distinct()
        still_open = select(Association.id).where(
            Association.outcome == AssociationOutcome.OPEN, Association.id.in_(brought)
        )
        for number in session.scalars(still_open):
            brought_by = select(Instance).where(Instance.association_id == number)
            last = session.scalars(brought_by.order_by(Instance.id.desc()).limit(1)).one()
            if last.study_id == study_id and (since is None or last.received_at >= since):
                return True
        return False


def _note(session: Session, arrivals: Mapping[int, Arrival], *, sender: str, association_id: int | None) -> None:
    at = utc_now()
    refused = _refused_by(session, association_id)
    for study_id in sorted(arrivals.keys() | refused):
        study = session.get_one(Study, study_id, with_for_update=True)
        was_broken = _is_broken(session, study_id)
        arrival = arrivals.get(study_id)
        if arrival is not None:
            again = f", and {arrival.duplicates} that we had" if arrival.duplicates else ""
            end = " The association broke off before it was released." if arrival.broken else ""
            note(
                session,
                study_id,
                at=at,
                code=EventCode.IMAGES_RECEIVED,
                sentence=f"{arrival.new} new images came from {sender}{again}.{end}",
                detail={
                    "new": arrival.new,
                    "duplicates": arrival.duplicates,
                    "sender": sender,
                    "association": association_id,
                    "broken": arrival.broken,
                },
            )
            session.flush()
        settled = study.reception.complete and study.reception is not Reception.DISCARDED
        if settled and (study_id in refused or _is_broken(session, study_id) != was_broken):
            sentence = f"What came from {sender} may change what is known of missing images; it is looked at again."
            move_reception(session, study, to=Reception.RECEIVING, at=at, code=EventCode.LATE_IMAGES, sentence=sentence)
            refresh(session, study, at=at)


def _refused_by(session: Session, association_id: int | None) -> set[int]:
    """Studies of which an association had images refused."""
    if association_id is None:
        return set()
    query = select(RefusedImage.study_id).where(
        RefusedImage.association_id == association_id, RefusedImage.study_id.is_not(None)
    )
    return {study_id for study_id in session.scalars(query.distinct()) if study_id is not None}


def _is_broken(session: Session, study_id: int) -> bool:
    return bool(gaps.of_study(session, study_id, lambda image: False))
