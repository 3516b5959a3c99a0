"""The report as a PDF on paper's pages, for archives and mail: its text, then the summary page as a picture.

References
----------
PS3.3 A.45.1 (Encapsulated PDF IOD), C.24.1 (Encapsulated Document Series), C.24.2 (Encapsulated Document).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
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

from reporting.objects import codes
from reporting.objects.material import Material
from reporting.objects.stamp import MANUFACTURER, ResultContext, clip, stamp
from reporting.pictures import draw_page
from reporting.presentation import ByteArray, Report
from reporting.types import KindRow, ResultObject
from reporting.words import PICTURE_TEXT, RESEARCH_LINE, conclusion_of, other_limitations

DESCRIPTION = "AI report (PDF)"
FONT, BOLD = "Vera", "VeraBd"
EDGE = 18 * mm
JPEG_QUALITY = 92
rl_config.useA85 = 0  # streams as they are: text form takes a second for a picture, and a quarter more room

_LINE = ParagraphStyle("line", fontName=FONT, fontSize=9.5, leading=13, spaceAfter=3)
_HEADING = ParagraphStyle("heading", fontName=BOLD, fontSize=11, leading=15, spaceBefore=8, spaceAfter=3)
_TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=15, leading=20, spaceAfter=4)
_WARNING = ParagraphStyle("warning", parent=_LINE, fontName=BOLD, textColor="#8a4b00", spaceAfter=6)


def build_pdf(material: Material, row: KindRow) -> list[ResultObject]:
    """The report as an Encapsulated PDF; the patient is named by the object alone, not on its pages."""
    context, report = material.context, material.report
    page = None
    if material.plates is not None:
        software = ", ".join(context.software_versions)
        page = draw_page(material.analysis, material.presentation, report, software=software)
    title = material.presentation.title
    document = write_pdf(report, title=title, made_by=_made_by(context), at=context.started, page=page)
    dataset = _encapsulate(document, material, row)
    stamp(dataset, context, row, description=DESCRIPTION)
    return [material.finish(row, dataset)]


def _made_by(context: ResultContext) -> str:
    return f"Software {context.software_version}; model {context.model_words}. Revision {context.revision}."


def write_pdf(report: Report, *, title: str, made_by: str, at: datetime, page: ByteArray | None = None) -> bytes:
    """A PDF of a report; the same bytes for the same report at the same time.

    Parameters
    ----------
    report : Report
    title : str
    made_by : str
        The last line.
    at : datetime
        Aware; when it was made.
    page : uint8 array (rows, columns, 3), optional
        A picture for a page of its own.

    Returns
    -------
    bytes
        PDF 1.4 with its fonts embedded.
    """
    for name in (FONT, BOLD):
        registerFont(TTFont(name, Path(rl_config.__file__).parent / "fonts" / f"{name}.ttf"))
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
        subject=RESEARCH_LINE,
        invariant=1,
        initialFontName=FONT,
        pageCompression=1,
    )

    def first_page(canvas: Canvas, _template: SimpleDocTemplate) -> None:
        canvas.setDateFormatter(lambda *_: _pdf_date(at))
        _foot(canvas, _template)

    template.build(list(_story(report, title, made_by, page)), onFirstPage=first_page, onLaterPages=_foot)
    return buffer.getvalue()


def _pdf_date(at: datetime) -> str:
    """ISO 32000-1 section 7.9.4: ``D:20260304113015+00'00'``."""
    zone = at.strftime("%z")
    return f"{at:D:%Y%m%d%H%M%S}{zone[:3]}'{zone[3:5]}'"


def _story(report: Report, title: str, made_by: str, page: ByteArray | None) -> Iterator[Flowable]:
    yield _paragraph(title, _TITLE)
    yield _paragraph(RESEARCH_LINE, _WARNING)
    concluded = conclusion_of(report)
    first = () if report.impression else concluded
    findings = [*report.missing, *first, *(one for one in report.findings if one not in first)]
    yield from _section(codes.IMPRESSIONS.meaning, report.impression)
    yield from _section(codes.FINDINGS.meaning, findings)
    yield from _section("Limitations", other_limitations(report))
    yield from _section(codes.CONCLUSIONS.meaning, (*report.conclusions, made_by))
    if page is not None:
        yield PageBreak()
        yield _picture(page)


def _section(heading: str, lines: Sequence[str]) -> Iterator[Flowable]:
    if lines:
        yield _paragraph(heading, _HEADING)
        yield from (_paragraph(line, _LINE) for line in lines)


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text), style)


def _picture(page: ByteArray) -> Image:
    """The picture as large as a page holds it."""
    rows, columns, _ = page.shape
    width, height = A4[0] - 2 * EDGE - 12, A4[1] - 2 * EDGE - 12  # a frame has a padding of 6
    scale = min(width / columns, height / rows)
    data = BytesIO()
    Pillow.fromarray(page).save(data, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return Image(data, columns * scale, rows * scale)


def _foot(canvas: Canvas, _template: SimpleDocTemplate) -> None:
    """What stands below each page."""
    canvas.setFont(FONT, 8)
    canvas.drawCentredString(A4[0] / 2, EDGE / 2, f"{PICTURE_TEXT}  -  {canvas.getPageNumber()}")


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
