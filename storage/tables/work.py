"""Tables of the work: deployments, runs, results with all that belongs to them, and the ledger of deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.states import DeliveryState, Proof, Purpose, ResultStatus, RunState
from storage.tables.base import Base
from storage.tables.received import Study


class Deployment(Base):
    """What shall run on studies: an application with a bundle, for a purpose."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("application", "bundle"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application: Mapped[str] = mapped_column(String(64))
    bundle: Mapped[str] = mapped_column(String(64))  # empty: still to be named by the settings (see deployments.seed)
    purpose: Mapped[Purpose] = mapped_column()
    series_base: Mapped[int] = mapped_column(unique=True)  # its series have this number and the 19 that follow
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column()


class Run(Base):
    """One piece of work: one deployment on the wanted images of one study."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("study_id", "deployment_id", "revision"),
        Index("ix_run_state", "state", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    revision: Mapped[int] = mapped_column()  # 1 for the first of its study and deployment
    asked: Mapped[bool] = mapped_column(default=False)  # a person asked: computes though nothing changed
    state: Mapped[RunState] = mapped_column(default=RunState.QUEUED)
    created_at: Mapped[datetime] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column()  # of the state
    reason_code: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(Text, default="")  # why it is in this state, for a person

    # The wanted images when it last began.
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    path_keys: Mapped[list[Any] | None] = mapped_column(deferred=True)  # None: it has not begun

    worker: Mapped[str | None] = mapped_column(String(128))
    claims: Mapped[int] = mapped_column(default=0)  # times it was given to a worker: only the last one may end it
    claimed_at: Mapped[datetime | None] = mapped_column()
    lease_until: Mapped[datetime | None] = mapped_column()
    deadline: Mapped[datetime | None] = mapped_column()  # no lease goes beyond it
    attempts: Mapped[int] = mapped_column(default=0)  # begun, without those that a fault of the node ended
    faults: Mapped[int] = mapped_column(default=0)  # of the node, in a row
    next_attempt_at: Mapped[datetime] = mapped_column()

    study: Mapped[Study] = relationship()
    deployment: Mapped[Deployment] = relationship()


class Result(Base):
    """What one run gave."""

    __tablename__ = "result"
    __table_args__ = (UniqueConstraint("study_id", "deployment_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), unique=True)
    revision: Mapped[int] = mapped_column()  # of its run
    status: Mapped[ResultStatus] = mapped_column(index=True)
    retracted_by: Mapped[str] = mapped_column(String(64), default="", server_default="")  # a person took it back
    retraction_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    retraction_sent: Mapped[bool] = mapped_column(default=False, server_default=false())  # destinations are told
    superseded: Mapped[bool] = mapped_column(default=False)  # a newer result of its deployment took its place
    analysis_hash: Mapped[str] = mapped_column(String(64), default="")  # of what is said; empty: not known

    # What it was made of: where nothing of this differs, nothing is computed again.
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    application: Mapped[str] = mapped_column(String(64), default="")
    application_version: Mapped[str] = mapped_column(String(64), default="")
    model_name: Mapped[str] = mapped_column(String(64), default="")  # of the bundle
    model_version: Mapped[str] = mapped_column(String(64), default="")
    model_digest: Mapped[str] = mapped_column(String(64), default="")
    settings_digest: Mapped[str] = mapped_column(String(64), default="")
    software_version: Mapped[str] = mapped_column(String(64), default="")

    schema_number: Mapped[int] = mapped_column(default=1)  # of the summary
    headline: Mapped[str] = mapped_column(Text, default="")  # the result in one line, for lists
    plausible: Mapped[bool] = mapped_column(default=True, server_default=true())  # it was a study to read, or nearly
    started_at: Mapped[datetime] = mapped_column()
    finished_at: Mapped[datetime] = mapped_column()
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    findings: Mapped[list[Any]] = mapped_column(default=list)  # of the gate: [{"code", "sentence", "object"}]
    timings_s: Mapped[dict[str, Any]] = mapped_column(default=dict)

    study: Mapped[Study] = relationship()
    deployment: Mapped[Deployment] = relationship()
    run: Mapped[Run] = relationship()
    statements: Mapped[list["Statement"]] = relationship(order_by="Statement.id")
    objects: Mapped[list["ResultObject"]] = relationship(back_populates="result", order_by="ResultObject.id")
    pictures: Mapped[list["Picture"]] = relationship(back_populates="result", order_by="Picture.name")


class Statement(Base):
    """One thing that a result says, by itself: for lists, filters and counts over many studies."""

    __tablename__ = "statement"
    __table_args__ = (Index("ix_statement_key", "key", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(128))
    anatomy: Mapped[str] = mapped_column(String(64), default="")  # the site: a key, a side, a level
    side: Mapped[str] = mapped_column(String(16), default="")
    level: Mapped[str] = mapped_column(String(32), default="")
    value: Mapped[str] = mapped_column(String(128), default="")  # a key; empty where it is a number
    number: Mapped[float | None] = mapped_column()
    unit: Mapped[str] = mapped_column(String(32), default="")


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
    of_default: Mapped[bool] = mapped_column(default=True, server_default=true())  # its kind is of the default set
    stands_for_id: Mapped[int | None] = mapped_column(ForeignKey("result_object.id", ondelete="CASCADE"))  # other class

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
        Index("ix_delivery_proof", "proof", "destination", "proof_due_at"),
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
    offered_at: Mapped[datetime | None] = mapped_column()  # it was put on the way at least once: it may be there

    proof: Mapped[Proof] = mapped_column(default=Proof.NONE, server_default=Proof.NONE.value)
    proof_at: Mapped[datetime | None] = mapped_column()  # when the destination showed that it keeps it
    proof_due_at: Mapped[datetime | None] = mapped_column()  # when it is asked next
    proof_comment: Mapped[str] = mapped_column(Text, default="", server_default="")
    transaction_uid: Mapped[str] = mapped_column(String(64), default="", server_default="", index=True)

    object: Mapped[ResultObject] = relationship(back_populates="deliveries")
