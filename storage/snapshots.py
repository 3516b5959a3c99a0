"""Which images of a study a deployment wants, and a hash of them: what a run reads is fixed when it begins."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import gaps
from storage.gaps import Gap
from storage.tables import Deployment, Instance, Study

DERIVED = {"DERIVED", "SECONDARY"}
"""Image types (PS3.3 C.7.6.1.1.2) of what was made of other images: it is read, but says nothing that they do not."""


class _Kind(Protocol):
    """What tells of what kind an image is, stored or refused."""

    @property
    def sop_class_uid(self) -> str: ...

    @property
    def modality(self) -> str: ...

    @property
    def image_type(self) -> str: ...


class Wants(Protocol):
    """Whether an application wants an image, told from what the database knows of it."""

    def __call__(self, application: str, *, sop_class_uid: str, modality: str, image_type: str) -> bool:
        """True where it does."""


def everything(application: str, *, sop_class_uid: str, modality: str, image_type: str) -> bool:
    """The wish of an application that does not choose."""
    return True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The wanted images of a study at one moment.

    Attributes
    ----------
    content_hash : str
        Of their UIDs and contents; the order of arrival does not count, nor do derived series beside original ones, so
        that a late reformat starts no run.
    path_keys : tuple of str
        Keys of their files, in the order they came.
    gaps : tuple of Gap
        Evidence that some are missing; it is part of the hash, since a result says it.
    """

    content_hash: str
    path_keys: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()


def take(session: Session, study_id: int, application: str, *, wants: Wants = everything) -> Snapshot:
    """The images of a study that an application wants now.

    Parameters
    ----------
    application : str
        By its name in the settings.
    wants : Wants
        Tells of each kind of image whether the application reads it.
    """
    rows = session.execute(
        select(
            Instance.series_instance_uid,
            Instance.sop_instance_uid,
            Instance.sha256,
            Instance.path_key,
            Instance.sop_class_uid,
            Instance.modality,
            Instance.image_type,
        )
        .where(Instance.study_id == study_id, ~Instance.set_aside)
        .order_by(Instance.id)
    )

    def is_wanted(row: _Kind) -> bool:
        kind = {"sop_class_uid": row.sop_class_uid, "modality": row.modality, "image_type": row.image_type}
        return wants(application, **kind)

    wanted = [row for row in rows if is_wanted(row)]
    missing = gaps.of_study(session, study_id, is_wanted)
    originals = [row for row in wanted if not set(row.image_type.split("\\")) >= DERIVED]
    digest = hashlib.sha256()
    for row in sorted((row.series_instance_uid, row.sop_instance_uid, row.sha256) for row in originals or wanted):
        digest.update("\0".join(row).encode() + b"\n")
    for gap in missing:
        digest.update(f"{gap.code} {gap.count} {' '.join(gap.series)}\n".encode())
    return Snapshot(digest.hexdigest(), tuple(row.path_key for row in wanted), missing)


def readers(
    session: Session, study: Study, deployments: Iterable[Deployment], *, wants: Wants = everything
) -> list[Deployment]:
    """The deployments that want at least one image of a study."""
    columns = (Instance.sop_class_uid, Instance.modality, Instance.image_type)
    kinds = session.execute(select(*columns).where(Instance.study_id == study.id, ~Instance.set_aside).distinct()).all()
    return [
        deployment
        for deployment in deployments
        if deployment.purpose.reads(study.origin)
        and any(
            wants(deployment.application, sop_class_uid=uid, modality=modality, image_type=image_type)
            for uid, modality, image_type in kinds
        )
    ]
