"""Whose study it is: what its images say of their patient, and whether that is one patient."""

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from storage.tables import Study

_SEPARATORS = re.compile(r"[\^=,;\s]+")
_DATE_SIGNS = re.compile(r"[.\-/\s]+")
_IDENTITY = ("patient_id", "patient_name", "birth_date", "sex", "accession_number")


class Named(Protocol):
    """What says whose it is: a study, or an image."""

    @property
    def patient_id(self) -> str:
        """Patient ID."""

    @property
    def patient_name(self) -> str:
        """As DICOM writes it."""

    @property
    def birth_date(self) -> str:
        """As received."""

    @property
    def sex(self) -> str:
        """As received."""

    @property
    def accession_number(self) -> str:
        """Accession Number."""


def search_text(*parts: str) -> str:
    """The parts, case-folded, with the signs that separate parts of DICOM names turned into spaces."""
    joined = " ".join(part for part in parts if part).casefold()
    return " " + _SEPARATORS.sub(" ", joined).strip() + " "


def names_another(study: Named, image: Named) -> bool:
    """True where an image names another patient than its study does; what either leaves empty says nothing."""
    pairs = (
        (study.patient_id, image.patient_id),
        (_DATE_SIGNS.sub("", study.birth_date), _DATE_SIGNS.sub("", image.birth_date[:16])),
        (study.sex.upper(), image.sex[:16].upper()),
        *_name_forms(study.patient_name, image.patient_name),
    )
    return any(ours.strip() and theirs.strip() and ours.strip() != theirs.strip() for ours, theirs in pairs)


def unnamed(study: Named, image: Named) -> dict[str, str]:
    """What the study does not say yet of its patient, and the image does."""
    named = {name: str(getattr(image, name)) for name in _IDENTITY if not getattr(study, name).strip()}
    return {name: value for name, value in named.items() if value.strip()}


def fill(study: Study, values: Mapping[str, str]) -> None:
    """Take from a later image what the first one left empty: else it could not be told from another patient's."""
    for name, value in values.items():
        setattr(study, name, value[:16] if name in {"birth_date", "sex"} else value)
    study.search_text = search_text(
        study.patient_id, study.patient_name, study.accession_number, study.description, study.study_instance_uid
    )


def _name_forms(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    """Form by form (Latin, ideographic, phonetic): one image may have more of them than another."""
    return ((search_text(a), search_text(b)) for a, b in zip(ours.split("="), theirs.split("="), strict=False))
