"""Lesions painted into real scans, so that few patients teach the edema network more shapes than they have.

Soft blobs, small and wide, bright on the fluid-sensitive series and dark on T1W, are edema; faint ones are marked by
some readers only. Thin bright lines (vessels, fluid) are not.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.sij_mri.edema import VARIATION
from inference.types import BoolArray, FloatArray, Volume

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class PaintSettings:
    """What is painted; pairs are the smallest and the largest, lengths are full widths.

    Attributes
    ----------
    share : float
        Samples that are painted on.
    blobs : (int, int)
        Number in a scan.
    small_mm, wide_mm : (float, float)
    wide_share : float
        Blobs that are wide.
    faint_sd, strong_sd : (float, float)
        Brightness in standard deviations of normal marrow.
    faint_share : float
    darker : (float, float)
        Loss on T1W, as a share.
    lines : (int, int)
    line_sd : (float, float)
    """

    share: float = 0.5
    blobs: tuple[int, int] = (1, 3)
    small_mm: tuple[float, float] = (2.0, 9.0)
    wide_mm: tuple[float, float] = (10.0, 35.0)
    wide_share: float = 0.33
    faint_sd: tuple[float, float] = (2.0, 4.5)
    strong_sd: tuple[float, float] = (4.5, 12.0)
    faint_share: float = 0.4
    darker: tuple[float, float] = (0.05, 0.4)
    lines: tuple[int, int] = (0, 3)
    line_sd: tuple[float, float] = (3.0, 10.0)


@dataclass(frozen=True, slots=True)
class Painted:
    """A scan with painted lesions, arrays (slices, rows, columns).

    Attributes
    ----------
    fluid, t1 : float32 array
    readings : bool array (readings, slices, rows, columns)
    wide : bool
        Whether a painted lesion is wide enough to change the slow fields.
    """

    fluid: FloatArray
    t1: FloatArray
    readings: BoolArray
    wide: bool = False


def paint(
    rng: Rng,
    settings: PaintSettings,
    clean: Painted,
    region: BoolArray,
    *,
    volume: Volume,
    level: FloatArray,
    places: NDArray[np.intp],
) -> Painted:
    """Paint on a copy of a scan.

    Parameters
    ----------
    rng : numpy Generator
    settings : PaintSettings
    clean : Painted
        As it was; not changed.
    region : bool array (slices, rows, columns)
        Nothing is painted outside it.
    volume : Volume
        Gives the grid.
    level : float32 array (slices, rows, columns)
        Signal of normal marrow on the fluid-sensitive series, shading included.
    places : int array (n, 3)
        Voxels that a blob may have in its middle.

    Returns
    -------
    Painted
    """
    fluid, t1, readings = clean.fluid.copy(), clean.t1.copy(), clean.readings.copy()
    any_wide = False
    for _ in range(int(rng.integers(settings.blobs[0], settings.blobs[1] + 1))):
        wide = bool(rng.random() < settings.wide_share)
        any_wide |= wide
        width = settings.wide_mm if wide else settings.small_mm
        box, soft = _blob(rng, width, places[int(rng.integers(len(places)))], volume)
        soft = soft * _softened(region[box])
        faint = bool(rng.random() < settings.faint_share)
        bright = rng.uniform(*(settings.faint_sd if faint else settings.strong_sd))
        texture = 1.0 + 0.25 * _texture(rng, soft.shape) if wide else 1.0
        fluid[box] += soft * texture * level[box] * np.float32(bright * VARIATION)
        t1[box] *= 1.0 - soft * np.float32(rng.uniform(*settings.darker))
        seen = rng.random(len(readings)) < (0.5 if faint else 1.0)
        readings[(slice(None), *box)] |= seen[:, None, None, None] & (soft > 0.45) & region[box]
    for _ in range(int(rng.integers(settings.lines[0], settings.lines[1] + 1))):
        _line(rng, fluid, volume, level, places[int(rng.integers(len(places)))], rng.uniform(*settings.line_sd))
    return Painted(fluid, t1, readings, any_wide)


def _blob(
    rng: Rng, width_mm: tuple[float, float], middle: NDArray[np.intp], volume: Volume
) -> tuple[tuple[slice, ...], FloatArray]:
    """A soft ellipsoid with an uneven edge: where it lies, and float32 (slices, rows, columns) of at most 1."""
    spacing = np.array([volume.slice_spacing_mm, *volume.pixel_spacing_mm])
    radii_mm = np.exp(rng.uniform(*np.log(width_mm))) / 2 * np.exp(rng.uniform(-0.35, 0.35, 3))
    radii_mm[0] = max(radii_mm[0], 0.5 * spacing[0])
    reach = np.ceil(1.6 * radii_mm / spacing).astype(int)
    low = np.maximum(middle - reach, 0)
    high = np.minimum(middle + reach + 1, volume.shape)
    axes = [np.arange(a, b) - m for a, b, m in zip(low, high, middle, strict=True)]
    away = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1) * spacing
    angle = rng.uniform(0, np.pi)
    turned = away.copy()
    turned[..., 1] = np.cos(angle) * away[..., 1] - np.sin(angle) * away[..., 2]
    turned[..., 2] = np.sin(angle) * away[..., 1] + np.cos(angle) * away[..., 2]
    distance = np.sqrt(((turned / radii_mm) ** 2).sum(axis=-1))
    distance += 0.2 * _texture(rng, distance.shape)
    soft = np.clip((1.35 - distance) / 0.6, 0.0, 1.0)
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)), soft.astype(np.float32)


def _texture(rng: Rng, shape: tuple[int, ...]) -> FloatArray:
    """Smooth noise of about unit standard deviation."""
    coarse = rng.standard_normal((shape[0], 5, 5), np.float32)
    planes = [cv2.resize(plane, (shape[2], shape[1]), interpolation=cv2.INTER_CUBIC) for plane in coarse]
    return np.stack(planes).astype(np.float32)


def _softened(mask: BoolArray) -> FloatArray:
    return np.asarray(ndimage.uniform_filter(mask.astype(np.float32), (0, 3, 3)), np.float32)


def _line(
    rng: Rng, fluid: FloatArray, volume: Volume, level: FloatArray, middle: NDArray[np.intp], bright: float
) -> None:
    """A thin bright bent line in one slice, sometimes in two."""
    canvas = np.zeros(fluid.shape[1:], np.float32)
    length_px = rng.uniform(8.0, 40.0) / volume.pixel_spacing_mm[1]
    angle = rng.uniform(0, np.pi)
    along = np.linspace(-0.5, 0.5, 9)[:, None] * length_px * np.array([np.cos(angle), np.sin(angle)])
    bend = (np.linspace(-1, 1, 9)[:, None] ** 2) * rng.uniform(-0.2, 0.2) * length_px
    points = middle[[2, 1]] + along + bend * np.array([-np.sin(angle), np.cos(angle)])
    thick = max(1, round(rng.uniform(0.6, 2.0) / volume.pixel_spacing_mm[1]))
    cv2.polylines(canvas, [np.rint(points).astype(np.int32).reshape(-1, 1, 2)], False, 1.0, thickness=thick)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 0.6)
    first = int(middle[0])
    for index in range(first, min(len(fluid), first + 1 + int(rng.random() < 0.3))):
        fluid[index] += canvas * level[index] * np.float32(bright * VARIATION)
