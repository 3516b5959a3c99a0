"""Images as they arrive, each recorded in one transaction; what a new one means for its study."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import StorageUnavailable, UnusableInput
from storage.codes import EventCode
from storage.identities import Identity, search_text
from storage.session import Database
from storage.showing import refresh
from storage.states import Reception, utc_now
from storage.tables import Instance, RefusedImage, Result, ResultObject, Run, Study
from storage.timeline import move_reception, note

_UID = re.compile(r"[0-9]+(\.[0-9]+)*\Z")

_TRIES = 3
_STUDIES: Table = Study.metadata.tables[Study.__tablename__]
_INSTANCES: Table = Study.metadata.tables[Instance.__tablename__]
_KNOWN = (
    select(
        Study.id,
        Study.identity_conflict,
        Study.identities_accepted,
        Study.patient_id,
        Study.patient_name,
        Study.birth_date,
        Study.sex,
        Study.accession_number,
        Instance.sha256,
        Instance.path_key,
    )
    .outerjoin(
        Instance,
        (Instance.study_id == Study.id)
        & (Instance.series_instance_uid == bindparam("series"))
        & (Instance.sop_instance_uid == bindparam("instance")),
    )
    .where(Study.study_instance_uid == bindparam("study"))
)
_OUR_OBJECT = select(Result.study_id).join(ResultObject).where(ResultObject.sop_instance_uid == bindparam("instance"))
_COUNT_ONE = (
    update(_STUDIES)
    .where(_STUDIES.c.id == bindparam("study"))
    .values(image_count=_STUDIES.c.image_count + 1, last_received_at=bindparam("at"), calling_ae=bindparam("caller"))
    .returning(_STUDIES.c.reception)
)
_ADD_ONE = insert(_INSTANCES)
_IDENTITY = ("patient_id", "patient_name", "birth_date", "sex", "accession_number")


class Recorded(StrEnum):
    """What became of an image that was recorded."""

    NEW = "new"  # it is part of its study now
    DUPLICATE = "duplicate"  # we had it, byte for byte; nothing was changed
    CONFLICT = "conflict"  # we have another image under the same UIDs; nothing was changed
    REPLACED = "replaced"  # it took the place of another one of a study that is held for mixed identity
    OURS = "ours"  # a result of this node that came back; nothing was changed, or results would be read for ever


@dataclass(frozen=True, slots=True)
class IncomingImage:
    """An image whose file is durable, with what of its header the database keeps."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    sha256: str
    size_bytes: int
    path_key: str
    modality: str = ""
    image_type: str = ""
    patient_id: str = ""
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""
    accession_number: str = ""
    study_date: str = ""
    study_time: str = ""
    study_id: str = ""
    description: str = ""
    calling_ae: str = ""
    association_id: int | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Answer of :func:`record_instance`."""

    outcome: Recorded
    study_id: int
    former: str = ""  # key of the file whose place it took
    kept: str = ""  # key of the file that is stored under these UIDs, where this one is not


def check_uid(value: str, what: str) -> str:
    """Return a UID that has the characters and the length of one.

    Raises
    ------
    UnusableInput
        It has not (code ``UID_INVALID``).

    References
    ----------
    PS3.5 section 9.1. Leading zeros of a component, which the standard forbids but old devices write, are let pass.
    """
    if len(value) > 64 or not _UID.match(value):
        raise UnusableInput(Code.UID_INVALID, f"The {what} is not a UID, received {value[:80]!r}")
    return value


def check_uids(image: IncomingImage) -> None:
    """See that the UIDs of an image are some.

    Raises
    ------
    UnusableInput
        One is none (code ``UID_INVALID``).
    """
    for value, what in (
        (image.study_instance_uid, "Study Instance UID"),
        (image.series_instance_uid, "Series Instance UID"),
        (image.sop_instance_uid, "SOP Instance UID"),
    ):
        check_uid(value, what)


def record_instance(database: Database, image: IncomingImage, *, at: datetime | None = None) -> Recording:
    """Record one image in one transaction; its file must be durable before.

    A new image restarts the quiet period of its study. Where the study was complete before, the whole of it is read
    again. A run under way goes on, and :func:`storage.results.save` sees the difference.

    Raises
    ------
    UnusableInput
        One of the UIDs is none.
    StorageUnavailable
        Nothing was recorded; the image must be refused.
    """
    check_uids(image)
    at = at or utc_now()
    for _ in range(_TRIES):
        try:
            return record_together(database, [image], at=at)[0]
        except IntegrityError:
            continue  # on PostgreSQL two senders may open one study, or bring one image, at the same moment
    raise StorageUnavailable(
        Code.DATABASE_BUSY, f"The image met others of its kind {_TRIES} times; it must come again."
    )


def record_together(
    database: Database, incoming: Sequence[IncomingImage], *, at: datetime | None = None
) -> list[Recording]:
    """Record several images in one transaction; their files must be durable before.

    Raises
    ------
    IntegrityError
        On PostgreSQL: another process recorded one of them meanwhile. Nothing was recorded.
    StorageUnavailable
        Nothing was recorded.
    """
    at = at or utc_now()
    with database.write() as session:
        return [_record(session, image, at=at) for image in incoming]


def known_keys(database: Database, keys: Collection[str]) -> set[str]:
    """Of the keys of some files, those that images are kept in."""
    with database.read() as session:
        return set(session.scalars(select(Instance.path_key).where(Instance.path_key.in_(keys))))


def _record(session: Session, image: IncomingImage, *, at: datetime) -> Recording:
    # Statements made once, no mapped objects: this runs for every image.
    connection = session.connection()
    place = {
        "study": image.study_instance_uid,
        "series": image.series_instance_uid,
        "instance": image.sop_instance_uid,
    }
    known = connection.execute(_KNOWN, place).first()
    if known is not None and known.sha256 is not None:
        if known.sha256 != image.sha256 and known.identity_conflict:
            return _replace(session, known.id, image, at=at)
        outcome = Recorded.DUPLICATE if known.sha256 == image.sha256 else Recorded.CONFLICT
        return Recording(outcome, known.id, kept=known.path_key)
    ours = connection.execute(_OUR_OBJECT, {"instance": image.sop_instance_uid}).scalar()
    if ours is not None:
        return Recording(Recorded.OURS, ours)
    study_id = _open_study(session, image, at=at) if known is None else known.id
    reception = _add_instance(connection, study_id, image, at=at)
    if known is not None:
        _react(session, known, reception, image, at=at)
    return Recording(Recorded.NEW, study_id)


def _replace(session: Session, study_id: int, image: IncomingImage, *, at: datetime) -> Recording:
    """Take a corrected image in the place of the one that it corrects; whom all name is told when no more come."""
    study = session.get_one(Study, study_id, with_for_update=True)
    row = session.scalars(
        select(Instance).where(
            Instance.study_id == study_id,
            Instance.series_instance_uid == image.series_instance_uid,
            Instance.sop_instance_uid == image.sop_instance_uid,
        )
    ).one()
    former = row.path_key
    for name, value in _content(image, at=at).items():
        setattr(row, name, value)
    row.set_aside = False
    study.last_received_at, study.calling_ae = at, image.calling_ae
    sentence = "An image came again with other content and took the place of the former, which is kept in quarantine."
    note(session, study_id, at=at, code=EventCode.IMAGE_REPLACED, sentence=sentence)
    if study.reception.complete:
        again = "Corrected images come; the whole study is read again."
        move_reception(session, study, to=Reception.RECEIVING, at=at, code=EventCode.LATE_IMAGES, sentence=again)
        refresh(session, study, at=at)
    session.flush()
    return Recording(Recorded.REPLACED, study_id, former)


def _open_study(session: Session, image: IncomingImage, *, at: datetime) -> int:
    study = Study(
        study_instance_uid=image.study_instance_uid,
        patient_id=image.patient_id,
        patient_name=image.patient_name,
        birth_date=image.birth_date[:16],
        sex=image.sex[:16],
        accession_number=image.accession_number,
        study_date=image.study_date[:16],
        study_time=image.study_time[:16],
        study_id=image.study_id,
        description=image.description,
        calling_ae=image.calling_ae,
        search_text=search_text(
            image.patient_id, image.patient_name, image.accession_number, image.description, image.study_instance_uid
        ),
        first_received_at=at,
        last_received_at=at,
        changed_at=at,
        image_count=0,
        identity_conflict=False,
        reception=Reception.RECEIVING,
    )
    session.add(study)
    session.flush()
    refused = update(RefusedImage).where(
        RefusedImage.study_instance_uid == image.study_instance_uid, RefusedImage.study_id.is_(None)
    )
    session.execute(refused.values(study_id=study.id))  # images of it that were refused before one was stored
    note(
        session, study.id, at=at, code=EventCode.STUDY_OPENED, sentence=f"The first image came from {image.calling_ae}."
    )
    refresh(session, study, at=at)
    session.flush()
    return study.id


def _add_instance(connection: Connection, study_id: int, image: IncomingImage, *, at: datetime) -> Reception:
    """Add the image; the study is locked first, so what it returns of its reception stays true."""
    counted = {"study": study_id, "at": at, "caller": image.calling_ae}
    reception: Reception = connection.execute(_COUNT_ONE, counted).scalar_one()
    placed = {
        "study_id": study_id,
        "series_instance_uid": image.series_instance_uid,
        "sop_instance_uid": image.sop_instance_uid,
        "set_aside": False,
    }
    connection.execute(_ADD_ONE, placed | _content(image, at=at))
    return reception


def _content(image: IncomingImage, *, at: datetime) -> dict[str, Any]:
    """What is kept of an image besides the UIDs that place it."""
    return {
        "sop_class_uid": image.sop_class_uid,
        "transfer_syntax_uid": image.transfer_syntax_uid,
        "modality": image.modality[:32],
        "image_type": image.image_type[:255],
        "sha256": image.sha256,
        "size_bytes": image.size_bytes,
        "path_key": image.path_key,
        "received_at": at,
        "calling_ae": image.calling_ae,
        "association_id": image.association_id,
        "patient_id": image.patient_id,
        "patient_name": image.patient_name,
        "birth_date": image.birth_date[:16],
        "sex": image.sex[:16],
        "accession_number": image.accession_number,
    }


def _react(session: Session, known: Any, reception: Reception, image: IncomingImage, *, at: datetime) -> None:
    """Do what a new image of a known study may ask for: read the study again, note another patient."""
    late = reception.complete
    accepted = known.identities_accepted or ()
    mixed = not known.identity_conflict and Identity.of(known).differs(Identity.of(image))
    mixed = mixed and Identity.of(image).key not in accepted
    gaps = {name: getattr(image, name) for name in _IDENTITY if not getattr(known, name).strip()}
    gaps = {name: value for name, value in gaps.items() if value.strip()}
    if not late and not mixed and not gaps:
        return
    study = session.get_one(Study, known.id)
    if late:
        begun = select(Run.id).where(Run.study_id == known.id, Run.claims > 0)
        if session.scalars(begun).first() is None:
            sentence = "More images came before the analysis began."
        else:
            sentence = "More images came after the analysis began; where it reads such images, all are read again."
        move_reception(session, study, to=Reception.RECEIVING, at=at, code=EventCode.LATE_IMAGES, sentence=sentence)
        refresh(session, study, at=at)
    if gaps:
        _fill(study, gaps)
    if mixed:
        study.identity_conflict = True
        sentence = "Its images name more than one patient; results will be held back until a person has looked."
        note(session, study.id, at=at, code=EventCode.IDENTITY_MIXED, sentence=sentence)
    session.flush()  # another image of the study may be recorded in the same transaction


def _fill(study: Study, gaps: dict[str, str]) -> None:
    """Take from a later image what the first one left empty: else it could not be told from another patient's."""
    for name, value in gaps.items():
        setattr(study, name, value[:16] if name in {"birth_date", "sex"} else value)
    study.search_text = search_text(
        study.patient_id, study.patient_name, study.accession_number, study.description, study.study_instance_uid
    )
