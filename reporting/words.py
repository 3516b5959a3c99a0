"""Words that every result needs, whatever its application.

Plain ASCII, so that every viewer, printer and validator shows it; American spelling, as the DICOM terms have it.
"""

from inference.result import Images, NotAssessable
from inference.types import ImageHeader
from reporting.presentation import Terms, word_limitation

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
PICTURE_TEXT = "RESEARCH - NOT FOR DIAGNOSIS"


def ascii_text(text: str) -> str:
    """Text of others (series names, reasons) in ASCII; what has no ASCII form becomes ``?``."""
    for character, plain in (("\u2013", "-"), ("\u2014", "-"), ("\u2019", "'"), ("\u2264", "<="), ("\u2265", ">=")):
        text = text.replace(character, plain)
    for character, plain in (("\u00b0", " degrees"), ("\u00d7", "x"), ("\u00b1", "+/-"), ("\u00b2", "2")):
        text = text.replace(character, plain)
    return " ".join(text.encode("ascii", "replace").decode("ascii").split())


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
