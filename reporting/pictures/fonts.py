"""The typeface of all pictures and pages: Bitstream Vera, which comes with ReportLab and may be embedded.

It has the letters of western and central Europe. The typeface that comes with Pillow has those of English alone.
"""

import unicodedata
from functools import cache
from pathlib import Path

import reportlab
from PIL import ImageFont
from reportlab.pdfbase.ttfonts import TTFontFile

REGULAR, BOLD = "Vera", "VeraBd"
LACKING = "?"
"""Stands for a letter that the typeface lacks."""
NO_BREAK = "\u00a0"
"""A space at which no line ends: between a number and its unit. That of the typeface is wide."""


def font_file(name: str) -> Path:
    """Where a typeface lies, on every machine the same."""
    return Path(reportlab.__file__).parent / "fonts" / f"{name}.ttf"


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """The typeface of pictures in one size, laid out the same on every machine."""
    return ImageFont.truetype(font_file(REGULAR), size_px, layout_engine=ImageFont.Layout.BASIC)


@cache
def letters() -> frozenset[str]:
    """What the typeface has, in its regular and its bold form."""
    regular, bold = (set(TTFontFile(str(font_file(name))).charToGlyph) for name in (REGULAR, BOLD))
    return frozenset(map(chr, regular & bold))


def legible(text: str) -> str:
    """A text in letters that the typeface has; each other one is a question mark.

    Examples
    --------
    >>> legible("Größe КПС")
    'Größe ???'
    """
    return "".join(one if one in letters() else LACKING for one in _composed(text))


def is_legible(text: str) -> bool:
    """True where the typeface has all letters of a text."""
    return letters().issuperset(_composed(text))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace(NO_BREAK, " ")
