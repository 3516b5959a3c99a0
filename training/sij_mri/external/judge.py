"""A score against two classes of patients: AUC with its interval, and a cut-off chosen without whom it judges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

RESAMPLES = 2000
SEED = 0

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """A count of patients with its exact interval (Clopper and Pearson)."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 %."""
        made = stats.binomtest(self.hits, self.of).proportion_ci(method="exact")
        return float(made.low), float(made.high)

    def __str__(self) -> str:
        """Share, interval and counts."""
        low, high = self.interval
        return f"{self.hits / self.of:.2f} ({low:.2f} to {high:.2f}; {self.hits} of {self.of})"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a score is worth.

    Attributes
    ----------
    auc, low, high : float
        Area under the ROC curve, and its 95 % interval over patients.
    cutoff : float
        The best on all patients (largest sum of sensitivity and specificity).
    sensitivity, specificity : Share
        Each patient judged at the cut-off that the others gave.
    """

    auc: float
    low: float
    high: float
    cutoff: float
    sensitivity: Share
    specificity: Share


def judge(scores: Floats, positive: Bools) -> Judged:
    """Judge one score.

    Parameters
    ----------
    scores : float64 array (patients,)
    positive : bool array (patients,)

    Raises
    ------
    ValueError
        A class has fewer than two patients, so that none can be left out.
    """
    if min(positive.sum(), (~positive).sum()) < 2:
        raise ValueError(
            f"two patients of each class are needed, received {int(positive.sum())} positive and "
            f"{int((~positive).sum())} negative"
        )
    low, high = auc_interval(scores, positive)
    called = called_left_out(scores, positive)
    return Judged(
        auc=float(roc_auc_score(positive, scores)),
        low=low,
        high=high,
        cutoff=best_cutoff(scores, positive),
        sensitivity=Share(int((called & positive).sum()), int(positive.sum())),
        specificity=Share(int((~called & ~positive).sum()), int((~positive).sum())),
    )


def auc_interval(scores: Floats, positive: Bools) -> tuple[float, float]:
    """95 % percentile bootstrap over patients, resampled within each class; both arrays (n,).

    The area is the share of pairs of one patient of each class that the score puts in order (Mann and Whitney), so a
    resample only counts pairs anew.
    """
    random = np.random.default_rng(SEED)
    high, low = scores[positive], scores[~positive]
    in_order = (high[:, None] > low) + 0.5 * (high[:, None] == low)
    drawn_high, drawn_low = (
        random.multinomial(len(one), np.full(len(one), 1 / len(one)), RESAMPLES) for one in (high, low)
    )
    areas = np.einsum("bi,ij,bj->b", drawn_high, in_order, drawn_low) / in_order.size
    lowest, highest = np.percentile(areas, (2.5, 97.5))
    return float(lowest), float(highest)


def best_cutoff(scores: Floats, positive: Bools) -> float:
    """The cut-off of the largest sum of sensitivity and specificity, half way to the next lower score; arrays (n,)."""
    false_rate, true_rate, thresholds = roc_curve(positive, scores, drop_intermediate=False)
    best = float(thresholds[int(np.argmax(true_rate - false_rate))])
    lower = scores[scores < best]
    return (best + float(lower.max())) / 2 if len(lower) else best


def called_left_out(scores: Floats, positive: Bools) -> Bools:
    """Whether each patient is called positive at the cut-off that all others gave, (n,) each."""
    others = ~np.eye(len(scores), dtype=np.bool_)
    return np.array(
        [score > best_cutoff(scores[kept], positive[kept]) for score, kept in zip(scores, others, strict=True)]
    )


def chosen_left_out(settings: Sequence[Floats], positive: Bools) -> Floats:
    """Scores of patients, each by the setting that is best on all others, as a place among these.

    Parameters
    ----------
    settings : sequence of float64 array (patients,)
        The same score in different settings.
    positive : bool array (patients,)

    Returns
    -------
    float64 array (patients,)
        0 to 1: the mean over both classes of the share of the others that score lower.
    """
    places = []
    for index in range(len(positive)):
        kept = np.arange(len(positive)) != index
        best = max(settings, key=lambda scores: float(roc_auc_score(positive[kept], scores[kept])))
        lower = best[kept] < best[index]
        places.append((lower[positive[kept]].mean() + lower[~positive[kept]].mean()) / 2)
    return np.array(places, np.float64)
