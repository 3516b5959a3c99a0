"""The outline of a segment in one plane, as corners in the pixels of the source image (PS3.3 C.18.6.1)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.types import BoolArray

TOLERANCE_PX = 0.4
"""How far a corner that is left out may lie from the line that is drawn."""

FEWEST_POINTS = 7
"""With fewer, the last of which is the first, viewers take an outline for a box or an ellipse."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of the largest part of a mask.

    Attributes
    ----------
    points_px : float64 array (n, 2)
        Column and row of each corner, the last of which is the first; the center of the first pixel is (0.5, 0.5).
    pixels : int
        Size of the part, without its holes.
    """

    points_px: NDArray[np.float64]
    pixels: int


def outline(mask: BoolArray) -> Outline:
    """The outer outline of the largest part of a mask whose pixels share edges.

    It runs midway between pixels inside and outside. Small parts, and those that few corners would describe, are
    followed along their pixels' very edges.

    Parameters
    ----------
    mask : bool array (rows, columns)
        Not empty.
    """
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())[1:]
    nodes = _border(labels == 1 + int(sizes.argmax()))
    midway = nodes[nodes.sum(axis=1) % 2 == 1]
    corners = cv2.approxPolyDP(midway.astype(np.float32), 2 * TOLERANCE_PX, closed=True)[:, 0].astype(np.float64)
    if len(corners) < FEWEST_POINTS - 1:
        corners = nodes.astype(np.float64)
    return Outline(np.vstack([corners, corners[:1]]) / 2, int(sizes.max()))


def _border(part: BoolArray) -> NDArray[np.int32]:
    """Corners of pixels, and middles of their edges, along the outer border of a part; in half pixels, (n, 2)."""
    rows, columns = part.shape
    doubled = np.zeros((2 * rows + 1, 2 * columns + 1), np.uint8)
    doubled[1::2, 1::2] = part
    doubled = cv2.dilate(doubled, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    border: NDArray[np.int32] = max(contours, key=len)[:, 0]
    return border
