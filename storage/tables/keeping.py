"""Tables of keeping: files whose rows were deleted, counts of what was deleted, and alarms that were raised."""

from datetime import datetime

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base


class DoomedFile(Base):
    """A file to remove: the row that named it went in the transaction that made this one."""

    __tablename__ = "doomed_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    path_key: Mapped[str] = mapped_column(String(255))


class Tally(Base):
    """What deleted rows counted, so that a counter never falls."""

    __tablename__ = "tally"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)


class Alarm(Base):
    """Something that is wrong at present and that is told once, or was told and is over."""

    __tablename__ = "alarm"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    sentence: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column()
    over: Mapped[bool] = mapped_column(default=False)  # it is over, and that is still to be told
    told: Mapped[str] = mapped_column(Text, default="")  # ways by which its present state was told, by commas
    attempts: Mapped[int] = mapped_column(default=0)  # in vain
    next_attempt_at: Mapped[datetime] = mapped_column()
