"""Patient and study of a result: taken over from a source header, decoded, legal and complete.

Source headers are as scanners and gateways leave them: required attributes missing, dates in old forms, names in any of
thirty character sets, numbers of orders longer than DICOM allows. Results keep the patient's and the study's identity
as it is, in UTF-8, with required attributes present (empty where the source has none). A value that its own data type
forbids is mended where that leaves its meaning, and else left out.

Two things stay as the source has them, legal or not: the Study Instance UID, which is the study, and the Patient ID. A
PACS finds the patient by it, so an empty one parts the result from its patient, and a shortened one may be another's.

References
----------
PS3.3 C.7.1.1 (Patient), C.7.2.1 (General Study), C.7.2.2 (Patient Study), C.12.1.1.2 (Specific Character Set); PS3.5
section 6.2 (Value Representation).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from config.codes import SourceCode
from inference.dicom import tolerant
from inference.types import Reason
from reporting.objects.legal import (
    MOST_LETTERS,
    legal_age,
    legal_code_string,
    legal_date,
    legal_decimal,
    legal_integer,
    legal_name,
    legal_text,
    legal_time,
    legal_uid,
)
from reporting.objects.letters import declared_encodings, is_text, texts, vr_of

PATIENT = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "TypeOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "PatientBirthDate",
    "PatientBirthTime",
    "PatientSex",
    "OtherPatientIDsSequence",
    "OtherPatientNames",
    "EthnicGroup",
    "PatientComments",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
)
STUDY = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "ReferringPhysicianName",
    "StudyDescription",
    "ProcedureCodeSequence",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "TimezoneOffsetFromUTC",
)
REQUIRED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
KEPT = frozenset({"PatientID", "StudyInstanceUID"})
NAMES = frozenset(
    {
        "PatientID",
        "IssuerOfPatientID",
        "AccessionNumber",
        "StudyID",
        "CodeValue",
        "CodingSchemeDesignator",
        "CodingSchemeVersion",
        "TimezoneOffsetFromUTC",
    }
)
"""What names something, so that a part of it names something else."""

_FORMS: Mapping[str, Callable[[object], str]] = {
    "DA": legal_date,
    "TM": legal_time,
    "AS": legal_age,
    "CS": legal_code_string,
    "IS": legal_integer,
    "DS": legal_decimal,
    "UI": legal_uid,
}
_SAID = {
    "PatientName": "Patient's Name",
    "PatientID": "Patient ID",
    "PatientBirthDate": "Patient's Birth Date",
    "PatientSex": "Patient's Sex",
    "StudyDate": "Study Date",
    "AccessionNumber": "Accession Number",
    "StudyID": "Study ID",
}


def take_identity(source: Dataset) -> Dataset:
    """Patient and study attributes of a source, decoded, legal, and complete.

    Parameters
    ----------
    source : Dataset
        Header as read. It is not changed.

    Returns
    -------
    Dataset
        The attributes of `PATIENT` and `STUDY` of which the source has a value, those of `REQUIRED` empty where it has
        none, in Unicode under ``ISO_IR 192``.
    """
    with tolerant():
        identity = _taken(source, (*PATIENT, *STUDY), declared_encodings(source), KEPT)
    identity.SpecificCharacterSet = "ISO_IR 192"
    for keyword in REQUIRED:
        if keyword not in identity:
            setattr(identity, keyword, "")
    return identity


def mended(source: Dataset, identity: Dataset) -> tuple[Reason, ...]:
    """What of who and which study it was could not be taken over as the source has it; in no words of the patient's.

    Parameters
    ----------
    source : Dataset
        Header as read.
    identity : Dataset
        Of it, from :func:`take_identity`.
    """
    found: dict[SourceCode, list[str]] = {one: [] for one in SourceCode}
    with tolerant():
        encodings = declared_encodings(source)
        for keyword, words in _SAID.items():
            code = _what_happened(keyword, "\\".join(_values(source, Tag(keyword), encodings)), identity)
            if code:
                found[code].append(words)
    return tuple(Reason.of(code, attributes=", ".join(names)) for code, names in found.items() if names)


def _what_happened(keyword: str, written: str, identity: Dataset) -> SourceCode | None:
    value = str(identity.get(keyword, "") or "")
    if keyword in KEPT:
        legal = legal_text(written, "LO", names_something=True)
        return None if legal == written else SourceCode.IDENTITY_NOT_LEGAL
    if written and not value:
        return SourceCode.IDENTITY_LEFT_OUT
    shorter = keyword == "PatientName" and len(value) < len(written.rstrip("=^ "))
    return SourceCode.IDENTITY_SHORTENED if shorter else None


def _taken(source: Dataset, keywords: tuple[str, ...], encodings: list[str], kept: frozenset[str]) -> Dataset:
    """Those attributes of a data set, or of an item of a sequence, that have a legal value, and those kept anyhow."""
    made = Dataset()
    for keyword in keywords:
        tag = Tag(keyword)
        vr = dictionary_VR(tag)
        if vr == "SQ":
            items = _items(source, keyword, encodings)
            if items:
                setattr(made, keyword, items)
        elif keyword in kept:
            values = _values(source, tag, encodings)
            made[tag] = DataElement(tag, vr, values[0] if len(values) == 1 else values)
        elif is_text(vr) or vr in _FORMS:
            legal = (_legal(keyword, vr, value) for value in _values(source, tag, encodings))
            _put(made, keyword, [one for one in legal if one])
    return made


def _put(made: Dataset, keyword: str, values: list[str]) -> None:
    if not values:
        return
    tag = Tag(keyword)
    several = dictionary_VM(tag) != "1"
    if several or len(values) == 1:
        made[tag] = DataElement(tag, dictionary_VR(tag), values if len(values) > 1 else values[0])
    elif keyword not in NAMES:
        made[tag] = DataElement(tag, dictionary_VR(tag), _legal(keyword, dictionary_VR(tag), "/".join(values)))


def _values(source: Dataset, tag: BaseTag, encodings: list[str]) -> list[str]:
    """The values of an attribute as text, whatever data type the source gives it."""
    if tag not in source:
        return []
    vr = vr_of(source, tag)
    if is_text(vr) or vr in _FORMS:
        return texts(source, tag, encodings)
    element = source[tag]
    if vr == "SQ" or element.value is None:
        return []
    values = [element.value] if element.VM < 2 else list(element.value)
    return [str(one) for one in values if not isinstance(one, bytes)]


def _items(source: Dataset, keyword: str, encodings: list[str]) -> list[Dataset]:
    """The items of a sequence that still name what they named; others are left out."""
    items = []
    for item in source[keyword].value if keyword in source and source[keyword].VR == "SQ" else ():
        own = declared_encodings(item) if "SpecificCharacterSet" in item else encodings
        keywords = tuple(filter(None, (keyword_for_tag(tag) for tag in item.keys() - {Tag("SpecificCharacterSet")})))
        made = _taken(item, keywords, own, frozenset())
        _lengthen_code(item, made, own)
        lost = {one for one in NAMES & set(keywords) if one not in made and any(_values(item, Tag(one), own))}
        if "LongCodeValue" in made:
            lost.discard("CodeValue")
        if len(made) and not lost and _is_whole(made, keyword):
            items.append(made)
    return items


def _is_whole(item: Dataset, sequence: str) -> bool:
    """True where an item has what its sequence is there for."""
    if sequence.endswith("CodeSequence"):
        value = any(keyword in item for keyword in ("CodeValue", "LongCodeValue"))
        return value and "CodingSchemeDesignator" in item and "CodeMeaning" in item
    return sequence != "OtherPatientIDsSequence" or ("PatientID" in item and "TypeOfPatientID" in item)


def _lengthen_code(item: Dataset, made: Dataset, encodings: list[str]) -> None:
    """A code of more than 16 signs has an attribute of its own (PS3.3 section 8.8)."""
    (value, *_) = (*_values(item, Tag("CodeValue"), encodings), "")
    if len(value) > MOST_LETTERS["SH"] and value.isprintable():
        made.LongCodeValue = value


def _legal(keyword: str, vr: str, value: str) -> str:
    if vr == "PN":
        return legal_name(value)
    if keyword == "PatientSex":
        letter = value.upper()
        return letter if letter in ("M", "F", "O") else ""
    if keyword == "TimezoneOffsetFromUTC":
        return value if re.fullmatch(r"[+-]\d{4}", value) else ""
    if vr in _FORMS:
        return _FORMS[vr](value)
    return legal_text(value, vr, names_something=keyword in NAMES)


def local_time(started: datetime, identity: Dataset) -> datetime:
    """The start of the analysis on the clock that the source's other times are told by."""
    match = re.fullmatch(r"([+-])(\d\d)(\d\d)", str(identity.get("TimezoneOffsetFromUTC", "") or ""))
    if match is None:
        return started.astimezone()
    offset = timedelta(hours=int(match[2]), minutes=int(match[3])) * (1 if match[1] == "+" else -1)
    return started.astimezone(timezone(offset))
