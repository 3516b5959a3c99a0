"""What every result must be beyond the standard: of a known kind, alone with its UID, in UTF-8, and marked RESEARCH.

References
----------
PS3.3 C.12.1 (SOP Common), C.7.5.2 (Enhanced General Equipment).
"""

from collections.abc import Iterator, Sequence

from reporting.checks.modules import is_given
from reporting.findings import Checked, GateCode, GateFinding
from reporting.kinds import row_of
from reporting.levels import Level
from reporting.presentation import Presentation
from reporting.types import KindRow

NEVER_EMPTY = (
    "SOPClassUID",
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
        whole, row = item.levels, row_of(item.kind, presentation)
        uid = whole.text("SOPInstanceUID")
        if row is None or not _is_of(whole, row):
            sentence = f"The {item.kind} object is of no kind that results have."
            yield GateFinding(GateCode.MODALITY_UNKNOWN, sentence, item.kind)
        yield from _attributes(item, row)
        yield from _marks(item, row)
        if uid in seen:
            yield GateFinding(
                GateCode.UID_REPEATED, f"Two objects share one UID, the second is {item.kind}.", item.kind
            )
        seen.add(uid)
        if item.dataset.file_meta.MediaStorageSOPInstanceUID != uid:
            yield GateFinding(GateCode.UID_INVALID, f"The {item.kind} object's file names another instance.", item.kind)


def _is_of(whole: Level, row: KindRow) -> bool:
    return whole.text("SOPClassUID") in (row.sop_class, *row.or_classes) and whole.text("Modality") == row.modality


def _attributes(item: Checked, row: KindRow | None) -> Iterator[GateFinding]:
    for keyword in (*NEVER_EMPTY, *(row.never_empty if row else ())):
        if not is_given(item.levels, keyword, "1"):
            yield GateFinding(GateCode.ATTRIBUTE_MISSING, f"The {item.kind} object has no {keyword}.", item.kind)


def _marks(item: Checked, row: KindRow | None) -> Iterator[GateFinding]:
    whole = item.levels
    expected = {
        "ContentQualification": "RESEARCH",
        "SpecificCharacterSet": "ISO_IR 192",
        **(row.expected if row else {}),
    }
    wrong = [keyword for keyword, value in expected.items() if whole.text(keyword) != value]
    if not whole.text("SeriesDescription"):
        wrong.append("SeriesDescription")
    for keyword in wrong:
        yield GateFinding(
            GateCode.MARK_MISSING,
            f"{keyword} of the {item.kind} object does not say what every result must say.",
            item.kind,
        )
