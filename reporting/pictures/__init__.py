"""Pictures of a result: drawing, windows, layers for the panel, summaries, planes with heat over them."""

from reporting.pictures.canvas import (
    AMBER,
    CORNER_HEIGHT,
    CORNER_WIDTH,
    EDGE_PX,
    LINE,
    MUTED,
    SIDE_PX,
    SMALL,
    TEXT,
    TOP_PX,
    Page,
    measure,
)
from reporting.pictures.colormaps import COLORMAP, COLORMAPS, heat_palette
from reporting.pictures.drawing import (
    Plates,
    blend_heat,
    blend_mask,
    floor_of,
    heat_alpha,
    heat_of,
    outline,
    prepare,
    side_letters,
    upright,
)
from reporting.pictures.fonts import BOLD, REGULAR, font, font_file, is_legible, legible
from reporting.pictures.heat import draw_heat, has_heat, heat_caption, heat_planes
from reporting.pictures.layers import Picture, make_pictures
from reporting.pictures.page import draw_page
from reporting.pictures.pairs import KeyPair, draw_pairs
from reporting.pictures.viewport import Viewport, draw_contour, draw_line, look_at
from reporting.pictures.window import Window, find_window, gray_levels

__all__ = [
    "AMBER",
    "BOLD",
    "COLORMAP",
    "COLORMAPS",
    "CORNER_HEIGHT",
    "CORNER_WIDTH",
    "EDGE_PX",
    "LINE",
    "MUTED",
    "REGULAR",
    "SIDE_PX",
    "SMALL",
    "TEXT",
    "TOP_PX",
    "KeyPair",
    "Page",
    "Picture",
    "Plates",
    "Viewport",
    "Window",
    "blend_heat",
    "blend_mask",
    "draw_contour",
    "draw_heat",
    "draw_line",
    "draw_page",
    "draw_pairs",
    "find_window",
    "floor_of",
    "font",
    "font_file",
    "gray_levels",
    "has_heat",
    "heat_alpha",
    "heat_caption",
    "heat_of",
    "heat_palette",
    "heat_planes",
    "is_legible",
    "legible",
    "look_at",
    "make_pictures",
    "measure",
    "outline",
    "prepare",
    "side_letters",
    "upright",
]
