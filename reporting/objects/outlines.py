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
    """The outline of one part of a mask.

    Attributes
    ----------
    points_px : float64 array (n, 2)
        Column and row of each corner, the last of which is the first; the center of the first pixel is (0.5, 0.5).
    pixels : int
        Size of the part, without its holes.
    """

    points_px: NDArray[np.float64]
    pixels: int


def outlines(mask: BoolArray, *, least_px: float = 0.0) -> list[Outline]:
    """The outer outlines of the parts of a mask whose pixels share edges, the largest part first.

    They run midway between pixels inside and outside. Small parts, and those that few corners would describe, are
    followed along their pixels' very edges.

    Parameters
    ----------
    mask : bool array (rows, columns)
    least_px : float
        Smaller parts than that have none; the largest has one whatever its size.
    """
    labels, sizes, order = _parts(mask)
    boxes = ndimage.find_objects(labels)
    chosen = [part for place, part in enumerate(order) if not place or sizes[part] >= least_px]
    return [Outline(_line(labels[boxes[part]] == part + 1, boxes[part]), int(sizes[part])) for part in chosen]


def edges(mask: BoolArray) -> list[NDArray[np.float64]]:
    """Outer and inner edges of all parts of a mask (rows, columns), as `points_px` of outlines, (n, 2) each."""
    holes = np.asarray(ndimage.binary_fill_holes(mask) & ~mask, np.bool_)
    return [one.points_px for one in (*outlines(mask), *outlines(holes))]


def without_outline(mask: BoolArray, *, least_px: float) -> int:
    """How many parts of a mask (rows, columns) have no outline, see :func:`outlines`."""
    _, sizes, _ = _parts(mask)
    return max(int(np.count_nonzero(sizes < least_px)) - int(bool(len(sizes)) and sizes.max() < least_px), 0)


def _parts(mask: BoolArray) -> tuple[NDArray[np.int32], NDArray[np.int64], list[int]]:
    """Labels of the parts, counted from 1, their sizes, and their numbers from 0, the largest first."""
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())[1:]
    return labels, sizes, [int(one) for one in np.argsort(-sizes, kind="stable")]


def _line(part: BoolArray, box: tuple[slice, ...]) -> NDArray[np.float64]:
    """The outer outline of a part, which is cut out of its mask."""
    nodes = _border(part)
    midway = nodes[nodes.sum(axis=1) % 2 == 1]
    corners = cv2.approxPolyDP(midway.astype(np.float32), 2 * TOLERANCE_PX, closed=True)[:, 0].astype(np.float64)
    if len(corners) < FEWEST_POINTS - 1:
        corners = nodes.astype(np.float64)
    rows, columns = box
    closed: NDArray[np.float64] = np.vstack([corners, corners[:1]]) / 2 + (columns.start, rows.start)
    return closed


def _border(part: BoolArray) -> NDArray[np.int32]:
    """Corners of pixels, and middles of their edges, along the outer border of a part; in half pixels, (n, 2)."""
    rows, columns = part.shape
    doubled = np.zeros((2 * rows + 1, 2 * columns + 1), np.uint8)
    doubled[1::2, 1::2] = part
    doubled = cv2.dilate(doubled, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    border: NDArray[np.int32] = max(contours, key=len)[:, 0]
    return border
