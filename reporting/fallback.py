"""A report once more, word for word, in a SOP class that more archives accept.

The three classes of structured reports here hold the same content tree: a tree without 3D coordinates is legal in all
of them. Nothing else has such a twin: what a segmentation or a picture is cannot be said in another class.

References
----------
PS3.3 sections A.35.2 (Enhanced SR), A.35.3 (Comprehensive SR), A.35.13 (Comprehensive 3D SR).
"""

from collections.abc import Collection, Mapping
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage

from reporting.checks import check_modules
from reporting.findings import Checked, GateFinding
from reporting.uids import minted_uid

_CHAIN = tuple(map(str, (Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage)))
_OWN = frozenset({"SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID"})
_FORBIDDEN: Mapping[str, frozenset[str]] = {
    str(ComprehensiveSRStorage): frozenset({"SCOORD3D"}),
    str(EnhancedSRStorage): frozenset({"SCOORD3D"}),
}


def other_class(sop_class_uid: str, *, refused: Collection[str]) -> str | None:
    """The next class that the same content may have and that was not refused; None where there is none."""
    if sop_class_uid not in _CHAIN:
        return None
    rest = _CHAIN[_CHAIN.index(sop_class_uid) + 1 :]
    return next((one for one in rest if one not in refused), None)


def in_class(encoded: bytes, sop_class_uid: str) -> bytes:
    """A report in another class, under a UID and in a series of its own; its content is not touched.

    Parameters
    ----------
    encoded : bytes
        The report as a DICOM file.
    sop_class_uid : str
        From :func:`other_class`.
    """
    made = pydicom.dcmread(BytesIO(encoded))
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = sop_class_uid
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = minted_uid()
    made.SeriesInstanceUID = minted_uid()
    stream = BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def check_twin(kind: str, encoded: bytes, *, original: bytes) -> tuple[GateFinding, ...]:
    """What is wrong with a report in another class; empty where it may leave.

    The original passed the whole gate. The twin must say the same, element for element, with value types that its class
    has, and have every attribute that its class demands.

    Raises
    ------
    ValueError
        It says something else than the original, or what its class cannot.
    """
    twin, first = pydicom.dcmread(BytesIO(encoded)), pydicom.dcmread(BytesIO(original))
    for tag in set(twin.keys()) | set(first.keys()):
        keyword = pydicom.datadict.keyword_for_tag(tag)
        if keyword not in _OWN and (tag not in twin or tag not in first or twin[tag] != first[tag]):
            raise ValueError(f"a report in another class differs in {keyword or tag}")
    if types := _value_types(twin) & _FORBIDDEN.get(str(twin.SOPClassUID), frozenset()):
        raise ValueError(f"the class has no content items of the type {', '.join(sorted(types))}")
    return tuple(check_modules([Checked(kind, twin)]))


def _value_types(level: Dataset) -> frozenset[str]:
    found = {str(level.get("ValueType", ""))}
    for item in level.get("ContentSequence", ()):
        found |= _value_types(item)
    return frozenset(found)
