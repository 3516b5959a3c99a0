"""The one table of what a result is made of: kind, SOP class, place among the series, and when it is made.

A further kind of result is a builder in :mod:`reporting.objects` and a row here. What is stored of an object says its
kind, title, series number and SOP class, so that neither panel nor delivery needs this table.
"""

from dataclasses import dataclass
from enum import Enum

from pydicom.uid import (
    UID,
    Comprehensive3DSRStorage,
    EnhancedSRStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of object.

    Attributes
    ----------
    name : str
        For file names and the database. Segmentations have the name of their group instead.
    sop_class : UID
    modality : str
    offset : int
        Of the series number, from the base of the deployment; segmentations have that of their group.
    made : str
        When it is made, in words.
    """

    name: str
    sop_class: UID
    modality: str
    offset: int
    made: str


class Kind(Enum):
    """The kinds of result objects, in the order in which they are built."""

    STUDY_REPORT = KindRow("sr-root", Comprehensive3DSRStorage, "SR", 2, "for every study that was read")
    SEGMENTATION = KindRow("seg", SegmentationStorage, "SEG", 1, "where a group has segments on images in space")
    MEASUREMENTS = KindRow("sr-measurements", Comprehensive3DSRStorage, "SR", 3, "where there is a segmentation")
    TEXT = KindRow("sr-text", EnhancedSRStorage, "SR", 4, "always")
    CAPTURE = KindRow("sc", SecondaryCaptureImageStorage, "OT", 5, "for every study that was read")
