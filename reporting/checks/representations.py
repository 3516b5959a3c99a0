"""Every value is one that its data type allows, and attributes with a fixed set of values have one of it.

Values are judged as their bytes stand in the file. A sentence names the attribute, never the value.

References
----------
PS3.5 section 6.2 (value representations), 6.4 (multiplicity), 9.1 (UIDs); PS3.6 (data dictionary).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pydicom.config import RAISE
from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import validate_value

from reporting.checks.identity import SourceHeaders
from reporting.findings import Checked, GateCode, GateFinding
from reporting.levels import name_of, plain, tag_of

WIDTH: Mapping[str, int] = {"US": 2, "SS": 2, "AT": 4, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8}
TEXT = frozenset(("LO", "PN", "SH", "UC"))
WHOLE_TEXT = frozenset(("LT", "ST", "UT", "UR"))  # a backslash is part of the text
PARTS = frozenset(("AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM"))
VALIDATORS = PARTS | {"LO", "LT", "SH", "ST", "UR"}
NATIVE = frozenset((ImplicitVRLittleEndian, ExplicitVRLittleEndian))
LEGAL_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
LONGEST_NAME, LONGEST_UID = 64, 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")

_YES_NO = frozenset(("YES", "NO"))
ENUMERATED: Mapping[str, frozenset[str]] = {
    "PatientSex": frozenset(("", "M", "F", "O")),
    "CompletionFlag": frozenset(("PARTIAL", "COMPLETE")),
    "VerificationFlag": frozenset(("UNVERIFIED", "VERIFIED")),
    "PreliminaryFlag": frozenset(("PRELIMINARY", "FINAL")),
    "ContentQualification": frozenset(("PRODUCT", "RESEARCH", "SERVICE")),
    "BurnedInAnnotation": _YES_NO,
    "RecognizableVisualFeatures": _YES_NO,
    "LossyImageCompression": frozenset(("00", "01")),
    "SegmentationType": frozenset(("BINARY", "FRACTIONAL", "LABELMAP")),
    "SegmentationFractionalType": frozenset(("PROBABILITY", "OCCUPANCY")),
    "SegmentAlgorithmType": frozenset(("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")),
    "SegmentsOverlap": frozenset(("YES", "NO", "UNDEFINED")),
    "ConversionType": frozenset(("DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN")),
    "Laterality": frozenset(("", "R", "L")),
    "ImageLaterality": frozenset(("R", "L", "U", "B")),
    "FrameLaterality": frozenset(("R", "L", "U", "B")),
    "ContinuityOfContent": frozenset(("SEPARATE", "CONTINUOUS")),
    "RelationshipType": frozenset(
        (
            "CONTAINS",
            "HAS OBS CONTEXT",
            "HAS ACQ CONTEXT",
            "HAS CONCEPT MOD",
            "HAS PROPERTIES",
            "INFERRED FROM",
            "SELECTED FROM",
        )
    ),
    "ValueType": frozenset(
        (
            "CODE",
            "COMPOSITE",
            "CONTAINER",
            "DATE",
            "DATETIME",
            "IMAGE",
            "NUM",
            "PNAME",
            "SCOORD",
            "SCOORD3D",
            "TABLE",
            "TCOORD",
            "TEXT",
            "TIME",
            "UIDREF",
            "WAVEFORM",
        )
    ),
    "GraphicType": frozenset(
        (
            "POINT",
            "MULTIPOINT",
            "POLYLINE",
            "POLYGON",
            "CIRCLE",
            "ELLIPSE",
            "ELLIPSOID",
            "INTERPOLATED",
        )
    ),
    "PresentationLUTShape": frozenset(("IDENTITY", "INVERSE")),
    "PresentationSizeMode": frozenset(("SCALE TO FIT", "TRUE SIZE", "MAGNIFY")),
    "GraphicAnnotationUnits": frozenset(("PIXEL", "DISPLAY", "MATRIX")),
    "BoundingBoxAnnotationUnits": frozenset(("PIXEL", "DISPLAY", "MATRIX")),
    "AnchorPointAnnotationUnits": frozenset(("PIXEL", "DISPLAY", "MATRIX")),
    "GraphicFilled": frozenset(("Y", "N")),
}
"""Values that the standard enumerates, for attributes of our objects (PS3.3)."""


def check_representations(objects: Sequence[Checked], source: SourceHeaders) -> Iterator[GateFinding]:
    """Values of every element of every object.

    A UID that came with the source is named as it is, legal or not, and the number of its patient is kept letter for
    letter.
    """
    kept = {letters for identity in source.identities for letters in _letters(identity)}
    for item in objects:
        legal: set[tuple[int, bytes]] = set()  # of this object alone: it may be of a patient
        faults: set[tuple[str, str]] = set()
        for level in item.levels.walk():
            for tag, element in level.elements.items():
                value = element.value
                if element.VR == "SQ" or tag >> 16 & 1:
                    continue
                if not isinstance(value, bytes) or (tag, value) in legal:
                    continue
                if tag == _PATIENT_ID and level is item.levels and element.VR == "LO" and plain(value) in kept:
                    continue
                fault = _fault(tag, str(element.VR), value, source)
                if fault:
                    faults.add((name_of(tag), fault))
                elif len(value) <= LONGEST_NAME:
                    legal.add((tag, value))
        for keyword, fault in sorted(faults):
            code = GateCode.UID_INVALID if fault == NO_UID else GateCode.VALUE_ILLEGAL
            yield GateFinding(code, f"The {item.kind} object holds a {keyword} that {fault}.", item.kind)
        yield from _pixels(item)


NO_UID = "is not legal"
_PATIENT_ID = tag_of("PatientID")


def _letters(identity: Dataset) -> Iterator[str]:
    """The Patient ID of an identity as one text, of whatever length and however many values."""
    value = identity.get("PatientID")
    if value:
        yield value if isinstance(value, str) else "\\".join(value)


def _fault(tag: int, vr: str, value: bytes, source: SourceHeaders) -> str:
    """What is wrong with a value; empty where nothing is."""
    entry = _entry(tag)
    if entry is not None and vr not in entry.representations:
        return "is of another data type than the standard gives it"
    if vr in WIDTH:
        count, rest = divmod(len(value), WIDTH[vr])
        return "is not whole" if rest else _multiplicity(count, entry)
    if vr not in TEXT | WHOLE_TEXT | PARTS | {"UI"}:
        return ""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return "cannot be decoded"
    parts = [text] if vr in WHOLE_TEXT else text.split("\\")
    fault = next((fault for fault in (_text_fault(vr, part, source) for part in parts) if fault), "")
    return fault or _multiplicity(len(parts) if text.strip("\0 ") else 0, entry) or _enumerated(tag, parts)


def _text_fault(vr: str, text: str, source: SourceHeaders) -> str:
    if vr == "UI":
        text = text.rstrip("\0")
        return "" if not text or is_legal(text) or text in source.uids else NO_UID
    if (_CONTROL_IN_TEXT if vr in (*WHOLE_TEXT, "UC") else _CONTROL).search(text):
        return "holds control characters"
    text = text.rstrip(" ") if vr in WHOLE_TEXT else text.strip(" ")
    if vr == "PN":
        long = any(len(group) > LONGEST_NAME for group in text.split("="))
        return "is longer than its data type allows" if long or text.count("=") > 2 else ""
    if vr not in VALIDATORS:
        return ""
    try:
        validate_value(vr, text, RAISE)
    except ValueError:  # its message quotes the value
        return "is longer, or of another form, than its data type allows"
    return ""


def is_legal(uid: str) -> bool:
    """True for a UID as PS3.5 section 9.1 has it."""
    return len(uid) <= LONGEST_UID and LEGAL_UID.fullmatch(uid) is not None


def _enumerated(tag: int, parts: Sequence[str]) -> str:
    allowed = ENUMERATED.get(name_of(tag))
    if allowed is None or all(part.strip(" ") in allowed for part in parts):
        return ""
    return "is none of the values that the standard allows"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the data dictionary says of an attribute; `most` is 0 where there may be any number."""

    representations: frozenset[str]
    least: int
    most: int
    step: int


@cache
def _entry(tag: int) -> _Entry | None:
    """None for what the dictionary does not know."""
    try:
        representations = frozenset(dictionary_VR(tag).split(" or "))
        first, _, last = dictionary_VM(tag).partition("-")
    except KeyError:
        return None
    if not last:
        return _Entry(representations, int(first), int(first), 1)
    if last.endswith("n"):
        return _Entry(representations, int(first), 0, int(last.removesuffix("n") or 1))
    return _Entry(representations, int(first), int(last), 1)


def _multiplicity(count: int, entry: _Entry | None) -> str:
    if entry is None or count == 0:
        return ""
    too_many = entry.most and count > entry.most
    return (
        "has another number of values than the standard gives it"
        if (count < entry.least or too_many or count % entry.step)
        else ""
    )


def _pixels(item: Checked) -> Iterator[GateFinding]:
    """Pixels fill their rows, columns, samples and frames, and the bits agree with each other (PS3.5 section 8)."""
    whole = item.levels
    element = whole.elements.get(tag_of("PixelData"))
    if element is None or not isinstance(element.value, bytes):
        return
    rows, columns, samples, allocated, stored, high = (whole.number(keyword) for keyword in _PIXEL_SIZES)
    frames = int(whole.text("NumberOfFrames") or 1)
    length = (rows * columns * samples * frames * allocated + 7) // 8
    native = str(item.dataset.file_meta.TransferSyntaxUID) in NATIVE
    if (native and len(element.value) != length + length % 2) or not high + 1 == stored <= allocated:
        sentence = f"The {item.kind} object's pixels are not as many, or not as wide, as it says."
        yield GateFinding(GateCode.VALUE_ILLEGAL, sentence, item.kind)


_PIXEL_SIZES = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit")
