"""The header of an image as it came over the network: enough to file it, read without touching a pixel."""

import contextlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from config.codes import Code
from config.errors import UnusableInput

_LAST_TAG = 0x00200010  # Study ID; nothing after it is needed
_USUAL_BYTES = 64 * 1024  # nearly always enough, and spares copying a large image
_MAX_HEADER_BYTES = 16 * 1024 * 1024
_MAX_ELEMENTS = 20_000  # beyond it a header is made to keep us busy: each costs a microsecond or ten
_FIELDS: Mapping[str, str] = {
    "modality": "Modality",
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "accession_number": "AccessionNumber",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
    "study_id": "StudyID",
    "description": "StudyDescription",
}


@dataclass(frozen=True, slots=True)
class ImageUids:
    """What identifies an image; as written in its data set, or empty."""

    study: str
    series: str
    instance: str
    sop_class: str


def read_header(data_set: memoryview, *, transfer_syntax_uid: str) -> Dataset:
    """Read a data set up to Study ID (0020,0010).

    Parameters
    ----------
    data_set : memoryview
        The encoded data set, without preamble and file meta.
    transfer_syntax_uid : str
        As negotiated.

    Raises
    ------
    UnusableInput
        These bytes are no data set in this transfer syntax (code ``DATA_SET_UNREADABLE``).

    References
    ----------
    PS3.5 Annex A. Big endian and implicit VR are the exceptions: every other transfer syntax has explicit VR, little
    endian.
    """
    implicit = transfer_syntax_uid == ImplicitVRLittleEndian
    little = transfer_syntax_uid != ExplicitVRBigEndian
    try:
        if transfer_syntax_uid == DeflatedExplicitVRLittleEndian:
            data_set = memoryview(_inflate_start(data_set))
        return _read(data_set, implicit, little)
    except Exception as error:  # noqa: BLE001 (pydicom raises whatever the bytes lead it to)
        raise UnusableInput(
            Code.DATA_SET_UNREADABLE, f"The data set cannot be read in its transfer syntax ({type(error).__name__})."
        ) from None


def uids(header: Dataset) -> ImageUids:
    """The UIDs of an image, stripped of padding."""
    return ImageUids(
        study=_text(header, "StudyInstanceUID"),
        series=_text(header, "SeriesInstanceUID"),
        instance=_text(header, "SOPInstanceUID"),
        sop_class=_text(header, "SOPClassUID"),
    )


def fields(header: Dataset) -> dict[str, str]:
    """What the database keeps of a header, decoded; what cannot be decoded shows replacement characters.

    Returns
    -------
    dict
        From the names of :class:`storage.studies.IncomingImage` to text.
    """
    return {name: _text(header, keyword) for name, keyword in _FIELDS.items()}


def _read(data_set: memoryview, implicit: bool, little: bool) -> Dataset:
    """The elements up to the last that is needed, from the start of the bytes where that is enough."""
    passed, count = False, 0

    def is_after(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal passed, count
        passed = int(tag) > _LAST_TAG
        count += 1
        if count > 2 * _MAX_ELEMENTS:  # the start may be read twice
            raise ValueError("too many elements")
        return passed

    if len(data_set) > _USUAL_BYTES:
        with contextlib.suppress(Exception):
            header = read_dataset(BytesIO(data_set[:_USUAL_BYTES]), implicit, little, stop_when=is_after)
            if passed:
                return header
    return read_dataset(BytesIO(data_set[:_MAX_HEADER_BYTES]), implicit, little, stop_when=is_after)


def _inflate_start(data_set: memoryview) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    return inflater.decompress(data_set, _MAX_HEADER_BYTES)


def _text(header: Dataset, keyword: str) -> str:
    if keyword not in header:
        return ""
    try:
        value: Any = header[keyword].value
        text = "\\".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")
    except Exception:  # noqa: BLE001 (an odd value or character set must not keep an image out)
        raw = header.get_item(keyword)
        stored = getattr(raw, "value", b"")
        text = stored.decode("utf-8", errors="replace") if isinstance(stored, bytes) else ""
    return "".join(sign for sign in text if sign.isprintable()).strip()
