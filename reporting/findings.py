"""What the gate finds: its codes, its findings, and an object as it judges it."""

from dataclasses import dataclass
from functools import cached_property

from pydicom.dataset import Dataset

from config.codes import AnyCode, Fault, row
from reporting.levels import Level

_NODE, _STUDY = Fault.NODE, Fault.STUDY


class GateCode(AnyCode):
    """What the gate can find; whatever it finds, the result is kept, shown and not sent."""

    OBJECT_UNREADABLE = row(_NODE, "An object cannot be written and read back as DICOM; report it.")
    OBJECT_MISSING = row(_NODE, "The analysis calls for an object that is not there; report it.")
    OBJECT_UNEXPECTED = row(_NODE, "There is an object that the analysis does not call for; report it.")
    OBJECT_INCOMPLETE = row(_NODE, "Some segments have no measurement; report it.")
    CHECK_FAILED = row(_NODE, "A check could not be finished; report it.")
    IDENTITY_MIXED = row(_STUDY, "The images name more than one patient; clear that up in the archive, send again.")
    STUDY_MIXED = row(_STUDY, "The images name more than one study; clear that up in the archive, send again.")
    IDENTITY_CHANGED = row(_NODE, "An object names another patient or study than the source images; report it.")
    SOURCE_UNREADABLE = row(_NODE, "Source images can no longer be read; check the disk, then analyze again.")
    MODALITY_UNKNOWN = row(_NODE, "An object is of no kind that results have; report it.")
    ATTRIBUTE_MISSING = row(_NODE, "An object lacks a required attribute; report it.")
    MARK_MISSING = row(_NODE, "An object does not say what every result must say, as RESEARCH; report it.")
    VALUE_ILLEGAL = row(_NODE, "An object holds a value that its data type or the standard does not allow; report it.")
    UID_INVALID = row(_NODE, "An object holds a UID that is not legal; report it.")
    UID_REPEATED = row(_NODE, "Two objects share one UID; report it.")
    REFERENCE_UNKNOWN = row(_NODE, "An object names an instance that is not there; report it.")
    EVIDENCE_INCOMPLETE = row(
        _NODE, "The list of what an object rests on does not agree with what it names; report it."
    )
    DIMENSIONS_WRONG = row(_NODE, "The order that an object gives to its frames contradicts itself; report it.")
    OUTLINES_WRONG = row(_NODE, "Viewers cannot draw the outlines of a report; report it.")
    ROOT_INCOMPLETE = row(_NODE, "The report that leads does not name every object; report it.")
    PROBABILITY_WRONG = row(_NODE, "Probabilities lie outside 0 to 1 or do not sum to 1; report it.")
    VALUE_CHANGED = row(_NODE, "A report does not say what the analysis says; report it.")
    SEGMENT_MISTAKEN = row(_NODE, "A measurement names another segment than it measures; report it.")
    SEGMENTS_WRONG = row(_NODE, "Segments are not numbered from 1, or one is empty; report it.")
    CONTENT_CHANGED = row(_NODE, "A segment does not hold the voxels that were found; report it.")
    GEOMETRY_CHANGED = row(_NODE, "A frame does not lie where its source image lies; report it.")
    SIDE_CODE_WRONG = row(_NODE, "The code of a segment names another side; report it.")
    SIDES_SWAPPED = row(
        _NODE, "Left and right are swapped, or something lies across the midline; look at the images, report it."
    )


@dataclass(frozen=True, slots=True)
class GateFinding:
    """One reason why a result must not leave.

    Attributes
    ----------
    code : GateCode
    sentence : str
        What is wrong, for a person; it names no patient.
    object_kind : str
        Kind of the object at fault; empty for the study.
    """

    code: GateCode
    sentence: str
    object_kind: str


@dataclass(frozen=True, eq=False)
class Checked:
    """An object as it would be sent: its kind, and what was read back from its bytes."""

    kind: str
    dataset: Dataset

    @cached_property
    def levels(self) -> Level:
        """Its elements as their bytes stand in the file."""
        return Level.of(self.dataset)
