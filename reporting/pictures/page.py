"""The summary page that every application has: what was found in words, and the planes to look at first."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from inference.result import Analysis, Evaluation, HeatMap, Images, NotAssessable, Place
from inference.space import matching_slice
from reporting.pictures.canvas import ACCENT, AMBER, EDGE_PX, HEADER_PX, HEIGHT_PX, MUTED, TEXT, WIDTH_PX, Page, wrap
from reporting.pictures.drawing import Plates, blend_heat, blend_mask, heat_of, prepare, upright
from reporting.pictures.viewport import Viewport, draw_contour, draw_line, look_at
from reporting.presentation import ByteArray, LayerTerm, Presentation, Report, Rgb, Terms
from reporting.probabilities import probability_words, shown_probability
from reporting.sites import segment_label
from reporting.words import (
    HEATMAP_STATEMENT,
    evaluation_words,
    incomplete_line,
    measurement_words,
    series_words,
    site_words,
)

GRID_WIDTH = 928
GRID_X = WIDTH_PX - EDGE_PX - GRID_WIDTH
GAP_X, GAP_Y = 14, 44
COLUMNS = 3
SHAPE = 0.77  # height of a cell by its width
LOWEST_PX = 232
TOP, BOTTOM = HEADER_PX + 48, 132
PANEL_WIDTH = GRID_X - EDGE_PX - 32
FEW = 6
INSIDE_ALPHA = 0.12
NO_HEAT = "Not explained"


@dataclass(frozen=True, slots=True)
class _Line:
    """One paragraph of the left half of the page; `share` is a bar below it."""

    text: str
    size: int = 18
    color: Rgb = TEXT
    gap: float = 4.0
    share: float | None = None

    @property
    def wrapped(self) -> list[str]:
        return wrap(self.text, width=PANEL_WIDTH, size=self.size)

    @property
    def height(self) -> float:
        return self.gap + len(self.wrapped) * self.size * 1.38 + (0.0 if self.share is None else 16.0)


def draw_page(
    analysis: Analysis, presentation: Presentation, report: Report, plates: Plates, *, software: str
) -> ByteArray:
    """Draw the summary page: the application's own, or the one that every application has.

    Parameters
    ----------
    analysis : Analysis
        Applicable.
    presentation : Presentation
        Of its application.
    report : Report
        Of the same analysis.
    plates : Plates
        Of the same analysis.
    software : str
        Name and version of software and model, for the head of the page.

    Returns
    -------
    uint8 array (rows, 1600, 3)
        RGB. It shows no patient data: the identity is in the header of the object.
    """
    own = presentation.page(analysis, report, software=software)
    if own is not None:
        return own
    shown = upright(analysis)
    analysis, plates = shown, plates if shown is analysis else prepare(shown)
    terms = presentation.terms
    lines = [*_said(analysis, terms, report), *_read(analysis, terms)]
    rows = len(analysis.images) + len(_heated(analysis))
    cell_px = _cell_px(analysis, rows)
    needed = max(sum(line.height for line in lines), rows * (cell_px[1] + GAP_Y))
    page = Page(max(HEIGHT_PX, int(TOP + needed + BOTTOM)))
    page.header(presentation.title, software)
    page.warning(incomplete_line(report))
    y = TOP - 24.0
    for line in lines:
        y = _write(page, line, y)
    _draw_rows(page, analysis, terms, plates, cell_px)
    page.footer(" ".join(report.limitations))
    return page.pixels


def _write(page: Page, line: _Line, y: float) -> float:
    y += line.gap
    for text in line.wrapped:
        page.text(EDGE_PX, y, text, size=line.size, color=line.color)
        y += line.size * 1.38
    if line.share is not None:
        page.bar(EDGE_PX, y, PANEL_WIDTH, shown_probability(line.share), ACCENT)
        y += 16
    return y


def _said(analysis: Analysis, terms: Terms, report: Report) -> Iterator[_Line]:
    yield _Line(report.headline, 22, gap=0)
    for evaluation in analysis.evaluations:
        yield from _evaluated(evaluation, terms, few=len(analysis.evaluations) <= FEW)
    for key in dict.fromkeys(one.key for one in analysis.evaluations):
        if terms.evaluations[key].note:
            yield _Line(f"{terms.evaluations[key].words}: {terms.evaluations[key].note}", 16, AMBER)
    if analysis.measurements:
        yield _Line("MEASUREMENTS", 16, MUTED, gap=22)
    for measurement in analysis.measurements:
        name = f"{terms.measurements[measurement.key].words}, {_small(site_words(terms, measurement.site))}"
        yield _Line(f"{name}: {measurement_words(terms, measurement)}", 17, _tone(measurement.value))


def _evaluated(evaluation: Evaluation, terms: Terms, *, few: bool) -> Iterator[_Line]:
    """The value with the probability of each value as a bar; where there are many, only that of the value itself."""
    term = terms.evaluations[evaluation.key]
    words, site = evaluation_words(terms, evaluation), _small(site_words(terms, evaluation.site))
    color = _tone(evaluation.value)
    if not few:
        share = evaluation.probabilities.get(str(evaluation.value))
        yield _Line(f"{term.words}, {site}: {words}" + _number(share), 17, color, gap=6, share=share)
        return
    yield _Line(f"{term.words}, {site}".upper(), 16, MUTED, gap=18)
    yield _Line(words[:1].upper() + words[1:], 18 if isinstance(evaluation.value, NotAssessable) else 30, color)
    for key, share in evaluation.probabilities.items():
        yield _Line(f"{term.values[key].words}{_number(share)}", 17, share=share)


def _number(share: float | None) -> str:
    return "" if share is None else f" ({probability_words(share)})"


def _small(words: str) -> str:
    """Words within a sentence: small at the start, unless they are an abbreviation."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _tone(value: object) -> Rgb:
    return MUTED if isinstance(value, NotAssessable) else TEXT


def _read(analysis: Analysis, terms: Terms) -> Iterator[_Line]:
    yield _Line("SERIES READ", 16, MUTED, gap=22)
    for role, term in terms.roles.items():
        yield _Line(f"{term.words}: {series_words(analysis, role) or 'no such series'}", 16)


def _heated(analysis: Analysis) -> list[HeatMap]:
    """The first heat map on the images of each role."""
    first: dict[str, HeatMap] = {}
    for heatmap in analysis.heatmaps:
        first.setdefault(heatmap.role, heatmap)
    return list(first.values())


def _cell_px(analysis: Analysis, rows: int) -> tuple[int, int]:
    """Width and height of a picture: as large as the most planes of a row, and the rows on a page, allow."""
    columns = max(len(_planes(analysis, images)) for images in analysis.images)
    width = (GRID_WIDTH - (columns - 1) * GAP_X) // columns
    tallest = (HEIGHT_PX - TOP - BOTTOM) // rows - GAP_Y
    return width, max(LOWEST_PX, min(int(width * SHAPE), tallest))


def _draw_rows(page: Page, analysis: Analysis, terms: Terms, plates: Plates, cell_px: tuple[int, int]) -> None:
    y, right_edge, step = TOP, float(WIDTH_PX - EDGE_PX), cell_px[0] + GAP_X
    viewports = {images.role: _viewport(analysis, images, cell_px) for images in analysis.images}
    for images in analysis.images:
        words = terms.roles[images.role].words
        page.text(GRID_X, y - 10, words[:1].upper() + words[1:], size=18, color=MUTED, anchor="ls")
        page.legend(right_edge, y, _legend(analysis, images, terms))
        for column, plane in enumerate(_planes(analysis, images)):
            rgb = viewports[images.role].picture(plates.levels[images.role][plane], images, plane)
            _draw_found(rgb, analysis, images, plane, terms, viewports[images.role])
            page.cell(GRID_X + column * step, y, rgb, images, plane)
        y += cell_px[1] + GAP_Y
    for heatmap in _heated(analysis):
        images = analysis.of_role(heatmap.role) or analysis.images[0]
        page.text(GRID_X, y - 10, _heat_title(heatmap, terms), size=16, color=MUTED, anchor="ls")
        page.heat_legend(right_edge, y)
        for column, plane in enumerate(_planes(analysis, images)):
            if plane not in heatmap.planes:
                page.empty_cell(GRID_X + column * step, y, cell_px, NO_HEAT)
                continue
            rgb = viewports[images.role].picture(plates.levels[images.role][plane], images, plane)
            heat = viewports[images.role].cut(heat_of(heatmap, plane), images, plane)
            page.cell(GRID_X + column * step, y, blend_heat(rgb, np.clip(heat, 0.0, 1.0)), images, plane)
        page.text(right_edge, y + cell_px[1] + 6, HEATMAP_STATEMENT, size=14, color=MUTED, anchor="ra")
        y += cell_px[1] + GAP_Y


def _heat_title(heatmap: HeatMap, terms: Terms) -> str:
    answer = terms.evaluations[heatmap.of]
    return f"{terms.heatmaps[heatmap.key]}: {answer.words}, {answer.values[heatmap.towards].words}"


def _viewport(analysis: Analysis, images: Images, cell_px: tuple[int, int]) -> Viewport:
    return look_at(images, [one.mask for one in analysis.segments if one.role == images.role], cell_px)


def _planes(analysis: Analysis, images: Images) -> tuple[int, ...]:
    """Its own planes to look at first, or those at the place of another's, or the middle one; at most three."""
    own = [one.plane for one in analysis.key_slices if one.role == images.role]
    for one in analysis.key_slices if not own and images.grid is not None else ():
        other = analysis.of_role(one.role)
        if other is None or other.grid is None:
            continue
        match = matching_slice(other.volume, one.plane, images.volume)
        own += [] if match is None or match in own else [match]
    return tuple(own[:COLUMNS]) or (images.shape[0] // 2,)


def _legend(analysis: Analysis, images: Images, terms: Terms) -> list[tuple[str, Rgb]]:
    entries = {
        segment_label(one, terms): terms.segments[one.key].rgb[one.site.side]
        for one in analysis.segments
        if one.role == images.role
    }
    return list(entries.items())[:4]


def _draw_found(
    rgb: ByteArray, analysis: Analysis, images: Images, plane: int, terms: Terms, viewport: Viewport
) -> None:
    for segment in (one for one in analysis.segments if one.role == images.role):
        color = terms.segments[segment.key].rgb[segment.site.side]
        mask = viewport.mask(segment.mask[plane], images, plane)
        if terms.layers.get(segment.key, LayerTerm("", "")).fill:
            blend_mask(rgb, mask, color, alpha=INSIDE_ALPHA)
        draw_contour(rgb, mask, color)
    for trace in (one for one in analysis.traces if one.role == images.role):
        points = viewport.points(trace.lines_px[plane], images, plane)
        draw_line(rgb, points, terms.traces[trace.key][trace.site.side])
    for place in _places(analysis):
        if place.role == images.role and place.plane == plane:
            _draw_place(rgb, place, images, viewport)


def _places(analysis: Analysis) -> Iterator[Place]:
    for evaluation in analysis.evaluations:
        yield from evaluation.at
    for measurement in analysis.measurements:
        yield from measurement.at


def _draw_place(rgb: ByteArray, place: Place, images: Images, viewport: Viewport) -> None:
    turned = np.array(place.points_px, float)[:, ::-1]
    if place.shape == "box":
        (left, top), (right, bottom) = turned[0], turned[-1]
        turned = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    points = viewport.project(turned, images, place.plane)
    if place.shape == "point":
        x, y = np.rint(points[0]).astype(int)
        cv2.circle(rgb, (int(x), int(y)), 5, AMBER, 1, cv2.LINE_AA)
    else:
        draw_line(rgb, np.vstack([points, points[:1]]), AMBER, thickness=1)
