"""What tells an archive that a result was taken back: a rejection note, or a report that takes the place of the text.

Both are made from the delivered objects alone, so that they need neither models nor source images.

References
----------
PS3.3 A.35.4 (Key Object Selection); PS3.16 CID 7011 (Rejected for Quality Reasons); IHE RAD Imaging Object Change
Management; PS3.3 C.17.2 (Predecessor Documents Sequence).
"""

from collections.abc import Sequence
from copy import deepcopy
from io import BytesIO

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from reporting.checks import check_modules
from reporting.findings import Checked, GateFinding
from reporting.uids import minted_uid

NOTE, REPORT = "retraction-note", "retraction-report"
"""Kinds of these objects, as the ledger names them."""

FIRST_LINE = "WITHDRAWN: the result of revision {revision} was taken back. Do not use it."
SERIES_OFFSET = 19
"""The last of the 20 numbers that are kept for a deployment."""

_SERIES_DESCRIPTION = "AI RESEARCH: result withdrawn"
_STUDY_AND_PATIENT = (
    *("SpecificCharacterSet", "StudyDate", "StudyTime", "StudyDescription", "IssuerOfPatientID"),
    *("PatientAge", "PatientSize", "PatientWeight", "ContributingEquipmentSequence", "TimezoneOffsetFromUTC"),
)


def rejection_note(delivered: Sequence[Dataset], *, series_base: int, reason: str) -> Dataset:
    """A Key Object Selection, (113001, DCM, Rejected for Quality Reasons), that names every delivered object.

    Parameters
    ----------
    delivered : sequence of Dataset
        At least one; all of one study.
    series_base : int
        First number of the series of the deployment.
    reason : str
        In a person's words.
    """
    first = delivered[0]
    content = KeyObjectSelection(
        document_title=codes.DCM.RejectedForQualityReasons,
        referenced_objects=[_reference(one) for one in delivered],
        description=f"WITHDRAWN: these objects were taken back. Do not use them. {reason}",
    )
    made: Dataset = KeyObjectSelectionDocument(
        evidence=list(delivered),
        content=content,
        series_instance_uid=minted_uid(),
        series_number=series_base + SERIES_OFFSET,
        sop_instance_uid=minted_uid(),
        instance_number=1,
        manufacturer=str(first.get("Manufacturer", "")),
    )
    for item in made.ContentSequence:
        if item.ValueType == "IMAGE":
            del item.ConceptNameCodeSequence  # the template forbids a purpose of reference
    for keyword in _STUDY_AND_PATIENT:
        if keyword in first and keyword not in made:
            made[keyword] = deepcopy(first[keyword])
    made.SeriesDescription = _SERIES_DESCRIPTION
    return made


def withdrawal_report(text: Dataset, *, series_base: int, revision: int, reason: str) -> Dataset:
    """A text report that takes the place of a delivered one, and whose first lines say that it is withdrawn.

    Parameters
    ----------
    text : Dataset
        The text report that was delivered, a structured report of TID 2000.
    """
    made = deepcopy(text)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = minted_uid()
    made.SeriesInstanceUID, made.SeriesNumber = minted_uid(), series_base + SERIES_OFFSET
    made.SeriesDescription = _SERIES_DESCRIPTION
    kept = [item for item in text.ContentSequence if item.RelationshipType != "CONTAINS"]
    section = deepcopy(next(item for item in text.ContentSequence if item.RelationshipType == "CONTAINS"))
    line = deepcopy(next(item for item in section.ContentSequence if item.ValueType == "TEXT"))
    section.ContentSequence = []
    for words in (FIRST_LINE.format(revision=revision), reason):
        one = deepcopy(line)
        one.TextValue = words
        section.ContentSequence.append(one)
    made.ContentSequence = [*kept, section]
    made.PredecessorDocumentsSequence = [_named(text)]
    return made


def encoded(made: Dataset) -> bytes:
    """A made object as a DICOM file."""
    stream = BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def check_retraction(kind: str, made: Dataset) -> tuple[GateFinding, ...]:
    """What its SOP class demands and it lacks; empty where it may leave."""
    return tuple(check_modules([Checked(kind, made)]))


def _reference(one: Dataset) -> Dataset:
    """A stand-in that counts as an image where the object is one: it has a size."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = one.SOPClassUID, one.SOPInstanceUID
    if "Rows" in one:
        made.Rows = made.Columns = 1
    return made


def _named(text: Dataset) -> Dataset:
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = text.SOPClassUID, text.SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedSOPSequence = text.SeriesInstanceUID, [instance]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = text.StudyInstanceUID, [series]
    return study
