"""The report in words, which every viewer shows; for a study that does not apply it is the only object."""

from collections.abc import Sequence

from highdicom.sr import (
    ContainerContentItem,
    ContentSequence,
    EnhancedSR,
    ObservationContext,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.sr.coding import Code

from reporting.objects import codes
from reporting.objects.document import finish_document, language_of, observer
from reporting.objects.evaluations import coded_results
from reporting.objects.material import Material
from reporting.objects.outlined import LEAST_MM2, PlannedReport, parts_left_out, plan_reports
from reporting.objects.stamp import ResultContext
from reporting.types import KindRow, ResultObject
from reporting.words import conclusion_of, lines_of, other_limitations


def build_text_report(material: Material, row: KindRow) -> list[ResultObject]:
    """An Enhanced SR of TID 2000: impressions, findings, limitations, conclusions and technique, each a line of text.

    What of the study is missing comes first, then the result: the impression is the first section; a report without
    one begins its findings with the headline. Conclusions are how far all this can be trusted; what was read, how, and
    by what software comes last. Where no report outlines anything, this one leads: a further section says the results
    in code, and it names all other objects.

    References
    ----------
    DICOM PS3.16 TID 2000 (Basic Diagnostic Imaging Report).
    """
    report, context, say = material.report, material.context, material.context.language.say
    root = ContainerContentItem(name=codes.DIAGNOSTIC_IMAGING_REPORT, is_content_continuous=False, template_id="2000")
    root.ContentSequence = ContentSequence()
    for item in (*language_of(context), *ObservationContext(observer_device_context=observer(context))):
        root.ContentSequence.append(item)
    planned = plan_reports(material.analysis, material.presentation.groups, material.kinds)
    leads = not planned
    concluded = conclusion_of(report)
    found = [one for one in report.findings if one not in concluded or report.impression]
    found += [say("limitation-of-result", text=text) for text in other_limitations(report)]
    found += _left_out(material, planned)
    first = [*first_lines(context), *report.missing, *concluded]
    if report.impression:
        root.ContentSequence.append(_section(codes.IMPRESSIONS, codes.IMPRESSION, first))
    else:
        found = [*first, *found]
    root.ContentSequence.append(_section(codes.FINDINGS, codes.FINDING, found))
    root.ContentSequence.append(_section(codes.CONCLUSIONS, codes.CONCLUSION, report.conclusions))
    done = (*report.technique, *made_by(context))
    root.ContentSequence.append(_section(codes.PROCEDURES, codes.PROCEDURE_DESCRIPTION, done))
    if leads and material.analysis.applicable:
        root.ContentSequence.append(_in_code(material))
    dataset = finish_document(
        EnhancedSR,
        root,
        context,
        row,
        description=material.describe(material.description(row)),
        evidence=[*material.evidence.items, *(one.dataset for one in material.made if leads)],
        beside={one.kind for one in material.made} if leads else None,
    )
    return [material.finish(row, dataset)]


def _left_out(material: Material, planned: Sequence[PlannedReport]) -> tuple[str, ...]:
    """How many parts the reports that outline do not outline, where there are any."""
    terms = material.presentation.terms
    count = parts_left_out(planned, material.analysis, terms)
    return terms.language.lines("parts-left-out", count=count, least=LEAST_MM2) if count else ()


def first_lines(context: ResultContext) -> tuple[str, ...]:
    """That this is research, and where there was an earlier result that this one replaces it."""
    research = context.language.say("research-line")
    if not context.predecessors:
        return (research,)
    return research, context.language.say("replaces", revision=context.revision)


def made_by(context: ResultContext) -> tuple[str, ...]:
    """Software, model and, where it has one, the digest of its manifest."""
    say, digest = context.language.say, context.model.digest
    line = say("made-by", software=context.software_version, model=context.model_words)
    return (line, say("made-by-manifest", digest=digest)) if digest else (line,)


def _in_code(material: Material) -> ContainerContentItem:
    section = ContainerContentItem(
        name=codes.SUMMARY, is_content_continuous=False, relationship_type=RelationshipTypeValues.CONTAINS
    )
    section.ContentSequence = ContentSequence(coded_results(material, (), numbers=True))
    return section


def _section(heading: Code, name: Code, lines: Sequence[str]) -> ContainerContentItem:
    section = ContainerContentItem(
        name=heading, is_content_continuous=False, relationship_type=RelationshipTypeValues.CONTAINS
    )
    section.ContentSequence = ContentSequence(
        [
            TextContentItem(name=name, value=line, relationship_type=RelationshipTypeValues.CONTAINS)
            for text in lines
            for line in lines_of(text)
        ]
    )
    return section
