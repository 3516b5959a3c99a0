"""Tables of destinations: what a person decided about each, how it does at present, and which classes it refused."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base


class DestinationRecord(Base):
    """One destination, by the name that the settings and the ledger know it by."""

    __tablename__ = "destination"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    open: Mapped[bool] = mapped_column(default=False)  # nothing is sent to one that is not
    decided_by: Mapped[str] = mapped_column(String(64), default="")  # a person; empty: the settings, or an upgrade
    changed_at: Mapped[datetime] = mapped_column()  # of open
    address_hash: Mapped[str] = mapped_column(String(64), default="")  # another: what is known of it no longer holds
    failures: Mapped[int] = mapped_column(default=0)  # in a row, of the destination as a whole
    paused_until: Mapped[datetime | None] = mapped_column()  # after the last of them
    trouble: Mapped[str] = mapped_column(Text, default="")  # of the last of them, for a person


class RefusedClass(Base):
    """A SOP class that a destination did not accept: not offered again for some time."""

    __tablename__ = "refused_class"
    __table_args__ = (UniqueConstraint("destination", "sop_class_uid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(String(64))
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    refused_at: Mapped[datetime] = mapped_column()
    until: Mapped[datetime] = mapped_column()
