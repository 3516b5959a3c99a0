"""Evidence that a study is not whole, from what the receiver wrote down of it; what headers say is found elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.codes import GapCode
from storage.codes import EventCode
from storage.tables import Association, Event, Instance, RefusedImage


@dataclass(frozen=True, slots=True)
class Gap:
    """One reason to think that images of a study are missing.

    Attributes
    ----------
    code : GapCode
    count : int
        Images refused, or transfers broken off.
    series : tuple of str
        UIDs of the series that lack images; empty: any of the study may.
    """

    code: GapCode
    count: int
    series: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What is missing, for the timeline."""
        many = self.count != 1
        if self.code is GapCode.IMAGES_REFUSED:
            return f"{self.count} {'images were' if many else 'image was'} refused and did not come again."
        times = f" {self.count} times" if many else ""
        return f"The transfer of its images broke off{times} and was not repeated to its end."


def of_study(session: Session, study_id: int, wanted: Callable[[RefusedImage], bool]) -> tuple[Gap, ...]:
    """What speaks against a study being whole now.

    Parameters
    ----------
    wanted : callable
        Whether an image would be read.

    Notes
    -----
    A refused image counts until it is stored. A transfer that brought new images and broke off counts until another
    one that brings images of the study, and begins later, ends in order.
    """
    found = []
    refused = [row for row in _refused(session, study_id) if wanted(row)]
    if refused:
        images = {row.sop_instance_uid or row.id for row in refused}
        series = {row.series_instance_uid for row in refused}
        found.append(Gap(GapCode.IMAGES_REFUSED, len(images), () if "" in series else tuple(sorted(series))))
    broken = _broken(session, study_id)
    if broken:
        found.append(Gap(GapCode.TRANSFER_BROKEN, broken))
    return tuple(found)


def say_waiting(sentences: list[str], until: datetime) -> str:
    """That a study waits for missing images, until when, and what is missing."""
    moment = f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"It waits for missing images until {moment}, then it is read as it is. {' '.join(sentences)}"


def _refused(session: Session, study_id: int) -> list[RefusedImage]:
    stored = select(Instance.sop_instance_uid).where(Instance.study_id == study_id)
    query = select(RefusedImage).where(RefusedImage.study_id == study_id, RefusedImage.sop_instance_uid.not_in(stored))
    return list(session.scalars(query.order_by(RefusedImage.id)))


def _broken(session: Session, study_id: int) -> int:
    """How many transfers broke off that no later one made good."""
    arrivals = select(Event.at, Event.detail).where(Event.study_id == study_id, Event.code == EventCode.IMAGES_RECEIVED)
    rows = session.execute(arrivals.order_by(Event.id)).all()
    ended = [row.at for row in rows if row.detail.get("broken") and row.detail.get("new")]
    if not ended:
        return 0
    whole = [row.detail["association"] for row in rows if row.detail.get("broken") is False]
    begun = session.scalars(select(Association.started_at).where(Association.id.in_(whole))).all()
    last = max(begun, default=None)
    return sum(last is None or last < at for at in ended)
