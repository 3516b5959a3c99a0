"""Segmentations lie where their source lies, hold what was found, and left is left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from inference.sij_mri import Analysis
from inference.types import BoolArray, Side
from reporting.checks import Checked, GateCode, GateFinding
from reporting.checks.identity import SourceHeaders
from reporting.objects.codes import SIDE

POSITION_TOLERANCE_MM = 0.01
DIRECTION_TOLERANCE = 1e-4
SPACING_TOLERANCE_MM = 1e-4

FloatVector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a segmentation: its segment, its plane and the source plane it names."""

    segment: int
    position_mm: FloatVector
    directions: FloatVector  # (6,)
    spacing_mm: FloatVector  # (2,)
    source_uid: str
    source_frame: int | None
    pixels: BoolArray


def check_segmentations(objects: Sequence[Checked], analysis: Analysis, source: SourceHeaders) -> Iterator[GateFinding]:
    """Geometry, content and sides of every segmentation."""
    centroids: dict[str, FloatVector] = {}
    for item in objects:
        if item.kind.startswith("seg-"):
            frames = read_frames(item.dataset)
            yield from _segments(item, frames)
            yield from _planes(item, frames, source)
            yield from _content(item, frames, analysis)
            yield from _lateralities(item)
            centroids |= _centroids(item.dataset, frames)
    yield from _sides(centroids)


def read_frames(dataset: Dataset) -> list[Frame]:
    """Frames of a binary segmentation as it was read back."""
    shared = dataset.SharedFunctionalGroupsSequence[0]
    pixels = np.atleast_3d(dataset.pixel_array)
    if pixels.shape[:2] == (dataset.Rows, dataset.Columns) and int(dataset.NumberOfFrames) == 1:
        pixels = pixels.reshape(1, dataset.Rows, dataset.Columns)
    frames = []
    for plane, groups in zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        reference = _group(shared, groups, "DerivationImageSequence").SourceImageSequence[0]
        number = reference.get("ReferencedFrameNumber")
        frames.append(
            Frame(
                segment=int(_group(shared, groups, "SegmentIdentificationSequence").ReferencedSegmentNumber),
                position_mm=_floats(_group(shared, groups, "PlanePositionSequence").ImagePositionPatient),
                directions=_floats(_group(shared, groups, "PlaneOrientationSequence").ImageOrientationPatient),
                spacing_mm=_floats(_group(shared, groups, "PixelMeasuresSequence").PixelSpacing),
                source_uid=str(reference.ReferencedSOPInstanceUID),
                source_frame=None if number is None else int(number),
                pixels=plane.astype(bool),
            )
        )
    return frames


def _group(shared: Dataset, groups: Dataset, keyword: str) -> Dataset:
    """A functional group, of the frame or shared by all."""
    sequence = groups.get(keyword) or shared[keyword].value
    item: Dataset = sequence[0]
    return item


def _floats(values: Sequence[float]) -> FloatVector:
    return np.asarray([float(value) for value in values])


def _segments(item: Checked, frames: Sequence[Frame]) -> Iterator[GateFinding]:
    numbers = [int(segment.SegmentNumber) for segment in item.dataset.SegmentSequence]
    filled = {frame.segment for frame in frames if frame.pixels.any()}
    if numbers != list(range(1, len(numbers) + 1)) or filled != set(numbers):
        yield GateFinding(
            GateCode.SEGMENTS_WRONG,
            f"Segments of the {item.kind} object are not numbered from 1, or one is empty.",
            item.kind,
        )


def _planes(item: Checked, frames: Sequence[Frame], source: SourceHeaders) -> Iterator[GateFinding]:
    for frame in frames:
        header = source.by_uid.get(frame.source_uid)
        if header is None:
            yield GateFinding(
                GateCode.REFERENCE_UNKNOWN, f"A frame of the {item.kind} object names no source image.", item.kind
            )
            return
        if not _same_plane(frame, item.dataset, header):
            yield GateFinding(
                GateCode.GEOMETRY_CHANGED,
                f"A frame of the {item.kind} object does not lie where the source image it names lies.",
                item.kind,
            )
            return


def _same_plane(frame: Frame, dataset: Dataset, header: Dataset) -> bool:
    position, directions, spacing = source_plane(header, frame.source_frame)
    return (
        (int(dataset.Rows), int(dataset.Columns)) == (int(header.Rows), int(header.Columns))
        and bool(np.abs(frame.position_mm - position).max() <= POSITION_TOLERANCE_MM)
        and bool(np.abs(frame.directions - directions).max() <= DIRECTION_TOLERANCE)
        and bool(np.abs(frame.spacing_mm - spacing).max() <= SPACING_TOLERANCE_MM)
        and str(dataset.FrameOfReferenceUID) == str(header.get("FrameOfReferenceUID", ""))
    )


def source_plane(header: Dataset, frame: int | None) -> tuple[FloatVector, FloatVector, FloatVector]:
    """Position, directions (6,) and spacing of a source plane, straight from its header."""
    if frame is None:
        return (
            _floats(header.ImagePositionPatient),
            _floats(header.ImageOrientationPatient),
            _floats(header.PixelSpacing),
        )
    shared = header.SharedFunctionalGroupsSequence[0]
    groups = header.PerFrameFunctionalGroupsSequence[frame - 1]
    return (
        _floats(_group(shared, groups, "PlanePositionSequence").ImagePositionPatient),
        _floats(_group(shared, groups, "PlaneOrientationSequence").ImageOrientationPatient),
        _floats(_group(shared, groups, "PixelMeasuresSequence").PixelSpacing),
    )


def _content(item: Checked, frames: Sequence[Frame], analysis: Analysis) -> Iterator[GateFinding]:
    """Each segment holds exactly the voxels that the analysis found."""
    volume = analysis.fluid if item.kind == "seg-edema" else analysis.reference
    if volume is None:
        yield GateFinding(GateCode.OBJECT_UNEXPECTED, f"There is no series for the {item.kind} object.", item.kind)
        return
    slices = {(image.sop_instance_uid, image.frame): index for index, image in enumerate(volume.images)}
    for segment in item.dataset.SegmentSequence:
        found = _found(str(segment.SegmentLabel), analysis)
        held: BoolArray = np.zeros(volume.shape, bool)
        for frame in frames:
            if frame.segment == int(segment.SegmentNumber):
                held[slices[frame.source_uid, frame.source_frame]] |= frame.pixels
        if found is None or not np.array_equal(held, found):
            yield GateFinding(
                GateCode.CONTENT_CHANGED, f"{segment.SegmentLabel}: the object does not hold what was found.", item.kind
            )


def _found(label: str, analysis: Analysis) -> BoolArray | None:
    for side in Side:
        joint = analysis.joint(side)
        if label == f"{side.value.capitalize()} sacroiliac joint" and joint is not None:
            return joint.band
    edema = analysis.edema
    return {
        "Sacroiliac bone region": analysis.region,
        "Left bone marrow edema": None if edema is None else edema.left,
        "Right bone marrow edema": None if edema is None else edema.right,
    }.get(label)


def _lateralities(item: Checked) -> Iterator[GateFinding]:
    for segment in item.dataset.SegmentSequence:
        word = str(segment.SegmentLabel).split()[0].lower()
        coded = {
            str(modifier.CodeValue)
            for region in segment.get("AnatomicRegionSequence", ())
            for modifier in region.get("AnatomicRegionModifierSequence", ())
        }
        expected = {SIDE[Side(word)].value} if word in ("left", "right") else set()
        if coded != expected:
            yield GateFinding(
                GateCode.SIDE_CODE_WRONG, f"{segment.SegmentLabel}: its code names another side.", item.kind
            )


def _centroids(dataset: Dataset, frames: Sequence[Frame]) -> dict[str, FloatVector]:
    """Centre of each segment (3,) in LPS millimetres, from the frames' own geometry."""
    labels = {int(segment.SegmentNumber): str(segment.SegmentLabel) for segment in dataset.SegmentSequence}
    sums = {label: np.zeros(4) for label in labels.values()}
    for frame in frames:
        rows, columns = np.nonzero(frame.pixels)
        if len(rows) and frame.segment in labels:
            along = frame.directions[:3] * frame.spacing_mm[1] * columns.mean()
            down = frame.directions[3:] * frame.spacing_mm[0] * rows.mean()
            centre = frame.position_mm + along + down
            sums[labels[frame.segment]] += np.array([*(centre * len(rows)), len(rows)])
    return {label: total[:3] / total[3] for label, total in sums.items() if total[3]}


def _sides(centroids: dict[str, FloatVector]) -> Iterator[GateFinding]:
    """The patient's left has the larger LPS x; edema lies on its side of the plane midway between the joints."""
    for name, kind in (("sacroiliac joint", "seg-anatomy"), ("bone marrow edema", "seg-edema")):
        left, right = centroids.get(f"Left {name}"), centroids.get(f"Right {name}")
        if left is not None and right is not None and left[0] <= right[0]:
            yield GateFinding(GateCode.SIDES_SWAPPED, f"The left {name} lies to the right of the right one.", kind)
    middle, axis = _midline(centroids)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for name, kind in (("sacroiliac joint", "seg-anatomy"), ("bone marrow edema", "seg-edema")):
            centre = centroids.get(f"{side} {name}")
            if centre is not None and middle is not None and sign * float((centre - middle) @ axis) <= 0:
                yield GateFinding(GateCode.SIDES_SWAPPED, f"{side} {name} lies across the midline.", kind)


def _midline(centroids: dict[str, FloatVector]) -> tuple[FloatVector | None, FloatVector]:
    """A point of the midline and the direction to the patient's left."""
    towards_left = np.array([1.0, 0.0, 0.0])
    left, right = centroids.get("Left sacroiliac joint"), centroids.get("Right sacroiliac joint")
    if left is not None and right is not None:
        axis = left - right
        length = float(np.linalg.norm(axis))
        return (left + right) / 2, axis / length if length else towards_left
    return centroids.get("Sacroiliac bone region"), towards_left
