"""The edema classifier: a small network over voxel features, taught by the readers' masks.

Its loss is the readers' own measure: one minus the mean Dice with each reading, each scan of equal weight, and some
cross-entropy with the share of readings that mark a voxel.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from inference.serving import VoxelClassifier
from inference.sij_mri.edema import FEATURES, edema_spec
from inference.types import FloatArray
from training.models.edema_voxels import edema_voxels

Parameters = list[NDArray[np.float32]]
ENTROPY_SHARE = 0.3
SMOOTHING_VOXELS = 50.0
NOISE = 0.1


@dataclass(frozen=True, slots=True)
class LabeledVoxels:
    """The candidate voxels of one scan.

    Attributes
    ----------
    patient : str
    features : float32 array (voxels, features)
    readings : float32 array (voxels, readings)
        1 where a reading marks the voxel.
    marked : float32 array (readings,)
        All that a reading marks in the scan, candidates or not, voxels.
    weight : float
        Of this scan among the others.
    """

    patient: str
    features: FloatArray
    readings: FloatArray
    marked: FloatArray
    weight: float = 1.0


def fit_edema_classifier(
    scans: Sequence[LabeledVoxels],
    *,
    hidden: int = 8,
    steps: int = 150,
    batch: int = 6_000,
    learning_rate: float = 0.02,
    decay: float = 1e-3,
    members: int = 2,
    seed: int = 0,
) -> keras.Model:
    """Teach the classifier.

    Parameters
    ----------
    scans : sequence of LabeledVoxels
    hidden : int
        Width of the hidden layer.
    steps, batch, learning_rate, decay
        Steps of AdamW with a cosine schedule, and the voxels drawn from each scan in each of them.
    members : int
        Networks that are averaged, from different seeds.
    seed : int

    Returns
    -------
    keras.Model
        See :mod:`training.models.edema_voxels`.
    """
    sample = np.concatenate([scan.features[:: max(1, len(scan.features) // 40_000)] for scan in scans])
    mean, sd = sample.mean(axis=0), sample.std(axis=0) + 1e-6
    weights = sum(scan.weight for scan in scans)
    fitted = []
    for member in range(members):
        rng = np.random.default_rng((seed, member))
        parameters = _initial(rng, len(FEATURES), hidden)
        optimizer = _AdamW(parameters, decay)
        for step in range(steps):
            gradients: Parameters = [np.zeros_like(p) for p in parameters]
            for scan in scans:
                chosen = rng.integers(0, len(scan.features), min(batch, len(scan.features)))
                inputs = (scan.features[chosen] - mean) / sd
                inputs = inputs + NOISE * rng.standard_normal(inputs.shape, dtype=np.float32)
                share = len(chosen) / len(scan.features)
                for total, part in zip(
                    gradients, _gradient(parameters, inputs, scan.readings[chosen], scan.marked * share), strict=True
                ):
                    total += part * scan.weight / weights
            optimizer.step(gradients, learning_rate * 0.5 * (1 + np.cos(np.pi * step / steps)))
        fitted.append(parameters)
    return edema_voxels(mean, sd, fitted)


def voxel_classifier(network: keras.Model) -> VoxelClassifier:
    """A trained classifier as the node runs it."""
    return VoxelClassifier(edema_spec(), [network])


def _initial(rng: np.random.Generator, inputs: int, hidden: int) -> Parameters:
    first = rng.normal(size=(inputs, hidden)) * np.sqrt(1.6 / inputs)
    second = rng.normal(size=hidden) * np.sqrt(1.6 / hidden)
    return [np.asarray(p, np.float32) for p in (first, np.zeros(hidden), second, np.full((), -2.0))]


def _gradient(parameters: Parameters, inputs: FloatArray, readings: FloatArray, marked: FloatArray) -> Parameters:
    """Gradient of the loss of one scan by the parameters."""
    first, first_bias, second, second_bias = parameters
    layer = np.tanh(inputs @ first + first_bias)
    chance = 1 / (1 + np.exp(-(layer @ second + second_bias)))
    sums = chance.sum() + marked + SMOOTHING_VOXELS
    overlap = 2 * chance @ readings + SMOOTHING_VOXELS
    by_chance = -((2 * readings * sums - overlap) / sums**2).mean(axis=1)
    share = readings.mean(axis=1)
    by_logit = by_chance * chance * (1 - chance) + ENTROPY_SHARE * (chance - share) / len(chance)
    back = np.outer(by_logit, second) * (1 - layer**2)
    return [
        np.asarray(g, np.float32)
        for g in (inputs.T @ back, back.sum(axis=0), layer.T @ by_logit, np.asarray(by_logit.sum()))
    ]


class _AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""

    def __init__(self, parameters: Parameters, decay: float) -> None:
        self._parameters, self._decay, self._steps = parameters, decay, 0
        self._first = [np.zeros_like(p) for p in parameters]
        self._second = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: Parameters, learning_rate: float) -> None:
        """Change the parameters in place."""
        self._steps += 1
        for value, gradient, first, second in zip(self._parameters, gradients, self._first, self._second, strict=True):
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            corrected = first / (1 - 0.9**self._steps)
            scale = np.sqrt(second / (1 - 0.999**self._steps)) + 1e-8
            value -= np.float32(learning_rate) * (corrected / scale + np.float32(self._decay) * value)
