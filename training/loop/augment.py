"""Cheap, strong augmentation of 2.5-D samples: a stack of neighboring slices and the mask of the middle one.

Everything that moves pixels is one ``cv2.remap``; everything that changes gray values is one pass over a small array.
"""

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.types import FloatArray

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class AugmentSettings:
    """How far samples are changed; each value is the largest, or the standard deviation where it says so."""

    rotation_deg: float = 15.0
    scale: tuple[float, float] = (0.8, 1.25)
    stretch: float = 0.08
    shear: float = 0.1
    shift_mm: float = 15.0
    elastic_sd_mm: float = 3.5
    elastic_nodes: int = 6
    flip_probability: float = 0.5
    gamma_sd: float = 0.3
    bias_sd: float = 0.25
    contrast_sd: float = 0.2
    noise_max: float = 0.08
    curve_probability: float = 0.3
    invert_probability: float = 0.02
    blur_probability: float = 0.2
    coarse_probability: float = 0.15
    drop_neighbors_probability: float = 0.1


def sampling_maps(
    rng: Rng, settings: AugmentSettings, matrix: NDArray[np.float64], size_px: int, spacing_mm: float
) -> tuple[FloatArray, FloatArray]:
    """Draw where each pixel of an augmented network grid lies in the source plane.

    Parameters
    ----------
    rng : numpy Generator
    settings : AugmentSettings
    matrix : float64 array (2, 3)
        Network grid to source grid, without augmentation (:class:`inference.space.network_grid.PlaneMapping`).
    size_px, spacing_mm
        The network grid.

    Returns
    -------
    float32 array (size_px, size_px), float32 array (size_px, size_px)
        Source columns and source rows.
    """
    middle = (size_px - 1) / 2
    axis = np.arange(size_px, dtype=np.float32) - np.float32(middle)
    columns, rows = np.meshgrid(axis, axis)
    change = _linear_change(rng, settings)
    shift_px = rng.uniform(-1, 1, 2) * settings.shift_mm / spacing_mm
    elastic = _smooth_field(rng, settings.elastic_nodes, size_px, 2) * (settings.elastic_sd_mm / spacing_mm)
    moved_columns = change[0, 0] * columns + change[0, 1] * rows + shift_px[0] + elastic[..., 0] + middle
    moved_rows = change[1, 0] * columns + change[1, 1] * rows + shift_px[1] + elastic[..., 1] + middle
    source_columns = matrix[0, 0] * moved_columns + matrix[0, 1] * moved_rows + matrix[0, 2]
    source_rows = matrix[1, 0] * moved_columns + matrix[1, 1] * moved_rows + matrix[1, 2]
    return source_columns.astype(np.float32), source_rows.astype(np.float32)


def resample(plane: FloatArray, maps: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Sample a plane (rows, columns) at the places drawn by :func:`sampling_maps`; zero outside."""
    return np.asarray(cv2.remap(plane, maps[0], maps[1], cv2.INTER_LINEAR), np.float32)


def change_intensities(rng: Rng, settings: AugmentSettings, stack: FloatArray) -> FloatArray:
    """Change the gray values of a stack as scanners and protocols do.

    Parameters
    ----------
    stack : float32 array (rows, columns, channels)
        Normalized (0 dark, 1 bright, never negative); not changed in place.
    """
    size_px = stack.shape[0]
    out = np.asarray(cv2.pow(np.ascontiguousarray(stack), float(np.exp(rng.normal(0, settings.gamma_sd)))))
    if rng.random() < settings.curve_probability:
        out = _through_curve(rng, out)
    if rng.random() < settings.invert_probability:
        out = np.where(out > 0.02, np.float32(1.1) - np.minimum(out, 1.1), out)
    bias = np.exp(settings.bias_sd * _smooth_field(rng, 4, size_px, 1))[..., None]
    out = out * bias * np.float32(np.exp(rng.normal(0, settings.contrast_sd)))
    out = out + np.float32(rng.normal(0, 0.05))
    if rng.random() < settings.blur_probability:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.3)))
    if rng.random() < settings.coarse_probability:
        small = cv2.resize(out, None, fx=0.6, fy=float(rng.uniform(0.5, 1.0)), interpolation=cv2.INTER_LINEAR)
        out = cv2.resize(small, (size_px, size_px), interpolation=cv2.INTER_LINEAR)
    out = out + _noise(rng, out.shape) * np.float32(rng.uniform(0, settings.noise_max))
    return np.asarray(np.clip(out, 0.0, 1.5), np.float32)


def drop_neighbors(rng: Rng, settings: AugmentSettings, stack: FloatArray) -> FloatArray:
    """Sometimes put the middle slice in place of one or both outer sides, as at the ends of a stack.

    Parameters
    ----------
    rng : Generator
    settings : AugmentSettings
    stack : float32 array (rows, columns, channels)
        An odd number of channels; not changed in place.

    Returns
    -------
    float32 array (rows, columns, channels)
    """
    if rng.random() >= settings.drop_neighbors_probability:
        return stack
    middle = stack.shape[2] // 2
    out = stack.copy()
    sides = rng.integers(1, 4)
    if sides & 1:
        out[..., :middle] = stack[..., middle : middle + 1]
    if sides & 2:
        out[..., middle + 1 :] = stack[..., middle : middle + 1]
    return out


def _linear_change(rng: Rng, settings: AugmentSettings) -> NDArray[np.float64]:
    angle = np.deg2rad(rng.uniform(-1, 1) * settings.rotation_deg)
    low, high = np.log(settings.scale)
    scale = np.exp(rng.uniform(low, high))
    stretch = np.exp(rng.uniform(-1, 1) * settings.stretch)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1.0, rng.uniform(-1, 1) * settings.shear], [0.0, 1.0]])
    mirror = -1.0 if rng.random() < settings.flip_probability else 1.0
    change: NDArray[np.float64] = rotation @ shear @ np.diag([mirror * stretch, 1.0 / stretch]) / scale
    return change


def _smooth_field(rng: Rng, nodes: int, size_px: int, fields: int) -> FloatArray:
    """Draw smooth fields of about unit standard deviation: (size_px, size_px, fields), no last axis for one."""
    coarse = rng.standard_normal((nodes, nodes, fields), np.float32)
    return np.asarray(cv2.resize(coarse, (size_px, size_px), interpolation=cv2.INTER_CUBIC), np.float32)


@functools.cache
def _noise_bank() -> FloatArray:
    return np.random.default_rng(20260101).standard_normal(1 << 20, np.float32)


def _noise(rng: Rng, shape: tuple[int, ...]) -> FloatArray:
    """Unit noise from a random place in a bank: drawing it anew would cost a third of all augmentation."""
    bank, count = _noise_bank(), int(np.prod(shape))
    start = int(rng.integers(len(bank) - count))
    return bank[start : start + count].reshape(shape)


def _through_curve(rng: Rng, stack: FloatArray) -> FloatArray:
    """Send gray values through a random rising curve."""
    places = np.linspace(0.0, 1.5, 6)
    steps = rng.uniform(0.2, 1.8, 5)
    heights = np.concatenate([[0.0], np.cumsum(steps)])
    heights *= 1.5 / heights[-1]
    return np.asarray(np.interp(stack, places, heights), np.float32)
