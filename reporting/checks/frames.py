"""Frames of an object of several, as they were read back: where each lies, which source it names, what it holds.

References
----------
PS3.3 C.7.6.2.1.1 (Image Position and Image Orientation), C.7.6.16 (Multi-frame Functional Groups).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from inference.types import BoolArray
from reporting.findings import Checked
from reporting.levels import Level

FloatVector = NDArray[np.float64]
Box = tuple[int, int, int, int]
"""First column and row of the pixels of a segment, and those after the last."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Where a picture lies, and the source image that it names; spacing (2,) of rows and columns, directions (6,)."""

    position_mm: FloatVector
    directions: FloatVector
    spacing_mm: FloatVector
    source_uid: str
    source_frame: int | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a segmentation: its segment, its plane, its pixels (rows, columns), and the box that holds them."""

    segment: int
    plane: Plane
    pixels: BoolArray
    box: Box | None


def planes_of(item: Checked) -> tuple[Plane, ...]:
    """The plane of each frame of an object with functional groups.

    Raises
    ------
    IndexError
        A frame lacks a functional group that places it.
    """
    whole = item.levels
    shared = whole.below("SharedFunctionalGroupsSequence")[0]
    planes = []
    for frame in whole.below("PerFrameFunctionalGroupsSequence"):
        source = source_of(shared, frame)
        numbers = () if source is None else source.numbers("ReferencedFrameNumber")
        planes.append(
            Plane(
                position_mm=floats(_group(shared, frame, "PlanePositionSequence").text("ImagePositionPatient")),
                directions=floats(_group(shared, frame, "PlaneOrientationSequence").text("ImageOrientationPatient")),
                spacing_mm=floats(_group(shared, frame, "PixelMeasuresSequence").text("PixelSpacing")),
                source_uid="" if source is None else source.text("ReferencedSOPInstanceUID"),
                source_frame=numbers[0] if numbers else None,
            )
        )
    return tuple(planes)


def source_of(shared: Level, frame: Level) -> Level | None:
    """The first image that a frame says it is derived from."""
    groups = frame.below("DerivationImageSequence") or shared.below("DerivationImageSequence")
    return next((image for group in groups for image in group.below("SourceImageSequence")), None)


def frames_of(item: Checked) -> tuple[Frame, ...]:
    """Frames of a binary segmentation; read once, whoever asks."""
    if item not in _FRAMES:
        _FRAMES[item] = _read(item)
    return _FRAMES[item]


_FRAMES: WeakKeyDictionary[Checked, tuple[Frame, ...]] = WeakKeyDictionary()


def _read(item: Checked) -> tuple[Frame, ...]:
    dataset, whole = item.dataset, item.levels
    pixels = dataset.pixel_array.reshape(int(dataset.NumberOfFrames), dataset.Rows, dataset.Columns) != 0
    shared = whole.below("SharedFunctionalGroupsSequence")[0]
    segments = [
        _group(shared, frame, "SegmentIdentificationSequence").numbers("ReferencedSegmentNumber")[0]
        for frame in whole.below("PerFrameFunctionalGroupsSequence")
    ]
    return tuple(
        Frame(segment, plane, picture, _box(picture))
        for segment, plane, picture in zip(segments, planes_of(item), pixels, strict=True)
    )


def _box(pixels: BoolArray) -> Box | None:
    columns, rows = np.flatnonzero(pixels.any(axis=0)), np.flatnonzero(pixels.any(axis=1))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _group(shared: Level, frame: Level, keyword: str) -> Level:
    """A functional group, of the frame or shared by all."""
    return (frame.below(keyword) or shared.below(keyword))[0]


def floats(text: str) -> FloatVector:
    """The numbers of a decimal string of several values, (n,)."""
    return np.asarray([float(value) for value in text.split("\\")])


def source_plane(header: Dataset, frame: int | None) -> tuple[FloatVector, FloatVector, FloatVector]:
    """Position, directions (6,) and spacing of a source plane, straight from its header."""
    if frame is None:
        return (
            _values(header, "ImagePositionPatient"),
            _values(header, "ImageOrientationPatient"),
            _values(header, "PixelSpacing"),
        )
    groups = (header.PerFrameFunctionalGroupsSequence[frame - 1], header.SharedFunctionalGroupsSequence[0])
    return (
        _values(_of_source(groups, "PlanePositionSequence"), "ImagePositionPatient"),
        _values(_of_source(groups, "PlaneOrientationSequence"), "ImageOrientationPatient"),
        _values(_of_source(groups, "PixelMeasuresSequence"), "PixelSpacing"),
    )


def _of_source(groups: Sequence[Dataset], keyword: str) -> Dataset:
    sequence = next(group[keyword].value for group in groups if group.get(keyword))
    item: Dataset = sequence[0]
    return item


def _values(header: Dataset, keyword: str) -> FloatVector:
    return np.asarray([float(value) for value in header[keyword].value])


def centroids_mm(item: Checked) -> dict[str, FloatVector]:
    """Center of each segment (3,) in LPS millimeters, by its label, from the frames' own geometry."""
    labels = {int(segment.SegmentNumber): str(segment.SegmentLabel) for segment in item.dataset.SegmentSequence}
    sums = {label: np.zeros(4) for label in labels.values()}
    for frame in frames_of(item):
        if frame.box is not None and frame.segment in labels:
            left, top, right, bottom = frame.box
            rows, columns = np.nonzero(frame.pixels[top:bottom, left:right])
            plane = frame.plane
            along = plane.directions[:3] * plane.spacing_mm[1] * (left + columns.mean())
            down = plane.directions[3:] * plane.spacing_mm[0] * (top + rows.mean())
            center = plane.position_mm + along + down
            sums[labels[frame.segment]] += np.array([*(center * len(rows)), len(rows)])
    return {label: total[:3] / total[3] for label, total in sums.items() if total[3]}
