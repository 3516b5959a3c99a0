"""What this node would have sent, or sent, of its last results: for those who decide whether it may send at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer, joinedload

from storage.session import Database
from storage.states import DeliveryState, Origin, Purpose, ResultStatus
from storage.tables import Delivery, Deployment, Result, ResultObject, Study


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One result.

    Attributes
    ----------
    study_id, result_id : int
    finished_at : datetime
    analysis_s : float
        From the start of its analysis until its objects were made and checked.
    after_last_image_s : float
        From the last image of the study until then, the quiet time and every wait included.
    status : ResultStatus
    headline : str
    objects : int
        How many were made.
    findings : tuple of str
        Why the check before sending held it back; empty where it did not.
    places : mapping from str to mapping
        By destination, how many objects are in each state; none where nothing may leave.
    """

    study_id: int
    result_id: int
    finished_at: datetime
    analysis_s: float
    after_last_image_s: float
    status: ResultStatus
    headline: str
    objects: int
    findings: tuple[str, ...] = ()
    places: Mapping[str, Mapping[DeliveryState, int]] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[str, ...]:
        """What went, or would go, where; in words."""
        said = [
            f"{name}: {', '.join(f'{count} {_WORDS[state]}' for state, count in sorted(counts.items()))}"
            for name, counts in sorted(self.places.items())
        ]
        return tuple(said or [f"{self.objects} made, none to be sent anywhere"])


def last(database: Database, *, count: int = 25) -> list[Reviewed]:
    """The last results that stand, of what is sent at all: primary deployments and studies that a PACS pushed."""
    with database.read() as session:
        query = (
            select(Result, Study.last_received_at)
            .join(Study, Result.study_id == Study.id)
            .join(Deployment, Result.deployment_id == Deployment.id)
            .where(
                ~Result.superseded,
                Deployment.purpose.in_([one for one in Purpose if one.sent]),
                Study.origin.in_([one for one in Origin if one.sent]),
            )
            .order_by(Result.id.desc())
            .limit(count)
            .options(defer(Result.summary), joinedload(Result.deployment))
        )
        found = [(row, at) for row, at in session.execute(query)]
        places = _places(session, [row.id for row, _ in found])
        made = _objects(session, [row.id for row, _ in found])
        return [_reviewed(row, at, made.get(row.id, 0), places.get(row.id, {})) for row, at in found]


_WORDS: Mapping[DeliveryState, str] = {
    DeliveryState.WAITING: "on their way",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.REFUSED: "refused",
    DeliveryState.GIVEN_UP: "given up",
    DeliveryState.STRANDED: "with nowhere to go",
    DeliveryState.KEPT: "would have been sent",
    DeliveryState.CANCELLED: "not sent any more",
}


def _reviewed(
    row: Result, last_image_at: datetime, objects: int, places: Mapping[str, Mapping[DeliveryState, int]]
) -> Reviewed:
    return Reviewed(
        study_id=row.study_id,
        result_id=row.id,
        finished_at=row.finished_at,
        analysis_s=(row.finished_at - row.started_at).total_seconds(),
        after_last_image_s=max(0.0, (row.finished_at - last_image_at).total_seconds()),
        status=row.status,
        headline=row.headline,
        objects=objects,
        findings=tuple(finding.get("sentence", "") for finding in row.findings),
        places=places,
    )


def _places(session: Session, results: Sequence[int]) -> dict[int, dict[str, dict[DeliveryState, int]]]:
    found: dict[int, dict[str, dict[DeliveryState, int]]] = {}
    rows = session.execute(
        select(ResultObject.result_id, Delivery.destination, Delivery.state, func.count())
        .join(Delivery, Delivery.object_id == ResultObject.id)
        .where(ResultObject.result_id.in_(results))
        .group_by(ResultObject.result_id, Delivery.destination, Delivery.state)
    )
    for result_id, name, state, count in rows:
        found.setdefault(result_id, {}).setdefault(name, {})[state] = count
    return found


def _objects(session: Session, results: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(ResultObject.result_id, func.count())
        .where(ResultObject.result_id.in_(results))
        .group_by(ResultObject.result_id)
    )
    return {result_id: count for result_id, count in rows}
