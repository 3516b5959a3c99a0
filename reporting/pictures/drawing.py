"""Grey levels, colours, outlines and blending for every picture of a result."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.sij_mri import Analysis, Joint, carry_joints
from inference.space import same_space
from inference.types import BoolArray, FloatArray, Side, Volume

ByteArray = NDArray[np.uint8]
Colour = tuple[int, int, int]

REGION_COLOUR: Colour = (94, 190, 255)
JOINT_COLOUR: dict[Side, Colour] = {Side.LEFT: (255, 209, 84), Side.RIGHT: (122, 226, 130)}
EDEMA_COLOUR: dict[Side, Colour] = {Side.LEFT: (255, 98, 88), Side.RIGHT: (238, 110, 214)}
HEAT_ALPHA = 0.4
HEAT_FLOOR = 0.15

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True)
class Plates:
    """What pictures are drawn from, made once for all of them; by ``t1`` and ``fluid``.

    Attributes
    ----------
    levels : dict from str to uint8 array (slices, rows, columns)
        Grey levels of each series that was read.
    joints : dict from str to tuple of Joint
        The joints on the grid of each series; none where they cannot be carried over.
    """

    levels: dict[str, ByteArray]
    joints: dict[str, tuple[Joint, ...]]


def prepare(analysis: Analysis) -> Plates:
    """Grey levels and joints of both series of an analysis."""
    named = {"t1": analysis.t1, "fluid": analysis.fluid}
    volumes = {name: volume for name, volume in named.items() if volume is not None}
    return Plates(
        levels={name: grey_levels(volume) for name, volume in volumes.items()},
        joints={name: _joints_on(volume, analysis) for name, volume in volumes.items()},
    )


def _joints_on(volume: Volume, analysis: Analysis) -> tuple[Joint, ...]:
    reference = analysis.reference
    if reference is None or volume is reference:
        return analysis.joints
    return carry_joints(analysis.joints, reference, volume) if same_space(reference, volume) else ()


def grey_levels(volume: Volume) -> ByteArray:
    """Voxels as grey levels, the same window for all slices.

    Parameters
    ----------
    volume : Volume

    Returns
    -------
    uint8 array (slices, rows, columns)
        From the 1st to the 99.3rd percentile of the voxels above zero.
    """
    sample = volume.voxels[:, ::4, ::4]
    bright = sample[sample > 0]
    low, high = (float(value) for value in np.percentile(bright, (1.0, 99.3))) if bright.size else (0.0, 1.0)
    scale = 255.0 / max(high - low, 1e-6)
    levels: ByteArray = np.empty(volume.voxels.shape, np.uint8)
    for index, plane in enumerate(volume.voxels):
        levels[index] = cv2.convertScaleAbs(np.clip(plane, low, high), alpha=scale, beta=-low * scale)
    return levels


def outline(mask: BoolArray) -> BoolArray:
    """The pixels of a plane's mask that touch what lies outside it."""
    solid = mask.astype(np.uint8)
    edge: BoolArray = (solid - cv2.erode(solid, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)).astype(bool)
    return edge


def heat_palette() -> ByteArray:
    """256 colours (256, 3) RGB for an activation from 0 to 1: Turbo, an even-handed JET."""
    ramp = np.arange(256, dtype=np.uint8).reshape(-1, 1)
    palette: ByteArray = cv2.cvtColor(cv2.applyColorMap(ramp, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB).reshape(-1, 3)
    return palette


def heat_alpha(heat: FloatArray) -> FloatArray:
    """How opaque a heatmap is: nothing where there is no activation, 0.4 from a small one upwards."""
    alpha: FloatArray = (np.clip(heat / HEAT_FLOOR, 0.0, 1.0) * HEAT_ALPHA).astype(np.float32)
    return alpha


def blend_heat(rgb: ByteArray, heat: FloatArray) -> ByteArray:
    """Lay a heatmap (rows, columns), 0 to 1, over a picture (rows, columns, 3)."""
    colours = heat_palette()[(np.clip(heat, 0.0, 1.0) * 255).astype(np.uint8)]
    alpha = heat_alpha(heat)[..., None]
    mixed: ByteArray = (rgb * (1.0 - alpha) + colours * alpha).astype(np.uint8)
    return mixed


def blend_mask(rgb: ByteArray, mask: BoolArray, colour: Colour, alpha: float = 1.0) -> None:
    """Colour the pixels of a mask (rows, columns) in a picture (rows, columns, 3), in place."""
    if mask.any():
        rgb[mask] = (rgb[mask] * (1.0 - alpha) + np.asarray(colour) * alpha).astype(np.uint8)


def side_letters(volume: Volume) -> tuple[str, str]:
    """Letters for the left and right edge of a picture: the patient's sides, or empty where rows run otherwise."""
    along = volume.row_direction[0]
    if abs(along) < 0.5:
        return "", ""
    return ("R", "L") if along > 0 else ("L", "R")
