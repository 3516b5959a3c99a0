"""The tables: SQLAlchemy 2 typed models, the same on SQLite and PostgreSQL.

Every time is aware and in UTC. Files are named by the key that :mod:`storage.objects` gives, never by a path.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class StudyState(StrEnum):
    """Where a study is. The moves between states are in :data:`storage.states.TRANSITIONS`."""

    RECEIVING = "receiving"  # images arrive, or the quiet period after the last one runs
    QUEUED = "queued"  # complete; waits for a free worker, or for its next attempt
    ANALYSING = "analysing"  # one worker holds it, under a lease
    DELIVERING = "delivering"  # the result is saved; at least one object is not yet at its destination
    DONE = "done"  # every object is at every destination (or there are none)
    NOT_APPLICABLE = "not_applicable"  # a valid study with nothing this node reads; the reason is kept
    HELD = "held"  # the gate found the result wrong: kept and shown, never sent
    UNDELIVERED = "undelivered"  # at least one object was refused for good, or given up; a person must act
    FAILED = "failed"  # the analysis failed for good, or too often; a person must act


class ResultStatus(StrEnum):
    """What became of one analysis."""

    COMPLETE = "complete"  # passed the gate
    NOT_APPLICABLE = "not_applicable"  # nothing to read; the objects, if any, say why
    HELD = "held"  # the gate refused it


class DeliveryState(StrEnum):
    """Where one object is on its way to one destination."""

    WAITING = "waiting"  # to be sent at next_attempt_at
    DELIVERED = "delivered"  # the destination answered success or a warning
    REFUSED = "refused"  # the destination refused it for good
    GIVEN_UP = "given_up"  # it was tried for as long as the settings allow
    CANCELLED = "cancelled"  # a newer result took its place before it was sent


class AssociationOutcome(StrEnum):
    """How a connection to the receiver went."""

    OPEN = "open"  # still there, or the receiver died with it
    RELEASED = "released"  # ended in order
    ABORTED = "aborted"  # broken off by either side, or lost
    REJECTED = "rejected"  # refused by our rules; the reason says which
    NOT_DICOM = "not_dicom"  # something that does not speak DICOM, or speaks TLS on the plain port


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC without zone (SQLite has no zones)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"times are aware, received the naive {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


def _values(members: type[StrEnum]) -> list[str]:
    return [member.value for member in members]


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        StrEnum: Enum(StrEnum, native_enum=False, create_constraint=False, length=32, values_callable=_values),
    }


class Study(Base):
    """One study, the unit that is received, analysed and delivered."""

    __tablename__ = "study"
    __table_args__ = (Index("ix_study_state", "state", "next_attempt_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(String(64), unique=True)
    patient_id: Mapped[str] = mapped_column(Text, default="")
    patient_name: Mapped[str] = mapped_column(Text, default="")  # as DICOM writes it: groups by "=", parts by "^"
    birth_date: Mapped[str] = mapped_column(String(16), default="")  # YYYYMMDD as received
    sex: Mapped[str] = mapped_column(String(16), default="")
    accession_number: Mapped[str] = mapped_column(Text, default="")
    study_date: Mapped[str] = mapped_column(String(16), default="", index=True)  # YYYYMMDD as received
    study_time: Mapped[str] = mapped_column(String(16), default="")
    study_id: Mapped[str] = mapped_column(Text, default="")
    description: Mapped[str] = mapped_column(Text, default="")
    search_text: Mapped[str] = mapped_column(Text, default="")  # what the search box searches, case-folded
    identity_conflict: Mapped[bool] = mapped_column(default=False)  # its images name more than one patient
    calling_ae: Mapped[str] = mapped_column(String(64), default="")  # the last sender

    first_received_at: Mapped[datetime] = mapped_column()
    last_received_at: Mapped[datetime] = mapped_column(index=True)  # of the last image that was new
    image_count: Mapped[int] = mapped_column(default=0)

    state: Mapped[StudyState] = mapped_column(default=StudyState.RECEIVING)
    changed_at: Mapped[datetime] = mapped_column()  # of the state
    reason_code: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(Text, default="")  # why it is in this state, for a person
    revision: Mapped[int] = mapped_column(default=0)  # 1 for the first analysis; late images and reprocess add one
    content_hash: Mapped[str] = mapped_column(String(64), default="")  # of the images of this revision
    reprocess: Mapped[bool] = mapped_column(default=False)  # a person asked: new revision though nothing changed

    claimed_by: Mapped[str | None] = mapped_column(String(128))
    claimed_at: Mapped[datetime | None] = mapped_column()
    lease_until: Mapped[datetime | None] = mapped_column()
    attempts: Mapped[int] = mapped_column(default=0)  # analyses begun of this revision
    next_attempt_at: Mapped[datetime] = mapped_column()

    instances: Mapped[list["Instance"]] = relationship(back_populates="study", order_by="Instance.id")
    results: Mapped[list["Result"]] = relationship(back_populates="study", order_by="Result.revision")
    events: Mapped[list["Event"]] = relationship(back_populates="study", order_by="Event.id")


class Instance(Base):
    """One stored image (or other object) of a study, with the file that holds it as it came."""

    __tablename__ = "instance"
    __table_args__ = (UniqueConstraint("study_id", "series_instance_uid", "sop_instance_uid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    series_instance_uid: Mapped[str] = mapped_column(String(64))
    sop_instance_uid: Mapped[str] = mapped_column(String(64))
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    transfer_syntax_uid: Mapped[str] = mapped_column(String(64))
    modality: Mapped[str] = mapped_column(String(32), default="")
    sha256: Mapped[str] = mapped_column(String(64))  # of the encoded data set, without file meta
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    path_key: Mapped[str] = mapped_column(String(255))
    received_at: Mapped[datetime] = mapped_column()
    calling_ae: Mapped[str] = mapped_column(String(64), default="")
    association_id: Mapped[int | None] = mapped_column(ForeignKey("association.id", ondelete="SET NULL"))

    study: Mapped[Study] = relationship(back_populates="instances")


class Association(Base):
    """One connection to the receiver, refused ones included."""

    __tablename__ = "association"

    id: Mapped[int] = mapped_column(primary_key=True)
    calling_ae: Mapped[str] = mapped_column(String(64), default="")
    called_ae: Mapped[str] = mapped_column(String(64), default="")
    peer_host: Mapped[str] = mapped_column(String(64), default="")
    peer_port: Mapped[int] = mapped_column(default=0)
    peer_implementation: Mapped[str] = mapped_column(String(128), default="")
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None] = mapped_column()
    outcome: Mapped[AssociationOutcome] = mapped_column(default=AssociationOutcome.OPEN)
    reason: Mapped[str] = mapped_column(Text, default="")
    stored: Mapped[int] = mapped_column(default=0)  # images answered with success that were new
    duplicates: Mapped[int] = mapped_column(default=0)  # images answered with success that we had
    refused: Mapped[int] = mapped_column(default=0)
    received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    rejected_contexts: Mapped[list[Any]] = mapped_column(default=list)  # [{"sop_class": UID, "name": str}]


class RefusedImage(Base):
    """One C-STORE that was answered with a failure."""

    __tablename__ = "refused_image"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    association_id: Mapped[int | None] = mapped_column(ForeignKey("association.id", ondelete="SET NULL"))
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="SET NULL"), index=True)
    calling_ae: Mapped[str] = mapped_column(String(64), default="")
    peer_host: Mapped[str] = mapped_column(String(64), default="")
    sop_class_uid: Mapped[str] = mapped_column(String(255), default="")
    sop_instance_uid: Mapped[str] = mapped_column(String(255), default="")
    status: Mapped[int] = mapped_column()  # DICOM status answered, for example 0xA700
    code: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    path_key: Mapped[str | None] = mapped_column(String(255))  # in quarantine, where bytes were kept
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)


class Result(Base):
    """One analysis of one revision of a study."""

    __tablename__ = "result"
    __table_args__ = (UniqueConstraint("study_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    revision: Mapped[int] = mapped_column()
    status: Mapped[ResultStatus] = mapped_column(index=True)
    superseded: Mapped[bool] = mapped_column(default=False)  # a newer revision has a result
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    model_name: Mapped[str] = mapped_column(String(64), default="")
    model_version: Mapped[str] = mapped_column(String(64), default="")
    model_digest: Mapped[str] = mapped_column(String(64), default="")
    software_version: Mapped[str] = mapped_column(String(64), default="")
    headline: Mapped[str] = mapped_column(Text, default="")  # the result in one line, for lists
    started_at: Mapped[datetime] = mapped_column()
    finished_at: Mapped[datetime] = mapped_column()
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    findings: Mapped[list[Any]] = mapped_column(default=list)  # of the gate: [{"code", "sentence", "object"}]
    timings_s: Mapped[dict[str, Any]] = mapped_column(default=dict)

    study: Mapped[Study] = relationship(back_populates="results")
    objects: Mapped[list["ResultObject"]] = relationship(back_populates="result", order_by="ResultObject.id")
    pictures: Mapped[list["Picture"]] = relationship(back_populates="result", order_by="Picture.name")


class ResultObject(Base):
    """One DICOM object that we made."""

    __tablename__ = "result_object"

    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(Text, default="")
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    sop_instance_uid: Mapped[str] = mapped_column(String(64), unique=True)
    series_instance_uid: Mapped[str] = mapped_column(String(64))
    transfer_syntax_uid: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    path_key: Mapped[str] = mapped_column(String(255))

    result: Mapped[Result] = relationship(back_populates="objects")
    deliveries: Mapped[list["Delivery"]] = relationship(back_populates="object", order_by="Delivery.destination")


class Picture(Base):
    """One picture for the panel, made by the analysis."""

    __tablename__ = "picture"
    __table_args__ = (UniqueConstraint("result_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(128))  # for example t1/base/007.png
    media_type: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    path_key: Mapped[str] = mapped_column(String(255))

    result: Mapped[Result] = relationship(back_populates="pictures")


class Delivery(Base):
    """The ledger: one object on its way to one destination."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("object_id", "destination"),
        Index("ix_delivery_due", "state", "destination", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    object_id: Mapped[int] = mapped_column(ForeignKey("result_object.id", ondelete="CASCADE"))
    destination: Mapped[str] = mapped_column(String(64))
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column()  # or of the last resend: from here the time to give up runs
    next_attempt_at: Mapped[datetime] = mapped_column()
    last_attempt_at: Mapped[datetime | None] = mapped_column()
    last_status: Mapped[int | None] = mapped_column()  # DICOM status of the last answer, None without an answer
    last_code: Mapped[str] = mapped_column(String(64), default="")
    last_comment: Mapped[str] = mapped_column(Text, default="")  # Error Comment of the peer, or our sentence
    delivered_at: Mapped[datetime | None] = mapped_column()

    object: Mapped[ResultObject] = relationship(back_populates="deliveries")


class Event(Base):
    """One line of a study's timeline."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column()
    code: Mapped[str] = mapped_column(String(64))
    sentence: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)

    study: Mapped[Study] = relationship(back_populates="events")


class Audit(Base):
    """One link of the audit chain; see :mod:`storage.audit`."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column()
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(Text, default="")
    detail: Mapped[str] = mapped_column(Text, default="")  # JSON, keys sorted
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class User(Base):
    """A person who may log in to the panel."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(Text)  # argon2id
    role: Mapped[str] = mapped_column(String(16), default="reader")  # admin or reader
    disabled: Mapped[bool] = mapped_column(default=False)
    failed_logins: Mapped[int] = mapped_column(default=0)  # since the last good one
    locked_until: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()
    last_login_at: Mapped[datetime | None] = mapped_column()


class LoginSession(Base):
    """A session of the panel, kept here so that logging out ends it."""

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256; the token itself is only the cookie
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column()
    last_seen_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the panel's: the last search, so that no URL holds it

    user: Mapped[User] = relationship()


class Heartbeat(Base):
    """The last sign of life of one of our processes."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)  # receiver, coordinator, panel, worker-1
    pid: Mapped[int] = mapped_column()
    started_at: Mapped[datetime] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    rss_mb: Mapped[float] = mapped_column(default=0.0)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Lease(Base):
    """A job that only one process may do at a time (the coordinator's clock)."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(128))
    until: Mapped[datetime] = mapped_column()
