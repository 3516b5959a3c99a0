"""Segmentations hold what was found and name its side; whatever has a place lies where its source lies.

References
----------
PS3.3 C.7.6.2.1.1 (Image Position and Image Orientation), C.7.6.17 (Multi-frame Dimension), C.8.20.2 (Segmentation
Image).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from pydicom.dataset import Dataset

from inference.result import Analysis, Images, Segment
from inference.types import BoolArray
from reporting.checks.frames import Frame, Plane, floats, frames_of, planes_of, source_plane
from reporting.checks.identity import SourceHeaders
from reporting.findings import Checked, GateCode, GateFinding
from reporting.levels import Level
from reporting.objects import codes
from reporting.presentation import Presentation
from reporting.sites import segment_label

POSITION_TOLERANCE_MM = 0.01
DIRECTION_TOLERANCE = 1e-4
SPACING_TOLERANCE_MM = 1e-4


def check_segmentations(
    objects: Sequence[Checked], analysis: Analysis, presentation: Presentation
) -> Iterator[GateFinding]:
    """Content and side codes of every segmentation; every segment of their groups that can be placed is in one."""
    by_label = {segment_label(one, presentation.terms): one for one in analysis.segments}
    names = {group.segmentation for group in presentation.groups}
    made = {item.kind for item in objects}
    keys = {key for group in presentation.groups if group.segmentation in made for key in group.keys}
    missing = {label for label, one in by_label.items() if one.key in keys and _placed(one, analysis)}
    for item in objects:
        if item.kind in names:
            frames = frames_of(item)
            yield from _segments(item, frames)
            yield from _content(item, frames, analysis, by_label)
            yield from _side_codes(item, by_label)
            missing -= {str(segment.SegmentLabel) for segment in item.dataset.SegmentSequence}
    for label in sorted(missing):
        yield GateFinding(GateCode.CONTENT_CHANGED, f"{label}: no object holds what was found.", "")


def check_places(objects: Sequence[Checked], source: SourceHeaders) -> Iterator[GateFinding]:
    """Frames and captures that have a place lie where the source images that they name lie; frames are in order."""
    for item in objects:
        if item.levels.holds("PerFrameFunctionalGroupsSequence"):
            yield from _planes(item, planes_of(item), source)
            yield from _dimensions(item)
        elif item.levels.holds("ImagePositionPatient"):
            yield from _planes(item, [_capture_plane(item.levels)], source)


def _placed(segment: Segment, analysis: Analysis) -> bool:
    images = analysis.of_role(segment.role)
    return images is not None and images.placed


def _segments(item: Checked, frames: Sequence[Frame]) -> Iterator[GateFinding]:
    numbers = [int(segment.SegmentNumber) for segment in item.dataset.SegmentSequence]
    filled = {frame.segment for frame in frames if frame.box is not None}
    if numbers != list(range(1, len(numbers) + 1)) or filled != set(numbers):
        yield GateFinding(
            GateCode.SEGMENTS_WRONG,
            f"Segments of the {item.kind} object are not numbered from 1, or one is empty.",
            item.kind,
        )


def _capture_plane(whole: Level) -> Plane:
    source = next(iter(whole.below("SourceImageSequence")), None)
    numbers = () if source is None else source.numbers("ReferencedFrameNumber")
    return Plane(
        position_mm=floats(whole.text("ImagePositionPatient")),
        directions=floats(whole.text("ImageOrientationPatient")),
        spacing_mm=floats(whole.text("PixelSpacing")),
        source_uid="" if source is None else source.text("ReferencedSOPInstanceUID"),
        source_frame=numbers[0] if numbers else None,
    )


def _planes(item: Checked, planes: Sequence[Plane], source: SourceHeaders) -> Iterator[GateFinding]:
    for plane in planes:
        header = source.by_uid.get(plane.source_uid)
        if header is None or not _has(header, plane.source_frame):
            yield GateFinding(
                GateCode.REFERENCE_UNKNOWN, f"A frame of the {item.kind} object names no source image.", item.kind
            )
            return
        if not _same_plane(plane, item.levels, header):
            yield GateFinding(
                GateCode.GEOMETRY_CHANGED,
                f"A frame of the {item.kind} object does not lie where the source image it names lies.",
                item.kind,
            )
            return


def _has(header: Dataset, frame: int | None) -> bool:
    return frame is None or 1 <= frame <= len(header.get("PerFrameFunctionalGroupsSequence") or ())


def _same_plane(plane: Plane, whole: Level, header: Dataset) -> bool:
    position, directions, spacing = source_plane(header, plane.source_frame)
    return (
        _covers(whole, header)
        and bool(np.abs(plane.position_mm - position).max() <= POSITION_TOLERANCE_MM)
        and bool(np.abs(plane.directions - directions).max() <= DIRECTION_TOLERANCE)
        and bool(np.abs(plane.spacing_mm - spacing).max() <= SPACING_TOLERANCE_MM)
        and whole.text("FrameOfReferenceUID") in ("", str(header.get("FrameOfReferenceUID", "") or "").strip())
    )


def _covers(whole: Level, header: Dataset) -> bool:
    """The same pixels; a capture may have further ones below and to the right of them, for its caption."""
    rows, columns = whole.number("Rows") - int(header.Rows), whole.number("Columns") - int(header.Columns)
    return rows == columns == 0 or (whole.text("Modality") == "OT" and min(rows, columns) >= 0)


def _dimensions(item: Checked) -> Iterator[GateFinding]:
    """Each frame has its own place in the order of the frames, and equal places mean equal values."""
    whole = item.levels
    pointers = [
        (_pointed(row, "FunctionalGroupPointer"), _pointed(row, "DimensionIndexPointer"))
        for row in whole.below("DimensionIndexSequence")
    ]
    known = {row.text("DimensionOrganizationUID") for row in whole.below("DimensionOrganizationSequence")}
    sane = {row.text("DimensionOrganizationUID") for row in whole.below("DimensionIndexSequence")} <= known
    places, pairs = [], set()
    for frame in whole.below("PerFrameFunctionalGroupsSequence"):
        place = tuple(
            number for row in frame.below("FrameContentSequence") for number in row.numbers("DimensionIndexValues")
        )
        places.append(place)
        sane = sane and len(place) == len(pointers) and min(place, default=1) >= 1
        pairs |= {
            (axis, number, _value(whole, frame, *pointer))
            for axis, (number, pointer) in enumerate(zip(place, pointers, strict=False))
        }
    numbers = {(axis, number) for axis, number, _ in pairs}
    values = {(axis, value) for axis, _, value in pairs}
    one_to_one = len(pairs) == len(numbers) == len(values) and all(value for _, value in values)
    if not (sane and one_to_one and len(set(places)) == len(places)):
        sentence = f"The dimension index of the {item.kind} object does not give each frame its own place."
        yield GateFinding(GateCode.DIMENSIONS_WRONG, sentence, item.kind)


def _pointed(row: Level, keyword: str) -> int:
    numbers = row.numbers(keyword)
    return numbers[0] << 16 | numbers[1] if len(numbers) == 2 else 0


def _value(whole: Level, frame: Level, group: int, tag: int) -> object:
    """What a dimension points at, as it stands in the file; None where it points at nothing."""
    shared = whole.below("SharedFunctionalGroupsSequence")
    for level in (frame, *shared):
        for item in level.items.get(group, ()):
            if tag in item.elements:
                return item.elements[tag].value
    return None


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
        plane = planes.get((frame.plane.source_uid, frame.plane.source_frame))
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
