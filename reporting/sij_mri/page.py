"""The summary page: the result on one dark page, with the key slices as evidence."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from inference.sij_mri import STAGES, Analysis, Role
from inference.types import Side, Volume
from reporting.objects.stamp import clip
from reporting.pictures.drawing import (
    EDEMA_COLOUR,
    JOINT_COLOUR,
    REGION_COLOUR,
    ByteArray,
    Colour,
    Plates,
    blend_heat,
    blend_mask,
    side_letters,
)
from reporting.pictures.fonts import font
from reporting.pictures.viewport import Viewport, draw_contour, draw_line, look_at
from reporting.sij_mri.keyslices import choose_key_slices, matching_slice
from reporting.sij_mri.report import PAGE, Findings, image_name, read_series

WIDTH_PX, HEIGHT_PX = 1600, 1200
BACKGROUND: Colour = (13, 17, 23)
CARD: Colour = (22, 27, 34)
RULE: Colour = (48, 54, 61)
TEXT: Colour = (230, 237, 243)
MUTED: Colour = (148, 158, 169)
AMBER: Colour = (255, 191, 71)
ACCENT: Colour = (88, 166, 255)

PANEL_X, PANEL_WIDTH = 40, 410
GRID_X, GRID_Y = 482, 132
CELL_PX = (350, 272)
GAP_X, GAP_Y = 14, 44
COLUMNS = 3


class Page:
    """A picture being drawn."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), BACKGROUND)
        self.draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, *, size: int = 20, colour: Colour = TEXT, anchor: str = "la") -> None:
        """Write one line."""
        self.draw.text((x, y), text, font=font(size), fill=colour, anchor=anchor)

    def paragraph(
        self, x: float, y: float, text: str, *, width: float, size: int, colour: Colour, lines: int = 9
    ) -> float:
        """Write wrapped text of at most so many lines; returns the y below it."""
        written: list[str] = []
        for word in text.split():
            joined = f"{written[-1]} {word}" if written else word
            if written and font(size).getlength(joined) <= width:
                written[-1] = joined
            else:
                written.append(word)
        if len(written) > lines:
            written = [*written[: lines - 1], written[lines - 1].rstrip(".,;") + " ..."]
        for line in written:
            self.text(x, y, line, size=size, colour=colour)
            y += size * 1.38
        return y

    def bar(self, x: float, y: float, width: float, share: float, colour: Colour) -> None:
        """A bar filled to a share between 0 and 1."""
        self.draw.rounded_rectangle((x, y, x + width, y + 12), 6, fill=RULE)
        filled = max(12.0, width * min(max(share, 0.0), 1.0))
        if share > 0.005:
            self.draw.rounded_rectangle((x, y, x + filled, y + 12), 6, fill=colour)


def draw_page(analysis: Analysis, findings: Findings, *, plates: Plates, software: str) -> ByteArray:
    """Draw the summary page.

    Parameters
    ----------
    analysis : Analysis
        Applicable.
    findings : Findings
        Of the same analysis.
    plates : Plates
        Of the same analysis.
    software : str
        Name and version of software and model, for the foot of the page.

    Returns
    -------
    uint8 array (1200, 1600, 3)
        RGB. It shows no patient data: the identity is in the header of the object.
    """
    page = Page()
    _header(page, software)
    _panel(page, analysis, findings)
    _grid(page, analysis, plates)
    _footer(page, findings)
    pixels: ByteArray = np.asarray(page.image)
    return pixels


def _header(page: Page, software: str) -> None:
    page.draw.rectangle((0, 0, WIDTH_PX, 84), fill=CARD)
    page.draw.rectangle((0, 84, WIDTH_PX, 86), fill=AMBER)
    page.text(PANEL_X, 42, PAGE["title"], size=32, anchor="lm")
    page.text(WIDTH_PX - 40, 30, PAGE["research"], size=26, colour=AMBER, anchor="rm")
    page.text(WIDTH_PX - 40, 62, software, size=17, colour=MUTED, anchor="rm")


def _panel(page: Page, analysis: Analysis, findings: Findings) -> None:
    y = _classifier_card(page, analysis, 108)
    y = _asas_card(page, analysis, y + 14)
    y = _volume_card(page, findings, y + 14)
    _series_card(page, analysis, y + 14)


def _card(page: Page, y: float, height: float, title: str) -> float:
    box = (PANEL_X, y, PANEL_X + PANEL_WIDTH, y + height)
    page.draw.rounded_rectangle(box, 12, fill=CARD, outline=RULE)
    page.text(PANEL_X + 22, y + 18, title, size=16, colour=MUTED)
    return y + 46


def _classifier_card(page: Page, analysis: Analysis, top: float) -> float:
    prediction = analysis.prediction
    height = 424.0 if prediction is not None else 120.0
    y = _card(page, top, height, PAGE["classifier"])
    x, width = PANEL_X + 22, PANEL_WIDTH - 44
    if prediction is None:
        page.paragraph(x, y, PAGE["no_classification"], width=width, size=20, colour=TEXT)
        return top + height
    page.text(x, y, prediction.stage.value, size=52)
    page.text(x, y + 62, PAGE["as_present" if prediction.as_present else "as_absent"], size=21)
    y += 104
    rows = [(PAGE["as_probability"], prediction.as_probability, AMBER)]
    rows += [(stage.value, value, ACCENT) for stage, value in zip(STAGES, prediction.stage_probabilities, strict=True)]
    for label, value, colour in rows:
        page.text(x, y, label, size=18, colour=TEXT)
        page.text(x + width, y, f"{value:.2f}", size=18, anchor="ra")
        page.bar(x, y + 24, width, value, colour)
        y += 44
    page.paragraph(x, y + 4, PAGE["simulated"], width=width, size=16, colour=AMBER, lines=2)
    return top + height


def _asas_card(page: Page, analysis: Analysis, top: float) -> float:
    height = 180.0
    y = _card(page, top, height, PAGE["asas"])
    x, width = PANEL_X + 22, PANEL_WIDTH - 44
    asas = analysis.asas
    if asas is None:
        page.paragraph(x, y, PAGE["no_asas"], width=width, size=19, colour=TEXT)
        return top + height
    page.text(x, y - 4, PAGE["met" if asas.positive else "not_met"], size=34)
    for place, label, met in ((0.0, PAGE["right"], asas.right_positive), (0.5, PAGE["left"], asas.left_positive)):
        text = f"{label}: {PAGE['met' if met else 'not_met'].lower()}"
        page.text(x + width * place, y + 48, text, size=18, colour=TEXT if met else MUTED)
    page.paragraph(x, y + 80, PAGE["asas_note"], width=width, size=16, colour=MUTED, lines=2)
    return top + height


def _volume_card(page: Page, findings: Findings, top: float) -> float:
    height = 168.0
    y = _card(page, top, height, PAGE["volumes"])
    x, right_edge = PANEL_X + 22, PANEL_X + PANEL_WIDTH - 22
    columns = (right_edge - 110, right_edge)
    for place, label in zip(columns, (PAGE["right"], PAGE["left"]), strict=True):
        page.text(place, y - 28, label, size=16, colour=MUTED, anchor="ra")
    for label, key in ((PAGE["edema"], "edema"), (PAGE["joint"], "joint")):
        page.text(x, y + 6, label, size=19)
        for place, side in zip(columns, (Side.RIGHT, Side.LEFT), strict=True):
            number = findings.number(f"{side}_{key}_mm3")
            page.text(place, y + 6, PAGE["none"] if number is None else number.text, size=19, anchor="ra")
        y += 36
    region = findings.number("region_mm3")
    page.text(x, y + 6, PAGE["region"], size=19)
    page.text(right_edge, y + 6, PAGE["none"] if region is None else region.text, size=19, anchor="ra")
    return top + height


def _series_card(page: Page, analysis: Analysis, top: float) -> None:
    y = _card(page, top, 112.0, PAGE["series"])
    chosen = (
        (PAGE["short_t1"], analysis.t1, analysis.selection.chosen.get(Role.T1W)),
        (PAGE["short_fluid"], analysis.fluid, analysis.selection.chosen.get(Role.FLUID)),
    )
    for label, volume, candidate in chosen:
        page.text(PANEL_X + 22, y - 2, label, size=16, colour=MUTED)
        page.text(PANEL_X + 76, y - 2, clip(read_series(volume, candidate), 44), size=16)
        y += 28


def _grid(page: Page, analysis: Analysis, plates: Plates) -> None:
    viewport = look_at(analysis, CELL_PX)
    if viewport is None:
        return
    key = choose_key_slices(analysis, COLUMNS)
    rows = (
        (PAGE["row_t1"], analysis.t1, _anatomy_cell, PAGE["missing"]),
        (PAGE["row_fluid"], analysis.fluid, _fluid_cell, PAGE["missing"]),
        (
            PAGE["row_heat"],
            analysis.reference if analysis.explanation is not None else None,
            _heat_cell,
            PAGE["no_heatmap"],
        ),
    )
    for row, (title, volume, cell, empty) in enumerate(rows):
        y = GRID_Y + row * (CELL_PX[1] + GAP_Y)
        page.text(GRID_X, y - 10, title, size=18, colour=MUTED, anchor="ls")
        _legend(page, analysis, row, y)
        for column in range(COLUMNS):
            x = GRID_X + column * (CELL_PX[0] + GAP_X)
            index = _index(analysis, volume, key, column)
            if volume is None or index is None:
                _empty_cell(page, x, y, PAGE["no_slice"] if volume is not None else empty)
                continue
            page.image.paste(Image.fromarray(cell(analysis, plates, volume, index, viewport)), (x, y))
            _cell_words(page, volume, index, x, y)


def _index(analysis: Analysis, volume: Volume | None, key: Sequence[int], column: int) -> int | None:
    if volume is None or analysis.reference is None or column >= len(key):
        return None
    if volume is analysis.reference:
        return key[column]
    return matching_slice(analysis.reference, key[column], volume)


def _empty_cell(page: Page, x: int, y: int, text: str) -> None:
    page.draw.rectangle((x, y, x + CELL_PX[0] - 1, y + CELL_PX[1] - 1), fill=CARD, outline=RULE)
    page.text(x + CELL_PX[0] / 2, y + CELL_PX[1] / 2, text, size=18, colour=MUTED, anchor="mm")


def _cell_words(page: Page, volume: Volume, index: int, x: int, y: int) -> None:
    left, right = side_letters(volume)
    middle = y + CELL_PX[1] / 2
    page.draw.text((x + 8, middle), left, font=font(22), fill=TEXT, anchor="lm", stroke_width=2, stroke_fill=(0, 0, 0))
    place = (x + CELL_PX[0] - 8, middle)
    page.draw.text(place, right, font=font(22), fill=TEXT, anchor="rm", stroke_width=2, stroke_fill=(0, 0, 0))
    words = image_name(volume, index)
    low = (x + 8, y + CELL_PX[1] - 6)
    page.draw.text(low, words, font=font(15), fill=TEXT, anchor="ls", stroke_width=2, stroke_fill=(0, 0, 0))


def _legend(page: Page, analysis: Analysis, row: int, y: int) -> None:
    x = float(GRID_X + COLUMNS * CELL_PX[0] + (COLUMNS - 1) * GAP_X)
    if row == 2:
        _heat_legend(page, x, y)
        return
    entries = {
        0: [
            (PAGE["region"], REGION_COLOUR),
            (PAGE["right_joint"], JOINT_COLOUR[Side.RIGHT]),
            (PAGE["left_joint"], JOINT_COLOUR[Side.LEFT]),
        ],
        1: [(PAGE["right_edema"], EDEMA_COLOUR[Side.RIGHT]), (PAGE["left_edema"], EDEMA_COLOUR[Side.LEFT])],
    }[row]
    for label, colour in reversed(entries):
        page.text(x, y - 10, label, size=16, colour=MUTED, anchor="rs")
        x -= font(16).getlength(label) + 8
        page.draw.rectangle((x - 14, y - 23, x, y - 9), fill=colour)
        x -= 34


def _heat_legend(page: Page, x: float, y: int) -> None:
    page.text(x, y - 10, "1", size=16, colour=MUTED, anchor="rs")
    ramp = np.tile(np.linspace(0.0, 1.0, 160, dtype=np.float32), (14, 1))
    dark = np.zeros((14, 160, 3), np.uint8)
    page.image.paste(Image.fromarray(blend_heat(dark + 90, ramp)), (int(x) - 176, y - 23))
    page.text(x - 184, y - 10, "0", size=16, colour=MUTED, anchor="rs")


def _base(analysis: Analysis, plates: Plates, volume: Volume, index: int, viewport: Viewport) -> ByteArray:
    name = "t1" if volume is analysis.t1 else "fluid"
    return viewport.picture(plates.levels[name][index], volume, index)


def _anatomy_cell(analysis: Analysis, plates: Plates, volume: Volume, index: int, viewport: Viewport) -> ByteArray:
    rgb = _base(analysis, plates, volume, index, viewport)
    if analysis.region is not None and volume is analysis.reference:
        draw_contour(rgb, viewport.mask(analysis.region[index], volume, index), REGION_COLOUR)
    for joint in plates.joints["t1"]:
        colour = JOINT_COLOUR[joint.side]
        draw_contour(rgb, viewport.mask(joint.band[index], volume, index), colour)
        draw_line(rgb, viewport.points(joint.columns_px[index], volume, index), colour)
    return rgb


def _fluid_cell(analysis: Analysis, plates: Plates, volume: Volume, index: int, viewport: Viewport) -> ByteArray:
    rgb = _base(analysis, plates, volume, index, viewport)
    if analysis.region is not None and volume is analysis.reference:
        draw_contour(rgb, viewport.mask(analysis.region[index], volume, index), REGION_COLOUR)
    for joint in plates.joints["fluid"]:
        points = viewport.points(joint.columns_px[index], volume, index)
        draw_line(rgb, points, JOINT_COLOUR[joint.side], thickness=1)
    if analysis.edema is not None:
        for side, masks in ((Side.LEFT, analysis.edema.left), (Side.RIGHT, analysis.edema.right)):
            mask = viewport.mask(masks[index], volume, index)
            blend_mask(rgb, mask, EDEMA_COLOUR[side], alpha=0.12)
            draw_contour(rgb, mask, EDEMA_COLOUR[side])
    return rgb


def _heat_cell(analysis: Analysis, plates: Plates, volume: Volume, index: int, viewport: Viewport) -> ByteArray:
    rgb = _base(analysis, plates, volume, index, viewport)
    if analysis.explanation is None:
        return rgb
    heat = viewport.cut(analysis.explanation.focused[index], volume, index)
    return blend_heat(rgb, np.clip(heat, 0.0, 1.0))


def _footer(page: Page, findings: Findings) -> None:
    y = 1082.0
    page.draw.line((PANEL_X, y, WIDTH_PX - 40, y), fill=RULE)
    limits = " ".join(findings.limitations) or PAGE["no_limits"]
    y = page.paragraph(
        PANEL_X, y + 14, clip(f"{PAGE['limits']}: {limits}", 420), width=WIDTH_PX - 80, size=17, colour=TEXT, lines=3
    )
    page.text(PANEL_X, HEIGHT_PX - 22, PAGE["statement"], size=16, colour=AMBER, anchor="ls")
