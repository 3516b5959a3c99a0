"""Figures with intervals, and the pages that show them."""

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
    "dice",
    "mean_slice_dice",
    "region_figures",
    "region_page",
    "score_region",
    "write_figures",
]
