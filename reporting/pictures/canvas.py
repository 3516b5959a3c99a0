"""What every summary page is drawn with: text, bars and cards on a dark ground, and the words that all pages bear."""

import numpy as np
from PIL import Image, ImageDraw

from inference.result import Images
from reporting.pictures.drawing import blend_heat, side_letters
from reporting.pictures.fonts import font
from reporting.presentation import ByteArray, Rgb
from reporting.words import PICTURE_TEXT, image_name

WIDTH_PX, HEIGHT_PX = 1600, 1200
EDGE_PX = 40
HEADER_PX = 84
WARNING_PX = 1080
BACKGROUND: Rgb = (13, 17, 23)
CARD: Rgb = (22, 27, 34)
RULE: Rgb = (48, 54, 61)
TEXT: Rgb = (230, 237, 243)
MUTED: Rgb = (148, 158, 169)
AMBER: Rgb = (255, 191, 71)
ACCENT: Rgb = (88, 166, 255)
NO_LIMITS = "none were noted for this study beyond those of the method."
STATEMENT = (
    "Research software, not a medical device. Nobody has verified this result. Left and right are the patient's."
)


class Page:
    """A picture being drawn.

    Places and sizes are pixels of the page, from its upper left corner; `size` is that of the letters, and an anchor is
    one of Pillow's (for example ``lm``: left, middle).
    """

    def __init__(self, height_px: int = HEIGHT_PX) -> None:
        self.height_px = height_px
        self.image = Image.new("RGB", (WIDTH_PX, height_px), BACKGROUND)
        self.draw = ImageDraw.Draw(self.image)

    @property
    def pixels(self) -> ByteArray:
        """The page, uint8 (rows, columns, 3)."""
        pixels: ByteArray = np.asarray(self.image)
        return pixels

    def text(self, x: float, y: float, text: str, *, size: int = 20, color: Rgb = TEXT, anchor: str = "la") -> None:
        """Write one line."""
        self.draw.text((x, y), text, font=font(size), fill=color, anchor=anchor)

    def paragraph(self, x: float, y: float, text: str, *, width: float, size: int, color: Rgb, lines: int = 9) -> float:
        """Write wrapped text of at most so many lines; returns the y below it."""
        written = wrap(text, width=width, size=size)
        if len(written) > lines:
            written = [*written[: lines - 1], written[lines - 1].rstrip(".,;") + " ..."]
        for line in written:
            self.text(x, y, line, size=size, color=color)
            y += size * 1.38
        return y

    def bar(self, x: float, y: float, width: float, share: float, color: Rgb) -> None:
        """A bar filled to a share between 0 and 1."""
        self.draw.rounded_rectangle((x, y, x + width, y + 12), 6, fill=RULE)
        filled = max(12.0, width * min(max(share, 0.0), 1.0))
        if share > 0.005:
            self.draw.rounded_rectangle((x, y, x + filled, y + 12), 6, fill=color)

    def card(self, y: float, height: float, title: str, *, width: float) -> float:
        """Draw a card at the left edge; returns the y of its first line."""
        self.draw.rounded_rectangle((EDGE_PX, y, EDGE_PX + width, y + height), 12, fill=CARD, outline=RULE)
        self.text(EDGE_PX + 22, y + 18, title, size=16, color=MUTED)
        return y + 46

    def header(self, title: str, software: str) -> None:
        """Draw the head of the page: title, RESEARCH, and what made it."""
        self.draw.rectangle((0, 0, WIDTH_PX, HEADER_PX), fill=CARD)
        self.draw.rectangle((0, HEADER_PX, WIDTH_PX, HEADER_PX + 2), fill=AMBER)
        self.text(EDGE_PX, 42, title, size=32, anchor="lm")
        self.text(WIDTH_PX - EDGE_PX, 30, PICTURE_TEXT, size=26, color=AMBER, anchor="rm")
        self.text(WIDTH_PX - EDGE_PX, 62, software, size=17, color=MUTED, anchor="rm")

    def warning(self, text: str) -> None:
        """Draw what must be read before all else, in one line below the title."""
        while text and font(17).getlength(text) > WARNING_PX:
            text = f"{text.removesuffix('...').rsplit(' ', 1)[0]}..." if " " in text else ""
        self.text(EDGE_PX, HEADER_PX - 14, text, size=17, color=AMBER, anchor="lm")

    def footer(self, limitations: str) -> None:
        """Draw the foot of the page: limitations, and the statement."""
        y = self.height_px - 118.0
        self.draw.line((EDGE_PX, y, WIDTH_PX - EDGE_PX, y), fill=RULE)
        width = WIDTH_PX - 2 * EDGE_PX
        self.paragraph(
            EDGE_PX, y + 14, f"Limitations: {limitations or NO_LIMITS}", width=width, size=17, color=TEXT, lines=3
        )
        self.text(EDGE_PX, self.height_px - 22, STATEMENT, size=16, color=AMBER, anchor="ls")

    def cell(self, x: int, y: int, picture: ByteArray, images: Images, plane: int) -> None:
        """Put a plane's picture on the page, with the patient's sides and the name of the plane in it.

        Parameters
        ----------
        x, y : int
            Upper left corner.
        picture : uint8 array (rows, columns, 3)
        images : Images
            Those that the plane is one of.
        plane : int
            Its index.
        """
        self.image.paste(Image.fromarray(picture), (x, y))
        height, width, _ = picture.shape
        left, right = side_letters(images)
        middle = y + height / 2
        self._over(x + 8, middle, left, size=22, anchor="lm")
        self._over(x + width - 8, middle, right, size=22, anchor="rm")
        self._over(x + 8, y + height - 6, image_name(images, plane), size=15, anchor="ls")

    def empty_cell(self, x: int, y: int, size_px: tuple[int, int], text: str) -> None:
        """A cell without a picture, and why."""
        width, height = size_px
        self.draw.rectangle((x, y, x + width - 1, y + height - 1), fill=CARD, outline=RULE)
        self.text(x + width / 2, y + height / 2, text, size=18, color=MUTED, anchor="mm")

    def legend(self, x: float, y: float, entries: list[tuple[str, Rgb]]) -> None:
        """Colored squares with their words, ending at x."""
        for label, color in reversed(entries):
            self.text(x, y - 10, label, size=16, color=MUTED, anchor="rs")
            x -= font(16).getlength(label) + 8
            self.draw.rectangle((x - 14, y - 23, x, y - 9), fill=color)
            x -= 34

    def heat_legend(self, x: float, y: int) -> None:
        """The colors of a heat map from 0 to 1, ending at x."""
        self.text(x, y - 10, "1", size=16, color=MUTED, anchor="rs")
        ramp = np.tile(np.linspace(0.0, 1.0, 160, dtype=np.float32), (14, 1))
        dark = np.zeros((14, 160, 3), np.uint8)
        self.image.paste(Image.fromarray(blend_heat(dark + 90, ramp)), (int(x) - 176, y - 23))
        self.text(x - 184, y - 10, "0", size=16, color=MUTED, anchor="rs")

    def _over(self, x: float, y: float, text: str, *, size: int, anchor: str) -> None:
        """Write over a picture, legible on every ground."""
        self.draw.text((x, y), text, font=font(size), fill=TEXT, anchor=anchor, stroke_width=2, stroke_fill=(0, 0, 0))


def wrap(text: str, *, width: float, size: int) -> list[str]:
    """Text in lines that are no wider than that."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font(size).getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines
