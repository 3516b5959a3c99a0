"""From what the network says of each slice to what is said of the study.

For each of three questions (axial spondyloarthritis; structural lesions or worse; ankylosis) the log-odds of the
``top_k`` most suspicious slices are averaged, and a logistic curve fitted on validation patients makes a probability of
the mean. A lesion fills a few slices only, so a mean over all would drown it; one slice alone would believe every
artefact. The probabilities of the four stages are the differences of the three, which are made to fall.

References
----------
E. Frank and M. Hall, "A simple approach to ordinal classification", ECML 2001 (stages as a chain of yes and no).
J. Platt, "Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods",
Advances in Large Margin Classifiers 1999 (a logistic curve over scores).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.sij_mri.types import STAGES, Prediction, SlicePrediction, Stage

QUESTIONS = ("as", "moderate", "advanced")
FLOOR = 1e-4
FloatVector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """The fitted rule.

    Attributes
    ----------
    top_k : int
        Slices that count.
    curves : dict of str to (float, float)
        For each of QUESTIONS the slope and the offset of the logistic curve.
    threshold : float
        Probability from which axial spondyloarthritis counts as present.
    """

    top_k: int
    curves: Mapping[str, tuple[float, float]]
    threshold: float = 0.5

    @classmethod
    def from_parameters(cls, values: Mapping[str, Any]) -> "Aggregation":
        """Read the rule from the ``aggregation`` entry of a model's parameters in a manifest."""
        curves = {name: (float(values["curves"][name][0]), float(values["curves"][name][1])) for name in QUESTIONS}
        return cls(int(values["top_k"]), curves, float(values["threshold"]))

    def parameters(self) -> dict[str, Any]:
        """The rule as JSON values."""
        return {
            "top_k": self.top_k,
            "curves": {name: [float(value) for value in self.curves[name]] for name in QUESTIONS},
            "threshold": self.threshold,
        }


def suspicion(probabilities: Sequence[SlicePrediction], top_k: int) -> FloatVector:
    """Mean log-odds of the most suspicious slices for each of QUESTIONS; float64 array (3,)."""
    stages = np.array([slice_.stage_probabilities for slice_ in probabilities], np.float64)
    present = np.array([slice_.as_probability for slice_ in probabilities], np.float64)
    answers = np.stack([present, stages[:, 2] + stages[:, 3], stages[:, 3]], axis=1)
    answers = np.clip(answers, FLOOR, 1 - FLOOR)
    odds = np.sort(np.log(answers / (1 - answers)), axis=0)[::-1]
    mean: FloatVector = odds[:top_k].mean(axis=0)
    return mean


def aggregate(slices: Sequence[SlicePrediction], rule: Aggregation) -> Prediction:
    """Judge the study.

    Parameters
    ----------
    slices : sequence of SlicePrediction
        At least one.
    rule : Aggregation

    Returns
    -------
    Prediction
        ``stage`` is Normal where axial spondyloarthritis is not present, else the most probable of the other three, so
        that the two answers never contradict each other.

    Raises
    ------
    ValueError
        There are no slices.
    """
    if not slices:
        raise ValueError("a study needs at least one classified slice, received none")
    scores = suspicion(slices, rule.top_k)
    curves = np.array([rule.curves[name] for name in QUESTIONS])
    falling = np.minimum.accumulate(1 / (1 + np.exp(-(curves[:, 0] * scores + curves[:, 1]))))
    stages = np.abs(np.diff(np.concatenate([[1.0], falling, [0.0]])))
    present = bool(falling[0] >= rule.threshold)
    stage = STAGES[1 + int(stages[1:].argmax())] if present else Stage.NORMAL
    normal, early, moderate, advanced = (float(value) for value in stages)
    return Prediction(
        as_present=present,
        as_probability=float(falling[0]),
        stage=stage,
        stage_probabilities=(normal, early, moderate, advanced),
        slices=tuple(slices),
    )
