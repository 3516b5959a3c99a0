"""Key slices on a summary: each as it is, and beside it the same with outlines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.result import Images
from reporting.pictures.canvas import EDGE_PX, LINE, MUTED, SIDE_PX, SMALL, Page, shortened
from reporting.pictures.viewport import Viewport
from reporting.pictures.window import find_window
from reporting.presentation import ByteArray, Rgb

GAP_PX = 12
CELL_WIDTH = (SIDE_PX - 2 * EDGE_PX - GAP_PX) // 2
CAPTION_PX = int(SMALL * LINE) + 6
LOWEST_PX, HIGHEST_PX = 165, 360
BOTTOM_PX = 24

Draw = Callable[[ByteArray, Viewport], None]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A slice that is shown twice.

    Attributes
    ----------
    images : Images
    plane : int
    caption : str
        Which series and image.
    legend : sequence of (words, color)
    draw : callable
        Draws what was found into a picture, uint8 (rows, columns, 3), in place.
    look : callable
        From the width and height of a picture to its viewport.
    """

    images: Images
    plane: int
    caption: str
    legend: Sequence[tuple[str, Rgb]]
    draw: Draw
    look: Callable[[tuple[int, int]], Viewport]


def draw_pairs(page: Page, y: float, pairs: Sequence[KeyPair]) -> None:
    """Draw as many pairs as there is room for below y, each as large as they may be.

    Parameters
    ----------
    page : Page
        Changed in place.
    y : float
        Where the room begins.
    pairs : sequence of KeyPair
        The most important first.
    """
    room = SIDE_PX - BOTTOM_PX - y
    count = max(1, min(len(pairs), int(room // (CAPTION_PX + LOWEST_PX))))
    height = int(min(HIGHEST_PX, room / count - CAPTION_PX))
    for pair in pairs[:count]:
        second = EDGE_PX + CELL_WIDTH + GAP_PX
        page.text(EDGE_PX, y, shortened(pair.caption, width=CELL_WIDTH, size=SMALL), color=MUTED)
        page.legend(second, y, list(pair.legend), width=CELL_WIDTH)
        viewport = pair.look((CELL_WIDTH, height))
        levels = find_window(pair.images.pixels).levels(pair.images.pixels[pair.plane])
        clean = viewport.picture(levels, pair.images, pair.plane)
        top = int(y + CAPTION_PX - 4)
        page.cell(EDGE_PX, top, clean, pair.images)
        found = clean.copy()
        pair.draw(found, viewport)
        page.cell(second, top, found, pair.images)
        y = top + height + 4
