"""Two judges of the same items.

References
----------
E. R. DeLong et al., "Comparing the areas under two or more correlated receiver operating characteristic curves: a
nonparametric approach", Biometrics 1988; 44: 837-845.
Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika
1947; 12: 153-157.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats


@dataclass(frozen=True, slots=True)
class AreaTest:
    """DeLong's test; the p-value is NaN where the two areas have no spread."""

    first: float
    second: float
    p_value: float


def delong(truth: NDArray[Any], first: NDArray[Any], second: NDArray[Any]) -> AreaTest:
    """Compare two areas under the ROC curve of the same items.

    Parameters
    ----------
    truth : bool array (items,)
    first, second : float array (items,)
        Scores of the two judges.

    Raises
    ------
    ValueError
        A class has fewer than two items.
    """
    truth = np.asarray(truth, np.bool_)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if min(positives, negatives) < 2:
        raise ValueError(f"DeLong's test needs two items of each class, received {positives} and {negatives}")
    over_negatives, under_positives = [], []
    for scores in (np.asarray(first), np.asarray(second)):
        ranks = stats.rankdata(scores)
        over_negatives.append((ranks[truth] - stats.rankdata(scores[truth])) / negatives)
        under_positives.append(1 - (ranks[~truth] - stats.rankdata(scores[~truth])) / positives)
    areas = [float(np.mean(each)) for each in over_negatives]
    spread = np.cov(over_negatives) / positives + np.cov(under_positives) / negatives
    variance = float(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1])
    if variance <= 1e-15:
        return AreaTest(areas[0], areas[1], float("nan"))
    z = (areas[1] - areas[0]) / np.sqrt(variance)
    return AreaTest(areas[0], areas[1], float(2 * stats.norm.sf(abs(z))))


def mcnemar(first_right: NDArray[Any], second_right: NDArray[Any]) -> float:
    """Exact p-value of McNemar's test.

    Parameters
    ----------
    first_right, second_right : bool array (items,)
        Where each of the two judges was right.
    """
    first, second = np.asarray(first_right, np.bool_), np.asarray(second_right, np.bool_)
    only = int((first & ~second).sum()), int((second & ~first).sum())
    return float(stats.binomtest(min(only), sum(only)).pvalue) if sum(only) else 1.0
