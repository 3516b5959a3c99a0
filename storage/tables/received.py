"""Tables of what was received: studies, their images, connections, refused images, and the timeline of a study."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.states import Origin, Reception, StudyState
from storage.tables.base import Base


class AssociationOutcome(StrEnum):
    """How a connection to the receiver went."""

    OPEN = "open"  # still there, or the receiver died with it
    RELEASED = "released"  # ended in order
    ABORTED = "aborted"  # broken off by either side, or lost
    REJECTED = "rejected"  # refused by our rules; the reason says which
    NOT_DICOM = "not_dicom"  # something that does not speak DICOM, or speaks TLS on the plain port


class Study(Base):
    """One study, as it was received."""

    __tablename__ = "study"
    __table_args__ = (Index("ix_study_state", "state", "last_received_at"),)

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

    origin: Mapped[Origin] = mapped_column(default=Origin.PUSHED)
    clinical: Mapped[dict[str, Any]] = mapped_column(default=dict)  # clinical values given for it, by name
    reception: Mapped[Reception] = mapped_column(default=Reception.RECEIVING)
    identities_accepted: Mapped[list[Any] | None] = mapped_column()  # keys of identities that a person called one
    decision: Mapped[str] = mapped_column(Text, default="", server_default="")  # of a person who ended it, with why

    # Where it is, as people see it: derived, and written by storage.showing alone.
    state: Mapped[StudyState] = mapped_column(default=StudyState.RECEIVING)
    changed_at: Mapped[datetime] = mapped_column()  # of the state
    reason_code: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(Text, default="")  # why it is in this state, for a person

    instances: Mapped[list["Instance"]] = relationship(back_populates="study", order_by="Instance.id")
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
    image_type: Mapped[str] = mapped_column(String(255), default="")  # (0008,0008) as received, parts by backslash
    sha256: Mapped[str] = mapped_column(String(64))  # of the whole file
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    path_key: Mapped[str] = mapped_column(String(255))
    received_at: Mapped[datetime] = mapped_column()
    calling_ae: Mapped[str] = mapped_column(String(64), default="")
    association_id: Mapped[int | None] = mapped_column(ForeignKey("association.id", ondelete="SET NULL"), index=True)

    # Whom it names; None: not read yet, of a study that an earlier version received.
    patient_id: Mapped[str | None] = mapped_column(Text)
    patient_name: Mapped[str | None] = mapped_column(Text)
    birth_date: Mapped[str | None] = mapped_column(String(16))
    sex: Mapped[str | None] = mapped_column(String(16))
    accession_number: Mapped[str | None] = mapped_column(Text)
    set_aside: Mapped[bool] = mapped_column(default=False, server_default=false())  # kept and listed, not read

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
    receiver: Mapped[int] = mapped_column(default=0, server_default="0")  # number of the process that received it


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
    study_instance_uid: Mapped[str] = mapped_column(String(64), default="", index=True)  # known before the study is
    series_instance_uid: Mapped[str] = mapped_column(String(64), default="")
    modality: Mapped[str] = mapped_column(String(32), default="")
    image_type: Mapped[str] = mapped_column(String(255), default="")
    status: Mapped[int] = mapped_column()  # DICOM status answered, for example 0xA700
    code: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    path_key: Mapped[str | None] = mapped_column(String(255))  # in quarantine, where bytes were kept
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)


class Event(Base):
    """One line of a study's timeline."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    at: Mapped[datetime] = mapped_column()
    code: Mapped[str] = mapped_column(String(64))
    sentence: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)

    study: Mapped[Study] = relationship(back_populates="events")
