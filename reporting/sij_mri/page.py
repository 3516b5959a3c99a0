"""The summary page: the result on one dark page, measured evidence in the largest type, key slices beside it."""

from inference.result import Analysis, Answer, Key, NotAssessable
from inference.sij_mri import Role
from inference.types import Side
from reporting.pictures import ACCENT, AMBER, MUTED, NO_LIMITS, TEXT, Page, prepare, upright
from reporting.presentation import ByteArray, Report, Rgb
from reporting.probabilities import probability_words, shown_probability
from reporting.sij_mri.asas_words import rule_words
from reporting.sij_mri.class_words import (
    CLASS_NAME,
    NOT_ASSESSED,
    NOT_NO_DISEASE,
    SIMULATED_SHORT,
    class_words,
    stage_brief,
)
from reporting.sij_mri.edema_words import said, short_reason
from reporting.sij_mri.page_slices import draw_slices
from reporting.sij_mri.terms import TERMS, milliliters
from reporting.words import NOT_ASSESSABLE, measurement_words, series_words

PANEL_X, PANEL_WIDTH = 40, 410
X, WIDTH = PANEL_X + 22, PANEL_WIDTH - 44
RIGHT_EDGE = PANEL_X + PANEL_WIDTH - 22
LIMITS_LENGTH = 407

TITLE = "Sacroiliac joint MRI"
EVIDENCE = "MEASURED: EDEMA WITHIN 10 MM OF JOINT"
RULE = "ASAS rule"
CLASS = f"EXPERIMENTAL {CLASS_NAME.upper()}, STAGE"
PROBABILITY = "Probability of a pattern"
SIDES = ((Side.RIGHT, "Right"), (Side.LEFT, "Left"))
COLUMNS = (X, X + WIDTH / 2)
ELSEWHERE = "Edema elsewhere, not counted"
HEALTHY_SHORT = "Healthy people meet it too: 11 of 47 (de Winter 2018)."
COMPUTED = TERMS.evaluations["asas"].note.partition(";")[0] + "."
VOLUMES = "OTHER VOLUMES"
SHORT = len("100.0 ml")  # what fits into half a card in the largest type
SERIES = "SERIES READ"
SERIES_NAMES = {Role.T1W: "T1", Role.FLUID: "Fluid"}
MISSING = "No such series"


def draw_page(analysis: Analysis, report: Report, *, software: str) -> ByteArray:
    """Draw the summary page.

    Parameters
    ----------
    analysis : Analysis
        Of the sacroiliac application, applicable.
    report : Report
        Of the same analysis.
    software : str
        Name and version of software and model, for the head of the page.

    Returns
    -------
    uint8 array (1200, 1600, 3)
        RGB. It shows no patient data: the identity is in the header of the object.
    """
    page = Page()
    page.header(TITLE, software)
    first = report.gaps or report.missing[:1]
    shown = page.warning(" ".join(first))
    y = _evidence_card(page, analysis, 108)
    y = _class_card(page, analysis, y + 14)
    y = _volume_card(page, analysis, y + 14)
    _series_card(page, analysis, y + 14)
    upwards = upright(analysis)
    draw_slices(page, upwards, prepare(upwards))
    limits = [one for one in report.limitations if not (shown and one in first)]
    page.footer(_clip(" ".join(limits) or NO_LIMITS))
    return page.pixels


def _clip(text: str) -> str:
    clean = " ".join(text.split())
    return clean if len(clean) <= LIMITS_LENGTH else clean[: LIMITS_LENGTH - 3].rstrip() + "..."


def _why(value: object) -> str:
    """Why there is no value, in a few words; the sentence stands at the head or the foot of the page."""
    return f"Reason: {short_reason(value)}." if isinstance(value, NotAssessable) else ""


def _evidence_card(page: Page, analysis: Analysis, top: float) -> float:
    """Edema and the rule by side; below them the rule for the study, or why there is none."""
    height = 318.0
    y = page.card(top, height, EVIDENCE, width=PANEL_WIDTH)
    for x, (side, label) in zip(COLUMNS, SIDES, strict=True):
        page.text(x, y - 4, label, size=18, color=MUTED)
        _side(page, analysis, side, x, y + 20)
    rule = said(analysis, "asas")
    page.text(
        X, y + 152, f"{TERMS.evaluations['asas'].short}, study: {rule_words(rule)}", size=22, color=_tone(rule.value)
    )
    below = page.paragraph(X, y + 186, _why(rule.value), width=WIDTH, size=16, color=TEXT, lines=2)
    other = analysis.measurement("edema-elsewhere-volume")
    if other is not None and not isinstance(other.value, NotAssessable):
        page.text(X, max(below, y + 186) + 4, f"{ELSEWHERE}: {milliliters(other.value)}", size=16, color=MUTED)
    if not _missing(rule.value):
        page.text(
            X, top + height - 30, HEALTHY_SHORT if rule.value == Answer.PRESENT else COMPUTED, size=15, color=MUTED
        )
    return top + height


def _side(page: Page, analysis: Analysis, side: Side, x: float, y: float) -> None:
    edema, deep = (analysis.measurement(key, side) for key in ("edema-volume", "edema-deep-volume"))
    if edema is None or isinstance(edema.value, NotAssessable):
        page.text(x, y + 14, NOT_ASSESSABLE, size=22, color=MUTED)
    else:
        words = milliliters(edema.value)
        page.text(x, y + (0 if len(words) <= SHORT else 11), words, size=44 if len(words) <= SHORT else 26)
        low, high = ("", "") if edema.spread is None else (milliliters(one) for one in edema.spread)
        if low != high:
            page.text(x, y + 56, f"{low.removesuffix(' ml')} to {high}", size=15, color=MUTED)
        if deep is not None and not isinstance(deep.value, NotAssessable) and deep.value > 0:
            page.text(x, y + 76, f"{milliliters(deep.value)} more, deeper", size=15, color=MUTED)
    rule = said(analysis, "asas", side)
    page.text(
        x, y + 98, f"{RULE}: {rule_words(rule)}", size=14 if _missing(rule.value) else 18, color=_tone(rule.value)
    )


def _missing(value: object) -> bool:
    return isinstance(value, NotAssessable)


def _tone(value: object) -> Rgb:
    """Bright where something is met, amber where it is undecided, else calm."""
    return TEXT if value == Answer.PRESENT else AMBER if value == Answer.UNDECIDED else MUTED


def _class_card(page: Page, analysis: Analysis, top: float) -> float:
    """Class and stage as what they are, with the probabilities as far as they are shown."""
    present, stage = said(analysis, "axspa"), said(analysis, "stage")
    height = 370.0
    y = page.card(top, height, CLASS, width=PANEL_WIDTH)
    if isinstance(present.value, NotAssessable) or isinstance(stage.value, NotAssessable):
        missing = present.value if isinstance(present.value, NotAssessable) else stage.value
        below = page.paragraph(X, y, f"{NOT_ASSESSED.capitalize()}.", width=WIDTH, size=21, color=TEXT, lines=1)
        page.paragraph(X, below + 4, _why(missing), width=WIDTH, size=17, color=TEXT, lines=3)
        return top + height
    words = class_words(analysis)
    below = page.paragraph(X, y - 4, f"{words[:1].upper()}{words[1:]}.", width=WIDTH, size=21, color=TEXT, lines=2)
    below = page.paragraph(X, below + 2, f"{stage_brief(analysis)}.", width=WIDTH, size=19, color=TEXT, lines=2)
    values = TERMS.evaluations["stage"].values
    rows: list[tuple[str, float, Rgb]] = []
    if Answer.PRESENT in present.probabilities:
        rows.append((PROBABILITY, present.probabilities[Answer.PRESENT], AMBER))
    rows += [(f"Stage {values[key].words}", p, ACCENT) for key, p in stage.probabilities.items()]
    y = below + 4
    for label, value, color in rows:
        page.text(X, y, label, size=15, color=TEXT)
        page.text(RIGHT_EDGE, y, probability_words(value), size=15, anchor="ra")
        page.bar(X, y + 19, WIDTH, shown_probability(value), color)
        y += 35
    if present.value == Answer.ABSENT:
        page.text(X, top + height - 52, f"{NOT_NO_DISEASE[:1].upper()}{NOT_NO_DISEASE[1:]}.", size=15, color=AMBER)
    page.text(X, top + height - 30, SIMULATED_SHORT, size=13, color=AMBER)
    return top + height


def _volume_card(page: Page, analysis: Analysis, top: float) -> float:
    height = 122.0
    y = page.card(top, height, VOLUMES, width=PANEL_WIDTH)
    columns = (RIGHT_EDGE - 110, RIGHT_EDGE)
    for place, (side, label) in zip(columns, SIDES, strict=True):
        page.text(place, y - 28, label, size=16, color=MUTED, anchor="ra")
        _number(page, place, y + 2, analysis, "joint-volume", side)
    page.text(X, y + 2, TERMS.measurements["joint-volume"].words, size=19)
    page.text(X, y + 36, f"{TERMS.measurements['region-volume'].words}, whole", size=19)
    _number(page, sum(columns) / 2, y + 36, analysis, "region-volume", None)
    return top + height


def _number(page: Page, x: float, y: float, analysis: Analysis, key: Key, side: Side | None) -> None:
    measured = analysis.measurement(key, side)
    if measured is None or isinstance(measured.value, NotAssessable):
        for number, word in enumerate(NOT_ASSESSABLE.split()):
            page.text(x, y - 3 + 15 * number, word, size=13, color=MUTED, anchor="ra")
    else:
        page.text(x, y, measurement_words(TERMS, measured), size=19, anchor="ra")


def _series_card(page: Page, analysis: Analysis, top: float) -> None:
    y = page.card(top, 106.0, SERIES, width=PANEL_WIDTH)
    for role, label in SERIES_NAMES.items():
        words = series_words(analysis, role) or MISSING
        page.text(X, y - 2, label, size=16, color=MUTED)
        page.text(X + 54, y - 2, words if len(words) <= 44 else words[:41].rstrip() + "...", size=16)
        y += 28
