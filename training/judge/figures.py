"""Figures of the region network on patients that it has not seen, and the page that shows them.

References
----------
L. R. Dice, "Measures of the amount of ecologic association between species", Ecology 1945; 26: 297-302.
B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993 (percentile intervals).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.types import BoolArray

RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class RegionScore:
    """How well the region of one scan was found.

    Attributes
    ----------
    dice_2d : float
        Mean Dice over the slices that hold manual region.
    dice_3d : float
        Dice of the whole volume.
    surface_distance_mm : float
        Mean distance between the outlines, in the slice plane, both ways.
    false_slices : int
        Slices without manual region where region was found.
    """

    subject: str
    fold: int
    dice_2d: float
    dice_3d: float
    surface_distance_mm: float
    slices: int
    false_slices: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its bootstrap confidence interval over patients."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} (95 % CI {self.low:.3f} to {self.high:.3f})"


def score_region(
    truth: BoolArray, found: BoolArray, *, pixel_spacing_mm: tuple[float, float], subject: str = "", fold: int = 0
) -> RegionScore:
    """Compare a found region with the manual one.

    Parameters
    ----------
    truth, found : bool array (slices, rows, columns)
    pixel_spacing_mm : (float, float)
        Between rows, between columns.
    subject, fold
        Passed on.
    """
    with_truth = [index for index, plane in enumerate(truth) if plane.any()]
    distances = [outline_distance_mm(truth[index], found[index], pixel_spacing_mm) for index in with_truth]
    return RegionScore(
        subject=subject,
        fold=fold,
        dice_2d=mean_slice_dice(truth, found),
        dice_3d=dice(truth, found),
        surface_distance_mm=float(np.nanmean(distances)) if np.isfinite(distances).any() else float("nan"),
        slices=len(with_truth),
        false_slices=sum(1 for a, b in zip(truth, found, strict=True) if b.any() and not a.any()),
    )


def dice(truth: BoolArray, found: BoolArray) -> float:
    """Dice coefficient of two masks, bool (slices, rows, columns) or (rows, columns); 1 where both are empty."""
    total = np.count_nonzero(truth) + np.count_nonzero(found)
    return 2.0 * np.count_nonzero(truth & found) / total if total else 1.0


def mean_slice_dice(truth: BoolArray, found: BoolArray) -> float:
    """Mean Dice over the slices that hold some of the truth; masks are bool (slices, rows, columns)."""
    return float(np.mean([dice(a, b) for a, b in zip(truth, found, strict=True) if a.any()]))


def outline_distance_mm(truth: BoolArray, found: BoolArray, pixel_spacing_mm: tuple[float, float]) -> float:
    """Mean distance of each outline's pixels from the other outline; NaN where one mask is empty.

    Parameters
    ----------
    truth, found : bool array (rows, columns)
    pixel_spacing_mm : (float, float)
    """
    if not truth.any() or not found.any():
        return float("nan")
    outlines = [mask & ~ndimage.binary_erosion(mask) for mask in (truth, found)]
    away = [ndimage.distance_transform_edt(~outline, sampling=pixel_spacing_mm) for outline in outlines]
    return float(np.concatenate([away[1][outlines[0]], away[0][outlines[1]]]).mean())


def bootstrap_mean(values: Sequence[float], *, seed: int = 0) -> Interval:
    """Mean and its 95 % percentile interval, patients drawn with replacement.

    Parameters
    ----------
    values : sequence of float
        One for each patient.
    """
    given: NDArray[np.float64] = np.asarray(values, np.float64)
    draws = np.random.default_rng(seed).choice(given, (RESAMPLES, len(given))).mean(axis=1)
    low, high = np.percentile(draws, (2.5, 97.5))
    return Interval(float(given.mean()), float(low), float(high))


def region_figures(scores: Iterable[RegionScore], *, command: str) -> dict[str, Any]:
    """Everything the page and the card need, as JSON values."""
    ordered = sorted(scores, key=lambda score: score.subject)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "scores": [asdict(score) for score in ordered],
        "dice_2d": asdict(bootstrap_mean([score.dice_2d for score in ordered])),
        "dice_3d": asdict(bootstrap_mean([score.dice_3d for score in ordered])),
        "surface_distance_mm": asdict(bootstrap_mean([score.surface_distance_mm for score in ordered])),
        "patients": len(ordered),
        "folds": len({score.fold for score in ordered}),
    }


def region_page(sections: dict[str, dict[str, Any]], *, note: str) -> str:
    """The evaluation as Markdown: one section for each contrast.

    Parameters
    ----------
    sections : dict of str to dict
        From a heading to :func:`region_figures`.
    note : str
        What was judged, and on what.
    """
    parts = ["# Evaluation of the region network\n", note]
    for heading, figures in sections.items():
        parts += [f"\n## {heading}\n", _table(figures), "\n" + _means(figures)]
        parts.append(f"\nMade on {figures['date']} on 2 CPU cores by `{figures['command']}`.")
    return "\n".join(parts) + "\n"


def write_figures(path: Path, figures: dict[str, Any]) -> None:
    """Write figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _table(figures: dict[str, Any]) -> str:
    lines = [
        "| scan | fold | 2D Dice | 3D Dice | mean surface distance | slices | false slices |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {s['subject']} | {s['fold']} | {s['dice_2d']:.3f} | {s['dice_3d']:.3f} | {s['surface_distance_mm']:.2f} mm "
        f"| {s['slices']} | {s['false_slices']} |"
        for s in figures["scores"]
    ]
    return "\n".join(lines)


def _means(figures: dict[str, Any]) -> str:
    intervals = {key: Interval(**figures[key]) for key in ("dice_2d", "dice_3d", "surface_distance_mm")}
    distance = intervals["surface_distance_mm"]
    return (
        f"Mean 2D Dice **{intervals['dice_2d']}**, 3D Dice {intervals['dice_3d']}, surface distance "
        f"{distance.mean:.2f} mm (95 % CI {distance.low:.2f} to {distance.high:.2f} mm); bootstrap over "
        f"{figures['patients']} patients."
    )
