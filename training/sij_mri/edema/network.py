"""Training of the edema network, and how it is run on a scan that it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from inference.serving import Segmenter
from inference.sij_mri.edema import EdemaCutter, EdemaNetwork, edema_network_spec
from training.data import Dataset
from training.loop.fit import Schedule, averaged_model, fit
from training.models.edema_unet import WIDTHS, edema_unet
from training.sij_mri.edema.samples import EdemaSampler, edema_source

SMOOTHING_PX = 30.0
ENTROPY_SHARE = 5.0
COARSER_SHARE = 0.4
EPSILON = 1e-5
NETWORK_RUNS = "edema-network"


@dataclass(frozen=True, slots=True)
class EdemaTraining:
    """One training of the edema network.

    Attributes
    ----------
    schedule : Schedule
    cutter : EdemaCutter
    widths : tuple of int
        Channels of each level.
    scans, slices : int
        Of a batch.
    coarse_share : float
        Of the batches, the first ones on a coarser grid.
    seed : int
    mixed_precision : bool
        Compute in bfloat16 with float32 weights.
    """

    schedule: Schedule
    cutter: EdemaCutter = field(default_factory=EdemaCutter)
    widths: tuple[int, ...] = WIDTHS
    scans: int = 2
    slices: int = 3
    coarse_share: float = 0.5
    seed: int = 0
    mixed_precision: bool = True


def usual_schedule(steps: int) -> Schedule:
    """The schedule of the network that ships, at another length."""
    return Schedule(
        steps, warmup_steps=min(40, steps), average_every=1, average_decay=0.985, report_every=50, save_every=100
    )


def train_edema_network(
    dataset: Dataset, training: EdemaTraining, *, learn: Sequence[str], readings: tuple[str, ...], folder: Path
) -> keras.Model:
    """Train one edema network.

    Parameters
    ----------
    dataset : Dataset
    training : EdemaTraining
    learn : sequence of str
        Scans to learn from, with a region and the readings.
    readings : tuple of str
    folder : Path
        Checkpoints and log; what is found there goes on.

    Returns
    -------
    keras.Model
        With averaged weights and both answers.
    """
    cutter = training.cutter
    sources = tuple(edema_source(dataset.load(name), cutter, readings=readings) for name in learn)
    sampler = EdemaSampler(
        sources,
        cutter,
        coarse_batches=round(training.coarse_share * training.schedule.steps),
        scans=training.scans,
        slices=training.slices,
        seed=training.seed,
    )
    if training.mixed_precision:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")

    def build() -> keras.Model:
        return edema_unet(None, len(cutter.channels), widths=training.widths, guided=True)

    return fit(
        build,
        sampler.batches,
        loss=[scan_loss(training.slices), scan_loss(training.slices, share=COARSER_SHARE)],
        schedule=training.schedule,
        folder=folder,
        seed=training.seed,
    )


def network_run(
    dataset: Dataset, scans: Sequence[str], runs: Path, *, without: str = ""
) -> tuple[tuple[str, ...], Path]:
    """The scans that a run learns from, and its folder.

    Parameters
    ----------
    dataset : Dataset
    scans : sequence of str
        Those with readings.
    runs : Path
        Folder of the runs.
    without : str
        The patient who is held back; empty: none.

    Raises
    ------
    ValueError
        No scan is of that patient.
    """
    patients = {entry.subject: entry.patient for entry in dataset.entries if entry.subject in scans}
    if without and without not in patients.values():
        raise ValueError(f"a patient who is held back must have a scan with readings, received {without!r}")
    learn = tuple(name for name, patient in patients.items() if patient != without)
    return learn, runs / NETWORK_RUNS / (f"without-{without}" if without else "all")


def scan_loss(slices: int, *, share: float = 1.0) -> Any:
    """One soft Dice for each reading over the slices of a scan, and cross-entropy with the mean of the readings.

    Parameters
    ----------
    slices : int
        Slices of each scan in a batch, which follow one another.
    share : float
        Of this answer in the whole loss.

    Returns
    -------
    callable
        Of truth (batch, rows, columns, readings + 1), whose last channel tells where the answer counts, and predicted
        (batch, rows, columns, 1).
    """

    def loss(truth: Any, predicted: Any) -> Any:
        truth, predicted = ops.cast(truth, "float32"), ops.cast(predicted, "float32")
        counted = truth[..., -1:]
        readings = truth[..., :-1] * counted
        chance = predicted * counted

        def of_scans(values: Any) -> Any:
            each = ops.sum(values, axis=(1, 2))
            return ops.sum(ops.reshape(each, (-1, slices, each.shape[-1])), axis=1)

        overlap, marked, found = of_scans(readings * chance), of_scans(readings), of_scans(chance)
        dice = (2.0 * overlap + SMOOTHING_PX) / (marked + found + SMOOTHING_PX)
        clipped = ops.clip(predicted, EPSILON, 1.0 - EPSILON)
        mean = ops.mean(readings, axis=-1, keepdims=True)
        entropy = -(mean * ops.log(clipped) + (1.0 - mean) * ops.log(1.0 - clipped)) * counted
        wrong = ops.sum(entropy) / ops.maximum(ops.sum(counted), 1.0)
        return share * (ops.mean(1.0 - dice) + ENTROPY_SHARE * wrong)

    return loss


def served(model: keras.Model, cutter: EdemaCutter | None = None) -> keras.Model:
    """A trained network as it ships: in float32, on one grid, with the fine answer alone."""
    cutter = cutter or EdemaCutter()
    widths = tuple(layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2DTranspose))[::-1]
    deepest = max(layer.filters for layer in model.layers if type(layer) is keras.layers.Conv2D)
    network = edema_unet(cutter.size_px, len(cutter.channels), widths=(*widths, deepest))
    weights = [np.asarray(value, np.float32) for value in model.get_weights()]
    network.set_weights(weights[: len(network.weights)])
    return network


def edema_network(models: Sequence[keras.Model], cutter: EdemaCutter | None = None) -> EdemaNetwork:
    """Trained networks as the node runs them, averaged."""
    return EdemaNetwork(Segmenter(edema_network_spec(cutter=cutter), models))


def trained_edema_network(folders: Sequence[Path]) -> EdemaNetwork:
    """The network of some trainings, as the node runs it."""
    return edema_network([served(averaged_model(folder)) for folder in folders])
