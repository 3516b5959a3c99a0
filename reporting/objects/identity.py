"""Patient and study of a result: taken over from a source header, decoded, legal and complete.

Source headers are as scanners and gateways leave them: required attributes missing, dates in old forms, names in any of
thirty character sets. Results keep the patient's and the study's identity as it is, in UTF-8, with required attributes
present (empty where the source has none), and never a value that its own data type forbids.

References
----------
PS3.3 C.7.1.1 (Patient), C.7.2.1 (General Study), C.7.2.2 (Patient Study), C.12.1.1.2 (Specific Character Set); PS3.5
section 6.2 (Value Representation).
"""

import re
from copy import deepcopy
from datetime import datetime, timedelta, timezone

from pydicom.charset import convert_encodings, decode_element, python_encoding
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.valuerep import PersonName

from inference.dicom import tolerant

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
_TEXT = frozenset({"SH", "LO", "ST", "LT", "UT", "PN", "UC"})


def take_identity(source: Dataset) -> Dataset:
    """Patient and study attributes of a source, decoded, legal, and complete.

    Parameters
    ----------
    source : Dataset
        Header as read. It is not changed.

    Returns
    -------
    Dataset
        The attributes of `PATIENT` and `STUDY` that the source has, those of `REQUIRED` empty where it has none,
        in Unicode under ``ISO_IR 192``.
    """
    with tolerant():
        return _identity(source)


def _identity(source: Dataset) -> Dataset:
    identity = Dataset()
    identity.SpecificCharacterSet = "ISO_IR 192"
    encodings = text_encodings(source)
    for keyword in (*PATIENT, *STUDY):
        tag = Tag(keyword)
        if tag in source:
            element = deepcopy(source[tag])
            _decode(element, encodings)
            element.value = _legal(keyword, element)
            identity[tag] = element
    for keyword in REQUIRED:
        if keyword not in identity:
            setattr(identity, keyword, "")
    return identity


def text_encodings(source: Dataset) -> list[str]:
    """Python encodings of a header's text.

    Where the header names no character set, or none that is known, although its text is not ASCII, UTF-8 is taken if
    the bytes are valid UTF-8, else Latin-1.
    """
    declared = source.get("SpecificCharacterSet") or ""
    if declared not in ("", "ISO_IR 6"):
        names = [declared] if isinstance(declared, str) else list(declared)
        if all(name in python_encoding for name in names):
            return list(convert_encodings(names))
    raw = b"".join(_raw_bytes(source, keyword) for keyword in ("PatientName", "PatientID", "StudyDescription"))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return ["latin_1"]
    return ["utf-8"]


def _raw_bytes(source: Dataset, keyword: str) -> bytes:
    if keyword not in source:
        return b""
    element = source.get_item(keyword)
    value = getattr(element, "value", None)
    if isinstance(value, PersonName):
        value = value.original_string
    return value if isinstance(value, bytes) else b""


def _decode(element: DataElement, encodings: list[str]) -> None:
    if element.VR == "SQ":
        for item in element.value:
            own = text_encodings(item) if "SpecificCharacterSet" in item else encodings
            for child in item:
                _decode(child, own)
            if "SpecificCharacterSet" in item:
                del item.SpecificCharacterSet
    elif element.VR == "PN":
        names = element.value if element.VM > 1 else [element.value]
        decoded = [_decode_name(name, encodings) for name in names]
        element.value = decoded if element.VM > 1 else decoded[0]
    elif element.VR in _TEXT:
        decode_element(element, encodings)


def _decode_name(name: PersonName | str | None, encodings: list[str]) -> str:
    if isinstance(name, PersonName) and isinstance(name.original_string, bytes):
        return str(PersonName(name.original_string, encodings).decode(encodings))
    return str(name or "")


def _legal(keyword: str, element: DataElement) -> object:
    value = element.value
    if element.VR == "DA":
        return legal_date(value)
    if element.VR == "TM":
        return legal_time(value)
    if keyword == "PatientSex":
        letter = str(value or "").strip().upper()
        return letter if letter in ("M", "F", "O") else ""
    if keyword == "PatientAge":
        return value if re.fullmatch(r"\d{3}[DWMY]", str(value or "")) else ""
    return value


def legal_date(value: object) -> str:
    """``YYYYMMDD`` from that or the old ``YYYY.MM.DD``; empty for anything that is no date."""
    text = re.sub(r"[.\-/]", "", str(value or "").strip())
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return ""
    return text if len(text) == 8 else ""


def legal_time(value: object) -> str:
    """A DICOM time from that or one with colons; empty for anything else."""
    text = str(value or "").strip().replace(":", "")
    return text if re.fullmatch(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?", text) else ""


def local_time(started: datetime, identity: Dataset) -> datetime:
    """The start of the analysis on the clock that the source's other times are told by."""
    match = re.fullmatch(r"([+-])(\d\d)(\d\d)", str(identity.get("TimezoneOffsetFromUTC", "") or ""))
    if match is None:
        return started.astimezone()
    offset = timedelta(hours=int(match[2]), minutes=int(match[3])) * (1 if match[1] == "+" else -1)
    return started.astimezone(timezone(offset))
