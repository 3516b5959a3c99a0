"""The summary: what a radiologist should see in three seconds; everything else stands in the report."""

from inference.result import Analysis, Answer, NotAssessable
from inference.types import Side
from reporting.pictures import (
    AMBER,
    EDGE_PX,
    LINE,
    MUTED,
    SIDE_PX,
    SMALL,
    TEXT,
    TOP_PX,
    Page,
    draw_pairs,
    measure,
    upright,
)
from reporting.presentation import ByteArray, Report, Rgb, Terms
from reporting.sij_mri.asas_words import rule_words
from reporting.sij_mri.class_words import class_words, network_otherwise, stage_brief
from reporting.sij_mri.edema_words import SIDES, amount_words, said, short_reason
from reporting.sij_mri.page_slices import key_pairs

PLACES = (Side.RIGHT, Side.LEFT, None)
"""Columns of the table, as on the screen; the last is the study."""

WIDTH = SIDE_PX - 2 * EDGE_PX
LABEL_WIDTH = 330
COLUMN_GAP = 14
COLUMN_WIDTH = (WIDTH - LABEL_WIDTH) // 3 - COLUMN_GAP
COLUMNS = tuple(
    EDGE_PX + LABEL_WIDTH + number * (COLUMN_WIDTH + COLUMN_GAP) + COLUMN_GAP for number in range(len(PLACES))
)
LARGE = 48
MISSING_LINES = 3
STEP = SMALL * LINE


def draw_page(analysis: Analysis, report: Report, terms: Terms, *, software: str) -> ByteArray:
    """Draw the summary.

    Parameters
    ----------
    analysis : Analysis
        Of the sacroiliac application, applicable.
    report : Report
        Of the same analysis.
    terms : Terms
        Of its language.
    software : str
        Name and version of software and model; they stand in the header of the object alone.

    Returns
    -------
    uint8 array (980, 980, 3)
        RGB. It shows no patient data: the identity is in the header of the object.
    """
    page = Page()
    page.banner(terms.say("picture-text"))
    y = float(TOP_PX)
    if report.missing:
        y = page.paragraph(EDGE_PX, y, " ".join(report.missing), width=WIDTH, color=AMBER, lines=MISSING_LINES)
    y = _evidence(page, analysis, terms, y)
    page.rule(y + 4)
    y = _class(page, analysis, terms, y + 12)
    shown = upright(analysis)
    draw_pairs(page, y + 6, list(key_pairs(shown, terms)))
    return page.pixels


def _evidence(page: Page, analysis: Analysis, terms: Terms, y: float) -> float:
    """Edema and the rule by side, and the rule for the study."""
    for x, place in zip(COLUMNS, PLACES, strict=True):
        label = terms.say("of-study") if place is None else terms.say("side", side=place.value)
        page.text(x, y, f"{label[:1].upper()}{label[1:]}", color=MUTED)
    y += STEP
    below = page.paragraph(EDGE_PX, y, terms.say("summary-edema"), width=LABEL_WIDTH, lines=3)
    for x, side in zip(COLUMNS, SIDES, strict=False):
        below = max(below, _volume(page, x, y, analysis, side, terms))
    y = below + 6
    below = page.paragraph(EDGE_PX, y, terms.evaluations["asas"].short, width=LABEL_WIDTH)
    for x, place in zip(COLUMNS, PLACES, strict=True):
        rule = said(analysis, "asas", place)
        words = rule_words(rule, terms)
        below = max(below, page.paragraph(x, y, words, width=COLUMN_WIDTH, color=_tone(rule.value)))
    return below


def _volume(page: Page, x: float, y: float, analysis: Analysis, side: Side, terms: Terms) -> float:
    """The volume in the largest letters that fit, "seen" where that is of a part, or why there is none; the y below."""
    edema = analysis.measurement("edema-volume", side)
    if edema is None or isinstance(edema.value, NotAssessable):
        return page.paragraph(x, y, terms.say("not-assessable"), width=COLUMN_WIDTH, color=MUTED)
    words = amount_words(analysis, side, edema.value, terms)
    size = next((size for size in range(LARGE, SMALL, -2) if measure(words, size) <= COLUMN_WIDTH), SMALL)
    return page.paragraph(x, y, words, width=COLUMN_WIDTH, size=size)


def _class(page: Page, analysis: Analysis, terms: Terms, y: float) -> float:
    """Class and stage as what they are, or why there is none; the y below them."""
    present, stage = said(analysis, "axspa"), said(analysis, "stage")
    missing = next((one.value for one in (present, stage) if isinstance(one.value, NotAssessable)), None)
    if missing is not None:
        words = terms.say("summary-class-missing", reason=short_reason(missing, terms))
        return page.paragraph(EDGE_PX, y, words, width=WIDTH, color=MUTED)
    tone = _tone(present.value)
    y = page.paragraph(
        EDGE_PX, y, terms.say("summary-class", value=class_words(analysis, terms)), width=WIDTH, color=tone
    )
    y = page.paragraph(EDGE_PX, y, stage_brief(analysis, terms), width=WIDTH, color=tone)
    y = _difference(page, analysis, terms, y)
    if present.value == Answer.ABSENT:
        y = page.paragraph(EDGE_PX, y, terms.say("not-no-disease"), width=WIDTH, color=AMBER)
    return page.paragraph(EDGE_PX, y, terms.evaluations["axspa"].note, width=WIDTH, color=MUTED)


def _difference(page: Page, analysis: Analysis, terms: Terms, y: float) -> float:
    """That the network alone says otherwise, where it does; the y below it."""
    words = network_otherwise(analysis, terms)
    return page.paragraph(EDGE_PX, y, words, width=WIDTH, color=AMBER) if words else y


def _tone(value: object) -> Rgb:
    """Bright where something is met, amber where it is undecided, else calm."""
    return TEXT if value == Answer.PRESENT else AMBER if value == Answer.UNDECIDED else MUTED
