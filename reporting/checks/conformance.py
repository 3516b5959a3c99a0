"""A small conformance check: required attributes, legal UIDs, one character set, and RESEARCH on everything."""

import re
from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID

from reporting.checks import Checked, GateCode, GateFinding, walk
from reporting.checks.identity import SourceHeaders
from reporting.objects.stamp import DESCRIPTION_PREFIX

NEVER_EMPTY = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "SeriesNumber",
    "InstanceNumber",
    "Manufacturer",
    "ContentDate",
    "ContentTime",
    "SeriesDescription",
    "ContentQualification",
    "SpecificCharacterSet",
)
PRESENT = (
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
NEVER_EMPTY_OF = {
    "SEG": (
        "FrameOfReferenceUID",
        "SegmentSequence",
        "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence",
        "NumberOfFrames",
        "Rows",
        "Columns",
        "PixelData",
        "ReferencedSeriesSequence",
        "ContentLabel",
        "ImageType",
    ),
    "SR": (
        "CompletionFlag",
        "VerificationFlag",
        "ValueType",
        "ConceptNameCodeSequence",
        "ContentSequence",
        "ContentTemplateSequence",
        "CurrentRequestedProcedureEvidenceSequence",
    ),
    "OT": ("ConversionType", "Rows", "Columns", "PixelData", "SamplesPerPixel", "ImageType", "BurnedInAnnotation"),
}
EXPECTED_OF = {
    "SEG": {"SegmentationType": "BINARY"},
    "SR": {"CompletionFlag": "COMPLETE", "VerificationFlag": "UNVERIFIED", "PreliminaryFlag": "PRELIMINARY"},
    "OT": {"BurnedInAnnotation": "YES", "PhotometricInterpretation": "RGB"},
}
LEGAL_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")


def check_conformance(objects: Sequence[Checked], source: SourceHeaders) -> Iterator[GateFinding]:
    """Required attributes are there, our UIDs are legal and unique, text is in UTF-8, everything says RESEARCH.

    A UID that came with the source is named as it is, legal or not.
    """
    seen: set[str] = set()
    for item in objects:
        dataset = item.dataset
        yield from _attributes(item)
        yield from _marks(item)
        if any(not _legal(uid) for uid in _uids(dataset) if uid not in source.uids):
            yield GateFinding(GateCode.UID_INVALID, f"The {item.kind} object holds a UID that is not legal.", item.kind)
        if str(dataset.SOPInstanceUID) in seen:
            yield GateFinding(
                GateCode.UID_REPEATED, f"Two objects share one UID, the second is {item.kind}.", item.kind
            )
        seen.add(str(dataset.SOPInstanceUID))
        if dataset.file_meta.MediaStorageSOPInstanceUID != dataset.SOPInstanceUID:
            yield GateFinding(GateCode.UID_INVALID, f"The {item.kind} object's file names another instance.", item.kind)


def _attributes(item: Checked) -> Iterator[GateFinding]:
    modality = str(item.dataset.get("Modality", ""))
    if modality not in NEVER_EMPTY_OF:
        yield GateFinding(
            GateCode.MODALITY_UNKNOWN, f"The {item.kind} object is of no kind that results have.", item.kind
        )
    for keyword in (*NEVER_EMPTY, *NEVER_EMPTY_OF.get(modality, ())):
        if keyword not in item.dataset or item.dataset[keyword].is_empty:
            yield GateFinding(GateCode.ATTRIBUTE_MISSING, f"The {item.kind} object has no {keyword}.", item.kind)
    for keyword in PRESENT:
        if keyword not in item.dataset:
            yield GateFinding(GateCode.ATTRIBUTE_MISSING, f"The {item.kind} object lacks {keyword}.", item.kind)


def _marks(item: Checked) -> Iterator[GateFinding]:
    dataset = item.dataset
    expected = {
        "ContentQualification": "RESEARCH",
        "SpecificCharacterSet": "ISO_IR 192",
        **EXPECTED_OF.get(str(dataset.get("Modality", "")), {}),
    }
    wrong = [keyword for keyword, value in expected.items() if dataset.get(keyword) != value]
    if not str(dataset.get("SeriesDescription", "")).startswith(DESCRIPTION_PREFIX):
        wrong.append("SeriesDescription")
    for keyword in wrong:
        yield GateFinding(
            GateCode.MARK_MISSING,
            f"{keyword} of the {item.kind} object does not say what every result must say.",
            item.kind,
        )


def _uids(dataset: Dataset) -> Iterator[str]:
    for level in walk(dataset):
        for element in level:
            if element.VR == "UI" and not element.is_empty:
                values = [element.value] if isinstance(element.value, str) else list(element.value)
                yield from (str(value) for value in values)


def _legal(uid: str) -> bool:
    return len(uid) <= 64 and LEGAL_UID.fullmatch(UID(uid)) is not None
