"""A small conformance check: required attributes, legal UIDs, one character set, and RESEARCH on everything.

References
----------
PS3.5 section 9.1 (UIDs); PS3.3 C.12.1 (SOP Common), C.7.5.2 (Enhanced General Equipment).
"""

import re
from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID

from reporting.checks.identity import SourceHeaders
from reporting.findings import Checked, GateCode, GateFinding, walk
from reporting.kinds import row_of
from reporting.presentation import Presentation
from reporting.types import KindRow

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
LEGAL_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")


def check_conformance(
    objects: Sequence[Checked], source: SourceHeaders, presentation: Presentation
) -> Iterator[GateFinding]:
    """Required attributes are there, our UIDs are legal and unique, text is in UTF-8, everything says RESEARCH.

    A UID that came with the source is named as it is, legal or not.
    """
    seen: set[str] = set()
    for item in objects:
        dataset, row = item.dataset, row_of(item.kind, presentation)
        if row is None or not _is_of(dataset, row):
            sentence = f"The {item.kind} object is of no kind that results have."
            yield GateFinding(GateCode.MODALITY_UNKNOWN, sentence, item.kind)
        yield from _attributes(item, row)
        yield from _marks(item, row)
        if any(not _legal(uid) for uid in _uids(dataset) if uid not in source.uids):
            yield GateFinding(GateCode.UID_INVALID, f"The {item.kind} object holds a UID that is not legal.", item.kind)
        if str(dataset.SOPInstanceUID) in seen:
            yield GateFinding(
                GateCode.UID_REPEATED, f"Two objects share one UID, the second is {item.kind}.", item.kind
            )
        seen.add(str(dataset.SOPInstanceUID))
        if dataset.file_meta.MediaStorageSOPInstanceUID != dataset.SOPInstanceUID:
            yield GateFinding(GateCode.UID_INVALID, f"The {item.kind} object's file names another instance.", item.kind)


def _is_of(dataset: Dataset, row: KindRow) -> bool:
    return dataset.get("SOPClassUID") in (row.sop_class, *row.or_classes) and dataset.get("Modality") == row.modality


def _attributes(item: Checked, row: KindRow | None) -> Iterator[GateFinding]:
    for keyword in (*NEVER_EMPTY, *(row.never_empty if row else ())):
        if keyword not in item.dataset or item.dataset[keyword].is_empty:
            yield GateFinding(GateCode.ATTRIBUTE_MISSING, f"The {item.kind} object has no {keyword}.", item.kind)
    for keyword in PRESENT:
        if keyword not in item.dataset:
            yield GateFinding(GateCode.ATTRIBUTE_MISSING, f"The {item.kind} object lacks {keyword}.", item.kind)


def _marks(item: Checked, row: KindRow | None) -> Iterator[GateFinding]:
    dataset = item.dataset
    expected = {
        "ContentQualification": "RESEARCH",
        "SpecificCharacterSet": "ISO_IR 192",
        **(row.expected if row else {}),
    }
    wrong = [keyword for keyword, value in expected.items() if dataset.get(keyword) != value]
    if not str(dataset.get("SeriesDescription", "")):
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
