"""The frozen data that flow forward through every analysis, whatever its application.

Conventions, everywhere: voxel arrays are (slice, row, column); positions and directions are in the DICOM patient system
LPS (x to the patient's left, y to the back, z to the head), in millimeters; slices of a volume are sorted along the
normal ``row_direction x column_direction``, ascending. Left and right are the patient's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.codes import Code

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
Vector = tuple[float, float, float]
Key = str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so, as a key; :func:`reporting.presentation.word_reason` gives the words.

    Attributes
    ----------
    code : Key
    parameters : mapping
        What the words of the code need: numbers, keys, names that the source gives, and other reasons.
    """

    code: Key
    parameters: "Mapping[str, Parameter]" = field(default_factory=dict)

    @classmethod
    def of(cls, code: Key, **parameters: "Parameter") -> "Reason":
        """A reason with its parameters by name."""
        return cls(code, parameters)


Parameter = str | float | Reason | tuple[Reason, ...]


class Side(StrEnum):
    """Side of the patient."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Gap:
    """Evidence that images of a study are missing.

    Attributes
    ----------
    reason : Reason
        Its code is one of :class:`config.codes.GapCode`.
    series : tuple of str
        UIDs of the series that lack images; empty: any of the study may.
    """

    reason: Reason
    series: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Header of one image plane: a single-frame instance, or one frame of a multi-frame one.

    Missing values are None or empty, never zero. Times are in milliseconds, lengths in millimeters.
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    frame: int | None = None  # 1-based frame number of a multi-frame instance
    instance_number: int | None = None
    rows: int | None = None
    columns: int | None = None
    position_mm: Vector | None = None  # center of the first pixel, LPS
    row_direction: Vector | None = None  # unit vector along increasing column index
    column_direction: Vector | None = None  # unit vector along increasing row index
    pixel_spacing_mm: tuple[float, float] | None = None  # (between rows, between columns)
    slice_thickness_mm: float | None = None
    repetition_time_ms: float | None = None
    echo_time_ms: float | None = None
    inversion_time_ms: float | None = None
    echo_train_length: int | None = None
    flip_angle_deg: float | None = None
    b_value: float | None = None
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    image_type: tuple[str, ...] = ()
    acquisition_type: str = ""  # 2D or 3D
    acquisition_number: int | None = None
    temporal_position: int | None = None
    images_in_acquisition: int | None = None  # as announced, 0020,1002
    has_pixels: bool = True
    lossy: bool = False  # compressed with loss once, now or earlier


@dataclass(frozen=True, slots=True)
class SeriesHeader:
    """Header of one series, with the headers of all its planes in the order read."""

    study_instance_uid: str
    series_instance_uid: str
    modality: str
    series_number: int | None = None
    description: str = ""
    protocol_name: str = ""
    sequence_name: str = ""
    body_part: str = ""
    manufacturer: str = ""
    contrast_agent: str = ""
    study_description: str = ""
    coil: str = ""  # receive coil, as the scanner names it
    frame_of_reference_uid: str = ""
    images: tuple[ImageHeader, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that could not be read as DICOM, and why; the sentence holds no patient data."""

    path: Path
    code: Code
    sentence: str


@dataclass(frozen=True, slots=True)
class StudyHeaders:
    """All that was found in a set of files that belong to one study."""

    study_instance_uid: str
    series: tuple[SeriesHeader, ...]
    unreadable: tuple[UnreadableFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Volume:
    """A stack of parallel planes with its place in the patient.

    Attributes
    ----------
    voxels : float32 array (slices, rows, columns)
        After Modality LUT (rescale); arbitrary MR units.
    positions_mm : float64 array (slices, 3)
        LPS position of the center of each slice's first pixel; spacing between slices need not be equal.
    row_direction, column_direction : Vector
        Unit LPS vectors along increasing column and row index.
    pixel_spacing_mm : (float, float)
        Between rows, between columns.
    slice_spacing_mm : float
        Median distance of neighboring slices along the normal (the slice thickness for a single slice).
    images : tuple of ImageHeader
        The source plane of each slice, in slice order.
    warnings : tuple of Reason
        What is irregular: a gap, unequal spacing, repeats dropped.
    """

    voxels: FloatArray
    positions_mm: NDArray[np.float64]
    row_direction: Vector
    column_direction: Vector
    pixel_spacing_mm: tuple[float, float]
    slice_spacing_mm: float
    series_instance_uid: str = ""
    frame_of_reference_uid: str = ""
    images: tuple[ImageHeader, ...] = ()
    warnings: tuple[Reason, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns)."""
        slices, rows, columns = self.voxels.shape
        return slices, rows, columns

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit LPS vector along increasing slice index, float64 array (3,)."""
        normal: NDArray[np.float64] = np.cross(np.asarray(self.row_direction), np.asarray(self.column_direction))
        return normal

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel with the median slice spacing."""
        return self.pixel_spacing_mm[0] * self.pixel_spacing_mm[1] * self.slice_spacing_mm


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """The bundle that made a result."""

    name: str
    version: str
    digest: str  # SHA-256 of the manifest
