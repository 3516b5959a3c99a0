"""Segmentations lie where their source lies, hold what was found, and name its side.

References
----------
PS3.3 C.7.6.2.1.1 (Image Position and Image Orientation), C.7.6.16 (Multi-frame Functional Groups), C.8.20.2
(Segmentation Image).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from inference.result import Analysis, Images, Segment
from inference.types import BoolArray
from reporting.checks.identity import SourceHeaders
from reporting.findings import Checked, GateCode, GateFinding
from reporting.objects import codes
from reporting.presentation import Presentation
from reporting.sites import segment_label

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


def check_segmentations(
    objects: Sequence[Checked], analysis: Analysis, presentation: Presentation, source: SourceHeaders
) -> Iterator[GateFinding]:
    """Geometry, content and side codes of every segmentation; every segment of their groups that can be placed is
    in one of them."""
    by_label = {segment_label(one, presentation.terms): one for one in analysis.segments}
    names = {group.segmentation for group in presentation.groups}
    made = {item.kind for item in objects}
    keys = {key for group in presentation.groups if group.segmentation in made for key in group.keys}
    missing = {label for label, one in by_label.items() if one.key in keys and _placed(one, analysis)}
    for item in objects:
        if item.kind in names:
            frames = read_frames(item.dataset)
            yield from _segments(item, frames)
            yield from _planes(item, frames, source)
            yield from _content(item, frames, analysis, by_label)
            yield from _side_codes(item, by_label)
            missing -= {str(segment.SegmentLabel) for segment in item.dataset.SegmentSequence}
    for label in sorted(missing):
        yield GateFinding(GateCode.CONTENT_CHANGED, f"{label}: no object holds what was found.", "")


def _placed(segment: Segment, analysis: Analysis) -> bool:
    images = analysis.of_role(segment.role)
    return images is not None and images.placed


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


def _content(
    item: Checked, frames: Sequence[Frame], analysis: Analysis, by_label: Mapping[str, Segment]
) -> Iterator[GateFinding]:
    """Each segment holds exactly the voxels that the analysis found."""
    for described in item.dataset.SegmentSequence:
        found = by_label.get(str(described.SegmentLabel))
        images = None if found is None else analysis.of_role(found.role)
        own = [frame for frame in frames if frame.segment == int(described.SegmentNumber)]
        held = None if images is None else _held(own, images)
        if found is None or held is None or not np.array_equal(held, found.mask):
            sentence = f"{described.SegmentLabel}: the object does not hold what was found."
            yield GateFinding(GateCode.CONTENT_CHANGED, sentence, item.kind)


def _held(frames: Sequence[Frame], images: Images) -> BoolArray | None:
    """The voxels of frames on the grid of images; None where one lies on none of their planes."""
    planes = {(image.sop_instance_uid, image.frame): index for index, image in enumerate(images.sources)}
    held: BoolArray = np.zeros(images.shape, bool)
    for frame in frames:
        plane = planes.get((frame.source_uid, frame.source_frame))
        if plane is None:
            return None
        held[plane] |= frame.pixels
    return held


def _side_codes(item: Checked, by_label: Mapping[str, Segment]) -> Iterator[GateFinding]:
    """The codes of a segment name the side of its site, and no other."""
    for described in item.dataset.SegmentSequence:
        found = by_label.get(str(described.SegmentLabel))
        side = None if found is None else found.site.side
        coded = {
            str(modifier.CodeValue)
            for region in described.get("AnatomicRegionSequence", ())
            for modifier in region.get("AnatomicRegionModifierSequence", ())
        }
        if coded != (set() if side is None else {codes.SIDE[side].value}):
            sentence = f"{described.SegmentLabel}: its code names another side."
            yield GateFinding(GateCode.SIDE_CODE_WRONG, sentence, item.kind)


def centroids_mm(dataset: Dataset, frames: Sequence[Frame]) -> dict[str, FloatVector]:
    """Center of each segment (3,) in LPS millimeters, by its label, from the frames' own geometry."""
    labels = {int(segment.SegmentNumber): str(segment.SegmentLabel) for segment in dataset.SegmentSequence}
    sums = {label: np.zeros(4) for label in labels.values()}
    for frame in frames:
        rows, columns = np.nonzero(frame.pixels)
        if len(rows) and frame.segment in labels:
            along = frame.directions[:3] * frame.spacing_mm[1] * columns.mean()
            down = frame.directions[3:] * frame.spacing_mm[0] * rows.mean()
            center = frame.position_mm + along + down
            sums[labels[frame.segment]] += np.array([*(center * len(rows)), len(rows)])
    return {label: total[:3] / total[3] for label, total in sums.items() if total[3]}
