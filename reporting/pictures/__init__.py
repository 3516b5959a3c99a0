"""Pictures of a result: drawing, windows, layers for the panel, summary pages."""

from reporting.pictures.canvas import ACCENT, AMBER, CARD, EDGE_PX, MUTED, NO_LIMITS, TEXT, WIDTH_PX, Page
from reporting.pictures.drawing import (
    Plates,
    blend_heat,
    blend_mask,
    gray_levels,
    heat_alpha,
    heat_of,
    outline,
    prepare,
    side_letters,
    upright,
)
from reporting.pictures.fonts import font
from reporting.pictures.layers import Picture, make_pictures
from reporting.pictures.page import draw_page
from reporting.pictures.viewport import Viewport, draw_contour, draw_line, look_at

__all__ = [
    "ACCENT",
    "AMBER",
    "CARD",
    "EDGE_PX",
    "MUTED",
    "NO_LIMITS",
    "TEXT",
    "WIDTH_PX",
    "Page",
    "Picture",
    "Plates",
    "Viewport",
    "blend_heat",
    "blend_mask",
    "draw_contour",
    "draw_line",
    "draw_page",
    "font",
    "gray_levels",
    "heat_alpha",
    "heat_of",
    "look_at",
    "make_pictures",
    "outline",
    "prepare",
    "side_letters",
    "upright",
]
