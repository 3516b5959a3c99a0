"""How one sample is cut from its planes and changed: one interpolation for what moves pixels, then its gray values."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.types import FloatArray
from training.plans import AugmentationPlan

Rng = np.random.Generator
Maps = tuple[FloatArray, FloatArray]
BIAS_NODES = 4


def source_maps(
    size_px: int,
    step: float,
    spacing: tuple[float, float],
    shape: tuple[int, int],
    *,
    augmentation: AugmentationPlan | None = None,
    rng: Rng | None = None,
) -> Maps:
    """Where each pixel of the network's grid, laid about the middle of a plane, lies in that plane.

    Parameters
    ----------
    size_px : int
        Rows and columns of the grid.
    step : float
        Distance of its pixels.
    spacing : (float, float)
        Distance of the plane's rows and columns, in the same unit.
    shape : (int, int)
        Rows and columns of the plane.
    augmentation : AugmentationPlan, optional
    rng : Generator, optional
        Draws the change; without it nothing is changed.

    Returns
    -------
    float32 array (size_px, size_px), float32 array (size_px, size_px)
        Columns and rows of the plane.
    """
    axis = (np.arange(size_px, dtype=np.float32) - np.float32((size_px - 1) / 2)) * np.float32(step)
    x, y = np.meshgrid(axis, axis)
    if augmentation is not None and rng is not None:
        x, y = _moved(x, y, augmentation, rng)
    columns = x / np.float32(spacing[1]) + np.float32((shape[1] - 1) / 2)
    rows = y / np.float32(spacing[0]) + np.float32((shape[0] - 1) / 2)
    return np.asarray(columns, np.float32), np.asarray(rows, np.float32)


def sampled(plane: FloatArray, maps: Maps) -> FloatArray:
    """A plane (rows, columns) at the places of :func:`source_maps`, linearly; 0 outside it."""
    return np.asarray(cv2.remap(plane, *maps, cv2.INTER_LINEAR), np.float32)


def changed(stack: FloatArray, augmentation: AugmentationPlan, rng: Rng) -> FloatArray:
    """Change gray values as scanners and protocols do.

    Parameters
    ----------
    stack : float32 array (rows, columns, channels)
        0 is black, 1 is bright; not changed in place.
    augmentation : AugmentationPlan
    rng : Generator

    Returns
    -------
    float32 array (rows, columns, channels)
        Never negative.
    """
    size = (stack.shape[1], stack.shape[0])
    if augmentation.gamma != (1.0, 1.0):
        stack = _with_channels(cv2.pow(np.maximum(stack, 0.0), float(rng.uniform(*augmentation.gamma))), stack.shape)
    if augmentation.bias_sd > 0:
        nodes = rng.normal(0.0, augmentation.bias_sd, (BIAS_NODES, BIAS_NODES)).astype(np.float32)
        stack = stack * np.exp(cv2.resize(nodes, size, interpolation=cv2.INTER_CUBIC))[..., None]
    if augmentation.contrast > 0 or augmentation.brightness > 0:
        mean = stack.mean()
        spread = 1.0 + rng.uniform(-augmentation.contrast, augmentation.contrast)
        stack = (stack - mean) * spread + mean + rng.uniform(-augmentation.brightness, augmentation.brightness)
    if rng.random() < augmentation.blur_probability:
        stack = _with_channels(cv2.GaussianBlur(stack, (0, 0), float(rng.uniform(*augmentation.blur_px))), stack.shape)
    if rng.random() < augmentation.noise_probability:
        stack = stack + rng.standard_normal(stack.shape, np.float32) * np.float32(rng.uniform(*augmentation.noise))
    return np.asarray(np.maximum(stack, 0.0), np.float32)


def area_shares(mask: NDArray[np.bool_], ratios: tuple[float, float]) -> FloatArray:
    """Share of a mask in a box of the network's pixel about each pixel of the plane.

    Parameters
    ----------
    mask : bool array (rows, columns)
    ratios : (float, float)
        Size of the box in pixels of the plane, along rows and columns.

    Returns
    -------
    float32 array (rows, columns)
    """
    return np.asarray(
        cv2.sepFilter2D(
            mask.astype(np.float32), cv2.CV_32F, _box(ratios[1]), _box(ratios[0]), borderType=cv2.BORDER_REPLICATE
        ),
        np.float32,
    )


def edge_weights(target: FloatArray, step: float, *, weight: float, sd: float) -> FloatArray:
    """``1 + weight * exp(-d ** 2 / (2 * sd ** 2))`` at the distance d from the edge of a mask.

    Parameters
    ----------
    target : float32 array (rows, columns)
        Shares of the mask.
    step : float
        Distance of pixels, in the unit of ``sd``.
    weight, sd : float

    Returns
    -------
    float32 array (rows, columns)
        1 everywhere where there is no edge.
    """
    inside = (target >= 0.5).astype(np.uint8)
    if not inside.any() or inside.all():
        return np.ones(target.shape, np.float32)
    away = cv2.distanceTransform(inside, cv2.DIST_L2, 5) + cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    distance = (away - 0.5) * step
    return np.asarray(1.0 + weight * np.exp(-(distance**2) / (2 * sd**2)), np.float32)


def _moved(x: FloatArray, y: FloatArray, augmentation: AugmentationPlan, rng: Rng) -> Maps:
    angle = np.deg2rad(rng.uniform(-augmentation.rotation_deg, augmentation.rotation_deg))
    scale, shear = rng.uniform(*augmentation.scale), rng.uniform(-augmentation.shear, augmentation.shear)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirror = np.diag([-1.0 if rng.random() < augmentation.flip_probability else 1.0, 1.0])
    change = (turn @ np.array([[1.0, shear], [0.0, 1.0]]) @ mirror / scale).astype(np.float32)
    shift = rng.uniform(-augmentation.shift, augmentation.shift, 2).astype(np.float32)
    columns = change[0, 0] * x + change[0, 1] * y + shift[0]
    rows = change[1, 0] * x + change[1, 1] * y + shift[1]
    if augmentation.elastic_sd > 0:
        count = augmentation.elastic_nodes
        nodes = rng.normal(0.0, augmentation.elastic_sd, (count, count, 2)).astype(np.float32)
        bent = cv2.resize(nodes, x.shape[::-1], interpolation=cv2.INTER_CUBIC)
        columns, rows = columns + bent[..., 0], rows + bent[..., 1]
    return np.asarray(columns, np.float32), np.asarray(rows, np.float32)


def _with_channels(stack: NDArray[np.generic], shape: tuple[int, ...]) -> FloatArray:
    """OpenCV drops the last axis where it has one channel."""
    return np.asarray(stack, np.float32).reshape(shape)


def _box(ratio: float) -> FloatArray:
    width = max(ratio, 1.0)
    reach = int(np.ceil((width - 1) / 2))
    taps = np.ones(2 * reach + 1)
    if reach:
        taps[0] = taps[-1] = (width - (2 * reach - 1)) / 2
    return np.asarray(taps / width, np.float32)
