"""Finding studies for a list: words, filters, pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.identities import search_text
from storage.session import Database
from storage.states import DeliveryState, Purpose, ResultStatus, StudyState
from storage.tables import Delivery, Deployment, Result, ResultObject, Study

_T = TypeVar("_T")


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
        Status of the main result.
    """

    text: str = ""
    states: tuple[StudyState, ...] = ()
    study_date_from: str = ""
    study_date_to: str = ""
    result: ResultStatus | None = None


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One line of the list: the study, its :func:`main_result`, and the deliveries of all results that stand."""

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
    """Find studies, the last received first; pages are counted from 1, and one beyond the last gives the last."""
    matching = _matching(wanted)
    with database.read() as session:
        total = session.execute(select(func.count()).select_from(matching.subquery())).scalar_one()
        page = min(max(1, page), max(1, -(-total // per_page)))
        found = session.scalars(
            matching.order_by(Study.last_received_at.desc(), Study.id.desc())
            .offset((page - 1) * per_page)
            .limit(per_page)
        ).all()
        ids = [study.id for study in found]
        results = _main_results(session, ids)
        counts = _counts(session, ids)
        rows = tuple(StudyRow(study, results.get(study.id), *counts.get(study.id, (0, 0))) for study in found)
    return Page(rows, page, per_page, total)


def oldest_waiting(database: Database) -> Study | None:
    """The study that has been on its way for longest: queued, analysed or being sent."""
    waiting = [state for state in StudyState if state.in_work]
    with database.read() as session:
        return session.scalars(
            select(Study).where(Study.state.in_(waiting)).order_by(Study.last_received_at).limit(1)
        ).first()


def main_result(what: InstrumentedAttribute[_T]) -> ScalarSelect[_T]:
    """A column of the result that a study is listed with: the newest of its first deployment, primary before others."""
    primary_first = (Deployment.purpose != Purpose.PRIMARY).asc()
    return (
        select(what)
        .join(Deployment, Result.deployment_id == Deployment.id)
        .where(Result.study_id == Study.id)
        .order_by(primary_first, Deployment.series_base, Result.revision.desc())
        .limit(1)
        .correlate(Study)
        .scalar_subquery()
    )


def _matching(wanted: StudyFilter) -> Select[Study]:
    query = select(Study)
    for word in search_text(wanted.text).split():
        query = query.where(Study.search_text.contains(word, autoescape=True))
    if wanted.states:
        query = query.where(Study.state.in_(wanted.states))
    if wanted.study_date_from:
        query = query.where(Study.study_date >= wanted.study_date_from)
    if wanted.study_date_to:
        query = query.where(Study.study_date <= wanted.study_date_to, Study.study_date != "")
    if wanted.result is not None:
        query = query.where(main_result(Result.status) == wanted.result)
    return query


def _main_results(session: Session, study_ids: Sequence[int]) -> dict[int, Result]:
    numbers = session.scalars(select(main_result(Result.id)).select_from(Study).where(Study.id.in_(study_ids))).all()
    found = session.scalars(select(Result).where(Result.id.in_([number for number in numbers if number is not None])))
    return {result.study_id: result for result in found}


def _counts(session: Session, study_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """For each study: deliveries that arrived, and all that were not cancelled, of the results that stand."""
    found = session.execute(
        select(Result.study_id, Delivery.state, func.count())
        .join(ResultObject, ResultObject.result_id == Result.id)
        .join(Delivery, Delivery.object_id == ResultObject.id)
        .where(Result.study_id.in_(study_ids), ~Result.superseded, Delivery.state != DeliveryState.CANCELLED)
        .group_by(Result.study_id, Delivery.state)
    )
    counts: dict[int, tuple[int, int]] = {}
    for study_id, state, count in found:
        delivered, total = counts.get(study_id, (0, 0))
        counts[study_id] = (delivered + count * (state is DeliveryState.DELIVERED), total + count)
    return counts
