"""How good a mask is."""

from typing import Any

import numpy as np
import surface_distance
from numpy.typing import NDArray

from inference.types import BoolArray
from training.judge.figures import dice


def mask_figures(truth: BoolArray, found: BoolArray, spacing: tuple[float, ...]) -> dict[str, float]:
    """Figures of one item.

    Parameters
    ----------
    truth, found : bool array (slices, rows, columns)
    spacing : (float, float, float)
        Of slices, rows, columns; lengths and volumes below are in its unit.

    Returns
    -------
    dict of str to float
        ``Dice`` and ``IoU`` of all voxels, ``slice Dice`` (mean over the slices in which either mask is not empty) and
        ``worst slice``, ``accuracy`` of pixels, ``95 % surface distance`` and ``mean surface distance`` (in the plane,
        NaN where a mask is empty), ``volume error`` (found less truth, as a share of the truth).
    """
    slices = [dice(a, b) for a, b in zip(truth, found, strict=True) if a.any() or b.any()]
    overlap, union = int((truth & found).sum()), int((truth | found).sum())
    volume = int(truth.sum())
    return {
        "Dice": dice(truth, found),
        "IoU": overlap / union if union else 1.0,
        "slice Dice": float(np.mean(slices)) if slices else 1.0,
        "worst slice": float(np.min(slices)) if slices else 1.0,
        "accuracy": float((truth == found).mean()),
        **_distances(truth, found, spacing[1:]),
        "volume error": (int(found.sum()) - volume) / volume if volume else float("nan"),
    }


def _distances(truth: BoolArray, found: BoolArray, spacing: tuple[float, ...]) -> dict[str, float]:
    """In the plane, over all slices that hold both masks."""
    both = [(a, b) for a, b in zip(truth, found, strict=True) if a.any() and b.any()]
    robust, mean = [], []
    for a, b in both:
        distances: dict[str, NDArray[Any]] = surface_distance.compute_surface_distances(a, b, spacing)
        robust.append(surface_distance.compute_robust_hausdorff(distances, 95.0))
        mean.append(np.mean(surface_distance.compute_average_surface_distance(distances)))
    names = ("95 % surface distance", "mean surface distance")
    return {
        name: float(np.mean(each)) if each else float("nan") for name, each in zip(names, (robust, mean), strict=True)
    }
