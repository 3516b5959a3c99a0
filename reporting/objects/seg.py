"""The segmentation objects: one for each group of segments and each series that they lie on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.content import CodedConcept
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset

from inference.result import Analysis, Images, Segment
from inference.types import Side
from reporting.objects import codes
from reporting.objects.material import Material
from reporting.objects.sources import SeriesSource, describe_series, list_once, read_header, relink
from reporting.objects.stamp import (
    MANUFACTURER,
    MODEL_NAME,
    ResultContext,
    clip,
    coding_schemes,
    stamp,
    tracking_identifier,
)
from reporting.presentation import SegmentGroup, Terms
from reporting.sites import segment_label
from reporting.types import KindRow, ResultObject

_SIDES = (None, *Side)


@dataclass(frozen=True, slots=True)
class PlannedSegmentation:
    """The segments of one group that share the grid of one series, and so one segmentation object.

    Attributes
    ----------
    group : SegmentGroup
    images : Images
        With a place in the patient.
    segments : tuple of Segment
        Numbered from 1 in this order.
    number : int
        Instance number: that of the series among those on which the group has segments.
    """

    group: SegmentGroup
    images: Images
    segments: tuple[Segment, ...]
    number: int


def plan_segmentations(
    analysis: Analysis, groups: Sequence[SegmentGroup], kinds: Collection[str]
) -> tuple[PlannedSegmentation, ...]:
    """Which segmentation objects of those kinds an analysis gives: none on images without a place in the patient."""
    planned = []
    for group in (one for one in groups if one.segmentation in kinds):
        series = [images for images in analysis.images if images.placed and segments_on(analysis, group, images)]
        planned += [
            PlannedSegmentation(group, images, segments_on(analysis, group, images), number)
            for number, images in enumerate(series, start=1)
        ]
    return tuple(planned)


def segments_on(analysis: Analysis, group: SegmentGroup, images: Images) -> tuple[Segment, ...]:
    """The segments of a group on one series: in the order of the group's keys, the left side first."""
    own = [one for one in analysis.segments if one.role == images.role and one.key in group.keys]
    return tuple(sorted(own, key=lambda one: (group.keys.index(one.key), _SIDES.index(one.site.side))))


def build_segmentations(material: Material, row: KindRow) -> list[ResultObject]:
    """All segmentation objects of a result; binary, Explicit VR Little Endian, without frames that hold nothing.

    References
    ----------
    DICOM PS3.3 A.51 (Segmentation IOD).
    """
    body_parts = material.presentation.body_parts
    objects = []
    for planned in plan_segmentations(material.analysis, material.presentation.groups, material.kinds):
        header = read_header(planned.images.sources[0].path)
        source = describe_series(planned.images.volume, header, body_parts)
        dataset = _build(planned, source, row, material)
        title = planned.group.description
        objects.append(material.finish(row, dataset, name=planned.group.segmentation, title=title))
    return objects


def _build(planned: PlannedSegmentation, source: SeriesSource, row: KindRow, material: Material) -> Dataset:
    group, role = planned.group, planned.images.role
    context, terms = material.context, material.presentation.terms
    algorithm = AlgorithmIdentificationSequence(
        name=context.model.name or MANUFACTURER,
        family=codes.ARTIFICIAL_INTELLIGENCE,
        version=context.model.version or "0",
        source=MANUFACTURER,
    )
    descriptions = [
        _describe(number, segment, terms, algorithm, context) for number, segment in enumerate(planned.segments, 1)
    ]
    masks = np.stack([segment.mask for segment in planned.segments]).view(np.uint8)
    dataset = Segmentation(
        source_images=source.planes,
        pixel_array=np.moveaxis(masks, 0, -1),  # each frame in one piece of memory: several times as fast
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        series_instance_uid=context.uids.make(group.segmentation, f"series {role}"),
        series_number=context.series_base + group.offset,
        sop_instance_uid=context.uids.make(group.segmentation, role),
        instance_number=planned.number,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL_NAME,
        software_versions=context.software_version,
        device_serial_number=context.serial_number,
        content_label="AXSPA_RESEARCH",
        content_description=clip(context.language.say("research-line")),
        coding_schemes=coding_schemes(),
    )
    relink(dataset, source.references)
    list_once(dataset)
    dataset.BodyPartExamined = source.planes[0].BodyPartExamined
    stamp(dataset, context, row, description=material.describe(group.description))
    return dataset


def _describe(
    number: int, segment: Segment, terms: Terms, algorithm: AlgorithmIdentificationSequence, context: ResultContext
) -> SegmentDescription:
    term, side = terms.segments[segment.key], segment.site.side
    description = SegmentDescription(
        segment_number=number,
        segment_label=segment_label(segment, terms),
        segmented_property_category=term.category,
        segmented_property_type=term.kind,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=context.tracking_uid(segment.key, segment.site),
        tracking_id=tracking_identifier(segment.key, segment.site),
        anatomic_regions=list(term.regions),
        display_color=CIELabColor(*term.lab[side]),
    )
    if side is not None:
        for region in description.AnatomicRegionSequence:
            region.AnatomicRegionModifierSequence = [CodedConcept.from_code(codes.SIDE[side])]
        if term.category == codes.ANATOMICAL_STRUCTURE:
            kind = description.SegmentedPropertyTypeCodeSequence[0]
            kind.SegmentedPropertyTypeModifierCodeSequence = [CodedConcept.from_code(codes.SIDE[side])]
    return description
