"""The two labeling iterations of the published framework: AS status and stage from brightness, spread and edges.

They hold no diagnosis: each label is a function of the very pixels that a network then reads. The paper leaves three
things open. Here

- *edge density* is the share of edge pixels, 0 to 1, so that its weight of 0.3 moves the score by at most 0.3 gray
  levels; another scale can be asked for (100 for percent, 255 for the mean of the edge image);
- percentiles are interpolated linearly between closest ranks, and "above" is strictly above (900 images without ties
  then give 432 positive and 540, 90, 135 and 135 by stage, as published);
- the stage is taken from the percentiles alone, whatever the status: the published 468 negatives and 540 Normal leave
  no other reading of the second iteration.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.picture import STAGES

CANNY = (50, 150)
PERCENTILE_METHOD = "linear"
SHARE = 1.0
FIGURES = ("mean", "std", "mean of lower half", "edge density")

MEAN_BELOW, STD_ABOVE, EDGES_ABOVE = 45, 55, (30, 50, 70)
POSITIVE_ABOVE, STAGES_ABOVE = 52, (60, 70, 85)


@dataclass(frozen=True, slots=True)
class Labeling:
    """Labels of every picture, and how they came about.

    Attributes
    ----------
    as_status : int array (pictures,)
        0 or 1.
    stage : int array (pictures,)
        0 to 3.
    how : str
        The rule, with its scale and percentile method.
    """

    as_status: NDArray[np.int64]
    stage: NDArray[np.int64]
    how: str

    def distribution(self) -> str:
        """Counts in words."""
        positive = int(self.as_status.sum())
        counts = Counter(self.stage.tolist())
        stages = ", ".join(f"{name} {counts.get(number, 0)}" for number, name in enumerate(STAGES))
        return f"AS-positive {positive}, AS-negative {len(self.as_status) - positive}; {stages}"


def brightness_figures(pictures: Iterable[NDArray[np.uint8]], *, edge_scale: float = SHARE) -> NDArray[np.float64]:
    """The four figures that both iterations are made of.

    Parameters
    ----------
    pictures : iterable of uint8 array (rows, columns)
    edge_scale : float
        What an image of edges alone would have as its density.

    Returns
    -------
    float64 array (pictures, 4)
        In the order of :data:`FIGURES`; gray levels, the last one in units of ``edge_scale``.
    """
    rows = [_figures(pixels, edge_scale) for pixels in pictures]
    return np.array(rows, np.float64).reshape(-1, len(FIGURES))


def first_iteration(figures: NDArray[np.float64], *, edge_scale: float = SHARE) -> Labeling:
    """Positive: darker than the 45th percentile of the mean and above the 55th of the spread; stage by edge density.

    Parameters
    ----------
    figures : float64 array (pictures, 4)
        From :func:`brightness_figures`, with the same ``edge_scale``.
    """
    mean, spread, _, edges = figures.T
    positive = (mean < _percentile(mean, MEAN_BELOW)) & (spread > _percentile(spread, STD_ABOVE))
    how = f"first iteration of the published framework, {_choices(edge_scale)}"
    return Labeling(positive.astype(np.int64), _steps(edges, EDGES_ABOVE), how)


def second_iteration(figures: NDArray[np.float64], *, edge_scale: float = SHARE) -> Labeling:
    """Score = 0.3 (0.4 mean + 0.6 mean of the lower half) + 0.4 spread + 0.3 edge density; cut at its percentiles.

    Parameters
    ----------
    figures : float64 array (pictures, 4)
        From :func:`brightness_figures`, with the same ``edge_scale``.
    """
    mean, spread, lower, edges = figures.T
    score = 0.3 * (0.4 * mean + 0.6 * lower) + 0.4 * spread + 0.3 * edges
    positive = score > _percentile(score, POSITIVE_ABOVE)
    how = f"second iteration of the published framework, {_choices(edge_scale)}"
    return Labeling(positive.astype(np.int64), _steps(score, STAGES_ABOVE), how)


ITERATIONS: Mapping[str, Callable[..., Labeling]] = {"iteration-1": first_iteration, "iteration-2": second_iteration}


def label(pictures: Sequence[NDArray[np.uint8]], iteration: str, *, edge_scale: float = SHARE) -> Labeling:
    """Label pictures, uint8 arrays (rows, columns), by one of the two iterations.

    Raises
    ------
    ValueError
        The name is neither, or there are no pictures.
    """
    if iteration not in ITERATIONS or not pictures:
        raise ValueError(
            f"labeling takes {' or '.join(ITERATIONS)} and at least one picture, received {iteration!r} "
            f"and {len(pictures)} pictures"
        )
    return ITERATIONS[iteration](brightness_figures(pictures, edge_scale=edge_scale), edge_scale=edge_scale)


def _figures(pixels: NDArray[np.uint8], edge_scale: float) -> tuple[float, float, float, float]:
    edges = cv2.Canny(pixels, *CANNY) > 0
    lower = pixels[pixels.shape[0] // 2 :]
    return float(pixels.mean()), float(pixels.std()), float(lower.mean()), float(edges.mean()) * edge_scale


def _percentile(values: NDArray[np.float64], which: float) -> float:
    return float(np.percentile(values, which, method="linear"))


def _steps(values: NDArray[np.float64], above: Sequence[int]) -> NDArray[np.int64]:
    return np.asarray(np.sum([values > _percentile(values, which) for which in above], axis=0), np.int64)


def _choices(edge_scale: float) -> str:
    return f"edge density from 0 to {edge_scale:g}, percentiles by the method {PERCENTILE_METHOD!r}"
