"""Pictures for the panel: each slice as a grey base, with transparent overlays to lay over it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from PIL import Image

from inference.sij_mri import Analysis, Joint, Role
from inference.types import BoolArray, FloatArray, Side, Volume
from reporting.pictures.drawing import (
    EDEMA_COLOUR,
    HEAT_ALPHA,
    HEAT_FLOOR,
    JOINT_COLOUR,
    REGION_COLOUR,
    ByteArray,
    Colour,
    Plates,
    heat_palette,
    outline,
    side_letters,
)
from reporting.sij_mri.keyslices import choose_key_slices, matching_slice

JPEG_QUALITY = 82
HEAT_LEVELS = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a result.

    Attributes
    ----------
    name : str
        ``series/layer/slice.extension``, for example ``t1/base/007.jpg``; slices count from zero along the volume.
    media_type : str
        ``image/jpeg`` for bases, ``image/png`` for overlays.
    data : bytes
    """

    name: str
    media_type: str
    data: bytes


def make_pictures(analysis: Analysis, plates: Plates) -> tuple[tuple[Picture, ...], dict[str, Any]]:
    """All pictures of an analysis, and their index.

    Parameters
    ----------
    analysis : Analysis
    plates : Plates
        Of the same analysis.

    Returns
    -------
    tuple of Picture
    dict
        For each series (``t1``, ``fluid``): slice count, size, spacing, side letters, the slice to show first, the
        slice of the other series at the same place, and for each layer the name of each slice's picture, or None.
    """
    pictures: list[Picture] = []
    index: dict[str, Any] = {}
    for name, volume in (("t1", analysis.t1), ("fluid", analysis.fluid)):
        if volume is None:
            continue
        layers = {"base": _bases(name, plates.levels[name])} | _joint_layer(name, plates.joints[name])
        if volume is analysis.reference:
            layers |= _anatomy_layers(name, analysis)
        if name == "fluid":
            layers |= _edema_layer(name, analysis)
        for layer in layers.values():
            pictures += [picture for picture in layer if picture is not None]
        index[name] = _describe(name, analysis, volume, layers)
    return tuple(pictures), index


def _describe(name: str, analysis: Analysis, volume: Volume, layers: dict[str, list[Picture | None]]) -> dict[str, Any]:
    slices, rows, columns = volume.shape
    other = analysis.fluid if name == "t1" else analysis.t1
    left, right = side_letters(volume)
    return {
        "role": (Role.T1W if name == "t1" else Role.FLUID).value,
        "slices": slices,
        "rows": rows,
        "columns": columns,
        "pixel_spacing_mm": [float(value) for value in volume.pixel_spacing_mm],
        "letters": {"left_edge": left, "right_edge": right},
        "first": _first(name, analysis, volume),
        "other": [None if other is None else matching_slice(volume, number, other) for number in range(slices)],
        "image_numbers": [image.frame if image.frame is not None else image.instance_number for image in volume.images],
        "layers": {
            layer: [None if picture is None else picture.name for picture in pictures]
            for layer, pictures in layers.items()
        },
    }


def _first(name: str, analysis: Analysis, volume: Volume) -> int:
    key = choose_key_slices(analysis)
    middle = key[len(key) // 2] if key else volume.shape[0] // 2
    if volume is analysis.reference or analysis.reference is None:
        return middle
    match = matching_slice(analysis.reference, middle, volume)
    return volume.shape[0] // 2 if match is None else match


def _bases(name: str, levels: ByteArray) -> list[Picture | None]:
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    pictures: list[Picture | None] = []
    for number, plane in enumerate(levels):
        _, data = cv2.imencode(".jpg", plane, options)
        pictures.append(Picture(f"{name}/base/{number:03d}.jpg", "image/jpeg", data.tobytes()))
    return pictures


def _anatomy_layers(name: str, analysis: Analysis) -> dict[str, list[Picture | None]]:
    layers = {}
    if analysis.region is not None:
        region = analysis.region
        layers["region"] = _masks(name, "region", len(region), lambda n: [(outline(region[n]), REGION_COLOUR, 255)])
    if analysis.explanation is not None:
        layers["heat"] = _heats(name, "heat", analysis.explanation.focused)
        layers["gradcam"] = _heats(name, "gradcam", analysis.explanation.grad_cam)
    return layers


def _joint_layer(name: str, joints: Sequence[Joint]) -> dict[str, list[Picture | None]]:
    if not joints:
        return {}
    return {"joints": _masks(name, "joints", len(joints[0].band), lambda n: _joint_shapes(joints, n))}


def _joint_shapes(joints: Sequence[Joint], number: int) -> list[tuple[BoolArray, Colour, int]]:
    shapes = []
    for joint in joints:
        colour = JOINT_COLOUR[joint.side]
        shapes.append((outline(joint.band[number]), colour, 170))
        shapes.append((surface_line(joint.columns_px[number], joint.band.shape[2]), colour, 255))
    return shapes


def surface_line(columns_px: FloatArray, columns: int) -> BoolArray:
    """The joint surface of one slice as pixels (rows, columns): one in each row that has it."""
    line: BoolArray = np.zeros((len(columns_px), columns), bool)
    rows = np.flatnonzero(np.isfinite(columns_px))
    places = np.clip(np.rint(columns_px[rows]).astype(int), 0, columns - 1)
    line[rows, places] = True
    return line


def _edema_layer(name: str, analysis: Analysis) -> dict[str, list[Picture | None]]:
    edema = analysis.edema
    if edema is None:
        return {}
    return {
        "edema": _masks(
            name,
            "edema",
            len(edema.left),
            lambda n: [
                (edema.left[n], EDEMA_COLOUR[Side.LEFT], 120),
                (edema.right[n], EDEMA_COLOUR[Side.RIGHT], 120),
                (outline(edema.left[n]), EDEMA_COLOUR[Side.LEFT], 255),
                (outline(edema.right[n]), EDEMA_COLOUR[Side.RIGHT], 255),
            ],
        )
    }


def _masks(
    name: str, layer: str, slices: int, shapes: Callable[[int], Iterable[tuple[BoolArray, Colour, int]]]
) -> list[Picture | None]:
    """Palette pictures: entry 0 is clear, each shape has an entry of its own, later shapes lie over earlier ones."""
    pictures: list[Picture | None] = []
    for number in range(slices):
        drawn = list(shapes(number))
        levels: ByteArray = np.zeros(drawn[0][0].shape, np.uint8)
        for entry, (mask, _, _) in enumerate(drawn, start=1):
            levels[mask] = entry
        if not levels.any():
            pictures.append(None)
            continue
        palette = [(0, 0, 0), *(colour for _, colour, _ in drawn)]
        data = _palette_png(levels, palette, [0, *(alpha for _, _, alpha in drawn)])
        pictures.append(Picture(f"{name}/{layer}/{number:03d}.png", "image/png", data))
    return pictures


def _heats(name: str, layer: str, heat: FloatArray) -> list[Picture | None]:
    steps = np.linspace(0.0, 1.0, HEAT_LEVELS)
    palette = [tuple(int(value) for value in heat_palette()[int(step * 255)]) for step in steps]
    alphas = [int(255 * HEAT_ALPHA * min(step / HEAT_FLOOR, 1.0)) for step in steps]
    pictures: list[Picture | None] = []
    for number, plane in enumerate(heat):
        if not plane.any():
            pictures.append(None)
            continue
        levels = np.rint(np.clip(plane, 0.0, 1.0) * (HEAT_LEVELS - 1)).astype(np.uint8)
        data = _palette_png(levels, palette, alphas)
        pictures.append(Picture(f"{name}/{layer}/{number:03d}.png", "image/png", data))
    return pictures


def _palette_png(levels: ByteArray, palette: Iterable[Iterable[int]], alphas: Iterable[int]) -> bytes:
    image = Image.fromarray(levels, mode="P")
    image.putpalette([value for colour in palette for value in colour])
    buffer = BytesIO()
    image.save(buffer, "PNG", transparency=bytes(alphas), compress_level=4)
    return buffer.getvalue()
