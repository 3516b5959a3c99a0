"""The tables: SQLAlchemy 2 typed models, the same on SQLite and PostgreSQL.

Every time is aware and in UTC. Files are named by the key that :mod:`storage.objects` gives, never by a path.
"""

from storage.states import DeliveryState, Origin, Proof, Purpose, Reception, ResultStatus, RunState, StudyState
from storage.tables.base import Base, UtcDateTime
from storage.tables.destinations import DestinationRecord, RefusedClass
from storage.tables.keeping import Alarm, DoomedFile, Tally
from storage.tables.people import Audit, Heartbeat, Lease, LoginSession, User
from storage.tables.received import Association, AssociationOutcome, Event, Instance, RefusedImage, Study
from storage.tables.work import Delivery, Deployment, Picture, Result, ResultObject, Run, Statement

__all__ = [
    "Alarm",
    "Association",
    "AssociationOutcome",
    "Audit",
    "Base",
    "Delivery",
    "DeliveryState",
    "Deployment",
    "DestinationRecord",
    "DoomedFile",
    "Event",
    "Heartbeat",
    "Instance",
    "Lease",
    "LoginSession",
    "Origin",
    "Picture",
    "Proof",
    "Purpose",
    "Reception",
    "RefusedClass",
    "RefusedImage",
    "Result",
    "ResultObject",
    "ResultStatus",
    "Run",
    "RunState",
    "Statement",
    "Study",
    "StudyState",
    "Tally",
    "User",
    "UtcDateTime",
]
