"""Which images of a study a deployment wants, and a hash of them: what a run reads is fixed when it begins."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.tables import Deployment, Instance, Study


class Wants(Protocol):
    """Whether an application wants an image, told from what the database knows of it."""

    def __call__(self, application: str, *, sop_class_uid: str, modality: str) -> bool:
        """True where it does."""


def everything(application: str, *, sop_class_uid: str, modality: str) -> bool:
    """The wish of an application that does not choose."""
    return True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The wanted images of a study at one moment.

    Attributes
    ----------
    content_hash : str
        Of their UIDs and contents; the order of arrival does not count.
    path_keys : tuple of str
        Keys of their files, in the order they came.
    """

    content_hash: str
    path_keys: tuple[str, ...]


def take(session: Session, study_id: int, application: str, *, wants: Wants = everything) -> Snapshot:
    """The images of a study that an application wants now."""
    rows = session.execute(
        select(
            Instance.series_instance_uid,
            Instance.sop_instance_uid,
            Instance.sha256,
            Instance.path_key,
            Instance.sop_class_uid,
            Instance.modality,
        )
        .where(Instance.study_id == study_id, ~Instance.set_aside)
        .order_by(Instance.id)
    )
    wanted = [row for row in rows if wants(application, sop_class_uid=row.sop_class_uid, modality=row.modality)]
    digest = hashlib.sha256()
    for row in sorted((row.series_instance_uid, row.sop_instance_uid, row.sha256) for row in wanted):
        digest.update("\0".join(row).encode() + b"\n")
    return Snapshot(digest.hexdigest(), tuple(row.path_key for row in wanted))


def readers(
    session: Session, study: Study, deployments: Iterable[Deployment], *, wants: Wants = everything
) -> list[Deployment]:
    """The deployments that want at least one image of a study."""
    kinds = session.execute(
        select(Instance.sop_class_uid, Instance.modality)
        .where(Instance.study_id == study.id, ~Instance.set_aside)
        .distinct()
    ).all()
    return [
        deployment
        for deployment in deployments
        if deployment.purpose.reads(study.origin)
        and any(wants(deployment.application, sop_class_uid=uid, modality=modality) for uid, modality in kinds)
    ]
