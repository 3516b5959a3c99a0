"""What the structured reports share: observer, algorithm, the frame of a measurement report, predecessors.

References
----------
PS3.16 TID 1500 (Measurement Report), TID 1001 (Observation Context), TID 4019 (Algorithm Identification); PS3.3 C.17.2
(SR Document General).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    CodedConcept,
    Comprehensive3DSR,
    ComprehensiveSR,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    EnhancedSR,
    LanguageOfContentItemAndDescendants,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    RelationshipTypeValues,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as dicom_codes
from pydicom.sr.coding import Code
from pydicom.uid import UID, Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage

from reporting.objects import codes
from reporting.objects.stamp import MANUFACTURER, MODEL_NAME, ResultContext, coding_schemes, stamp
from reporting.types import KindRow, is_followed

DOCUMENTS: Mapping[UID, type] = {
    Comprehensive3DSRStorage: Comprehensive3DSR,
    ComprehensiveSRStorage: ComprehensiveSR,
    EnhancedSRStorage: EnhancedSR,
}
"""Classes that can hold a measurement report, the usual one first."""

Group: TypeAlias = PlanarROIMeasurementsAndQualitativeEvaluations | VolumetricROIMeasurementsAndQualitativeEvaluations


def observer(context: ResultContext) -> ObserverContext:
    """The software as the device that observed (TID 1002, 1004)."""
    return ObserverContext(
        observer_type=dicom_codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=context.device_uid,
            name=context.model_words,
            manufacturer_name=MANUFACTURER,
            model_name=MODEL_NAME,
            serial_number=context.serial_number,
        ),
    )


def algorithm_identification(context: ResultContext) -> AlgorithmIdentification:
    """The bundle as an algorithm (TID 4019)."""
    model = context.model
    digest = [context.language.say("made-by-manifest", digest=model.digest)] if model.digest else []
    return AlgorithmIdentification(
        name=model.name or MANUFACTURER,
        version=model.version or "0",
        parameters=[*digest, context.language.say("research-line")],
        family=codes.ARTIFICIAL_INTELLIGENCE,
        manufacturer=MANUFACTURER,
    )


def measurement_report(context: ResultContext, groups: Sequence[Group], *, procedure: Code) -> MeasurementReport:
    """A report of TID 1500; ``procedure`` is said where the source does not code what was done."""
    return MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer(context)),
        procedure_reported=_procedure(context, procedure),
        imaging_measurements=groups,
        title=dicom_codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=language_of(context),
    )


def language_of(context: ResultContext) -> LanguageOfContentItemAndDescendants:
    """The language of a report and the country of its spelling (TID 1204)."""
    said = LanguageOfContentItemAndDescendants(CodedConcept.from_code(codes.language_code(context.language)))
    said[0].ContentSequence = ContentSequence(
        [
            CodeContentItem(
                name=codes.COUNTRY_OF_LANGUAGE,
                value=CodedConcept.from_code(codes.country_code(context.language)),
                relationship_type=RelationshipTypeValues.HAS_CONCEPT_MOD,
            )
        ]
    )
    return said


def _procedure(context: ResultContext, otherwise: Code) -> Code:
    """The procedure of the source study if it is coded in full."""
    for item in context.identity.get("ProcedureCodeSequence", ()):
        value, scheme, meaning = (
            str(item.get(keyword, "") or "") for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
        )
        if value and scheme and meaning:
            return Code(value, scheme, meaning)
    return otherwise


def measurement_document(
    report: MeasurementReport,
    context: ResultContext,
    row: KindRow,
    *,
    document_class: UID,
    description: str,
    evidence: Sequence[Dataset],
    of: str,
    beside: Collection[str] | None,
) -> Dataset:
    """A measurement report as an object of a class that its content fits; see :func:`finish_document`."""
    _separate(report[0])
    return finish_document(
        DOCUMENTS[document_class],
        report,
        context,
        row,
        description=description,
        evidence=evidence,
        of=of,
        beside=beside,
    )


def finish_document(
    document: type,
    content: Any,
    context: ResultContext,
    row: KindRow,
    *,
    description: str,
    evidence: Sequence[Dataset],
    of: str = "",
    beside: Collection[str] | None = None,
) -> Dataset:
    """A report of any class as an object: complete, preliminary, not verified, after the one that it follows.

    Parameters
    ----------
    document : type
        Class of highdicom that makes the object.
    content
        What that class takes as its content.
    context : ResultContext
    row : KindRow
        Gives number and UIDs of the series.
    description : str
        Series Description.
    evidence : sequence of Dataset
        Headers of every object that the content names.
    of : str
        What tells it from others of its kind.
    beside : collection of str, optional
        Kinds of all other objects of the result, where this report leads it.
    """
    root = content if isinstance(content, Dataset) else content[0]
    dataset: Dataset = document(
        evidence=evidence,
        content=_heading(root),
        series_instance_uid=context.uids.make(row.name, f"series {of}"),
        series_number=context.series_base + row.offset,
        sop_instance_uid=context.uids.make(row.name, of),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        is_verified=False,
        coding_schemes=coding_schemes(),
    )
    dataset.ContentSequence = root.ContentSequence
    _follow(dataset, context, row, beside=beside)
    stamp(dataset, context, row, description=description)
    return dataset


def _heading(root: Dataset) -> Dataset:
    """The root of a content tree without what it holds.

    highdicom copies the content that it is given, and looks through all of it for what it names, three times.
    """
    heading = Dataset()
    for element in root:
        if element.keyword != "ContentSequence":
            heading.add(element)
    heading.ContentSequence = []
    return heading


def _follow(dataset: Dataset, context: ResultContext, row: KindRow, *, beside: Collection[str] | None) -> None:
    """Name the reports that this one follows."""
    items = []
    for earlier in context.predecessors:
        if not is_followed(earlier.kind, row.name, beside=beside):
            continue
        instance, series, study = Dataset(), Dataset(), Dataset()
        instance.ReferencedSOPClassUID = earlier.sop_class_uid
        instance.ReferencedSOPInstanceUID = earlier.sop_instance_uid
        series.SeriesInstanceUID = earlier.series_instance_uid
        series.ReferencedSOPSequence = [instance]
        study.StudyInstanceUID = context.study_instance_uid
        study.ReferencedSeriesSequence = [series]
        items.append(study)
    if items:
        dataset.PredecessorDocumentsSequence = items


def _separate(item: Dataset) -> None:
    """Make every container below show its parts apart; continuous text loses its headings in viewers."""
    if item.get("ValueType") == "CONTAINER":
        item.ContinuityOfContent = "SEPARATE"
    for child in item.get("ContentSequence", ()):
        _separate(child)
