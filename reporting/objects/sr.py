"""The two measurement reports: the root result of the study, and the measurements of its segments.

They are two because validators choose one group template for a whole report: the study result is TID 1501, the
measurements of segments are TID 1411, and a mixture is judged wrongly.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from highdicom.sr import (
    ContainerContentItem,
    ContentSequence,
    FindingSite,
    ImageContentItem,
    MeasurementsAndQualitativeEvaluations,
    ReferencedSegment,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceSeriesForSegmentation,
    TextContentItem,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from inference.result import Images, Key, NotAssessable, Segment, Site
from reporting.objects import codes
from reporting.objects.document import (
    Group,
    algorithm_identification,
    measurement_document,
    measurement_report,
)
from reporting.objects.material import Material
from reporting.objects.said import Said, finding_sites, say_segment, say_study
from reporting.objects.seg import PlannedSegmentation, plan_segmentations
from reporting.objects.stamp import tracking_identifier
from reporting.seen import Seen, look_first, shown_in
from reporting.sites import is_paired
from reporting.types import KindRow, ResultObject
from reporting.words import RESEARCH_LINE, conclusion_of, other_limitations

STUDY = "study"


def build_study_report(material: Material, row: KindRow) -> list[ResultObject]:
    """The study's result, and the list of all other objects: numbers, values, key images, limitations.

    One group of TID 1501 speaks of the study's own site; what names another site or level by nothing but its site has
    a group there.

    References
    ----------
    DICOM PS3.16 TID 1500, TID 1501, TID 4019.
    """
    context, presentation = material.context, material.presentation
    report = measurement_report(context, list(_study_groups(material)), procedure=presentation.procedure)
    report[0].ContentSequence.append(_evaluations_container(material))
    dataset = measurement_document(
        report,
        context,
        row,
        description=presentation.result_description,
        evidence=[*material.evidence.items, *(one.dataset for one in material.made)],
    )
    return [material.finish(row, dataset)]


def build_measurements(material: Material, row: KindRow) -> list[ResultObject]:
    """The measurements of every segment, each tied to its segment by reference and by tracking identifier; none where
    there is no segmentation.

    References
    ----------
    DICOM PS3.16 TID 1500, TID 1411.
    """
    context, presentation = material.context, material.presentation
    planned = plan_segmentations(material.analysis, presentation.groups)
    if not planned:
        return []
    segmentations = [one.dataset for one in material.made if one.dataset.Modality == "SEG"]
    groups = [
        _segment_group(material, number, segment, plan, segmentation)
        for plan, segmentation in zip(planned, segmentations, strict=True)
        for number, segment in enumerate(plan.segments, start=1)
    ]
    dataset = measurement_document(
        measurement_report(context, groups, procedure=presentation.procedure),
        context,
        row,
        description=presentation.measurements_description,
        evidence=[*material.evidence.items, *segmentations],
    )
    return [material.finish(row, dataset)]


def _study_groups(material: Material) -> Iterator[Group]:
    presentation, terms = material.presentation, material.presentation.terms
    for thing, said in say_study(material.analysis, presentation).items():
        if thing is None:
            paired = is_paired(presentation.study_site, terms)
            sites = [FindingSite(presentation.study_site, laterality=codes.BILATERAL if paired else None)]
            images = list(_key_images(material))
            yield _group(material, STUDY, None, said, sites, presentation.study_finding, images)
        else:
            key, site = thing
            finding = terms.segments[key].finding if key in terms.segments else presentation.study_finding
            images = list(_measured_on(material, key, site))
            yield _group(material, key, site, said, finding_sites(site, terms), finding, images)


def _group(
    material: Material,
    key: Key,
    site: Site | None,
    said: Said,
    sites: Sequence[FindingSite],
    finding: Code,
    images: Sequence[SourceImageForMeasurementGroup] = (),
) -> MeasurementsAndQualitativeEvaluations:
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(material, key, site),
        finding_type=finding,
        algorithm_id=algorithm_identification(material.context.model),
        finding_sites=sites,
        measurements=said.numbers,
        qualitative_evaluations=said.codes,
        source_images=images,
    )


def _tracking(material: Material, key: Key, site: Site | None) -> TrackingIdentifier:
    return TrackingIdentifier(uid=material.context.tracking_uid(key, site), identifier=tracking_identifier(key, site))


def _key_images(material: Material) -> Iterator[SourceImageForMeasurementGroup]:
    for seen in look_first(material.analysis, material.presentation.terms):
        yield _source_image(seen.images, seen.planes[0])


def _measured_on(material: Material, key: Key, site: Site) -> Iterator[SourceImageForMeasurementGroup]:
    """The planes that hold the segment; of a number that found none, all planes on which it was looked for."""
    analysis, terms = material.analysis, material.presentation.terms
    segment = next((one for one in analysis.segments if (one.key, one.site) == (key, site)), None)
    if segment is not None:
        images, planes = analysis.of_role(segment.role), np.flatnonzero(segment.mask.any(axis=(1, 2)))
    else:
        of = [one for one in analysis.measurements if (one.of, one.site) == (key, site)]
        role = next((terms.measurements[one.key].role for one in of if not isinstance(one.value, NotAssessable)), "")
        images = analysis.of_role(role)
        planes = np.arange(0 if images is None else images.shape[0])
    for plane in planes:
        if images is not None:
            yield _source_image(images, int(plane))


def _source_image(images: Images, plane: int) -> SourceImageForMeasurementGroup:
    image = images.sources[plane]
    return SourceImageForMeasurementGroup(
        referenced_sop_class_uid=image.sop_class_uid,
        referenced_sop_instance_uid=image.sop_instance_uid,
        referenced_frame_numbers=None if image.frame is None else [image.frame],
    )


def _evaluations_container(material: Material) -> ContainerContentItem:
    """What is said in words: the result, how far it can be trusted, and where to look."""
    report, analysis, terms = material.report, material.analysis, material.presentation.terms
    container = ContainerContentItem(
        name=codes.QUALITATIVE_EVALUATIONS,
        is_content_continuous=False,
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
    texts = [(codes.CONCLUSION, RESEARCH_LINE), *((codes.LIMITATION, text) for text in report.missing)]
    texts += [(codes.CONCLUSION, text) for text in conclusion_of(report)]
    texts += [(codes.LIMITATION, text) for text in other_limitations(report)]
    seen = [(codes.KEY_SLICE, one) for one in look_first(analysis, terms)]
    seen += [(codes.SHOWN_IN, one) for one in shown_in(analysis, terms)]
    container.ContentSequence = ContentSequence(
        [*(_text(name, text) for name, text in texts), *(_seen(name, one) for name, one in seen)]
    )
    return container


def _text(name: Code, text: str) -> TextContentItem:
    return TextContentItem(name=name, value=text, relationship_type=RelationshipTypeValues.CONTAINS)


def _seen(name: Code, seen: Seen) -> TextContentItem:
    """A text that is inferred from the images that it names."""
    text = _text(name, seen.words)
    text.ContentSequence = ContentSequence([_image(seen.images, plane) for plane in seen.planes])
    return text


def _image(images: Images, plane: int) -> ImageContentItem:
    image = images.sources[plane]
    return ImageContentItem(
        name=codes.SOURCE,
        referenced_sop_class_uid=image.sop_class_uid,
        referenced_sop_instance_uid=image.sop_instance_uid,
        referenced_frame_numbers=None if image.frame is None else [image.frame],
        relationship_type=RelationshipTypeValues.INFERRED_FROM,
    )


def _segment_group(
    material: Material, number: int, segment: Segment, plan: PlannedSegmentation, segmentation: Dataset
) -> VolumetricROIMeasurementsAndQualitativeEvaluations:
    terms = material.presentation.terms
    said = say_segment((segment.key, segment.site), material.analysis, material.presentation)
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(material, segment.key, segment.site),
        referenced_segment=ReferencedSegment(
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=number,
            source_series=SourceSeriesForSegmentation(plan.images.series_instance_uid),
        ),
        finding_type=terms.segments[segment.key].finding,
        algorithm_id=algorithm_identification(material.context.model),
        finding_sites=finding_sites(segment.site, terms),
        measurements=said.numbers,
        qualitative_evaluations=said.codes or None,
    )
