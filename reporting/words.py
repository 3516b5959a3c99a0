"""Words that every result needs, whatever its application.

Plain ASCII, so that every viewer, printer and validator shows it; American spelling, as the DICOM terms have it.
"""

from dataclasses import replace

from config.codes import GapCode
from inference.result import Analysis, Evaluation, Images, Key, Measurement, NotAssessable, Site
from inference.series import Candidate
from inference.types import ImageHeader
from reporting.presentation import Report, Terms, word_limitation
from reporting.sites import level_words

RESEARCH_LINE = "AI RESEARCH RESULT - NOT FOR DIAGNOSIS"
RESEARCH_STATEMENT = (
    "This result was made by research software. It is not a medical device, nobody has verified it, and it must not be "
    "used for the diagnosis or treatment of a patient."
)
HEATMAP_STATEMENT = "The heatmap shows where the classifier looked. It does not show disease."
SIDES_STATEMENT = "Left and right are the patient's."
NOT_ANALYSED = "Not analysed"
NOT_ASSESSABLE = "not assessable"
SECTION_LIMITATIONS = "Limitation"
INCOMPLETE = "The study is incomplete."
PICTURE_TEXT = "RESEARCH - NOT FOR DIAGNOSIS"


def ascii_text(text: str) -> str:
    """Text of others (series names, reasons) in ASCII; what has no ASCII form becomes ``?``."""
    for character, plain in (("\u2013", "-"), ("\u2014", "-"), ("\u2019", "'"), ("\u2264", "<="), ("\u2265", ">=")):
        text = text.replace(character, plain)
    for character, plain in (("\u00b0", " degrees"), ("\u00d7", "x"), ("\u00b1", "+/-"), ("\u00b2", "2")):
        text = text.replace(character, plain)
    return " ".join(text.encode("ascii", "replace").decode("ascii").split())


def with_gaps_first(report: Report, analysis: Analysis, terms: Terms) -> Report:
    """A report that says, before all else, that the study is not whole and what is missing; another stays as it is."""
    gaps = [ascii_text(word_limitation(terms, one)) for one in analysis.limitations if one.code in set(GapCode)]
    if not gaps:
        return report
    first = f"{INCOMPLETE} {' '.join(gaps)}"
    headline = f"{first} {report.headline}"
    conclusions = (headline if one == report.headline else one for one in report.conclusions)
    return replace(
        report,
        headline=headline,
        conclusions=tuple(conclusions),
        limitations=(first, *(one for one in report.limitations if one not in gaps)),
        missing=(first, *report.missing),
    )


def incomplete_line(report: Report) -> str:
    """That the study is not whole, and what is missing; empty where nothing is known to be."""
    return next((one for one in report.limitations if one.startswith(INCOMPLETE)), "")


def conclusion_of(report: Report) -> tuple[str, ...]:
    """What a report concludes: its impression; the headline, without the gaps before it, where there is none."""
    return report.impression or (report.headline.removeprefix(incomplete_line(report)).strip(),)


def other_limitations(report: Report) -> tuple[str, ...]:
    """The limitations that are not said before all else."""
    return tuple(one for one in report.limitations if one not in report.missing)


def image_name(images: Images, plane: int) -> str:
    """How people find a slice: ``slice 9 of 25 (image 17)``, the image number being the scanner's."""
    header = images.sources[plane] if plane < len(images.sources) else None
    number = None if header is None else image_number(header)
    return f"slice {plane + 1} of {images.shape[0]}" + ("" if number is None else f" (image {number})")


def image_number(header: ImageHeader) -> int | None:
    """The number by which a viewer names an image: its frame, or its instance number."""
    return header.frame if header.frame is not None else header.instance_number


def why_not(terms: Terms, value: NotAssessable) -> str:
    """``not assessable`` with its reason, in words."""
    return f"{NOT_ASSESSABLE}: {ascii_text(word_limitation(terms, value.because))}"


def site_words(terms: Terms, site: Site) -> str:
    """Where in the body: ``Sacroiliac joint, left``."""
    parts = [terms.anatomy[site.anatomy].words]
    if site.level:
        parts.append(level_words(site.level, terms))
    if site.side is not None:
        parts.append(site.side.value)
    return ", ".join(parts)


def evaluation_words(terms: Terms, evaluation: Evaluation) -> str:
    """The value of an evaluation in words, or why there is none."""
    if isinstance(evaluation.value, NotAssessable):
        return why_not(terms, evaluation.value)
    return terms.evaluations[evaluation.key].values[evaluation.value].words


def measurement_words(terms: Terms, measurement: Measurement) -> str:
    """The value of a measurement with its unit in words, or why there is none."""
    if isinstance(measurement.value, NotAssessable):
        return why_not(terms, measurement.value)
    return terms.measurements[measurement.key].show(measurement.value)


def series_words(analysis: Analysis, role: Key) -> str:
    """Which series was read in a role: ``series 2 't1_tse', 25 slices``; empty where none was."""
    images = analysis.of_role(role)
    if images is None:
        return ""
    slices = "1 slice" if images.shape[0] == 1 else f"{images.shape[0]} slices"
    return f"{series_name(analysis.selection.chosen.get(role))}, {slices}"


def series_name(candidate: Candidate | None) -> str:
    """How people find a series: ``series 2 't1_tse'``."""
    if candidate is None:
        return "the series chosen"
    number = "" if candidate.series_number is None else f" {candidate.series_number}"
    name = ascii_text(candidate.description)
    return f"series{number}" + (f" '{name}'" if name else "")
