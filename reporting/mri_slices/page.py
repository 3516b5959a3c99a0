"""One slice and what each model says of it: a row for each model, its pictures beside its answers."""

import cv2
import numpy as np
from PIL import Image

from inference.mri_slices import CLASSIFIERS, FOCUSED, GRAD_CAM, SEGMENTERS, as_key, region_key, stage_key
from inference.result import Analysis, Evaluation, HeatMap, NotAssessable
from inference.types import BoolArray, FloatArray, Key, Reason
from reporting.mri_slices.terms import RED
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
    blend_heat,
    blend_mask,
    gray_levels,
    heat_palette,
    upright,
)
from reporting.presentation import ByteArray, Terms
from reporting.words import image_name, why_not

WIDTH = SIDE_PX - 2 * EDGE_PX
MASK_ALPHA = 0.3
JET_ALPHA = 0.4
"""How opaque mask and heat are, as published."""
TILES, GAP_PX, LARGEST_PX = 3, 8, 200
CAPTION_PX = int(SMALL * LINE)


def percent(share: float, terms: Terms) -> str:
    """A confidence as published, in percent with one decimal."""
    return terms.language.number(100 * share, 1)


def draw_page(analysis: Analysis, terms: Terms) -> ByteArray:
    """Draw the models side by side.

    Parameters
    ----------
    analysis : Analysis
        Of :class:`inference.mri_slices.MriSlices`, applicable.
    terms : Terms
        Of its language.

    Returns
    -------
    uint8 array (980, 980, 3)
        RGB. Of each segmenter the slice and the mask in red at 0.3; of each classifier its answers for the slice,
        Grad-CAM and focused Grad-CAM in JET at 0.4, and the former in colors whose lightness rises evenly.
    """
    shown = upright(analysis)
    plane = shown.key_slices[0].plane
    page = Page()
    page.banner(terms.say("picture-text"))
    words = f"{terms.say('published-says')} {terms.say('brightness')}"
    y = page.paragraph(EDGE_PX, TOP_PX, words, width=WIDTH, color=AMBER, lines=3)
    if shown.images[0].shape[0] > 1:
        name = image_name(shown.images[0], plane, terms.language)
        y = page.paragraph(EDGE_PX, y, name[:1].upper() + name[1:], width=WIDTH, color=MUTED, lines=1)
    rgb = np.repeat(gray_levels(shown.images[0].pixels)[plane][..., None], 3, axis=2)
    rows = _rows(shown, plane, rgb, terms)
    height = min(int((SIDE_PX - EDGE_PX - y) / max(1, len(rows))), LARGEST_PX + CAPTION_PX + GAP_PX)
    for lines, tiles in rows:
        _draw_row(page, y, height - GAP_PX, lines, tiles)
        y += height
    return page.pixels


Tile = tuple[str, ByteArray]
Row = tuple[list[str], list[Tile]]


def _rows(analysis: Analysis, plane: int, rgb: ByteArray, terms: Terms) -> list[Row]:
    read = {one.of for one in analysis.heatmaps} | {one.key for one in analysis.evaluations}
    segmenters = [role for role in SEGMENTERS if _was_read(analysis, role)]
    rows = [_segmenter(analysis, role, plane, rgb, terms) for role in segmenters]
    rows += [_classifier(analysis, role, plane, rgb, terms) for role in CLASSIFIERS if as_key(role) in read]
    return rows


def _was_read(analysis: Analysis, role: Key) -> bool:
    """A model that marks nothing says so by a limitation."""
    nothing = any(one.parameters.get("model") == Reason(f"model-{role}") for one in analysis.limitations)
    return nothing or analysis.segment(region_key(role)) is not None


def _segmenter(analysis: Analysis, role: Key, plane: int, rgb: ByteArray, terms: Terms) -> Row:
    segment = analysis.segment(region_key(role))
    mask: BoolArray = np.zeros(rgb.shape[:2], np.bool_) if segment is None else segment.mask[plane]
    marked = rgb.copy()
    blend_mask(marked, mask, RED, MASK_ALPHA)
    said = terms.say("page-region" if mask.any() else "page-nothing-marked")
    slice_name = terms.roles[analysis.images[0].role].words
    return [terms.say(f"reason-model-{role}"), said], [(slice_name, rgb), (terms.say("page-mask"), marked)]


def _classifier(analysis: Analysis, role: Key, plane: int, rgb: ByteArray, terms: Terms) -> Row:
    lines = [terms.say(f"reason-model-{role}")]
    for key in (as_key(role), stage_key(role)):
        evaluation = analysis.evaluation(key)
        if evaluation is not None:
            lines.append(_answer(evaluation, terms))
    heat = {one.key: one for one in analysis.heatmaps if one.of == as_key(role)}
    tiles: list[Tile] = []
    for key, word in ((GRAD_CAM, "page-jet"), (FOCUSED, "page-focused")):
        if key in heat:
            tiles.append((terms.say(word), _jet(rgb, _values(heat[key], plane))))
    if GRAD_CAM in heat:
        tiles.append((terms.say("page-even"), blend_heat(rgb, _values(heat[GRAD_CAM], plane))))
    return lines, tiles


def _values(heat: HeatMap, plane: int) -> FloatArray:
    return np.asarray(np.nan_to_num(heat.values[plane]), np.float32)


def _answer(one: Evaluation, terms: Terms) -> str:
    term = terms.evaluations[one.key]
    question = "AS" if one.key.startswith("as-") else terms.say("stage-word")
    if isinstance(one.value, NotAssessable):
        return why_not(terms, one.value)
    share = percent(one.probabilities[one.value], terms)
    return terms.say("page-answer", question=question, answer=term.values[one.value].words, percent=share)


def _jet(rgb: ByteArray, heat: FloatArray) -> ByteArray:
    """As published: the whole picture, colored."""
    colors = heat_palette("jet")[(np.clip(heat, 0, 1) * 255).astype(np.uint8)]
    return np.asarray(cv2.addWeighted(rgb, 1 - JET_ALPHA, colors, JET_ALPHA, 0), np.uint8)


def _draw_row(page: Page, y: float, height: int, lines: list[str], tiles: list[Tile]) -> None:
    side = height - CAPTION_PX
    left = SIDE_PX - EDGE_PX - TILES * side - (TILES - 1) * GAP_PX
    text_y = y
    for number, line in enumerate(lines):
        color = TEXT if number == 0 else MUTED
        text_y = page.paragraph(EDGE_PX, text_y, line, width=left - EDGE_PX - GAP_PX, color=color, lines=2)
    for number, (words, tile) in enumerate(tiles):
        x = left + number * (side + GAP_PX)
        page.image.paste(Image.fromarray(_square(tile, side)), (x, int(y)))
        page.text(x, y + side + 2, words, color=MUTED)


def _square(tile: ByteArray, side: int) -> ByteArray:
    """A picture (rows, columns, 3) whole in a square, black beside it."""
    rows, columns, _ = tile.shape
    scale = side / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    scaled = cv2.resize(tile, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - scaled.shape[0]) // 2, (side - scaled.shape[1]) // 2
    square[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return square
