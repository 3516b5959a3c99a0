"""How good judgments of classes are: formulas of scikit-learn, intervals by patient, null models beside them."""

import functools
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from training.judge.calibration import calibration_error
from training.judge.intervals import bootstrap, exact

RESAMPLES = 500

Labels = NDArray[np.int64]
Chances = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A probability from which on the second of two classes is said.

    Attributes
    ----------
    value : float
    chosen_on : str
        What it was chosen on.
    """

    value: float = 0.5
    chosen_on: str = "nothing: one half"


def class_figures(
    truth: Labels,
    chances: Chances,
    said: Labels,
    patients: Sequence[str],
    names: Sequence[str],
    *,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Every figure of one judgment, as JSON values.

    Parameters
    ----------
    truth : int array (items,)
        Index of the class.
    chances : float array (items, classes)
    said : int array (items,)
        Index of the class that is said: :func:`decided`.
    patients : sequence of str
    names : sequence of str
        Of the classes.
    resamples : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``items``, ``patients``, ``figures`` (name to value and 95 % interval by patient), ``classes`` (precision,
        recall, F1 and support of each), ``confusion`` (rows: truth), and for two classes ``at the cutoff``.
    """
    labels = np.arange(len(names))
    drawn: dict[bytes, dict[str, float]] = {}  # one seed: each figure is asked of the same draws

    def figure(name: str, chosen: NDArray[np.intp]) -> float:
        key = chosen.tobytes()
        if key not in drawn:
            drawn[key] = _summary(truth[chosen], chances[chosen], said[chosen], labels)
        return drawn[key][name]

    figures = {
        name: asdict(bootstrap(functools.partial(figure, name), patients, resamples=resamples))
        for name in _summary(truth, chances, said, labels)
    }
    precision, _, f1, support = metrics.precision_recall_fscore_support(truth, said, labels=labels, zero_division=0)
    confusion = metrics.confusion_matrix(truth, said, labels=labels)
    found: dict[str, Any] = {
        "items": len(truth),
        "patients": len(set(patients)),
        "figures": figures,
        "classes": [
            {
                "name": name,
                "precision": float(precision[index]),
                "recall": asdict(exact(int(confusion[index, index]), int(support[index]))),
                "F1": float(f1[index]),
                "support": int(support[index]),
            }
            for index, name in enumerate(names)
        ],
        "confusion": confusion.tolist(),
    }
    return found | ({"at the cutoff": _at_cutoff(confusion)} if len(names) == 2 else {})


def decided(chances: Chances, cutoff: Cutoff) -> Labels:
    """The class that is said, int array (items,); of two classes by the cut-off."""
    if chances.shape[1] == 2:
        return (chances[:, 1] >= cutoff.value).astype(np.int64)
    return np.asarray(chances.argmax(axis=1), np.int64)


def best_cutoff(truth: Labels, chances: Chances, *, chosen_on: str) -> Cutoff:
    """The cut-off of the largest sensitivity plus specificity; one half where a class is missing.

    Parameters
    ----------
    truth : int array (items,)
        0 or 1.
    chances : float array (items, 2)
    chosen_on : str
        What these items are.
    """
    if len(np.unique(truth)) < 2:
        return Cutoff()
    wrong, right, places = metrics.roc_curve(truth, chances[:, 1])
    best = float(places[np.argmax(right - wrong)])
    return Cutoff(min(best, 1.0), chosen_on)


def roc_points(truth: Labels, chance: Chances) -> dict[str, list[float]]:
    """ROC and precision-recall curves of one class against the rest; empty where there is no such class, or no other.

    Parameters
    ----------
    truth : bool array (items,)
    chance : float array (items,)
    """
    if len(np.unique(truth)) < 2:
        return {}
    wrong, right, _ = metrics.roc_curve(truth, chance)
    precision, recall, _ = metrics.precision_recall_curve(truth, chance)
    return {
        "false positives": wrong.tolist(),
        "true positives": right.tolist(),
        "recall": recall.tolist(),
        "precision": precision.tolist(),
    }


def _summary(truth: Labels, chances: Chances, said: Labels, labels: NDArray[np.intp]) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a draw may lack a class
        averages = {
            f"{what} {name}": float(value)
            for what in ("macro", "weighted")
            for name, value in zip(
                ("precision", "recall", "F1"),
                metrics.precision_recall_fscore_support(truth, said, labels=labels, average=what, zero_division=0)[:3],
                strict=True,
            )
        }
        return {
            "accuracy": float((truth == said).mean()),
            **averages,
            "MCC": float(metrics.matthews_corrcoef(truth, said)),
            "ROC AUC": _area(metrics.roc_auc_score, truth, chances),
            "PR AUC": _area(metrics.average_precision_score, truth, chances),
            "calibration error": calibration_error(truth, chances),
        }


def _area(score: Any, truth: Labels, chances: Chances) -> float:
    """Of the second of two classes; of more, the mean of each against the rest. NaN where a class is missing."""
    classes = chances.shape[1]
    if len(np.unique(truth)) < 2:
        return float("nan")
    if classes == 2:
        return float(score(truth, chances[:, 1]))
    there = [index for index in range(classes) if (truth == index).any()]
    return float(np.mean([score(truth == index, chances[:, index]) for index in there]))


def _at_cutoff(confusion: NDArray[np.int64]) -> dict[str, Any]:
    (true_negative, false_positive), (false_negative, true_positive) = confusion.tolist()
    return {
        "sensitivity": asdict(exact(true_positive, true_positive + false_negative)),
        "specificity": asdict(exact(true_negative, true_negative + false_positive)),
    }
