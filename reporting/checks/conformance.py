"""What every result must be beyond the standard: of a known kind, alone with its UID, in UTF-8, and marked RESEARCH.

References
----------
PS3.3 C.12.1 (SOP Common), C.7.5.2 (Enhanced General Equipment).
"""

from collections.abc import Iterator, Sequence

from reporting.findings import Checked, GateCode, GateFinding
from reporting.kinds import row_of
from reporting.objects import DESCRIPTION_PREFIX
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


def check_conformance(objects: Sequence[Checked], presentation: Presentation) -> Iterator[GateFinding]:
    """Each object is of its kind, has a UID of its own, is in UTF-8 and says RESEARCH."""
    seen: set[str] = set()
    for item in objects:
        dataset, row = item.dataset, row_of(item.kind, presentation)
        if row is None or (dataset.get("SOPClassUID"), dataset.get("Modality")) != (row.sop_class, row.modality):
            sentence = f"The {item.kind} object is of no kind that results have."
            yield GateFinding(GateCode.MODALITY_UNKNOWN, sentence, item.kind)
        yield from _attributes(item, row)
        yield from _marks(item, row)
        if str(dataset.SOPInstanceUID) in seen:
            yield GateFinding(
                GateCode.UID_REPEATED, f"Two objects share one UID, the second is {item.kind}.", item.kind
            )
        seen.add(str(dataset.SOPInstanceUID))
        if dataset.file_meta.MediaStorageSOPInstanceUID != dataset.SOPInstanceUID:
            yield GateFinding(GateCode.UID_INVALID, f"The {item.kind} object's file names another instance.", item.kind)


def _attributes(item: Checked, row: KindRow | None) -> Iterator[GateFinding]:
    for keyword in (*NEVER_EMPTY, *(row.never_empty if row else ())):
        if keyword not in item.dataset or item.dataset[keyword].is_empty:
            yield GateFinding(GateCode.ATTRIBUTE_MISSING, f"The {item.kind} object has no {keyword}.", item.kind)


def _marks(item: Checked, row: KindRow | None) -> Iterator[GateFinding]:
    dataset = item.dataset
    expected = {
        "ContentQualification": "RESEARCH",
        "SpecificCharacterSet": "ISO_IR 192",
        **(row.expected if row else {}),
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
