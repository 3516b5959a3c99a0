"""The body's plane of symmetry."""

import numpy as np
from scipy import ndimage

from inference.types import FloatArray


def find_midline(voxels: FloatArray, pixel_spacing_mm: tuple[float, float]) -> float:
    """Column of the body's plane of symmetry, from the picture itself.

    Parameters
    ----------
    voxels : float32 array (slices, rows, columns)
    pixel_spacing_mm : (float, float)
        Between rows, between columns.

    Returns
    -------
    float
        Column index, pixels.
    """
    step = max(1, round(3.0 / pixel_spacing_mm[1]))
    small = ndimage.uniform_filter(np.asarray(voxels, dtype=np.float32), (1, step, step))[:, ::step, ::step]
    small = np.log1p(small / (small.mean() + 1e-6))
    width = small.shape[2]
    best, middle = -np.inf, (width - 1) / 2
    for twice in range(int(0.7 * width), int(1.3 * width)):  # mirror axis at twice / 2
        columns = np.arange(max(0, twice - width + 1), min(width, twice + 1))
        if len(columns) < width // 2:
            continue
        score = _correlation(small[:, :, columns], small[:, :, twice - columns])
        if score > best:
            best, middle = score, twice / 2
    return float(middle * step)


def _correlation(first: FloatArray, second: FloatArray) -> float:
    first, second = first - first.mean(), second - second.mean()
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / norm if norm > 0 else 0.0
