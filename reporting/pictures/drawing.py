"""Gray levels, colors, outlines and blending for every picture of a result."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from inference.result import Analysis, HeatMap, Images, Key
from inference.space import standard_turn
from inference.turned import turned
from inference.types import BoolArray, FloatArray
from reporting.presentation import ByteArray, Rgb

HEAT_ALPHA = 0.4
HEAT_FLOOR = 0.15

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True)
class Plates:
    """What pictures are drawn from, made once for all of them.

    Attributes
    ----------
    levels : mapping from role to uint8 array (planes, rows, columns)
        Gray levels of the images of each role.
    """

    levels: Mapping[Key, ByteArray]


def prepare(analysis: Analysis) -> Plates:
    """Gray levels of all images of an analysis."""
    return Plates({images.role: gray_levels(images.pixels) for images in analysis.images})


def upright(analysis: Analysis) -> Analysis:
    """An analysis for a page that people look at: pictures with the patient's left to the right, and the head up.

    Slices keep their order, so that their numbers are those of every other object. The same object where the pictures
    are stored so.
    """
    placed = (images for images in analysis.images if images.grid is not None)
    return turned(analysis, {images.role: standard_turn(images.volume).in_plane for images in placed})


def gray_levels(pixels: FloatArray) -> ByteArray:
    """Pixels as gray levels, the same window for all planes.

    Parameters
    ----------
    pixels : float32 array (planes, rows, columns)

    Returns
    -------
    uint8 array (planes, rows, columns)
        From the 1st to the 99.3rd percentile of the pixels above zero.
    """
    sample = pixels[:, ::4, ::4]
    bright = sample[sample > 0]
    low, high = (float(value) for value in np.percentile(bright, (1.0, 99.3))) if bright.size else (0.0, 1.0)
    scale = 255.0 / max(high - low, 1e-6)
    levels: ByteArray = np.empty(pixels.shape, np.uint8)
    for index, plane in enumerate(pixels):
        levels[index] = cv2.convertScaleAbs(np.clip(plane, low, high), alpha=scale, beta=-low * scale)
    return levels


def outline(mask: BoolArray) -> BoolArray:
    """The pixels of a plane's mask (rows, columns) that touch what lies outside it, of the same shape."""
    solid = mask.astype(np.uint8)
    edge: BoolArray = (solid - cv2.erode(solid, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)).astype(bool)
    return edge


def heat_palette() -> ByteArray:
    """256 colors (256, 3) RGB for an activation from 0 to 1: Turbo, an even-handed JET."""
    ramp = np.arange(256, dtype=np.uint8).reshape(-1, 1)
    palette: ByteArray = cv2.cvtColor(cv2.applyColorMap(ramp, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB).reshape(-1, 3)
    return palette


def heat_of(heatmap: HeatMap, plane: int) -> FloatArray:
    """The heat of one plane (rows, columns) as parts of its full scale; 0 where nothing was explained."""
    heat: FloatArray = np.nan_to_num(heatmap.values[plane], nan=0.0) / heatmap.full_scale
    return heat


def heat_alpha(heat: FloatArray) -> FloatArray:
    """How opaque a heat map (rows, columns) is: nothing where there is no activation, 0.4 from a small one upwards."""
    alpha: FloatArray = (np.clip(heat / HEAT_FLOOR, 0.0, 1.0) * HEAT_ALPHA).astype(np.float32)
    return alpha


def blend_heat(rgb: ByteArray, heat: FloatArray) -> ByteArray:
    """Lay a heat map (rows, columns), 0 to 1, over a picture (rows, columns, 3)."""
    colors = heat_palette()[(np.clip(heat, 0.0, 1.0) * 255).astype(np.uint8)]
    alpha = heat_alpha(heat)[..., None]
    mixed: ByteArray = (rgb * (1.0 - alpha) + colors * alpha).astype(np.uint8)
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
