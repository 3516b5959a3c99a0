"""Intervals: by patient, since pictures of one patient are not independent, and exact ones for counts.

References
----------
B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993 (percentile intervals).
C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
Biometrika 1934; 26: 404-413.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 2000
CONFIDENCE = 0.95

Statistic = Callable[[NDArray[np.intp]], float]
"""From numbers of items, which may come more than once, to a figure."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; both ends are NaN where there is no saying."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """``0.910 (0.870 to 0.950)``."""
        if np.isnan(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def bootstrap(statistic: Statistic, groups: Sequence[str], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """A figure with its percentile interval, whole groups drawn with replacement.

    Parameters
    ----------
    statistic : callable
        Gets an int array (items,).
    groups : sequence of str
        Of each item: its patient; its anatomy where patients are simulated.
    resamples, seed : int

    Returns
    -------
    Estimate
        Without interval where there are fewer than two groups.
    """
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    value = float(statistic(np.arange(len(member))))
    if len(names) < 2:
        return Estimate(value, float("nan"), float("nan"))
    members = [np.flatnonzero(member == group) for group in range(len(names))]

    def of_drawn(drawn: NDArray[np.intp]) -> float:
        return float(statistic(np.concatenate([members[group] for group in drawn])))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of draws that lack a class, whose figure is NaN and is left out
        found = stats.bootstrap(
            (np.arange(len(names)),),
            of_drawn,
            vectorized=False,
            n_resamples=resamples,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
    known = found.bootstrap_distribution[~np.isnan(found.bootstrap_distribution)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(known, (tail, 100 - tail))
    return Estimate(value, float(low), float(high))


def exact(hits: int, of: int) -> Estimate:
    """A share of a count with its exact (Clopper-Pearson) interval; NaN of nothing."""
    if not of:
        return Estimate(float("nan"), float("nan"), float("nan"))
    interval = stats.binomtest(hits, of).proportion_ci(CONFIDENCE, method="exact")
    return Estimate(hits / of, float(interval.low), float(interval.high))


def paired(first: Sequence[float], second: Sequence[float], groups: Sequence[str], *, seed: int = 0) -> Estimate:
    """Mean difference (second less first) of figures of the same items, with its interval by group.

    Parameters
    ----------
    first, second : sequence of float
        One for each item.
    groups : sequence of str
    seed : int
    """
    difference: NDArray[Any] = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    return bootstrap(lambda chosen: float(difference[chosen].mean()), groups, seed=seed)
