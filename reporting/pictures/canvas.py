"""What every summary is drawn on: one square dark picture with few, large words.

Viewers fit it into a viewport and write their own text into its corners, some lines in each: nothing is written there.
The smallest letters are 10 pixels high where the picture is shown 512 pixels wide.
"""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from inference.result import Images
from reporting.pictures.drawing import side_letters
from reporting.pictures.fonts import font, legible
from reporting.presentation import ByteArray, Rgb

SIDE_PX = 980
EDGE_PX = 32
CORNER_HEIGHT, CORNER_WIDTH = 0.08, 0.22
"""Parts of a picture's height and width that are kept free of text in each corner."""
PLAYER_PX = 118
"""Viewers lay their player over the middle of the upper edge of such pictures. OHIF's ends 84 pixels below the edge of
the viewport, which is here in a picture shown 700 pixels high; nothing that must be read stands above."""
TOP_PX = PLAYER_PX
SMALL = 27
LINE = 1.36
BACKGROUND: Rgb = (13, 17, 23)
CARD: Rgb = (22, 27, 34)
RULE: Rgb = (48, 54, 61)
TEXT: Rgb = (230, 237, 243)
MUTED: Rgb = (160, 170, 181)
AMBER: Rgb = (255, 191, 71)
ELLIPSIS = "..."


class Page:
    """A picture being drawn.

    Places and sizes are pixels of the page, from its upper left corner; `size` is that of the letters, and an anchor is
    one of Pillow's (for example ``lm``: left, middle).
    """

    def __init__(self) -> None:
        self.image = Image.new("RGB", (SIDE_PX, SIDE_PX), BACKGROUND)
        self.draw = ImageDraw.Draw(self.image)

    @property
    def pixels(self) -> ByteArray:
        """The page, uint8 (rows, columns, 3)."""
        pixels: ByteArray = np.asarray(self.image)
        return pixels

    def text(self, x: float, y: float, text: str, *, size: int = SMALL, color: Rgb = TEXT, anchor: str = "la") -> None:
        """Write one line."""
        self.draw.text((x, y), legible(text), font=font(size), fill=color, anchor=anchor)

    def paragraph(
        self, x: float, y: float, text: str, *, width: float, size: int = SMALL, color: Rgb = TEXT, lines: int = 2
    ) -> float:
        """Write wrapped text of at most so many lines, the last with an ellipsis where it is longer; the y below it."""
        for line in wrap(text, width=width, size=size, lines=lines):
            self.text(x, y, line, size=size, color=color)
            y += size * LINE
        return y

    def banner(self, words: str) -> None:
        """Write that this is research at the middle of the upper edge, between the corners."""
        width = SIDE_PX * (1 - 2 * CORNER_WIDTH)
        size = next(size for size in range(40, SMALL - 1, -1) if size == SMALL or measure(words, size) <= width)
        self.text(SIDE_PX / 2, SIDE_PX * CORNER_HEIGHT / 2, words, size=size, color=AMBER, anchor="mm")
        self.draw.rectangle((0, SIDE_PX * CORNER_HEIGHT, SIDE_PX, SIDE_PX * CORNER_HEIGHT + 1), fill=AMBER)

    def rule(self, y: float) -> None:
        """A thin line across the page."""
        self.draw.line((EDGE_PX, y, SIDE_PX - EDGE_PX, y), fill=RULE)

    def cell(self, x: int, y: int, picture: ByteArray, images: Images) -> None:
        """Put a plane's picture (rows, columns, 3) on the page, with the patient's sides at its edges."""
        self.image.paste(Image.fromarray(picture), (x, y))
        height, width, _ = picture.shape
        left, right = side_letters(images)
        self._over(x + 8, y + height / 2, left, anchor="lm")
        self._over(x + width - 8, y + height / 2, right, anchor="rm")

    def legend(self, x: float, y: float, entries: list[tuple[str, Rgb]], *, width: float) -> None:
        """Colored squares with their words, from x, as many as fit; squares without words share those of the next."""
        right = x + width
        for label, color in entries:
            if x + 28 + measure(label, SMALL) > right:
                return
            self.draw.rectangle((x, y + 7, x + 20, y + 27), fill=color)
            if label:
                self.text(x + 28, y, label, color=MUTED)
            x += 28 + measure(label, SMALL) + 12 if label else 24

    def _over(self, x: float, y: float, text: str, *, anchor: str) -> None:
        """Write over a picture, legible on every ground."""
        self.draw.text((x, y), text, font=font(SMALL), fill=TEXT, anchor=anchor, stroke_width=2, stroke_fill=(0, 0, 0))


@lru_cache(maxsize=4096)
def measure(text: str, size: int) -> float:
    """How wide a text is."""
    return float(font(size).getlength(legible(text)))


def wrap(text: str, *, width: float, size: int, lines: int = 99) -> list[str]:
    """Text in at most so many lines that are no wider than that; what is cut ends with an ellipsis."""
    wrapped: list[str] = []
    for word in filter(None, text.split(" ")):  # a no-break space keeps a number with its unit
        joined = f"{wrapped[-1]} {word}" if wrapped else word
        if wrapped and measure(joined, size) <= width:
            wrapped[-1] = joined
        else:
            wrapped.append(word)
    kept = wrapped[:lines]
    if len(wrapped) > lines:
        last = kept[-1].rstrip(" .,;")
        while " " in last and measure(f"{last} {ELLIPSIS}", size) > width:
            last = last.rsplit(" ", 1)[0].rstrip(" .,;")
        kept[-1] = f"{last} {ELLIPSIS}"
    return [one if measure(one, size) <= width else shortened(one, width=width, size=size) for one in kept]


def shortened(text: str, *, width: float, size: int) -> str:
    """One line no wider than that: letters are cut from its end where it is, and an ellipsis says so."""
    if measure(text, size) <= width:
        return text
    text = text.removesuffix(ELLIPSIS)
    while text and measure(f"{text}{ELLIPSIS}", size) > width:
        text = text[:-1].rstrip()
    return f"{text}{ELLIPSIS}"
