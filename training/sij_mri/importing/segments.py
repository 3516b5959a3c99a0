"""Masks of DICOM Segmentations: told apart by what a segment says it is, never by its number."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from highdicom.seg import Segmentation
from numpy.typing import NDArray
from pydicom.dataset import Dataset as DicomDataset

from inference.space import resample
from inference.types import BoolArray, Volume
from training.data import DicomMapping

log = logging.getLogger(__name__)

Planes = dict[int, NDArray[np.integer]]

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
AUTOMATIC = "AUTOMATIC"
TRACKED = "AXSPA-"
REGION, INFLAMMATION = "region", "inflammation"
REGION_CODE, BAND_CODE, EDEMA_CODE = ("SIJ_REGION", "99AXSPA"), ("SIJ_BAND", "99AXSPA"), ("79654002", "SCT")
LABELS = {"Sacroiliac bone region": REGION, "Bone marrow edema": INFLAMMATION}
SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Found:
    """One segment.

    Attributes
    ----------
    label : str
        Name of its mask; those of one name in one object are one mask.
    number : int
    by_program : bool
        Whether it says that a program made it and nobody corrected it.
    """

    label: str
    number: int
    by_program: bool


def read_segments(dataset: DicomDataset, volumes: Sequence[Volume], mapping: DicomMapping) -> dict[str, BoolArray]:
    """Masks of one segmentation, on the grid of the first volume.

    Parameters
    ----------
    dataset : pydicom Dataset
        A Segmentation.
    volumes : sequence of Volume
        Those that it may have been drawn on, as they were read, of one frame of reference.
    mapping : DicomMapping

    Returns
    -------
    dict of str to bool array (slices, rows, columns)
        ``region``, ``joint_left``, ``inflammation`` (all parts of edema as one mask) and so on; empty where nothing of
        it is known or lies on these volumes.
    """
    segmentation = Segmentation.from_dataset(dataset)
    masks: dict[str, BoolArray] = {}
    for found in known_segments(dataset, mapping):
        if found.by_program and not mapping.automatic:
            log.warning(
                "A mask %s was left out: a program made it and nobody corrected it; dicom.automatic = true in the "
                "mapping file takes it",
                found.label,
            )
            continue
        for volume in volumes:
            mask = _mask(segmentation, found.number, volume)
            if mask is not None:
                on_first = mask if volume is volumes[0] else resample(mask, volume, volumes[0])
                masks[found.label] = masks.get(found.label, np.zeros(on_first.shape, np.bool_)) | on_first
                break
    return masks


def known_segments(dataset: DicomDataset, mapping: DicomMapping) -> Iterator[Found]:
    """The segments of a segmentation whose name as a mask is known."""
    for segment in dataset.SegmentSequence:
        label = _label(segment, mapping)
        if label:
            by_program = str(segment.get("SegmentAlgorithmType", "")) == AUTOMATIC
            yield Found(label, int(segment.SegmentNumber), by_program)


def _label(segment: DicomDataset, mapping: DicomMapping) -> str:
    """By the mapping file, the tracking identifier, the coded property, the name; the first that says something."""
    tracking, name = str(segment.get("TrackingID", "")), str(segment.get("SegmentLabel", ""))
    return (
        mapping.segments.get(tracking)
        or mapping.segments.get(name)
        or _of_tracking(tracking)
        or _of_codes(segment)
        or LABELS.get(name, "")
    )


def _of_tracking(tracking: str) -> str:
    if not tracking.startswith(TRACKED):
        return ""
    key = tracking.removeprefix(TRACKED).lower().replace("-", "_")
    return INFLAMMATION if key.startswith("edema") else key


def _of_codes(segment: DicomDataset) -> str:
    """By the property type, and by the side of the region where it has one."""
    kinds = segment.get("SegmentedPropertyTypeCodeSequence") or []
    codes = {(str(kind.get("CodeValue", "")), str(kind.get("CodingSchemeDesignator", ""))) for kind in kinds}
    if REGION_CODE in codes:
        return REGION
    if EDEMA_CODE in codes:
        return INFLAMMATION
    words = [
        str(modifier.get("CodeMeaning", "")).lower()
        for region in segment.get("AnatomicRegionSequence") or []
        for modifier in region.get("AnatomicRegionModifierSequence") or []
    ]
    side = next((side for side in SIDES if side in words), "")
    return f"joint_{side}" if BAND_CODE in codes and side else ""


def _mask(segmentation: Segmentation, number: int, volume: Volume) -> BoolArray | None:
    """One segment on the images of a volume; None where it was drawn on none of them."""
    planes = _of_one_file(segmentation, number, volume) or _of_many_files(segmentation, number, volume)
    mask = np.zeros(volume.shape, np.bool_)
    for index, plane in planes.items():
        if plane.shape != volume.shape[1:]:
            raise ValueError(f"a mask does not fit its image: expected {volume.shape[1:]}, received {plane.shape}")
        mask[index] = plane > 0
    return mask if planes else None


def _of_many_files(segmentation: Segmentation, number: int, volume: Volume) -> Planes:
    """By slice, of a volume with a file for each."""
    slices = {image.sop_instance_uid: index for index, image in enumerate(volume.images)}
    used = [uid for _, _, uid in segmentation.get_source_image_uids() if uid in slices]
    if not used or len(slices) < len(volume.images):
        return {}
    planes = segmentation.get_pixels_by_source_instance(used, segment_numbers=[number], ignore_spatial_locations=True)
    return {slices[uid]: plane for uid, plane in zip(used, planes[..., 0], strict=True)}


def _of_one_file(segmentation: Segmentation, number: int, volume: Volume) -> Planes:
    """By slice, of a volume whose slices are frames of one file."""
    frames = [image.frame for image in volume.images if image.frame is not None]
    uids = {image.sop_instance_uid for image in volume.images}
    known = {uid for _, _, uid in segmentation.get_source_image_uids()}
    if len(frames) < len(volume.images) or len(uids) != 1 or not uids <= known:
        return {}
    planes = segmentation.get_pixels_by_source_frame(
        uids.pop(),
        frames,
        segment_numbers=[number],
        ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )
    return dict(enumerate(planes[..., 0]))
