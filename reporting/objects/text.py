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
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from reporting.objects import codes
from reporting.objects.sr import observer
from reporting.objects.stamp import MANUFACTURER, ResultContext, coding_schemes, stamp
from reporting.sij_mri.report import RESEARCH_LINE, SECTION_LIMITATIONS, Findings

TEXT_KIND = "sr-text"
DESCRIPTION = "report (text)"


def build_text_report(findings: Findings, context: ResultContext, *, evidence: Sequence[Dataset]) -> Dataset:
    """An Enhanced SR of TID 2000 with findings, limitations and conclusions, each a line of text.

    Parameters
    ----------
    findings : Findings
    context : ResultContext
    evidence : sequence of Dataset
        What the report is about: at least one instance of the study.

    References
    ----------
    DICOM PS3.16 TID 2000 (Basic Diagnostic Imaging Report).
    """
    root = ContainerContentItem(name=codes.DIAGNOSTIC_IMAGING_REPORT, is_content_continuous=False, template_id="2000")
    root.ContentSequence = ContentSequence()
    for item in (_language(), *ObservationContext(observer_device_context=observer(context))):
        root.ContentSequence.append(item)
    found = [RESEARCH_LINE, findings.headline, *findings.sentences]
    found += [f"{SECTION_LIMITATIONS}: {text}" for text in findings.limitations]
    found.append(
        f"Software {context.software_version}; model {' '.join(context.software_versions[1:])}, "
        f"manifest SHA-256 {context.model.digest}."
    )
    root.ContentSequence.append(_section(codes.FINDINGS, codes.FINDING, found))
    root.ContentSequence.append(_section(codes.CONCLUSIONS, codes.CONCLUSION, findings.conclusions))
    dataset = EnhancedSR(
        evidence=evidence,
        content=root,
        series_instance_uid=context.uids.make(TEXT_KIND, "series"),
        series_number=904,
        sop_instance_uid=context.uids.make(TEXT_KIND),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        is_verified=False,
        coding_schemes=coding_schemes(),
    )
    stamp(dataset, context, description=DESCRIPTION)
    return dataset


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
