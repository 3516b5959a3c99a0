"""The header of an image as it came over the network: enough to file it, read without touching a pixel."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from config.codes import Code
from config.errors import UnusableInput
from inference.dicom import read_start, reading, text_of, tolerant

_LAST_TAG = 0x00200010  # Study ID; nothing after it is needed
_FIELDS: Mapping[str, str] = {
    "image_type": "ImageType",
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
_UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_KEPT = frozenset(
    tag
    for keyword in ("SpecificCharacterSet", *_UIDS, *_FIELDS.values())
    if (tag := tag_for_keyword(keyword)) is not None
)


@dataclass(frozen=True, slots=True)
class ImageUids:
    """What identifies an image; as written in its data set, or empty."""

    study: str
    series: str
    instance: str
    sop_class: str


def read_header(data_set: memoryview, *, transfer_syntax_uid: str, whole: bool = True) -> Dataset:
    """Read what is needed of a data set, up to Study ID (0020,0010).

    Parameters
    ----------
    data_set : memoryview
        The encoded data set, without preamble and file meta, or the start of it.
    transfer_syntax_uid : str
        As negotiated.
    whole : bool
        These are all bytes; else only the first ones, and more can be had.

    Raises
    ------
    Unfinished
        More bytes are needed; never where they are all there.
    UnusableInput
        These bytes are no data set in this transfer syntax (code ``DATA_SET_UNREADABLE``).
    """
    try:
        with reading():
            return read_start(
                data_set, transfer_syntax_uid=transfer_syntax_uid, last_tag=_LAST_TAG, wanted=_KEPT, whole=whole
            )
    except UnusableInput as error:
        sentence = f"The data set cannot be read in its transfer syntax. {error.sentence}"
        raise UnusableInput(Code.DATA_SET_UNREADABLE, sentence) from None


def uids(header: Dataset) -> ImageUids:
    """The UIDs of an image, stripped of padding."""
    with tolerant():
        return ImageUids(
            study=text_of(header, "StudyInstanceUID"),
            series=text_of(header, "SeriesInstanceUID"),
            instance=text_of(header, "SOPInstanceUID"),
            sop_class=text_of(header, "SOPClassUID"),
        )


def fields(header: Dataset) -> dict[str, str]:
    """What the database keeps of a header, decoded; what cannot be decoded shows replacement characters.

    Returns
    -------
    dict
        From the names of :class:`storage.studies.IncomingImage` to text.
    """
    with tolerant():
        return {name: text_of(header, keyword) for name, keyword in _FIELDS.items()}


def belonging(header: Dataset) -> dict[str, str]:
    """Where an image belongs and of what kind it is, as far as that can be read; for one that is refused.

    Returns
    -------
    dict
        From the names of :class:`storage.associations.Refusal` to text.
    """
    named = uids(header)
    return {
        "study_instance_uid": named.study[:64],
        "series_instance_uid": named.series[:64],
        "modality": text_of(header, "Modality")[:32],
        "image_type": text_of(header, "ImageType")[:255],
    }
