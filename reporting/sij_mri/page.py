"""The summary page: the result on one dark page, with the key slices as evidence."""

from inference.result import Analysis, Answer, Evaluation, NotAssessable
from inference.sij_mri import Role
from inference.types import Side
from reporting.pictures import ACCENT, AMBER, MUTED, NO_LIMITS, TEXT, Page, prepare, upright
from reporting.presentation import ByteArray, Report
from reporting.sij_mri.page_slices import draw_slices
from reporting.sij_mri.terms import TERMS
from reporting.words import NOT_ASSESSABLE, measurement_words, series_words, why_not

PANEL_X, PANEL_WIDTH = 40, 410
LIMITS_LENGTH = 407

TITLE = "Sacroiliac joint MRI"
CLASSIFIER = "CLASSIFIER: STAGE OF THE STUDY"
AS_WORDS = {
    Answer.PRESENT: "Ankylosing spondylitis: present",
    Answer.ABSENT: "Ankylosing spondylitis: absent",
}
AS_PROBABILITY = "Probability of ankylosing spondylitis"
SIMULATED = "Learned from simulated lesions. How well it does on patients is unknown."
RULE = "ASAS / OMERACT RULE: ACTIVE SACROILIITIS"
RULE_NOTE = "Computed from the segmented edema, not from the class; check it by eye."
RULE_WORDS = {Answer.PRESENT: "Met", Answer.ABSENT: "Not met"}
SIDES = ((Side.RIGHT, "Right"), (Side.LEFT, "Left"))
VOLUMES = "VOLUMES"
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
    y = _classifier_card(page, analysis, 108)
    y = _rule_card(page, analysis, y + 14)
    y = _volume_card(page, analysis, y + 14)
    _series_card(page, analysis, y + 14)
    shown = upright(analysis)
    draw_slices(page, shown, prepare(shown))
    page.footer(_clip(" ".join(report.limitations) or NO_LIMITS))
    return page.pixels


def _clip(text: str) -> str:
    clean = " ".join(text.split())
    return clean if len(clean) <= LIMITS_LENGTH else clean[: LIMITS_LENGTH - 3].rstrip() + "..."


def _said(analysis: Analysis, key: str, side: Side | None = None) -> Evaluation:
    evaluation = analysis.evaluation(key, side)
    if evaluation is None:
        raise ValueError(f"the page shows {key}, received an analysis that does not say it")
    return evaluation


def _classifier_card(page: Page, analysis: Analysis, top: float) -> float:
    stage, present = _said(analysis, "stage"), _said(analysis, "axspa")
    missing = isinstance(stage.value, NotAssessable)
    height = 140.0 if missing else 424.0
    y = page.card(top, height, CLASSIFIER, width=PANEL_WIDTH)
    x, width = PANEL_X + 22, PANEL_WIDTH - 44
    if isinstance(stage.value, NotAssessable) or isinstance(present.value, NotAssessable):
        page.paragraph(x, y, _sentence(stage.value), width=width, size=20, color=TEXT, lines=3)
        return top + height
    values = TERMS.evaluations["stage"].values
    page.text(x, y, values[stage.value].words, size=52)
    page.text(x, y + 62, AS_WORDS[Answer(present.value)], size=21)
    y += 104
    rows = [(AS_PROBABILITY, present.probabilities[Answer.PRESENT], AMBER)]
    rows += [(values[key].words, value, ACCENT) for key, value in stage.probabilities.items()]
    for label, value, color in rows:
        page.text(x, y, label, size=18, color=TEXT)
        page.text(x + width, y, f"{value:.2f}", size=18, anchor="ra")
        page.bar(x, y + 24, width, value, color)
        y += 44
    page.paragraph(x, y + 4, SIMULATED, width=width, size=16, color=AMBER, lines=2)
    return top + height


def _sentence(value: object) -> str:
    """Why there is no value, as a sentence."""
    if not isinstance(value, NotAssessable):
        return NOT_ASSESSABLE.capitalize()
    words = why_not(TERMS, value)
    return words[:1].upper() + words[1:]


def _rule_card(page: Page, analysis: Analysis, top: float) -> float:
    height = 180.0
    y = page.card(top, height, RULE, width=PANEL_WIDTH)
    x, width = PANEL_X + 22, PANEL_WIDTH - 44
    rule, sides = _said(analysis, "asas"), [_said(analysis, "asas", side) for side, _ in SIDES]
    below = 48
    if not isinstance(rule.value, NotAssessable):
        page.text(x, y - 4, RULE_WORDS[Answer(rule.value)], size=34)
        page.paragraph(x, y + 80, RULE_NOTE, width=width, size=16, color=MUTED, lines=2)
    else:
        judged = any(not isinstance(one.value, NotAssessable) for one in sides)
        below = 98
        page.paragraph(x, y - 4, _sentence(rule.value), width=width, size=17, color=TEXT, lines=4 if judged else 6)
        if not judged:
            return top + height
    for place, (_, label), one in zip((0.0, 0.5), SIDES, sides, strict=True):
        met = one.value == Answer.PRESENT
        missing = isinstance(one.value, NotAssessable)
        words = NOT_ASSESSABLE if missing else RULE_WORDS[Answer(str(one.value))].lower()
        page.text(x + width * place, y + below, f"{label}: {words}", size=18, color=TEXT if met else MUTED)
    return top + height


def _volume_card(page: Page, analysis: Analysis, top: float) -> float:
    height = 168.0
    y = page.card(top, height, VOLUMES, width=PANEL_WIDTH)
    x, right_edge = PANEL_X + 22, PANEL_X + PANEL_WIDTH - 22
    columns = (right_edge - 110, right_edge)
    for place, (_, label) in zip(columns, SIDES, strict=True):
        page.text(place, y - 28, label, size=16, color=MUTED, anchor="ra")
    for key in ("edema-volume", "joint-volume"):
        page.text(x, y + 6, TERMS.measurements[key].words, size=19)
        for place, (side, _) in zip(columns, SIDES, strict=True):
            _number(page, place, y + 6, analysis, key, side)
        y += 36
    page.text(x, y + 6, TERMS.measurements["region-volume"].words, size=19)
    _number(page, right_edge, y + 6, analysis, "region-volume", None)
    return top + height


def _number(page: Page, x: float, y: float, analysis: Analysis, key: str, side: Side | None) -> None:
    measured = analysis.measurement(key, side)
    if measured is None or isinstance(measured.value, NotAssessable):
        for number, word in enumerate(NOT_ASSESSABLE.split()):
            page.text(x, y - 3 + 15 * number, word, size=13, color=MUTED, anchor="ra")
    else:
        page.text(x, y, measurement_words(TERMS, measured), size=19, anchor="ra")


def _series_card(page: Page, analysis: Analysis, top: float) -> None:
    y = page.card(top, 112.0, SERIES, width=PANEL_WIDTH)
    for role, label in SERIES_NAMES.items():
        words = series_words(analysis, role) or MISSING
        page.text(PANEL_X + 22, y - 2, label, size=16, color=MUTED)
        page.text(PANEL_X + 76, y - 2, words if len(words) <= 44 else words[:41].rstrip() + "...", size=16)
        y += 28
