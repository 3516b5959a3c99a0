"""Training of the region network: which subjects it sees, and how it is judged while it learns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from inference.bundle import InputSpec
from inference.predictor import RegionPredictor
from training.data.dataset import Dataset, Subject
from training.data.region_samples import RegionSampler, RegionSource, region_source
from training.evaluate import mean_slice_dice
from training.fit import Schedule, fit
from training.losses import dice_and_cross_entropy
from training.models.attention_unet import attention_unet


@dataclass(frozen=True, slots=True)
class RegionTraining:
    """One training of the region network.

    Attributes
    ----------
    contrasts : dict of str to float
        Images to learn from, and how often each is drawn.
    widths : tuple of int
        Channels of each level.
    mixed_precision : bool
        Compute in bfloat16 with float32 weights.
    """

    schedule: Schedule
    grid: InputSpec = field(default_factory=InputSpec)
    contrasts: tuple[tuple[str, float], ...] = (("t1w", 0.85), ("stir", 0.15))
    widths: tuple[int, ...] = (16, 32, 64, 128)
    batch_size: int = 8
    seed: int = 0
    mixed_precision: bool = True


def train_region(
    dataset: Dataset, training: RegionTraining, *, learn: Sequence[str], judge: Sequence[str], folder: Path
) -> keras.Model:
    """Train one region network.

    Parameters
    ----------
    dataset : Dataset
    training : RegionTraining
    learn : sequence of str
        Subjects to learn from.
    judge : sequence of str
        Subjects to judge the network on while it learns; they change nothing.
    folder : Path
        Checkpoints and log.

    Returns
    -------
    keras.Model
        With averaged weights.
    """
    sources = _sources(dataset, training, learn)
    sampler = RegionSampler(tuple(sources), training.grid, batch_size=training.batch_size, seed=training.seed)
    held_back = [dataset.load(name) for name in judge]
    if training.mixed_precision:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    return fit(
        lambda: attention_unet(training.grid.size_px, training.grid.channels, widths=training.widths),
        sampler.batches,
        loss=dice_and_cross_entropy,
        schedule=training.schedule,
        folder=folder,
        seed=training.seed,
        judge=(lambda model: judged(model, held_back, training.grid)) if held_back else None,
        judge_every=1000,
    )


def judged(model: keras.Model, subjects: Sequence[Subject], grid: InputSpec) -> dict[str, float]:
    """Mean 2D Dice of each subject's T1-weighted image, and their mean."""
    figures = {}
    for subject in subjects:
        probability = RegionPredictor([model], grid).predict(subject.volume("t1w"))
        figures[subject.subject] = mean_slice_dice(subject.labels["region"], probability >= 0.5)
    return figures | {"dice": float(np.mean(list(figures.values())))}


def _sources(dataset: Dataset, training: RegionTraining, learn: Sequence[str]) -> list[RegionSource]:
    sources = []
    for name in learn:
        subject = dataset.load(name)
        for contrast, weight in training.contrasts:
            if contrast in subject.images:
                sources.append(region_source(subject, contrast, training.grid, weight=weight))
    return sources
