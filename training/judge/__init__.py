"""Figures with intervals, and the pages that show them.

``calibration``, ``classes``, ``intervals``, ``masks`` and ``pairs`` are asked for by module: they load scikit-learn.
"""

from training.judge.figures import (
    Interval,
    RegionScore,
    bootstrap_mean,
    dice,
    mean_slice_dice,
    region_figures,
    region_page,
    score_region,
    write_figures,
)

__all__ = [
    "Interval",
    "RegionScore",
    "bootstrap_mean",
    "calibration",
    "classes",
    "dice",
    "intervals",
    "masks",
    "mean_slice_dice",
    "pairs",
    "region_figures",
    "region_page",
    "score_region",
    "write_figures",
]
