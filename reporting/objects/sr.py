"""The two measurement reports: the root result of the study, and the volumes of its segments.

They are two because validators choose one group template for a whole report: the study result is TID 1501, the volumes
of segments are TID 1411, and a mixture is judged wrongly.
"""

from collections.abc import Sequence

from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    Comprehensive3DSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    LanguageOfContentItemAndDescendants,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    ReferencedSegment,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceSeriesForSegmentation,
    TextContentItem,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as dicom_codes
from pydicom.sr.coding import Code

from inference.sij_mri import STAGES, Analysis
from inference.types import ModelIdentity, Side, Volume
from reporting.objects import codes
from reporting.objects.seg import Segment, SegmentGroup, tracking_identifier
from reporting.objects.stamp import MANUFACTURER, MODEL_NAME, ResultContext, clip, coding_schemes, stamp
from reporting.sij_mri.keyslices import choose_key_slices
from reporting.sij_mri.report import RESEARCH_LINE, Findings

ROOT_KIND, MEASUREMENT_KIND = "sr-root", "sr-measurements"
ROOT_DESCRIPTION, MEASUREMENT_DESCRIPTION = "AxSpA result", "SIJ measurements"


def build_root(
    analysis: Analysis, findings: Findings, context: ResultContext, *, evidence: Sequence[Dataset]
) -> Dataset:
    """The study's result, and the list of all other objects: status, stage, probabilities, ASAS rule, key slices.

    Parameters
    ----------
    analysis : Analysis
        Applicable.
    findings : Findings
        Of the same analysis; gives the limitations.
    context : ResultContext
    evidence : sequence of Dataset
        Source images and every other object of this result.

    Returns
    -------
    Dataset
        Comprehensive 3D SR, TID 1500 with one TID 1501 group.

    References
    ----------
    DICOM PS3.16 TID 1500, TID 1501, TID 4019.
    """
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=context.uids.make("tracking", "study"), identifier="AXSPA-STUDY"),
        finding_type=codes.ANKYLOSING_SPONDYLITIS,
        algorithm_id=algorithm_identification(context.model),
        finding_sites=[FindingSite(anatomic_location=codes.SACROILIAC_JOINT, laterality=codes.BILATERAL)],
        measurements=_study_measurements(analysis),
        qualitative_evaluations=_study_evaluations(analysis),
        source_images=_key_images(analysis),
    )
    report = _report(context, [group])
    report[0].ContentSequence.append(_evaluations_container(findings))
    return _document(
        report, context, kind=ROOT_KIND, series_number=902, description=ROOT_DESCRIPTION, evidence=evidence
    )


def build_measurements(
    groups: Sequence[SegmentGroup],
    segmentations: Sequence[Dataset],
    analysis: Analysis,
    context: ResultContext,
    *,
    evidence: Sequence[Dataset],
) -> Dataset:
    """The volume of every segment, each tied to its segment by reference and by tracking identifier.

    Parameters
    ----------
    groups, segmentations
        From the plan, and the objects built from it, in the same order.
    analysis : Analysis
    context : ResultContext
    evidence : sequence of Dataset
        Source images and the segmentations.

    References
    ----------
    DICOM PS3.16 TID 1500, TID 1411.
    """
    measured = [
        _segment_group(segment, number, group, segmentation, analysis, context)
        for group, segmentation in zip(groups, segmentations, strict=True)
        for number, segment in enumerate(group.segments, start=1)
    ]
    return _document(
        _report(context, measured),
        context,
        kind=MEASUREMENT_KIND,
        series_number=903,
        description=MEASUREMENT_DESCRIPTION,
        evidence=evidence,
    )


def observer(context: ResultContext) -> ObserverContext:
    """The software as the device that observed (TID 1002, 1004)."""
    return ObserverContext(
        observer_type=dicom_codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=context.uids.device,
            name=clip(f"{context.model.name} {context.model.version}"),
            manufacturer_name=MANUFACTURER,
            model_name=MODEL_NAME,
            serial_number=context.serial_number,
        ),
    )


def algorithm_identification(model: ModelIdentity) -> AlgorithmIdentification:
    """The bundle as an algorithm (TID 4019)."""
    return AlgorithmIdentification(
        name=model.name or MANUFACTURER,
        version=model.version or "0",
        parameters=[f"bundle manifest SHA-256 {model.digest}", RESEARCH_LINE],
        family=codes.ARTIFICIAL_INTELLIGENCE,
        manufacturer=MANUFACTURER,
    )


def separate(item: Dataset) -> None:
    """Make every container below show its parts apart; continuous text loses its headings in viewers."""
    if item.get("ValueType") == "CONTAINER":
        item.ContinuityOfContent = "SEPARATE"
    for child in item.get("ContentSequence", ()):
        separate(child)


def _report(
    context: ResultContext,
    groups: Sequence[MeasurementsAndQualitativeEvaluations | VolumetricROIMeasurementsAndQualitativeEvaluations],
) -> MeasurementReport:
    return MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer(context)),
        procedure_reported=_procedure(context),
        imaging_measurements=groups,
        title=dicom_codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(
            CodedConcept.from_code(codes.ENGLISH)
        ),
    )


def _procedure(context: ResultContext) -> Code:
    """The procedure of the source study if it is coded in full, else a plain MRI."""
    for item in context.identity.get("ProcedureCodeSequence", ()):
        value, scheme, meaning = (
            str(item.get(keyword, "") or "") for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
        )
        if value and scheme and meaning and meaning.isascii() and len(value) <= 16:
            return Code(value, scheme, clip(meaning))
    return codes.MRI_UNSPECIFIED


def _document(
    report: MeasurementReport,
    context: ResultContext,
    *,
    kind: str,
    series_number: int,
    description: str,
    evidence: Sequence[Dataset],
) -> Dataset:
    separate(report[0])
    dataset = Comprehensive3DSR(
        evidence=evidence,
        content=report,
        series_instance_uid=context.uids.make(kind, "series"),
        series_number=series_number,
        sop_instance_uid=context.uids.make(kind),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        is_verified=False,
        coding_schemes=coding_schemes(),
    )
    stamp(dataset, context, description=description)
    return dataset


def _study_measurements(analysis: Analysis) -> list[Measurement]:
    measurements = []
    if analysis.prediction is not None:
        measurements.append(Measurement(codes.PROBABILITY, analysis.prediction.as_probability, codes.NO_UNITS))
        for stage, value in zip(STAGES, analysis.prediction.stage_probabilities, strict=True):
            measurements.append(Measurement(codes.STAGE_PROBABILITY[stage], value, codes.NO_UNITS))
    if analysis.edema is not None:
        for side, value in ((Side.LEFT, analysis.edema.left_mm3), (Side.RIGHT, analysis.edema.right_mm3)):
            measurements.append(Measurement(codes.EDEMA_VOLUME[side], value, codes.CUBIC_MILLIMETER))
    return measurements


def _study_evaluations(analysis: Analysis) -> list[QualitativeEvaluation]:
    evaluations = []
    if analysis.prediction is not None:
        status = codes.present_or_absent(analysis.prediction.as_present)
        evaluations.append(QualitativeEvaluation(codes.AS_STATUS, status))
        evaluations.append(QualitativeEvaluation(codes.AS_STAGE, codes.STAGE_VALUE[analysis.prediction.stage]))
    if analysis.asas is not None:
        for name, met in (
            (codes.ASAS_RULE, analysis.asas.positive),
            (codes.ASAS_RULE_SIDE[Side.LEFT], analysis.asas.left_positive),
            (codes.ASAS_RULE_SIDE[Side.RIGHT], analysis.asas.right_positive),
        ):
            evaluations.append(QualitativeEvaluation(name, codes.present_or_absent(met)))
    return evaluations


def _key_images(analysis: Analysis) -> list[SourceImageForMeasurementGroup]:
    volume = analysis.reference
    if volume is None:
        return []
    return [_source_image(volume, index) for index in choose_key_slices(analysis) if index < len(volume.images)]


def _source_image(volume: Volume, index: int) -> SourceImageForMeasurementGroup:
    image = volume.images[index]
    return SourceImageForMeasurementGroup(
        referenced_sop_class_uid=image.sop_class_uid,
        referenced_sop_instance_uid=image.sop_instance_uid,
        referenced_frame_numbers=None if image.frame is None else [image.frame],
    )


def _evaluations_container(findings: Findings) -> ContainerContentItem:
    container = ContainerContentItem(
        name=codes.QUALITATIVE_EVALUATIONS,
        is_content_continuous=False,
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
    texts = [(codes.CONCLUSION, RESEARCH_LINE), (codes.CONCLUSION, findings.headline)]
    texts += [(codes.LIMITATION, text) for text in findings.limitations]
    container.ContentSequence = ContentSequence(
        [
            TextContentItem(name=name, value=text, relationship_type=RelationshipTypeValues.CONTAINS)
            for name, text in texts
        ]
    )
    return container


def _segment_group(
    segment: Segment,
    number: int,
    group: SegmentGroup,
    segmentation: Dataset,
    analysis: Analysis,
    context: ResultContext,
) -> VolumetricROIMeasurementsAndQualitativeEvaluations:
    finding = codes.EDEMA if segment.structure == "edema" else codes.SACROILIAC_JOINT
    side = codes.BILATERAL if segment.side is None else codes.SIDE[segment.side]
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=context.uids.make("tracking", segment.key), identifier=tracking_identifier(segment)
        ),
        referenced_segment=ReferencedSegment(
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=number,
            source_series=SourceSeriesForSegmentation(group.volume.series_instance_uid),
        ),
        finding_type=finding,
        algorithm_id=algorithm_identification(context.model),
        finding_sites=[FindingSite(anatomic_location=codes.SACROILIAC_JOINT, laterality=side)],
        measurements=[Measurement(codes.VOLUME, segment.volume_mm3, codes.CUBIC_MILLIMETER)],
        qualitative_evaluations=_side_evaluations(segment, analysis),
    )


def _side_evaluations(segment: Segment, analysis: Analysis) -> list[QualitativeEvaluation] | None:
    if segment.structure != "edema" or segment.side is None or analysis.asas is None:
        return None
    met = analysis.asas.left_positive if segment.side == Side.LEFT else analysis.asas.right_positive
    return [QualitativeEvaluation(codes.ASAS_RULE_SIDE[segment.side], codes.present_or_absent(met))]
