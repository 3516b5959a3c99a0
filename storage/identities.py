"""Whom the images of a study name: told from what is there, whenever it changes.

Two studies with one Study Instance UID cannot go back to one archive, so a study is never divided: the images of one
patient stay, and those of the others are set aside, which keeps and lists them but lets nobody read them.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.codes import Code
from config.errors import Final
from storage.codes import EventCode
from storage.session import Database
from storage.tables import Instance, Study
from storage.timeline import note

FIELDS = ("patient_id", "patient_name", "birth_date", "sex")
_SEPARATORS = re.compile(r"[\^=,;\s]+")
_DATE_SIGNS = re.compile(r"[.\-/\s]+")
_COLUMNS = (Instance.patient_id, Instance.patient_name, Instance.birth_date, Instance.sex)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom one image names, as written; what it does not say is empty."""

    patient_id: str = ""
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""

    @classmethod
    def of(cls, row: Any) -> "Identity":
        """That of anything with these fields."""
        return cls(row.patient_id, row.patient_name, row.birth_date[:16], row.sex[:16])

    @property
    def key(self) -> str:
        """A name for it that says nothing of the patient."""
        written = "\0".join((self.patient_id, self.patient_name, self.birth_date, self.sex))
        return hashlib.sha256(written.encode()).hexdigest()[:16]

    def differs(self, other: "Identity") -> bool:
        """True where both say something and it is not the same; what one does not say contradicts nothing."""
        pairs = (
            (self.patient_id, other.patient_id),
            (_DATE_SIGNS.sub("", self.birth_date), _DATE_SIGNS.sub("", other.birth_date)),
            (self.sex.upper(), other.sex.upper()),
            *_name_forms(self.patient_name, other.patient_name),
        )
        return any(ours.strip() and theirs.strip() and ours.strip() != theirs.strip() for ours, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Patient:
    """The images of a study that can be of one patient.

    Attributes
    ----------
    key : str
        Names it without saying who it is.
    identity : Identity
        What the images say together.
    members : tuple of Identity
        Every different writing.
    images, set_aside : int
        How many there are, and how many of them are set aside.
    """

    key: str
    identity: Identity
    members: tuple[Identity, ...]
    images: int
    set_aside: int


def patients(session: Session, study_id: int) -> list[Patient]:
    """Whom the images of a study name, those with the most images first; images set aside are counted too.

    Raises
    ------
    Final
        Not all of the images have been read for that yet (code ``IDENTITY_UNREAD``).
    """
    rows = session.execute(
        select(*_COLUMNS, Instance.set_aside, func.count().label("images"), func.min(Instance.id).label("first"))
        .where(Instance.study_id == study_id)
        .group_by(*_COLUMNS, Instance.set_aside)
        .order_by(func.min(Instance.id))
    ).all()
    if any(row.patient_id is None for row in rows):
        raise Final(Code.IDENTITY_UNREAD, Code.IDENTITY_UNREAD.sentence)
    counts: dict[Identity, tuple[int, int]] = {}
    for row in rows:
        images, aside = counts.get(Identity.of(row), (0, 0))
        counts[Identity.of(row)] = images + row.images, aside + (row.images if row.set_aside else 0)
    found = [_patient(group, counts) for group in _groups(list(counts))]
    return sorted(found, key=lambda one: -one.images)


def recompute(session: Session, study: Study, *, at: datetime) -> bool:
    """Tell again whether the images that are read name more than one patient; True where they do.

    The study takes the identity of its images where they agree. What a person called one patient stays one, until
    an image names somebody else.
    """
    session.flush()
    try:
        there = [one for one in patients(session, study.id) if one.images > one.set_aside]
    except Final:
        return study.identity_conflict
    before, accepted = study.identity_conflict, set(study.identities_accepted or ())
    members = {member.key for one in there for member in one.members}
    study.identity_conflict = len(there) > 1 and not members <= accepted
    if len(there) == 1:
        take(study, there[0].identity, accession_number=_accession(session, study.id))
    if before and not study.identity_conflict:
        sentence = "Its images name one patient now; nothing is held back for that any more."
        note(session, study.id, at=at, code=EventCode.IDENTITY_CLEARED, sentence=sentence)
    return study.identity_conflict


def settled(session: Session, study: Study) -> bool:
    """True where a person said that all that the images name is one patient."""
    accepted = set(study.identities_accepted or ())
    if not accepted or study.identity_conflict:
        return False
    there = [one for one in patients(session, study.id) if one.images > one.set_aside]
    return {member.key for one in there for member in one.members} <= accepted


def take(study: Study, identity: Identity, *, accession_number: str) -> None:
    """Give a study the identity of its images."""
    study.patient_id, study.patient_name = identity.patient_id, identity.patient_name
    study.birth_date, study.sex = identity.birth_date, identity.sex
    study.accession_number = accession_number
    study.search_text = search_text(
        study.patient_id, study.patient_name, study.accession_number, study.description, study.study_instance_uid
    )


def set_aside_others(session: Session, study_id: int, chosen: Patient) -> int:
    """Read only the images of one patient from now on; how many are set aside."""
    found = session.execute(select(Instance.id, *_COLUMNS).where(Instance.study_id == study_id)).all()
    others = [row.id for row in found if Identity.of(row) not in chosen.members]
    session.execute(update(Instance).where(Instance.study_id == study_id).values(set_aside=False))
    session.execute(update(Instance).where(Instance.id.in_(others)).values(set_aside=True))
    return len(others)


def unread(database: Database, *, limit: int = 500) -> list[tuple[int, str]]:
    """Images of which is not known whom they name (number and file), as an earlier version left them."""
    with database.read() as session:
        found = session.execute(
            select(Instance.id, Instance.path_key).where(Instance.patient_id.is_(None)).limit(limit)
        )
        return [(number, key) for number, key in found]


def fill(database: Database, names: Mapping[int, Mapping[str, str]]) -> None:
    """Keep whom images name, by their numbers; empty fields for one that cannot be read."""
    known = (*FIELDS, "accession_number")
    with database.write() as session:
        for number, fields in names.items():
            values = {name: fields.get(name, "") for name in known}
            values |= {name: values[name][:16] for name in ("birth_date", "sex")}
            session.execute(update(Instance).where(Instance.id == number).values(**values))


def search_text(*parts: str) -> str:
    """The parts, case-folded, with the signs that separate parts of DICOM names turned into spaces."""
    joined = " ".join(part for part in parts if part).casefold()
    return " " + _SEPARATORS.sub(" ", joined).strip() + " "


def _groups(identities: Sequence[Identity]) -> list[list[Identity]]:
    """Identities that contradict nobody in their group; those that say most come first and so make the groups."""
    groups: list[list[Identity]] = []
    for one in sorted(identities, key=lambda one: -sum(bool(getattr(one, name).strip()) for name in FIELDS)):
        home = next((group for group in groups if not any(one.differs(other) for other in group)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return groups


def _patient(group: Sequence[Identity], counts: Mapping[Identity, tuple[int, int]]) -> Patient:
    said = {name: next((v for one in group if (v := getattr(one, name)).strip()), "") for name in FIELDS}
    images, aside = (sum(counts[one][place] for one in group) for place in (0, 1))
    return Patient(group[0].key, Identity(**said), tuple(group), images, aside)


def _accession(session: Session, study_id: int) -> str:
    rows: Iterable[str | None] = session.scalars(
        select(Instance.accession_number)
        .where(Instance.study_id == study_id, ~Instance.set_aside)
        .order_by(Instance.id)
    )
    return next((number for number in rows if number and number.strip()), "")


def _name_forms(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    """Form by form (Latin, ideographic, phonetic): one image may have more of them than another."""
    return ((search_text(a), search_text(b)) for a, b in zip(ours.split("="), theirs.split("="), strict=False))
