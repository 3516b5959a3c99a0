"""The summary that every application has: what was found in few words, and one slice of each series with outlines."""

from collections.abc import Iterator, Sequence
from functools import partial

import cv2
import numpy as np

from inference.result import Analysis, Evaluation, Images, Measurement, NotAssessable, Place
from inference.space import matching_slice
from reporting.pictures.canvas import AMBER, EDGE_PX, LINE, MUTED, SIDE_PX, SMALL, TEXT, TOP_PX, Page, wrap
from reporting.pictures.drawing import blend_mask, upright
from reporting.pictures.pairs import CAPTION_PX, LOWEST_PX, KeyPair, draw_pairs
from reporting.pictures.viewport import Viewport, draw_contour, draw_line, look_at
from reporting.presentation import ByteArray, LayerTerm, Presentation, Report, Rgb, Terms
from reporting.probabilities import probability_words
from reporting.sites import segment_label
from reporting.words import evaluation_words, image_name, incomplete_line, measurement_words, site_words

WIDTH = SIDE_PX - 2 * EDGE_PX
MISSING_LINES, STATEMENT_LINES = 3, 2
TEXT_BOTTOM = SIDE_PX - 2 * (CAPTION_PX + LOWEST_PX)
INSIDE_ALPHA = 0.12


def draw_page(analysis: Analysis, presentation: Presentation, report: Report, *, software: str) -> ByteArray:
    """Draw the summary: the application's own, or the one that every application has.

    Parameters
    ----------
    analysis : Analysis
        Applicable.
    presentation : Presentation
        Of its application.
    report : Report
        Of the same analysis.
    software : str
        Name and version of software and model.

    Returns
    -------
    uint8 array (rows, columns, 3)
        RGB. It shows no patient data: the identity is in the header of the object.
    """
    own = presentation.page(analysis, report, software=software)
    if own is not None:
        return own
    terms = presentation.terms
    page = Page()
    page.banner(terms.say("picture-text"))
    y = float(TOP_PX)
    incomplete = incomplete_line(report)
    if incomplete:
        y = page.paragraph(EDGE_PX, y, incomplete, width=WIDTH, color=AMBER, lines=MISSING_LINES)
    y = page.paragraph(EDGE_PX, y, presentation.title, width=WIDTH, color=MUTED, lines=1)
    y = _write(page, y, list(_statements(analysis, terms)), terms)
    shown = upright(analysis)
    draw_pairs(page, y + 8, [_pair(shown, images, terms) for images in shown.images])
    return page.pixels


def _statements(analysis: Analysis, terms: Terms) -> Iterator[tuple[str, Rgb]]:
    """What is said, the leading question first, with the color of its words."""
    answers = sorted(analysis.evaluations, key=lambda one: one.key != terms.lead)
    yield from ((_answer(one, terms), _tone(one.value)) for one in answers)
    yield from ((_measured(one, terms), _tone(one.value)) for one in analysis.measurements)


def _answer(one: Evaluation, terms: Terms) -> str:
    term = terms.evaluations[one.key]
    share = None if isinstance(one.value, NotAssessable) else one.probabilities.get(one.value)
    number = "" if share is None else f" ({probability_words(share, terms.language)})"
    return f"{term.short or term.words}, {site_words(terms, one.site)}: {evaluation_words(terms, one)}{number}"


def _measured(one: Measurement, terms: Terms) -> str:
    words = f"{terms.measurements[one.key].words}, {site_words(terms, one.site)}"
    return f"{words}: {measurement_words(terms, one)}"


def _tone(value: object) -> Rgb:
    return MUTED if isinstance(value, NotAssessable) else TEXT


def _write(page: Page, y: float, statements: Sequence[tuple[str, Rgb]], terms: Terms) -> float:
    """Statements, as many as there is room for; how many are left is said."""
    for number, (text, color) in enumerate(statements):
        left = len(statements) - number
        needed = len(wrap(text, width=WIDTH, size=SMALL, lines=STATEMENT_LINES)) + (left > 1)
        if y + needed * SMALL * LINE > TEXT_BOTTOM:
            more = terms.say("more-in-the-report", count=left)
            return page.paragraph(EDGE_PX, y, more, width=WIDTH, color=MUTED, lines=1)
        y = page.paragraph(EDGE_PX, y, text, width=WIDTH, color=color, lines=STATEMENT_LINES)
    return y


def _pair(analysis: Analysis, images: Images, terms: Terms) -> KeyPair:
    plane = _plane(analysis, images)
    masks = [one.mask for one in analysis.segments if one.role == images.role]
    words = terms.roles[images.role].words
    return KeyPair(
        images,
        plane,
        f"{words[:1].upper()}{words[1:]}: {image_name(images, plane, terms.language)}",
        _legend(analysis, images, terms),
        partial(_draw_found, analysis, images, plane, terms),
        partial(look_at, images, masks),
    )


def _plane(analysis: Analysis, images: Images) -> int:
    """Its own first plane to look at, or that at the place of another's, or the middle one."""
    own = [one.plane for one in analysis.key_slices if one.role == images.role]
    if own:
        return own[0]
    for one in analysis.key_slices if images.grid is not None else ():
        other = analysis.of_role(one.role)
        if other is not None and other.grid is not None:
            match = matching_slice(other.volume, one.plane, images.volume)
            if match is not None:
                return match
    return images.shape[0] // 2


def _legend(analysis: Analysis, images: Images, terms: Terms) -> list[tuple[str, Rgb]]:
    return list(
        {
            segment_label(one, terms): terms.segments[one.key].rgb[one.site.side]
            for one in analysis.segments
            if one.role == images.role
        }.items()
    )


def _draw_found(
    analysis: Analysis, images: Images, plane: int, terms: Terms, rgb: ByteArray, viewport: Viewport
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
        draw_line(rgb, np.vstack([points, points[:1]]), AMBER)
