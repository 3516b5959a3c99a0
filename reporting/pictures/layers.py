"""Pictures for the panel: each plane as a gray base, with transparent overlays to lay over it."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from PIL import Image

from inference.result import Analysis, HeatMap, Images, Key, Segment, Trace
from inference.space import matching_slice
from inference.types import BoolArray, FloatArray
from reporting.pictures.colormaps import heat_palette
from reporting.pictures.drawing import (
    Part,
    Plates,
    floor_of,
    heat_alpha,
    heat_of,
    held,
    outline,
    side_letters,
)
from reporting.presentation import ByteArray, LayerTerm, Presentation, Rgb, Terms
from reporting.sites import segment_label
from reporting.words import image_number, site_words

JPEG_QUALITY = 82
HEAT_LEVELS = 48
RUNS = {"compress_type": zlib.Z_RLE}
"""Of pictures of areas and lines: no larger than with a search for what is like it, and faster."""
SHADES = {"compress_level": 3}
"""Of pictures of heat: somewhat larger than the usual, and nearly twice as fast."""
LINE_ALPHA = 150  # of a traced line: the joint is seen through it
PARALLEL = 0.7  # cosine between normals from which one series' planes can follow the other's


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a result.

    Attributes
    ----------
    name : str
        ``pane/layer/plane.extension``, for example ``t1/base/007.jpg``; planes count from zero.
    media_type : str
        ``image/jpeg`` for bases, ``image/png`` for overlays.
    data : bytes
    """

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Shape:
    """Pixels of one color in a plane: a mask of the rows and columns that hold them."""

    where: Part
    mask: BoolArray
    color: Rgb
    alpha: int


@dataclass(slots=True)
class _Layer:
    """What is drawn in one layer of one pane."""

    term: LayerTerm
    segments: list[Segment]
    traces: list[Trace]
    heatmap: HeatMap | None = None


def make_pictures(
    analysis: Analysis, presentation: Presentation, plates: Plates
) -> tuple[tuple[Picture, ...], dict[str, Any]]:
    """All pictures of an analysis, and their index.

    Parameters
    ----------
    analysis : Analysis
    presentation : Presentation
        Of its application.
    plates : Plates
        Of the same analysis.

    Returns
    -------
    tuple of Picture
    dict
        One pane for each role, by its short name: what ``pictures`` is in docs/result-json.md.
    """
    terms = presentation.terms
    pictures: list[Picture] = []
    index: dict[str, Any] = {}
    for images in analysis.images:
        pane = terms.roles[images.role].short
        layers = _layers(analysis, images, terms)
        drawn: dict[str, list[Picture | None]] = {"base": _bases(pane, plates.levels[images.role])}
        colormap = plates.colormap
        drawn |= {name: _draw(pane, name, layer, images, terms, colormap) for name, layer in layers.items()}
        for made in drawn.values():
            pictures += [picture for picture in made if picture is not None]
        index[pane] = _describe(analysis, images, terms) | {
            "layers": {name: [one and one.name for one in made] for name, made in drawn.items()},
            "legend": {name: _legend(layer, terms) for name, layer in layers.items()},
        }
    return tuple(pictures), index


def _describe(analysis: Analysis, images: Images, terms: Terms) -> dict[str, Any]:
    planes, rows, columns = images.shape
    left, right = side_letters(images)
    others = [other for other in analysis.images if other.role != images.role]
    matches = {terms.roles[other.role].short: _matches(images, other) for other in others if _comparable(images, other)}
    words = terms.roles[images.role].words
    return {
        "role": str(images.role),
        "title": words[:1].upper() + words[1:],
        "slices": planes,
        "rows": rows,
        "columns": columns,
        "pixel_spacing_mm": [float(value) for value in images.pixel_spacing_mm],
        "letters": {"left_edge": left, "right_edge": right},
        "first": _first(analysis, images),
        "other": next(iter(matches.values()), [None] * planes),
        "matches": matches,
        "image_numbers": [image_number(header) for header in images.sources],
    }


def _comparable(images: Images, other: Images) -> bool:
    """True where a plane of one has a place among the planes of the other."""
    if images.grid is None or other.grid is None:
        return False
    one, two = images.volume, other.volume
    parallel = bool(abs(one.normal @ two.normal) > PARALLEL)
    return one.frame_of_reference_uid == two.frame_of_reference_uid and parallel


def _matches(images: Images, other: Images) -> list[int | None]:
    volume, onto = images.volume, other.volume
    return [matching_slice(volume, plane, onto) for plane in range(images.shape[0])]


def _first(analysis: Analysis, images: Images) -> int:
    """The middle one of the planes to look at first, or the plane at its place, or the middle."""
    middle = images.shape[0] // 2
    if not analysis.key_slices:
        return middle
    own = [one for one in analysis.key_slices if one.role == images.role]
    chosen = own or [one for one in analysis.key_slices if one.role == analysis.key_slices[0].role]
    looked = chosen[len(chosen) // 2]
    if own:
        return looked.plane
    other = analysis.of_role(looked.role)
    if other is None or not _comparable(other, images):
        return middle
    match = matching_slice(other.volume, looked.plane, images.volume)
    return middle if match is None else match


def _layers(analysis: Analysis, images: Images, terms: Terms) -> dict[str, _Layer]:
    """The layers of a pane, in the order of what they hold: segments, traces, heat maps."""
    layers: dict[str, _Layer] = {}

    def layer_of(key: Key, words: str) -> _Layer:
        term = terms.layers.get(key) or LayerTerm(key, words)
        return layers.setdefault(term.name, _Layer(term, [], []))

    for segment in analysis.segments:
        if segment.role == images.role:
            words = terms.segments[segment.key].labels.get(None) or _plain(segment.key)
            layer_of(segment.key, words).segments.append(segment)
    for trace in analysis.traces:
        if trace.role == images.role:
            layer_of(trace.key, _plain(trace.key)).traces.append(trace)
    heatmaps = [heatmap for heatmap in analysis.heatmaps if heatmap.role == images.role]
    for heatmap in heatmaps:
        term = _heat_term(heatmap, terms, alone=sum(one.key == heatmap.key for one in heatmaps) == 1)
        layers[_free(term.name, layers)] = _Layer(term, [], [], heatmap)
    return layers


def _heat_term(heatmap: HeatMap, terms: Terms, *, alone: bool) -> LayerTerm:
    """Its layer; where there are several of one method, each also says of what it is."""
    term = terms.layers.get(heatmap.key) or LayerTerm(heatmap.key, terms.heatmaps[heatmap.key], shown=False)
    if alone:
        return term
    return replace(
        term, words=f"{term.words}: {terms.evaluations[heatmap.of].words}, {site_words(terms, heatmap.site)}"
    )


def _plain(key: Key) -> str:
    return key.replace("-", " ").capitalize()


def _free(name: str, taken: Mapping[str, object]) -> str:
    """The name itself, or with the first number that makes it new."""
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in names if one not in taken)


def _legend(layer: _Layer, terms: Terms) -> dict[str, Any]:
    """What a viewer says of a layer: its words, whether it is on at first, and its colors."""
    colors = {segment_label(one, terms): _color(terms, one) for one in layer.segments}
    if not colors:
        colors = {site_words(terms, one.site): _color(terms, one) for one in layer.traces}
    described: dict[str, Any] = {
        "words": layer.term.words,
        "shown": layer.term.shown,
        "marked": layer.term.marked,
        "heat": layer.heatmap is not None,
        "colors": [{"words": words, "rgb": list(rgb)} for words, rgb in colors.items()],
    }
    if layer.heatmap is not None:
        answer = terms.evaluations[layer.heatmap.of]
        described["of"] = f"{answer.words}: {answer.values[layer.heatmap.towards].words}"
    return described


def _color(terms: Terms, drawn: Segment | Trace) -> Rgb:
    colors = terms.segments[drawn.key].rgb if isinstance(drawn, Segment) else terms.traces[drawn.key]
    return colors[drawn.site.side]


def _bases(pane: str, levels: ByteArray) -> list[Picture | None]:
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    pictures: list[Picture | None] = []
    for number, plane in enumerate(levels):
        _, data = cv2.imencode(".jpg", plane, options)
        pictures.append(Picture(f"{pane}/base/{number:03d}.jpg", "image/jpeg", data.tobytes()))
    return pictures


def _draw(pane: str, name: str, layer: _Layer, images: Images, terms: Terms, colormap: str) -> list[Picture | None]:
    pictures: list[Picture | None] = []
    for plane in range(images.shape[0]):
        data = _heat(layer.heatmap, plane, colormap) if layer.heatmap else _shapes(layer, plane, images, terms)
        made = None if data is None else Picture(f"{pane}/{name}/{plane:03d}.png", "image/png", data)
        pictures.append(made)
    return pictures


def _shapes(layer: _Layer, plane: int, images: Images, terms: Terms) -> bytes | None:
    """A palette picture: entry 0 is clear, each color has an entry, later shapes lie over earlier ones."""
    _, rows, columns = images.shape
    levels: ByteArray = np.zeros((rows, columns), np.uint8)
    entries: dict[tuple[Rgb, int], int] = {}
    for shape in _shapes_of(layer, plane, (rows, columns), terms):
        levels[shape.where][shape.mask] = entries.setdefault((shape.color, shape.alpha), len(entries) + 1)
    if not entries:
        return None
    palette = [(0, 0, 0), *(color for color, _ in entries)]
    return _palette_png(levels, palette, [0, *(alpha for _, alpha in entries)], RUNS)


def _shapes_of(layer: _Layer, plane: int, shape: tuple[int, int], terms: Terms) -> Iterator[_Shape]:
    """Insides first, then the outlines, then the lines; none that is empty."""
    windows = [(segment, held(segment.mask[plane])) for segment in layer.segments]
    drawn = [(segment, where, segment.mask[plane][where]) for segment, where in windows if where is not None]
    if layer.term.fill:
        for segment, where, mask in drawn:
            yield _Shape(where, mask, _color(terms, segment), layer.term.fill)
    for segment, where, mask in drawn:
        yield _Shape(where, outline(mask), _color(terms, segment), layer.term.edge)
    for trace in layer.traces:
        line = trace_pixels(trace.lines_px[plane], shape)
        on = held(line)
        if on is not None:
            yield _Shape(on, line[on], _color(terms, trace), LINE_ALPHA)


def trace_pixels(line_px: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """A line in one plane as pixels (rows, columns): those that its points (n, 2) of row and column lie in."""
    line: BoolArray = np.zeros(shape, bool)
    places = np.clip(np.rint(line_px).astype(int), 0, np.array(shape) - 1)
    line[places[:, 0], places[:, 1]] = True
    return line


def _heat(heatmap: HeatMap, plane: int, colormap: str) -> bytes | None:
    heat = heat_of(heatmap, plane)
    where = held(heat > 0)
    if where is None:
        return None
    steps = np.linspace(0.0, 1.0, HEAT_LEVELS, dtype=np.float32)
    palette = heat_palette(colormap)[(steps * 255).astype(int)].tolist()
    alphas = (255 * heat_alpha(steps, floor=floor_of(heatmap))).astype(int).tolist()
    levels: ByteArray = np.zeros(heat.shape, np.uint8)
    levels[where] = np.rint(np.clip(heat[where], 0.0, 1.0) * (HEAT_LEVELS - 1)).astype(np.uint8)
    return _palette_png(levels, palette, alphas, SHADES)


def _palette_png(
    levels: ByteArray, palette: Iterable[Iterable[int]], alphas: Iterable[int], how: Mapping[str, int]
) -> bytes:
    image = Image.fromarray(levels, mode="P")
    image.putpalette([value for color in palette for value in color])
    buffer = BytesIO()
    image.save(buffer, "PNG", transparency=bytes(alphas), **how)
    return buffer.getvalue()
