"""What the pages read from the database. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from panel.paging import Page
from storage import showing
from storage.session import Database
from storage.states import DeliveryState, Proof, Purpose, StudyState
from storage.tables import (
    Association,
    Delivery,
    Deployment,
    Event,
    Instance,
    Picture,
    RefusedImage,
    Result,
    ResultObject,
    Run,
    Study,
)

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """One received series."""

    uid: str
    modality: str
    images: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """What one row of the ledger is about."""

    object_id: int
    destination: str
    result_id: int


@dataclass(slots=True)
class LedgerLine:
    """How far one result has come at one destination."""

    destination: str
    total: int = 0
    delivered: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class DestinationLine:
    """How one destination does."""

    name: str
    delivered: int
    proved: int
    waiting: int
    failed: int
    last_delivered_at: datetime | None
    last_comment: str


def attention_count(database: Database) -> int:
    """How many studies wait for a person."""
    with database.read() as session:
        attention = [state for state in StudyState if state.needs_person]
        return session.scalar(select(func.count()).select_from(Study).where(Study.state.in_(attention))) or 0


def study(database: Database, study_id: int) -> Study | None:
    """One study."""
    with database.read() as session:
        return session.get(Study, study_id)


def series(database: Database, study_id: int) -> list[SeriesLine]:
    """The series received of a study."""
    with database.read() as session:
        found = session.execute(
            select(
                Instance.series_instance_uid, func.min(Instance.modality), func.count(), func.sum(Instance.size_bytes)
            )
            .where(Instance.study_id == study_id)
            .group_by(Instance.series_instance_uid)
            .order_by(func.min(Instance.id))
        )
        return [SeriesLine(uid, modality, images, int(size)) for uid, modality, images, size in found]


def results(database: Database, study_id: int) -> list[Result]:
    """The results of a study without their summaries: primary deployments first, of each the newest revision first."""
    with database.read() as session:
        primary_first = (Deployment.purpose != Purpose.PRIMARY).asc()
        query = (
            select(Result)
            .join(Deployment, Result.deployment_id == Deployment.id)
            .where(Result.study_id == study_id)
            .order_by(primary_first, Deployment.series_base, Result.revision.desc())
        )
        without = (defer(Result.summary), defer(Result.findings))
        return list(session.scalars(query.options(*without, joinedload(Result.deployment))))


def runs(database: Database, study_id: int) -> list[Run]:
    """The newest run of each deployment for a study."""
    with database.read() as session:
        return showing.newest_runs(session, study_id)


def result(database: Database, study_id: int, result_id: int) -> Result | None:
    """One result of a study, with its pictures."""
    with database.read() as session:
        query = select(Result).where(Result.id == result_id, Result.study_id == study_id)
        return session.scalars(query.options(selectinload(Result.pictures), joinedload(Result.deployment))).first()


def objects(database: Database, result_id: int) -> list[ResultObject]:
    """The objects of a result with their deliveries, in the order they were made."""
    with database.read() as session:
        query = select(ResultObject).where(ResultObject.result_id == result_id).order_by(ResultObject.id)
        return list(session.scalars(query.options(selectinload(ResultObject.deliveries))))


def ledger(database: Database, study_id: int) -> list[LedgerLine]:
    """How far the results that stand have come at each destination; what a newer one replaced is left out."""
    with database.read() as session:
        rows = session.scalars(
            select(Delivery)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .join(Result, ResultObject.result_id == Result.id)
            .where(Result.study_id == study_id, ~Result.superseded, Delivery.state != DeliveryState.CANCELLED)
            .order_by(Delivery.destination, Delivery.id)
        )
        lines: dict[str, LedgerLine] = {}
        for row in rows:
            line = lines.setdefault(row.destination, LedgerLine(row.destination))
            line.total += 1
            line.delivered += row.state is DeliveryState.DELIVERED
            if row.state is not DeliveryState.DELIVERED and row.attempts:
                line.trouble = row.last_comment
    return list(lines.values())


def events(database: Database, study_id: int, *, limit: int = 500) -> list[Event]:
    """The last lines of a study's timeline, oldest first."""
    with database.read() as session:
        newest = session.scalars(
            select(Event).where(Event.study_id == study_id).order_by(Event.at.desc(), Event.id.desc()).limit(limit)
        )
        return list(newest)[::-1]


def delivery(database: Database, study_id: int, delivery_id: int) -> DeliveryKey | None:
    """What one row of the ledger is about, if it belongs to this study."""
    with database.read() as session:
        found = session.execute(
            select(Delivery.object_id, Delivery.destination, Result.id)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .join(Result, ResultObject.result_id == Result.id)
            .where(Delivery.id == delivery_id, Result.study_id == study_id)
        ).first()
    return DeliveryKey(*found) if found else None


def picture(database: Database, picture_id: int) -> Picture | None:
    """One picture, with the number of its study."""
    whose = joinedload(Picture.result).load_only(Result.study_id)
    with database.read() as session:
        return session.get(Picture, picture_id, options=[whose])


def associations(database: Database, *, page: int) -> Page[Association]:
    """One page of the connections to the receiver, newest first."""
    with database.read() as session:
        return _page(session, select(Association).order_by(Association.id.desc()), page=page)


def refused_images(database: Database, *, page: int) -> Page[RefusedImage]:
    """One page of the images that were not taken, newest first."""
    with database.read() as session:
        return _page(session, select(RefusedImage).order_by(RefusedImage.id.desc()), page=page)


def destinations(database: Database) -> list[DestinationLine]:
    """What each destination got, from the ledger."""
    lines = []
    with database.read() as session:
        names = session.scalars(select(Delivery.destination).distinct().order_by(Delivery.destination))
        for name in list(names):
            counts = {
                state: number
                for state, number in session.execute(
                    select(Delivery.state, func.count()).where(Delivery.destination == name).group_by(Delivery.state)
                )
            }
            delivered_at = session.execute(
                select(Delivery.delivered_at)
                .where(Delivery.destination == name, Delivery.delivered_at.is_not(None))
                .order_by(Delivery.delivered_at.desc())
                .limit(1)
            ).scalar()
            trouble = session.scalars(
                select(Delivery.last_comment)
                .where(Delivery.destination == name, Delivery.state != DeliveryState.DELIVERED, Delivery.attempts > 0)
                .order_by(Delivery.last_attempt_at.desc())
                .limit(1)
            ).first()
            failed = sum(number for state, number in counts.items() if state.lost)
            given = [proof for proof in Proof if proof.given]
            held = (Delivery.destination == name, Delivery.proof.in_(given), Delivery.state == DeliveryState.DELIVERED)
            proved = session.scalar(select(func.count()).select_from(Delivery).where(*held)) or 0
            lines.append(
                DestinationLine(
                    name,
                    counts.get(DeliveryState.DELIVERED, 0),
                    proved,
                    counts.get(DeliveryState.WAITING, 0),
                    failed,
                    delivered_at,
                    trouble or "",
                )
            )
    return lines


def last_model(database: Database) -> Result | None:
    """The newest result, for the identity of the model that made it."""
    with database.read() as session:
        query = select(Result).order_by(Result.id.desc()).limit(1)
        return session.scalars(query.options(defer(Result.summary), defer(Result.findings))).first()


def _page(session: Session, query: Select[Any], *, page: int) -> Page[Any]:
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    number = min(max(1, page), max(1, -(-total // PER_PAGE)))
    found = session.scalars(query.offset((number - 1) * PER_PAGE).limit(PER_PAGE))
    return Page(list(found), number, PER_PAGE, total)
