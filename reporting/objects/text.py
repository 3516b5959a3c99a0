"""The report in words, which every viewer shows; for a study that does not apply it is the only object."""

from collections.abc import Sequence

from highdicom.sr import (
    CodeContentItem,
    CodedConcept,
    ContainerContentItem,
    ContentSequence,
    EnhancedSR,
    ObservationContext,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.sr.coding import Code

from reporting.objects import codes
from reporting.objects.document import finish_document, observer
from reporting.objects.material import Material
from reporting.objects.stamp import ResultContext
from reporting.types import KindRow, ResultObject
from reporting.words import RESEARCH_LINE, SECTION_LIMITATIONS

DESCRIPTION = "report (text)"


def build_text_report(material: Material, row: KindRow) -> list[ResultObject]:
    """An Enhanced SR of TID 2000 with findings, limitations and conclusions, each a line of text.

    References
    ----------
    DICOM PS3.16 TID 2000 (Basic Diagnostic Imaging Report).
    """
    report, context = material.report, material.context
    root = ContainerContentItem(name=codes.DIAGNOSTIC_IMAGING_REPORT, is_content_continuous=False, template_id="2000")
    root.ContentSequence = ContentSequence()
    for item in (_language(), *ObservationContext(observer_device_context=observer(context))):
        root.ContentSequence.append(item)
    found = [first_line(context), report.headline, *report.findings]
    found += [f"{SECTION_LIMITATIONS}: {text}" for text in report.limitations]
    found.append(_made_by(context))
    root.ContentSequence.append(_section(codes.FINDINGS, codes.FINDING, found))
    concluded = (*report.impression, *report.conclusions)
    root.ContentSequence.append(_section(codes.CONCLUSIONS, codes.CONCLUSION, concluded))
    dataset = finish_document(EnhancedSR, root, context, row, description=DESCRIPTION, evidence=material.evidence.items)
    return [material.finish(row, dataset)]


def first_line(context: ResultContext) -> str:
    """That this is research, and where there was an earlier result that this one replaces it."""
    if not context.predecessors:
        return RESEARCH_LINE
    return f"{RESEARCH_LINE}. Revision {context.revision}; it replaces the earlier result of this study."


def _made_by(context: ResultContext) -> str:
    digest = f", manifest SHA-256 {context.model.digest}" if context.model.digest else ""
    return f"Software {context.software_version}; model {context.model_words}{digest}."


def _language() -> CodeContentItem:
    language = CodeContentItem(
        name=codes.LANGUAGE,
        value=CodedConcept.from_code(codes.ENGLISH),
        relationship_type=RelationshipTypeValues.HAS_CONCEPT_MOD,
    )
    language.ContentSequence = ContentSequence(
        [
            CodeContentItem(
                name=codes.COUNTRY_OF_LANGUAGE,
                value=CodedConcept.from_code(codes.UNITED_STATES),
                relationship_type=RelationshipTypeValues.HAS_CONCEPT_MOD,
            )
        ]
    )
    return language


def _section(heading: Code, name: Code, lines: Sequence[str]) -> ContainerContentItem:
    section = ContainerContentItem(
        name=heading, is_content_continuous=False, relationship_type=RelationshipTypeValues.CONTAINS
    )
    section.ContentSequence = ContentSequence(
        [TextContentItem(name=name, value=line, relationship_type=RelationshipTypeValues.CONTAINS) for line in lines]
    )
    return section
