"""Headers of the source images, cleaned on a copy, and what every result takes over from them.

Source headers are as scanners and gateways leave them: required attributes missing, dates in old forms, names in any of
thirty character sets. Results keep the patient's and the study's identity as it is, in UTF-8, with required attributes
present (empty where the source has none), and never a value that its own data type forbids.
"""

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pydicom.charset import convert_encodings, decode_element, python_encoding
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import MRImageStorage
from pydicom.valuerep import PersonName, format_number_as_ds

from config.codes import Code
from config.errors import UnusableInput
from inference.dicom import open_header, reading, tolerant
from inference.types import ImageHeader, Volume
from reporting.uids import derived_uid

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
EQUIPMENT = ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions", "InstitutionName")
KNOWN_BODY_PARTS = frozenset({"PELVIS", "SSPINE", "LSPINE", "HIP", "SPINE", "ABDOMEN"})
_TEXT = frozenset({"SH", "LO", "ST", "LT", "UT", "PN", "UC"})


@dataclass(frozen=True, slots=True)
class PlaneReference:
    """How a result names one source plane: instance, and frame where the instance has several."""

    sop_class_uid: str
    sop_instance_uid: str
    frame: int | None


@dataclass(frozen=True, slots=True)
class SeriesSource:
    """A source series as highdicom can use it.

    Attributes
    ----------
    volume : Volume
        Where the planes lie.
    planes : tuple of Dataset
        One single-frame header for each slice, in slice order, with a UID of its own even where the source is a
        multi-frame instance.
    references : dict from str to PlaneReference
        From the UID of each plane to the source it stands for.
    """

    volume: Volume
    planes: tuple[Dataset, ...]
    references: dict[str, PlaneReference]


def read_header(path: Path, keywords: Sequence[str] | None = None) -> Dataset:
    """Read the header of one source file.

    Parameters
    ----------
    path : Path
    keywords : sequence of str, optional
        Keep these attributes alone (and the character set).

    Raises
    ------
    UnusableInput
        The file is gone or is not DICOM.
    """
    try:
        with reading():
            return open_header(path, keywords=keywords)[0]
    except UnusableInput as error:
        raise UnusableInput(
            Code.SOURCE_UNREADABLE, f"A source image of this study can no longer be read. Received: {error.code}."
        ) from None


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


def describe_series(volume: Volume, header: Dataset) -> SeriesSource:
    """Single-frame headers of every plane of a volume.

    Parameters
    ----------
    volume : Volume
        Its ``images`` name the source of each slice.
    header : Dataset
        Header of one instance of the series; gives the study, the equipment and the body part.
    """
    planes, references = [], {}
    for index, image in enumerate(volume.images):
        plane = _plane(volume, index, header)
        plane.SOPInstanceUID = plane_uid(image)
        references[plane.SOPInstanceUID] = PlaneReference(image.sop_class_uid, image.sop_instance_uid, image.frame)
        planes.append(plane)
    return SeriesSource(volume=volume, planes=tuple(planes), references=references)


def plane_uid(image: ImageHeader) -> str:
    """UID that stands for a plane while objects are built: its own, or a derived one for a frame of several."""
    return image.sop_instance_uid if image.frame is None else derived_uid(image.sop_instance_uid, "frame", image.frame)


def _plane(volume: Volume, index: int, header: Dataset) -> Dataset:
    plane = placeholder(str(header.StudyInstanceUID))
    plane.Modality = "MR"
    plane.SeriesInstanceUID = volume.series_instance_uid
    plane.FrameOfReferenceUID = volume.frame_of_reference_uid
    plane.PositionReferenceIndicator = ""
    plane.InstanceNumber = index + 1
    _, plane.Rows, plane.Columns = volume.shape
    plane.ImagePositionPatient = as_ds(volume.positions_mm[index])
    plane.ImageOrientationPatient = as_ds((*volume.row_direction, *volume.column_direction))
    plane.PixelSpacing = as_ds(volume.pixel_spacing_mm)
    image = volume.images[index]
    plane.SliceThickness = as_ds((image.slice_thickness_mm or volume.slice_spacing_mm,))[0]
    plane.SamplesPerPixel, plane.PhotometricInterpretation = 1, "MONOCHROME2"
    plane.BodyPartExamined = body_part(header)
    return plane


def placeholder(study_instance_uid: str) -> Dataset:
    """A header with which highdicom can build; :func:`reporting.objects.stamp.stamp` writes the true identity later."""
    header = Dataset()
    header.SOPClassUID = MRImageStorage
    header.StudyInstanceUID = study_instance_uid
    header.SpecificCharacterSet = "ISO_IR 192"
    for keyword in REQUIRED:
        setattr(header, keyword, "")
    return header


def body_part(header: Dataset) -> str:
    """Body part of the source if it is a defined term, else ``PELVIS``."""
    part = str(header.get("BodyPartExamined", "") or "").strip().upper()
    return part if part in KNOWN_BODY_PARTS else "PELVIS"


def as_ds(values: Iterable[float]) -> list[str]:
    """Decimal strings of at most 16 characters (PS3.5 section 6.2)."""
    return [format_number_as_ds(float(value)) for value in values]
