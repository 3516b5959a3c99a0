"""Grad-CAM as published: normalized in each slice; focused, multiplied by a region and normalized again.

Published is one box, whatever the picture shows; here the focus is the region that a U-Net of the same bundle finds in
the slice, and the box only where it finds none.
"""

import numpy as np

from inference.types import BoolArray, FloatArray

BOX_ROWS, BOX_COLUMNS = (0.5, 0.9), (0.3, 0.7)


def normalized(heat: FloatArray) -> FloatArray:
    """Each plane in parts of its maximum; zero where it has none.

    Parameters
    ----------
    heat : float32 array (planes, rows, columns)
        Not negative.
    """
    most = heat.max(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(heat, most, out=np.zeros_like(heat), where=most > 0), np.float32)


def focused(heat: FloatArray, masks: BoolArray) -> tuple[FloatArray, int]:
    """Heat inside the region alone.

    Parameters
    ----------
    heat : float32 array (planes, rows, columns)
    masks : bool array of the same shape
        The region; a plane without any is given the published box.

    Returns
    -------
    heat : float32 array of the same shape
        Normalized in each plane.
    boxes : int
        Planes that were given the box.
    """
    without = ~masks.any(axis=(1, 2))
    focus = masks.copy()
    focus[without] = published_box((heat.shape[1], heat.shape[2]))
    return normalized(heat * focus), int(without.sum())


def published_box(shape: tuple[int, int]) -> BoolArray:
    """The published box in a picture of (rows, columns)."""
    box = np.zeros(shape, np.bool_)
    (top, bottom), (left, right) = (
        (round(low * size), round(high * size))
        for (low, high), size in zip((BOX_ROWS, BOX_COLUMNS), shape, strict=True)
    )
    box[top:bottom, left:right] = True
    return box
