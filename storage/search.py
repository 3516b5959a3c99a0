"""Finding studies for a list: words, filters, pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from storage.session import Database
from storage.studies import search_text
from storage.tables import Delivery, DeliveryState, Result, ResultObject, ResultStatus, Study, StudyState


@dataclass(frozen=True, slots=True)
class StudyFilter:
    """What to look for; empty fields match all.

    Attributes
    ----------
    text : str
        Words, all of which must be in patient ID, name, accession number, description or UID; case does not count.
    states : tuple of StudyState
    study_date_from, study_date_to : str
        YYYYMMDD, both included.
    result : ResultStatus or None
        Status of the newest result.
    """

    text: str = ""
    states: tuple[StudyState, ...] = ()
    study_date_from: str = ""
    study_date_to: str = ""
    result: ResultStatus | None = None


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One line of the list: the study, its newest result, and its deliveries."""

    study: Study
    result: Result | None
    delivered: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    rows: tuple[StudyRow, ...]
    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // self.per_page))


def search(database: Database, wanted: StudyFilter, *, page: int = 1, per_page: int = 25) -> Page:
    """Find studies, the last received first."""
    matching = _matching(wanted)
    with database.read() as session:
        total = session.execute(select(func.count()).select_from(matching.subquery())).scalar_one()
        page = min(max(1, page), max(1, -(-total // per_page)))
        found = session.execute(
            matching.order_by(Study.last_received_at.desc(), Study.id.desc())
            .offset((page - 1) * per_page)
            .limit(per_page)
        ).all()
        counts = _counts(session, [result.id for _, result in found if result is not None])
        rows = tuple(
            StudyRow(study, result, *(counts.get(result.id, (0, 0)) if result is not None else (0, 0)))
            for study, result in found
        )
    return Page(rows, page, per_page, total)


def oldest_waiting(database: Database) -> Study | None:
    """The study that has been on its way for longest: queued, analysed or being sent."""
    waiting = (StudyState.QUEUED, StudyState.ANALYSING, StudyState.DELIVERING)
    with database.read() as session:
        return session.scalars(
            select(Study).where(Study.state.in_(waiting)).order_by(Study.last_received_at).limit(1)
        ).first()


def _matching(wanted: StudyFilter) -> Select[Study, Result]:
    other = aliased(Result)
    newest = select(func.max(other.revision)).where(other.study_id == Study.id).correlate(Study).scalar_subquery()
    query = select(Study, Result).outerjoin(Result, (Result.study_id == Study.id) & (Result.revision == newest))
    for word in search_text(wanted.text).split():
        query = query.where(Study.search_text.contains(word, autoescape=True))
    if wanted.states:
        query = query.where(Study.state.in_(wanted.states))
    if wanted.study_date_from:
        query = query.where(Study.study_date >= wanted.study_date_from)
    if wanted.study_date_to:
        query = query.where(Study.study_date <= wanted.study_date_to, Study.study_date != "")
    if wanted.result is not None:
        query = query.where(Result.status == wanted.result)
    return query


def _counts(session: Session, result_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """For each result: deliveries that arrived, and all that were not cancelled."""
    found = session.execute(
        select(ResultObject.result_id, Delivery.state, func.count())
        .join(Delivery, Delivery.object_id == ResultObject.id)
        .where(ResultObject.result_id.in_(result_ids), Delivery.state != DeliveryState.CANCELLED)
        .group_by(ResultObject.result_id, Delivery.state)
    )
    counts: dict[int, tuple[int, int]] = {}
    for result_id, state, count in found:
        delivered, total = counts.get(result_id, (0, 0))
        counts[result_id] = (delivered + count * (state is DeliveryState.DELIVERED), total + count)
    return counts
