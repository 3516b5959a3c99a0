"""The segmentation objects: region and joints over the T1-weighted series, oedema over the fluid-sensitive one."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.content import CodedConcept
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from inference.sij_mri import Analysis, Role
from inference.types import BoolArray, Side, Volume
from reporting.objects import codes
from reporting.objects.sources import PlaneReference, SeriesSource
from reporting.objects.stamp import MANUFACTURER, MODEL_NAME, ResultContext, coding_schemes, stamp

Structure = Literal["region", "joint", "edema"]

COLOURS_LAB: dict[tuple[Structure, Side | None], tuple[float, float, float]] = {
    ("region", None): (79.0, -13.0, -24.0),
    ("joint", Side.LEFT): (86.0, -8.0, 68.0),
    ("joint", Side.RIGHT): (76.0, -44.0, 46.0),
    ("edema", Side.LEFT): (66.0, 48.0, 40.0),
    ("edema", Side.RIGHT): (64.0, 62.0, -20.0),
}


@dataclass(frozen=True, slots=True)
class Segment:
    """One structure found, on the grid of one volume.

    Attributes
    ----------
    structure : {"region", "joint", "edema"}
    side : Side or None
        None for what spans both sides.
    mask : bool array (slices, rows, columns)
        Never empty.
    volume_mm3 : float
    """

    structure: Structure
    side: Side | None
    mask: BoolArray
    volume_mm3: float

    @property
    def label(self) -> str:
        """Segment label; these five are the product's interface and never change."""
        side = "" if self.side is None else self.side.value.capitalize()
        return {
            "region": "Sacroiliac bone region",
            "joint": f"{side} sacroiliac joint",
            "edema": f"{side} bone marrow edema",
        }[self.structure]

    @property
    def key(self) -> str:
        """Short name that goes into UIDs and tracking identifiers."""
        return self.structure if self.side is None else f"{self.structure}-{self.side}"


@dataclass(frozen=True, slots=True)
class SegmentGroup:
    """The segments that share one grid, and so one segmentation object."""

    kind: str
    series_number: int
    description: str
    role: Role
    volume: Volume
    segments: tuple[Segment, ...]


def plan_segments(analysis: Analysis) -> tuple[SegmentGroup, ...]:
    """Which segmentation objects an analysis gives: none for what is empty, none where the source has no frame of
    reference.
    """
    groups = []
    reference = analysis.reference
    if reference is not None:
        role = Role.T1W if analysis.t1 is not None else Role.FLUID
        groups.append(
            SegmentGroup("seg-anatomy", 901, "SIJ segmentation", role, reference, _anatomy(analysis, reference))
        )
    if analysis.fluid is not None:
        found = _edema(analysis, analysis.fluid)
        groups.append(SegmentGroup("seg-edema", 911, "SIJ edema segmentation", Role.FLUID, analysis.fluid, found))
    return tuple(group for group in groups if group.segments and group.volume.frame_of_reference_uid)


def _anatomy(analysis: Analysis, volume: Volume) -> tuple[Segment, ...]:
    masks: list[tuple[Structure, Side | None, BoolArray | None]] = [("region", None, analysis.region)]
    for side in Side:
        joint = analysis.joint(side)
        masks.append(("joint", side, None if joint is None else joint.band))
    return tuple(
        Segment(structure, side, mask, float(np.count_nonzero(mask)) * volume.voxel_volume_mm3)
        for structure, side, mask in masks
        if mask is not None and mask.any()
    )


def _edema(analysis: Analysis, volume: Volume) -> tuple[Segment, ...]:
    if analysis.edema is None:
        return ()
    found = (
        (Side.LEFT, analysis.edema.left, analysis.edema.left_mm3),
        (Side.RIGHT, analysis.edema.right, analysis.edema.right_mm3),
    )
    return tuple(Segment("edema", side, mask, float(volume_mm3)) for side, mask, volume_mm3 in found if mask.any())


def build_segmentation(group: SegmentGroup, source: SeriesSource, context: ResultContext) -> Dataset:
    """One binary segmentation object on the grid of its source series.

    Parameters
    ----------
    group : SegmentGroup
        From :func:`plan_segments`.
    source : SeriesSource
        Of the same volume, slice for slice.
    context : ResultContext

    Returns
    -------
    Dataset
        Segmentation Storage, BINARY, Explicit VR Little Endian; frames that hold nothing are left out.

    References
    ----------
    DICOM PS3.3 A.51 (Segmentation IOD).
    """
    algorithm = AlgorithmIdentificationSequence(
        name=context.model.name or MANUFACTURER,
        family=codes.ARTIFICIAL_INTELLIGENCE,
        version=context.model.version or "0",
        source=MANUFACTURER,
    )
    descriptions = [
        _describe(number, segment, algorithm, context) for number, segment in enumerate(group.segments, start=1)
    ]
    pixels = np.stack([segment.mask for segment in group.segments], axis=-1).astype(np.uint8)
    dataset = Segmentation(
        source_images=source.planes,
        pixel_array=pixels,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        series_instance_uid=context.uids.make(group.kind, "series"),
        series_number=group.series_number,
        sop_instance_uid=context.uids.make(group.kind),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL_NAME,
        software_versions=context.software_version,
        device_serial_number=context.serial_number,
        content_label="AXSPA_RESEARCH",
        content_description="AI research result, not for diagnosis",
        coding_schemes=coding_schemes(),
    )
    relink(dataset, source.references)
    _list_once(dataset)
    dataset.BodyPartExamined = source.planes[0].BodyPartExamined
    stamp(dataset, context, description=group.description)
    return dataset


def _describe(
    number: int, segment: Segment, algorithm: AlgorithmIdentificationSequence, context: ResultContext
) -> SegmentDescription:
    category, kind, regions = {
        "region": (codes.ANATOMICAL_STRUCTURE, codes.REGION, [codes.SACRUM, codes.ILIUM]),
        "joint": (codes.ANATOMICAL_STRUCTURE, codes.SACROILIAC_JOINT, [codes.SACROILIAC_JOINT]),
        "edema": (codes.ABNORMAL_STRUCTURE, codes.EDEMA, [codes.SACROILIAC_JOINT]),
    }[segment.structure]
    description = SegmentDescription(
        segment_number=number,
        segment_label=segment.label,
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=context.uids.make("tracking", segment.key),
        tracking_id=tracking_identifier(segment),
        anatomic_regions=regions,
        display_color=CIELabColor(*COLOURS_LAB[segment.structure, segment.side]),
    )
    if segment.side is not None:
        side: Code = codes.SIDE[segment.side]
        for region in description.AnatomicRegionSequence:
            region.AnatomicRegionModifierSequence = [CodedConcept.from_code(side)]
        if segment.structure == "joint":
            kind_item = description.SegmentedPropertyTypeCodeSequence[0]
            kind_item.SegmentedPropertyTypeModifierCodeSequence = [CodedConcept.from_code(side)]
    return description


def tracking_identifier(segment: Segment) -> str:
    """Tracking identifier of a segment, the same in the segmentation and in the measurements."""
    return f"AXSPA-{segment.key.upper()}"


def relink(dataset: Dataset, references: dict[str, PlaneReference]) -> None:
    """Make every reference to a stand-in plane name the true instance, class and frame.

    Parameters
    ----------
    dataset : Dataset
        Changed in place, with all its sequences.
    references : dict from str to PlaneReference
        From :class:`reporting.objects.sources.SeriesSource`.
    """
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                relink(item, references)
    reference = references.get(str(dataset.get("ReferencedSOPInstanceUID", "")))
    if reference is not None:
        dataset.ReferencedSOPClassUID = reference.sop_class_uid
        dataset.ReferencedSOPInstanceUID = reference.sop_instance_uid
        if reference.frame is not None and "SegmentNumber" not in dataset:
            dataset.ReferencedFrameNumber = reference.frame


def _list_once(dataset: Dataset) -> None:
    """Name each source instance once in the list of references, without frames (they stand beside each frame)."""
    for series in dataset.get("ReferencedSeriesSequence", ()):
        unique = {str(item.ReferencedSOPInstanceUID): item for item in series.ReferencedInstanceSequence}
        for item in unique.values():
            if "ReferencedFrameNumber" in item:
                del item.ReferencedFrameNumber
        series.ReferencedInstanceSequence = list(unique.values())
