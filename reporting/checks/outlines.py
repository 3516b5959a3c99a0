"""An outline lies on the segment that it is an outline of, and its area is that of what it encloses."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.result import Images
from inference.types import BoolArray
from reporting.levels import Level, tag_of
from reporting.objects import coded_number, codes

FEWEST_POINTS = 7  # with fewer, viewers take an outline for a rectangle

Points = NDArray[np.float64]


def points_of(region: Level) -> Points:
    """Columns and rows (n, 2) of spatial coordinates; none where it has no whole points."""
    element = region.elements.get(tag_of("GraphicData"))
    value = element.value if element is not None and isinstance(element.value, bytes) else b""
    return np.frombuffer(value[: len(value) // 8 * 8], "<f4").astype(float).reshape(-1, 2)


def plane_of(region: Level, images: Images) -> int | None:
    """The plane on which an outline is drawn; None where it is on none of these images."""
    (image,) = region.below("ContentSequence")[0].below("ReferencedSOPSequence")
    frame = next(iter(image.numbers("ReferencedFrameNumber")), None)
    named = image.text("ReferencedSOPInstanceUID"), frame
    planes = [(one.sop_instance_uid, one.frame) for one in images.sources]
    return planes.index(named) if named in planes else None


def encloses(region: Level, part: BoolArray) -> bool:
    """True where a closed polyline goes about one part of a mask, a pixel's breadth more or less.

    Parameters
    ----------
    region : Level
        Spatial coordinates (PS3.3 C.18.6): column and row, the center of the first pixel at (0.5, 0.5).
    part : bool array (rows, columns)
        See :func:`part_of`.
    """
    points = points_of(region)
    closed = len(points) >= FEWEST_POINTS and np.array_equal(points[0], points[-1])
    if region.text("GraphicType") != "POLYLINE" or not closed:
        return False
    points, part = _window(points, part)
    inside = np.pad(_within(points, part.shape), 1)
    part = np.pad(ndimage.binary_fill_holes(part), 1)
    return (
        bool(not (inside & ~ndimage.binary_dilation(part)).any() and not (ndimage.binary_erosion(part) & ~inside).any())
        and _size(points) >= part.sum() / 2
    )


def stated_area(part: BoolArray, images: Images) -> float | None:
    """The area that the outline of a part (rows, columns) must state, in square millimeters.

    None where no pixel has a size.
    """
    if images.grid is None and not images.sources[0].pixel_spacing_mm:
        return None
    down, across = images.pixel_spacing_mm
    return coded_number(float(np.count_nonzero(part)) * down * across, codes.SQUARE_MILLIMETER)[0]


def part_of(mask: BoolArray, number: int = 1) -> BoolArray:
    """A part of a mask (rows, columns) whose pixels share edges, the first the largest; nothing beyond the last."""
    labels, count = ndimage.label(mask)
    if not 0 < number <= count:
        return np.zeros_like(mask)
    order = np.argsort(-np.bincount(labels.ravel())[1:], kind="stable")
    part: BoolArray = labels == 1 + order[number - 1]
    return part


def _window(points: Points, mask: BoolArray) -> tuple[Points, BoolArray]:
    """Points and mask within the part of the image that holds both: all else costs time alone."""
    held = np.vstack([np.argwhere(mask), points[:, ::-1]])
    top, left = np.maximum(np.floor(held.min(axis=0)).astype(int) - 1, 0)
    bottom, right = np.ceil(held.max(axis=0)).astype(int) + 2
    return points - (left, top), mask[top:bottom, left:right]


def _within(points: Points, shape: tuple[int, ...]) -> BoolArray:
    """Pixels whose centers lie within a polygon, by the crossings of a line through each row of centers."""
    rows, columns = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
    inside = np.zeros(shape, bool)
    for (x, y), (to_x, to_y) in pairwise(points):
        crossed = (y > rows) != (to_y > rows)
        if crossed.any():
            at = x + (rows[crossed] - y) * (to_x - x) / (to_y - y)
            inside[crossed] ^= columns[None] < at[:, None]
    return inside


def _size(points: Points) -> float:
    """Area of a polygon, in pixels."""
    x, y = points.T
    return float(abs((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) / 2)
