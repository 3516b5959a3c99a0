"""The report as a PDF on paper's pages, for archives and mail: its text, then the summary page as a picture.

References
----------
PS3.3 A.45.1 (Encapsulated PDF IOD), C.24.1 (Encapsulated Document Series), C.24.2 (Encapsulated Document).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape

from highdicom.sr import CodedConcept
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Image, PageBreak, Paragraph, SimpleDocTemplate

from reporting.language import Language
from reporting.objects import codes
from reporting.objects.material import Material
from reporting.objects.stamp import MANUFACTURER, clip, stamp
from reporting.objects.text import made_by
from reporting.pictures import BOLD, REGULAR, draw_page, font_file, is_legible, legible
from reporting.presentation import ByteArray, Report
from reporting.types import KindRow, ResultObject
from reporting.words import conclusion_of, other_limitations

EDGE = 18 * mm
JPEG_QUALITY = 92
rl_config.useA85 = 0  # streams as they are: text form takes a second for a picture, and a quarter more room

_LAST = ("heading-conclusions", "heading-technique")
_LINE = ParagraphStyle("line", fontName=REGULAR, fontSize=9.5, leading=12, spaceAfter=1)
_SMALL = ParagraphStyle("small", parent=_LINE, fontSize=8, leading=10, spaceAfter=1)
_HEADING = ParagraphStyle("heading", fontName=BOLD, fontSize=11, leading=14, spaceBefore=6, spaceAfter=2)
_TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=15, leading=19, spaceAfter=3)
_WARNING = ParagraphStyle("warning", parent=_LINE, fontName=BOLD, textColor="#8a4b00", spaceAfter=6)


def build_pdf(material: Material, row: KindRow) -> list[ResultObject]:
    """The report as an Encapsulated PDF; the patient is named by the object alone, not on its pages."""
    context, report = material.context, material.report
    page = None
    if material.plates is not None:
        software = ", ".join(context.software_versions)
        page = draw_page(material.analysis, material.presentation, report, software=software)
    document = write_pdf(
        report,
        language=context.language,
        title=material.presentation.title,
        made_by=(*made_by(context), context.language.say("revision", revision=context.revision)),
        at=context.started,
        page=page,
    )
    dataset = _encapsulate(document, material, row)
    stamp(dataset, context, row, description=material.description(row))
    return [material.finish(row, dataset)]


def write_pdf(
    report: Report,
    *,
    language: Language,
    title: str,
    made_by: Sequence[str],
    at: datetime,
    page: ByteArray | None = None,
) -> bytes:
    """A PDF of a report; the same bytes for the same report at the same time.

    Parameters
    ----------
    report : Report
    language : Language
        Of the same.
    title : str
    made_by : sequence of str
        The last lines.
    at : datetime
        Aware; when it was made.
    page : uint8 array (rows, columns, 3), optional
        A picture for a page of its own.

    Returns
    -------
    bytes
        PDF 1.4 with its fonts embedded.
    """
    for name in (REGULAR, BOLD):
        registerFont(TTFont(name, font_file(name)))
    buffer = BytesIO()
    template = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=EDGE,
        rightMargin=EDGE,
        topMargin=EDGE,
        bottomMargin=EDGE,
        title=title,
        author=MANUFACTURER,
        subject=language.say("research-line"),
        lang=language.code,
        invariant=1,
        initialFontName=REGULAR,
        pageCompression=1,
    )

    def later_page(canvas: Canvas, _template: SimpleDocTemplate) -> None:
        _foot(canvas, language.say("picture-text"))

    def first_page(canvas: Canvas, _template: SimpleDocTemplate) -> None:
        canvas.setDateFormatter(lambda *_: _pdf_date(at))
        later_page(canvas, _template)

    story = list(_story(report, language, title, made_by, page))
    template.build(story, onFirstPage=first_page, onLaterPages=later_page)
    return buffer.getvalue()


def _pdf_date(at: datetime) -> str:
    """ISO 32000-1 section 7.9.4: ``D:20260304113015+00'00'``."""
    zone = at.strftime("%z")
    return f"{at:D:%Y%m%d%H%M%S}{zone[:3]}'{zone[3:5]}'"


def _story(
    report: Report, language: Language, title: str, made_by: Sequence[str], page: ByteArray | None
) -> Iterator[Flowable]:
    yield _paragraph(title, _TITLE)
    yield _paragraph(language.say("research-line"), _WARNING)
    concluded = conclusion_of(report)
    first = [*report.missing, *concluded]
    sections: dict[str, Sequence[str]] = {
        "heading-impression": first if report.impression else (),
        "heading-findings": report.findings
        if report.impression
        else [*first, *(one for one in report.findings if one not in concluded)],
        "heading-limitations": other_limitations(report),
        "heading-conclusions": report.conclusions,
        "heading-technique": (*report.technique, *made_by),
    }
    for heading, lines in sections.items():
        yield from _section(language.say(heading), lines, _SMALL if heading in _LAST else _LINE)
    if not all(is_legible(line) for lines in sections.values() for line in lines):
        yield _paragraph(language.say("letters-lacking"), _LINE)
    if page is not None:
        yield PageBreak()
        yield _picture(page)


def _section(heading: str, lines: Sequence[str], style: ParagraphStyle) -> Iterator[Flowable]:
    if lines:
        yield _paragraph(heading, _HEADING)
        yield from (_paragraph(line, style) for line in lines)


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(legible(text)), style)


def _picture(page: ByteArray) -> Image:
    """The picture as large as a page holds it."""
    rows, columns, _ = page.shape
    width, height = A4[0] - 2 * EDGE - 12, A4[1] - 2 * EDGE - 12  # a frame has a padding of 6
    scale = min(width / columns, height / rows)
    data = BytesIO()
    Pillow.fromarray(page).save(data, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return Image(data, columns * scale, rows * scale)


def _foot(canvas: Canvas, research: str) -> None:
    """What stands below each page."""
    canvas.setFont(REGULAR, 8)
    canvas.drawCentredString(A4[0] / 2, EDGE / 2, f"{legible(research)}  -  {canvas.getPageNumber()}")


def _encapsulate(document: bytes, material: Material, row: KindRow) -> Dataset:
    """The modules that highdicom has no class for: document series, equipment of a capture, encapsulated document."""
    context = material.context
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = EncapsulatedPDFStorage
    dataset.SOPInstanceUID = context.uids.make(row.name)
    dataset.StudyInstanceUID = context.study_instance_uid
    dataset.Modality = row.modality
    dataset.SeriesInstanceUID = context.uids.make(row.name, "series")
    dataset.SeriesNumber = context.series_base + row.offset
    dataset.InstanceNumber = 1
    dataset.ConversionType = "WSD"
    dataset.AcquisitionDateTime = ""
    dataset.BurnedInAnnotation = "YES"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.SourceInstanceSequence = [_source(item) for item in material.evidence.items]
    dataset.DocumentTitle = clip(material.presentation.title)
    dataset.ConceptNameCodeSequence = [CodedConcept.from_code(codes.DIAGNOSTIC_IMAGING_REPORT)]
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    dataset.EncapsulatedDocumentLength = len(document)
    return dataset


def _source(item: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = item.SOPClassUID, item.SOPInstanceUID
    return reference
