"""Whether probabilities mean what they say, and one temperature that makes them.

References
----------
C. Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special
from sklearn.metrics import log_loss

BINS = 10
LEAST = 1e-7
TEMPERATURES = (0.05, 20.0)

Labels = NDArray[np.int64]
Chances = NDArray[np.floating[Any]]


def reliability(truth: Labels, chances: Chances) -> list[dict[str, float]]:
    """For each tenth of the probability of what is said: how often it is so.

    Parameters
    ----------
    truth : int array (items,)
    chances : float array (items, classes)

    Returns
    -------
    list of dict
        ``confidence``, ``accuracy`` and ``items`` of each bin that is not empty.
    """
    confidence, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": float(confidence[bins == one].mean()),
            "accuracy": float(right[bins == one].mean()),
            "items": int((bins == one).sum()),
        }
        for one in np.unique(bins)
    ]


def calibration_error(truth: Labels, chances: Chances) -> float:
    """Expected calibration error: mean distance of confidence and accuracy over :func:`reliability`.

    Parameters
    ----------
    truth : int array (items,)
    chances : float array (items, classes)
    """
    rows = reliability(truth, chances)
    return float(sum(row["items"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / len(truth))


def fitted_temperature(truth: Labels, chances: Chances) -> float:
    """The temperature of the smallest log-loss on a validation.

    Parameters
    ----------
    truth : int array (items,)
    chances : float array (items, classes)
    """
    labels = np.arange(chances.shape[1])

    def loss(logarithm: float) -> float:
        return float(log_loss(truth, tempered(chances, float(np.exp(logarithm))), labels=labels))

    low, high = np.log(TEMPERATURES)
    return float(np.exp(optimize.minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def tempered(chances: Chances, temperature: float) -> Chances:
    """Probabilities (items, classes) with their logits divided by a temperature."""
    logits = np.log(np.clip(chances.astype(np.float64), LEAST, 1.0))
    return np.asarray(special.softmax(logits / temperature, axis=1))
