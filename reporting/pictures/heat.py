"""A plane with the heat of a network over it, as it is, and below it a caption with the colors and their numbers.

The caption is rows added below the image, and columns to the right of one that is narrow: so the first pixel, and with
it the place in the patient, stays that of the source. No text stands in the corners.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from inference.result import Analysis, HeatMap, Images
from inference.types import FloatArray
from reporting.language import Language
from reporting.pictures.canvas import AMBER, BACKGROUND, CORNER_HEIGHT, CORNER_WIDTH, LINE, MUTED, TEXT, shortened, wrap
from reporting.pictures.colormaps import COLORMAP, heat_palette
from reporting.pictures.drawing import blend_heat, floor_of, heat_of
from reporting.pictures.fonts import font, legible
from reporting.presentation import ByteArray, Terms
from reporting.words import image_name

NARROWEST_PX = 300
SHOWN_PX, LETTER_PX = 512, 10
"""How large a picture is shown at least, and how high its capital letters must then be."""
MARGIN = 0.03


def heat_planes(heat: HeatMap, most: int, *, first: Iterable[int] | None = None) -> tuple[int, ...]:
    """Planes of a heat map that are sent; none where none has heat above the floor.

    Only planes that were explained, which are those at what was looked at (a joint that was traced). All of them, or
    those to look at first, then those with the most heat above the floor.

    Parameters
    ----------
    heat : HeatMap
    most : int
        How many there may be.
    first : iterable of int, optional
        Planes to look at first: no others without heat are sent then.

    Returns
    -------
    tuple of int
        Ascending.
    """
    warm = {plane for plane in heat.planes if is_warm(heat.values[plane], heat)}
    if not warm:
        return ()
    key = set(heat.planes if first is None else first)
    amount = {plane: float(heat_of(heat, plane).sum()) for plane in heat.planes if plane in key | warm}
    ranked = sorted(amount, key=lambda plane: (plane not in key, -amount[plane], plane))
    return tuple(sorted(ranked[:most]))


def has_heat(analysis: Analysis) -> bool:
    """True where the heat map that is sent has something to draw."""
    return any(is_warm(heat.values, heat) for heat in analysis.heatmaps[:1])


def is_warm(values: FloatArray, heat: HeatMap) -> bool:
    """True where any of its values (of any shape) lies above its floor."""
    return bool((values > heat.floor).any())


def heat_caption(heat: HeatMap, images: Images, plane: int, terms: Terms) -> tuple[str, ...]:
    """What stands below a plane: what the heat is, or that there is none; what was measured of it; the plane's name."""
    looked = "heat-looked" if is_warm(heat.values[plane], heat) else "heat-none-in-slice"
    name = image_name(images, plane, terms.language)
    return tuple(filter(None, (terms.say(looked), terms.heat_note, f"{name[:1].upper()}{name[1:]}")))


def draw_heat(
    heat: HeatMap,
    levels: ByteArray,
    captions: Mapping[int, Sequence[str]],
    *,
    language: Language,
    colormap: str = COLORMAP,
) -> list[ByteArray]:
    """Planes with the heat over them, each with its caption below, all of one size.

    Parameters
    ----------
    heat : HeatMap
    levels : uint8 array (planes, rows, columns)
        Gray levels of the images.
    captions : mapping of int to sequence of str
        By the planes that are drawn; a paragraph each, the last is the name of the plane.
    language : Language
        Of the words that stand on every picture.
    colormap : str
        One of :data:`reporting.pictures.colormaps.COLORMAPS`.

    Returns
    -------
    list of uint8 array (rows and those of the caption, at least columns, 3)
        RGB, in the order of the captions; the upper left part of each is the plane.
    """
    _, rows, columns = levels.shape
    research = language.say("picture-text")
    laid = _lay_out(rows, max(columns, NARROWEST_PX), list(captions.values()), research)
    legend = _Legend(floor_of(heat), colormap, language)
    made = []
    for plane, lines in zip(captions, laid.lines, strict=True):
        rgb = np.repeat(levels[plane][..., None], 3, axis=2)
        picture = blend_heat(rgb, heat_of(heat, plane), floor=floor_of(heat), colormap=colormap)
        made.append(_captioned(picture, lines, laid, legend))
    return made


@dataclass(frozen=True, slots=True)
class _Layout:
    """Width and height of a picture, the size of its letters, the lines below each plane, and below all RESEARCH."""

    width: int
    height: int
    size: int
    lines: list[list[str]]
    research: list[str]

    @property
    def step(self) -> int:
        return int(self.size * LINE)


@dataclass(frozen=True, slots=True)
class _Legend:
    """The colors from the floor to the full scale."""

    floor: float
    colormap: str
    language: Language

    def draw(self, image: Image.Image, y: int, size: int) -> None:
        """Draw them in the middle, with both numbers."""
        width = int(image.width * (1 - 2 * CORNER_WIDTH)) - 5 * size
        x, height = (image.width - width) // 2, size - 2
        ramp = heat_palette(self.colormap)[np.linspace(255 * self.floor, 255, width).astype(int)]
        image.paste(Image.fromarray(np.repeat(ramp[None], height, axis=0)), (x, y))
        draw, middle = ImageDraw.Draw(image), y + height / 2
        low = self.language.number(self.floor, 2) if self.floor else "0"
        draw.text((x - size / 2, middle), low, font=font(size), fill=MUTED, anchor="rm")
        draw.text((x + width + size / 2, middle), "1", font=font(size), fill=MUTED, anchor="lm")


def _captioned(picture: ByteArray, lines: list[str], laid: _Layout, legend: _Legend) -> ByteArray:
    image = Image.new("RGB", (laid.width, laid.height), BACKGROUND)
    image.paste(Image.fromarray(picture), (0, 0))
    draw, y, middle = ImageDraw.Draw(image), picture.shape[0] + laid.step // 2, laid.width / 2
    legend.draw(image, y, laid.size)
    for number, line in enumerate(lines[:-1], start=1):
        draw.text((middle, y + number * laid.step), legible(line), font=font(laid.size), fill=TEXT, anchor="ma")
    y = laid.height - laid.size // 2
    for color, line in reversed([*((TEXT, line) for line in lines[-1:]), *((AMBER, line) for line in laid.research)]):
        draw.text((middle, y), legible(line), font=font(laid.size), fill=color, anchor="ms")
        y -= laid.step
    pixels: ByteArray = np.asarray(image)
    return pixels


def _lay_out(rows: int, width: int, captions: Sequence[Sequence[str]], research: str) -> _Layout:
    """Letters are as large as the height asks, and the height is what the letters need.

    The last line, the name of the plane, and RESEARCH stand between the lower corners.
    """
    height = rows
    while True:
        size = letter_size(max(height, width))
        room, between = width * (1 - 2 * MARGIN), width * (1 - 2 * CORNER_WIDTH)
        lines = [
            [
                *(line for text in one[:-1] for line in wrap(text, width=room, size=size)),
                *(shortened(text, width=between, size=size) for text in one[-1:]),
            ]
            for one in captions
        ]
        laid = _Layout(width, height, size, lines, wrap(research, width=between, size=size))
        above = rows + laid.step // 2 + max(map(len, lines), default=0) * laid.step
        needed = max(
            int(np.ceil(above / (1 - CORNER_HEIGHT))), above + (1 + len(laid.research)) * laid.step + size // 2
        )
        if needed <= height:
            return laid
        height = needed


def letter_size(longest_px: int) -> int:
    """The smallest letters of a picture so large that are still read where it is shown as small as it may be."""
    needed = LETTER_PX * longest_px / SHOWN_PX
    return next(size for size in range(8, longest_px) if _capital_px(size) >= needed)


def _capital_px(size: int) -> float:
    _, top, _, bottom = font(size).getbbox("H")
    return float(bottom - top)
