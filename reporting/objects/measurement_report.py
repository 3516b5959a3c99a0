"""The reports that outline: one for each group of segments and each series, on the images of that series alone.

Viewers draw a report of this title group by group, merged by tracking UID, and draw none of it where a group has no
outline, or one on another series: so each volume carries the tracking UID of an outline, which is that of its segment.
Validators choose one template of groups for a whole report, and take exactly one outline for the sign of another
template: so a report with fewer than two says the volume beside the outline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from highdicom.sr import (
    ImageRegion,
    Measurement,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    ReferencedSegment,
    SourceImageForRegion,
    SourceSeriesForSegmentation,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset

from inference.result import Images, Segment
from reporting.objects import codes
from reporting.objects.digits import coded_number
from reporting.objects.document import (
    Group,
    algorithm_identification,
    measurement_document,
    measurement_report,
)
from reporting.objects.evaluations import evaluations_container
from reporting.objects.material import Material
from reporting.objects.outlined import PlannedReport, further_planes, least_px, plan_reports, sizes
from reporting.objects.outlines import Outline, outlines
from reporting.objects.said import Said, finding_sites, say_segment
from reporting.objects.stamp import image_tracking_uid, tracking_identifier
from reporting.types import KindRow, ResultObject
from reporting.words import image_number

FEWEST_OUTLINES = 2
"""Of a report that refers to segments."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One outline that a report is to have: of a part of a segment, in a plane, under a name."""

    segment: Segment
    plane: int
    line: Outline
    tracking: TrackingIdentifier
    first: bool


def build_outline_reports(material: Material, row: KindRow) -> list[ResultObject]:
    """The reports of all groups that have one; the first leads: it holds the study's results and names all others.

    References
    ----------
    DICOM PS3.16 TID 1500, TID 1410, TID 1411.
    """
    planned = plan_reports(material.analysis, material.presentation.groups, material.kinds)
    made: list[ResultObject] = []
    for one in reversed(planned):
        made.insert(0, _build(material, one, _row_of(one, row), others=[*material.made, *made]))
    return made


def _row_of(planned: PlannedReport, row: KindRow) -> KindRow:
    """The row of the kind for one group: what is read first is newest."""
    group, later_s = planned.group, max((row.later_s or 0) - planned.place, 0)
    return replace(row, name=group.report, offset=group.report_offset or row.offset, later_s=later_s)


def _build(material: Material, planned: PlannedReport, row: KindRow, *, others: Sequence[ResultObject]) -> ResultObject:
    leads, number = planned.place == 0, str(planned.images.role)
    segmentations = [one.dataset for one in others if one.kind == planned.group.segmentation]
    report = measurement_report(
        material.context,
        list(_groups(material, planned, segmentations)),
        procedure=material.presentation.procedure,
    )
    if leads:
        outlined = {(one.key, one.site) for one in planned.segments}
        report[0].ContentSequence.append(evaluations_container(material, outlined))
    named = [one.dataset for one in others] if leads else segmentations
    dataset = measurement_document(
        report,
        material.context,
        row,
        document_class=material.report_class,
        description=material.describe(planned.group.report_description),
        evidence=[*material.evidence.items, *named],
        of=number,
        beside={one.kind for one in others} if leads else None,
    )
    return material.finish(row, dataset, title=planned.group.report_description)


def _groups(material: Material, planned: PlannedReport, segmentations: Sequence[Dataset]) -> Iterator[Group]:
    """Outlines of all segments where they are largest, then in further planes, then the volumes."""
    drawn = list(_drawn(material, planned))
    apart = _references(planned, segmentations) if len(drawn) >= FEWEST_OUTLINES else {}

    def told(segment: Segment) -> Said:
        return say_segment((segment.key, segment.site), material.analysis, material.presentation)

    for one in drawn:
        beside = one.first and _uid(material, one.segment) not in apart
        yield _outline_group(material, planned.images, one, told(one.segment) if beside else Said())
    for segment in planned.segments:
        reference = apart.get(_uid(material, segment))
        if reference is not None:
            yield _volume_group(material, segment, reference, told(segment))


def _drawn(material: Material, planned: PlannedReport) -> Iterator[_Drawn]:
    """The largest parts where segments are largest, their other parts there, then the parts in further planes."""
    images, least = planned.images, least_px(planned.images)
    others: list[_Drawn] = []
    for segment in planned.segments:
        plane = int(sizes(segment).argmax())
        first, *more = outlines(segment.mask[plane], least_px=least)
        yield _Drawn(segment, plane, first, _tracking(material, segment), first=True)
        others += [
            _Drawn(segment, plane, line, _tracking_in(material, segment, images, plane, part), first=False)
            for part, line in enumerate(more, start=2)
        ]
    yield from others
    for segment in planned.segments:
        for plane in further_planes(segment, material.analysis, material.presentation.terms):
            for part, line in enumerate(outlines(segment.mask[plane], least_px=least), start=1):
                tracking = _tracking_in(material, segment, images, plane, part)
                yield _Drawn(segment, plane, line, tracking, first=False)


def _uid(material: Material, segment: Segment) -> str:
    return material.context.tracking_uid(segment.key, segment.site)


def _tracking(material: Material, segment: Segment) -> TrackingIdentifier:
    return TrackingIdentifier(uid=_uid(material, segment), identifier=tracking_identifier(segment.key, segment.site))


def _tracking_in(material: Material, segment: Segment, images: Images, plane: int, part: int) -> TrackingIdentifier:
    """The name of a segment in one image; of its further parts there, from 2, one each."""
    image = images.sources[plane]
    number = image_number(image)
    name = f"{tracking_identifier(segment.key, segment.site)} image {plane + 1 if number is None else number}"
    return TrackingIdentifier(
        uid=image_tracking_uid(_uid(material, segment), image, part=part),
        identifier=name if part == 1 else f"{name} part {part}",
    )


def _references(planned: PlannedReport, segmentations: Sequence[Dataset]) -> dict[str, ReferencedSegment]:
    """References to the segments on this series, by tracking UID."""
    source = SourceSeriesForSegmentation(planned.images.series_instance_uid)
    return {
        str(segment.TrackingUID): ReferencedSegment(
            sop_class_uid=dataset.SOPClassUID,
            sop_instance_uid=dataset.SOPInstanceUID,
            segment_number=int(segment.SegmentNumber),
            source_series=source,
        )
        for dataset in segmentations
        for segment in dataset.SegmentSequence
    }


def _outline_group(
    material: Material, images: Images, drawn: _Drawn, said: Said
) -> PlanarROIMeasurementsAndQualitativeEvaluations:
    terms, segment, image = material.presentation.terms, drawn.segment, images.sources[drawn.plane]
    source = SourceImageForRegion(
        referenced_sop_class_uid=image.sop_class_uid,
        referenced_sop_instance_uid=image.sop_instance_uid,
        referenced_frame_numbers=None if image.frame is None else [image.frame],
    )
    return PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=drawn.tracking,
        referenced_region=ImageRegion("POLYLINE", drawn.line.points_px, source),
        finding_type=terms.segments[segment.key].finding,
        algorithm_id=algorithm_identification(material.context),
        finding_sites=finding_sites(segment.site, terms),
        measurements=[*_area(drawn.line.pixels, images), *(one.measurement for one in said.numbers)] or None,
        qualitative_evaluations=[one.evaluation for one in said.answers] or None,
    )


def _area(pixels: int, images: Images) -> Iterator[Measurement]:
    """The area of what is outlined, where the images say how large their pixels are."""
    if images.grid is not None or images.sources[0].pixel_spacing_mm:
        down, across = images.pixel_spacing_mm
        yield Measurement(codes.AREA, *coded_number(pixels * down * across, codes.SQUARE_MILLIMETER))


def _volume_group(
    material: Material, segment: Segment, reference: ReferencedSegment, said: Said
) -> VolumetricROIMeasurementsAndQualitativeEvaluations:
    terms = material.presentation.terms
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(material, segment),
        referenced_segment=reference,
        finding_type=terms.segments[segment.key].finding,
        algorithm_id=algorithm_identification(material.context),
        finding_sites=finding_sites(segment.site, terms),
        measurements=[one.measurement for one in said.numbers] or None,
        qualitative_evaluations=[one.evaluation for one in said.answers] or None,
    )
