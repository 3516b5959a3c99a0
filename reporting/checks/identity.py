"""Whose study it is: results carry the identity of the source, and the source has only one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from config.errors import UnusableInput
from inference.dicom import tolerant
from inference.types import StudyHeaders
from reporting.findings import Checked, GateCode, GateFinding
from reporting.objects import read_header, take_identity

PATIENT_KEYS = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
STUDY_KEYS = ("StudyInstanceUID", "AccessionNumber", "StudyID", "StudyDate")
UID_KEYS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "FrameOfReferenceUID")
PLACE_KEYS = (
    *UID_KEYS,
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
IDENTITY_ELEMENTS = ("SpecificCharacterSet", *PATIENT_KEYS, *STUDY_KEYS)


@dataclass(frozen=True, slots=True)
class SourceHeaders:
    """Headers of the source files, read anew.

    Attributes
    ----------
    by_uid : dict from str to Dataset
        What places each source instance, as read: its class, its size, its plane or planes.
    identities : tuple of Dataset
        Every different identity found, decoded and in legal form; one where all agree to the letter.
    uids : frozenset of str
        Every UID that the source brings, legal or not.
    unreadable : int
        Files that could not be read again.
    """

    by_uid: dict[str, Dataset]
    identities: tuple[Dataset, ...]
    uids: frozenset[str]
    unreadable: int

    @classmethod
    def read(cls, source: StudyHeaders) -> "SourceHeaders":
        """Read the header of every file of a study once."""
        paths: dict[Path, str] = {}
        for series in source.series:
            for image in series.images:
                paths.setdefault(image.path, image.sop_instance_uid)
        by_uid: dict[str, Dataset] = {}
        identities: dict[str, Dataset] = {}
        uids: set[str] = set()
        unreadable = 0
        for path, uid in paths.items():
            try:
                header = read_header(path, (*PATIENT_KEYS, *STUDY_KEYS, *PLACE_KEYS))
            except UnusableInput:
                unreadable += 1
                continue
            by_uid[uid] = header
            with tolerant():
                uids |= {_text(header, keyword) for keyword in UID_KEYS}
            written = "\x1f".join(repr(header.get_item(keyword)) for keyword in IDENTITY_ELEMENTS)
            if written not in identities:
                identities[written] = take_identity(header)
        return cls(by_uid, tuple(identities.values()), frozenset(uids), unreadable)


def check_identity(objects: Sequence[Checked], source: SourceHeaders) -> Iterator[GateFinding]:
    """The source images name one patient and one study, and every object names the same."""
    if source.unreadable:
        yield GateFinding(
            GateCode.SOURCE_UNREADABLE,
            f"{source.unreadable} source images can no longer be read to check the result.",
            "",
        )
    if not source.identities:
        yield GateFinding(GateCode.SOURCE_UNREADABLE, "No source image can be read to check the result against.", "")
        return
    for keyword in (*PATIENT_KEYS, "StudyInstanceUID"):
        if not _all_agree([_text(identity, keyword) for identity in source.identities], keyword):
            one_study = keyword == "StudyInstanceUID"  # what a person may say of patients is not said of studies
            yield GateFinding(
                GateCode.STUDY_MIXED if one_study else GateCode.IDENTITY_MIXED,
                f"The images of this study differ in {keyword}: they may be of several "
                f"{'studies' if one_study else 'patients'}.",
                "",
            )
    for item in objects:
        for keyword in (*PATIENT_KEYS, *STUDY_KEYS):
            if not _is_of_source(_text(item.dataset, keyword), keyword, source):
                yield GateFinding(
                    GateCode.IDENTITY_CHANGED,
                    f"{keyword} of the {item.kind} object differs from that of the source images.",
                    item.kind,
                )


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip()


def _is_of_source(value: str, keyword: str, source: SourceHeaders) -> bool:
    """A result takes its identity from one source image, letter for letter."""
    expected = {_text(identity, keyword) for identity in source.identities}
    return value in expected


def _all_agree(values: Sequence[str], keyword: str) -> bool:
    if keyword == "PatientName":
        return _names_agree(values)
    if keyword in ("PatientID", "StudyInstanceUID"):
        return len(set(values)) == 1
    return len({value for value in values if value}) <= 1


def _names_agree(names: Sequence[str]) -> bool:
    """Names agree where each written form (Latin, ideographic, phonetic) that two of them have is the same."""
    forms: dict[int, set[str]] = {}
    for name in names:
        for number, group in enumerate(name.split("=")):
            plain = group.strip("^ ").casefold()
            if plain:
                forms.setdefault(number, set()).add(plain)
    return all(len(found) == 1 for found in forms.values())
