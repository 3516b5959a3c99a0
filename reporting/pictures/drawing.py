"""Gray levels, outlines and blending for every picture of a result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

from inference.result import Analysis, HeatMap, Images, Key
from inference.space import standard_turn
from inference.turned import turned
from inference.types import BoolArray, FloatArray
from reporting.pictures.colormaps import COLORMAP, heat_palette
from reporting.pictures.window import gray_levels
from reporting.presentation import ByteArray, Rgb

HEAT_ALPHA = 0.55
HEAT_RAMP = 0.05
"""Part of the full scale above the floor over which heat becomes opaque, so that it has no hard edge."""

Part: TypeAlias = tuple[slice, slice]
"""Some rows and columns of a plane."""

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True)
class Plates:
    """What pictures are drawn from, made once for all of them.

    Attributes
    ----------
    levels : mapping from role to uint8 array (planes, rows, columns)
        Gray levels of the images of each role.
    colormap : str
        Of heat maps, one of :data:`reporting.pictures.colormaps.COLORMAPS`.
    """

    levels: Mapping[Key, ByteArray]
    colormap: str = COLORMAP


def prepare(analysis: Analysis, *, colormap: str = COLORMAP) -> Plates:
    """Gray levels of all images of an analysis, and the colors of its heat maps."""
    return Plates({images.role: gray_levels(images.pixels) for images in analysis.images}, colormap)


def upright(analysis: Analysis) -> Analysis:
    """An analysis for a page that people look at: pictures with the patient's left to the right, and the head up.

    Slices keep their order, so that their numbers are those of every other object. The same object where the pictures
    are stored so.
    """
    placed = (images for images in analysis.images if images.grid is not None)
    return turned(analysis, {images.role: standard_turn(images.volume).in_plane for images in placed}, copy=False)


def held(mask: BoolArray) -> Part | None:
    """The rows and columns that hold all of a plane's mask (rows, columns); None where it is empty."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return (slice(top, top + height), slice(left, left + width)) if width else None


def outline(mask: BoolArray) -> BoolArray:
    """The pixels of a plane's mask (rows, columns) that touch what lies outside it, of the same shape."""
    solid = mask.astype(np.uint8)
    edge: BoolArray = (solid - cv2.erode(solid, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)).astype(bool)
    return edge


def heat_of(heatmap: HeatMap, plane: int) -> FloatArray:
    """The heat of one plane (rows, columns) in parts of its full scale; 0 below its floor, or not explained."""
    values = heatmap.values[plane]
    heat: FloatArray = np.where(values > heatmap.floor, values / np.float32(heatmap.full_scale), np.float32(0))
    return heat


def floor_of(heatmap: HeatMap) -> float:
    """The part of its full scale below which nothing is shown."""
    return heatmap.floor / heatmap.full_scale


def heat_alpha(heat: FloatArray, *, floor: float = 0.0) -> FloatArray:
    """How opaque a heat map (rows, columns) is: nothing up to its floor, HEAT_ALPHA a little above it."""
    alpha: FloatArray = (np.clip((heat - floor) / HEAT_RAMP, 0.0, 1.0) * HEAT_ALPHA).astype(np.float32)
    return alpha


def blend_heat(rgb: ByteArray, heat: FloatArray, *, floor: float = 0.0, colormap: str = COLORMAP) -> ByteArray:
    """Lay a heat map (rows, columns), in parts of its full scale, over a picture (rows, columns, 3)."""
    mixed = rgb.copy()
    hot = heat > 0
    colors = heat_palette(colormap)[(np.clip(heat[hot], 0.0, 1.0) * 255).astype(np.uint8)]
    alpha = heat_alpha(heat[hot], floor=floor)[:, None]
    mixed[hot] = (rgb[hot] * (1.0 - alpha) + colors * alpha).astype(np.uint8)
    return mixed


def blend_mask(rgb: ByteArray, mask: BoolArray, color: Rgb, alpha: float = 1.0) -> None:
    """Color the pixels of a mask (rows, columns) in a picture (rows, columns, 3), in place."""
    if mask.any():
        rgb[mask] = (rgb[mask] * (1.0 - alpha) + np.asarray(color) * alpha).astype(np.uint8)


def side_letters(images: Images) -> tuple[str, str]:
    """Letters for the left and right edge of a picture: the patient's sides, or empty where rows run otherwise."""
    along = 0.0 if images.grid is None else images.grid.row_direction[0]
    if abs(along) < 0.5:
        return "", ""
    return ("R", "L") if along > 0 else ("L", "R")
