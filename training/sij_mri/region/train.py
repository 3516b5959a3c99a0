"""Training of the region network: which subjects it sees, and how it is judged while it learns."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from inference.serving import Segmenter
from inference.sij_mri import RegionCutter, RegionReader, region_spec
from inference.types import FloatArray
from training.data import Dataset, Fold, Subject
from training.judge import RegionScore, mean_slice_dice, score_region
from training.loop.export import in_float32
from training.loop.fit import Schedule, averaged_model, fit
from training.loop.losses import dice_and_cross_entropy
from training.models.attention_unet import attention_unet
from training.sij_mri.region.samples import RegionSampler, RegionSource, region_source

SELF_LABELS_FILE = "self-labels.npz"


@dataclass(frozen=True, slots=True)
class RegionTraining:
    """One training of the region network.

    Attributes
    ----------
    contrasts : dict of str to float
        Images to learn from, and how often each is drawn.
    widths : tuple of int
        Channels of each level.
    phantom_share : float
        Share of phantoms among all samples, where there are any.
    unlabeled_share : float
        Share of scans that a first network labeled, where there is one.
    mixed_precision : bool
        Compute in bfloat16 with float32 weights.
    """

    schedule: Schedule
    grid: RegionCutter = field(default_factory=RegionCutter)
    contrasts: tuple[tuple[str, float], ...] = (("t1w", 0.9), ("stir", 0.1))
    widths: tuple[int, ...] = (16, 32, 64, 128, 128)
    batch_size: int = 8
    seed: int = 0
    phantom_share: float = 0.12
    unlabeled_share: float = 0.2
    mixed_precision: bool = True


def train_region(
    dataset: Dataset,
    training: RegionTraining,
    *,
    learn: Sequence[str],
    judge: Sequence[str],
    folder: Path,
    phantoms: Dataset | None = None,
    start: Path | None = None,
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
    phantoms : Dataset, optional
        Synthetic subjects to learn from as well; together they are drawn as often as ``training.phantom_share`` says.
    start : Path, optional
        Folder of a finished training whose network is refined. It also labels the scans without manual mask
        (self-training), which are then drawn as often as ``training.unlabeled_share`` says.

    Returns
    -------
    keras.Model
        With averaged weights.
    """
    sources = _sources(dataset, training, learn)
    if phantoms is not None:
        sources += _weighted(_sources(phantoms, training, phantoms.labeled()), sources, training.phantom_share)
    first = averaged_model(start) if start is not None else None
    if start is not None and training.unlabeled_share > 0:
        sources += _weighted(_self_labeled(dataset, training, start), sources, training.unlabeled_share)
    sampler = RegionSampler(tuple(sources), training.grid, batch_size=training.batch_size, seed=training.seed)
    held_back = [dataset.load(name) for name in judge]
    if training.mixed_precision:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")

    def build() -> keras.Model:
        model = attention_unet(training.grid.size_px, training.grid.channels, widths=training.widths)
        if first is not None:
            model.set_weights(first.get_weights())
        return model

    return fit(
        build,
        sampler.batches,
        loss=dice_and_cross_entropy,
        schedule=training.schedule,
        folder=folder,
        seed=training.seed,
        judge=(lambda model: judged(model, held_back, training.grid)) if held_back else None,
        judge_every=1000,
    )


def judged(model: keras.Model, subjects: Sequence[Subject], grid: RegionCutter) -> dict[str, float]:
    """Mean 2D Dice of each subject's T1-weighted image, and their mean."""
    figures = {}
    for subject in subjects:
        found = region_reader([model], grid).read(subject.volume("t1w"))
        figures[subject.subject] = mean_slice_dice(subject.labels["region"], found.mask)
    return figures | {"dice": float(np.mean(list(figures.values())))}


def region_reader(networks: Sequence[keras.Model], grid: RegionCutter | None = None) -> RegionReader:
    """What the node would find with some networks."""
    return RegionReader(Segmenter(region_spec(cutter=grid), networks))


def trained_reader(runs: Sequence[Path]) -> RegionReader:
    """What the node would find with the networks of some trainings, averaged."""
    return region_reader([in_float32(averaged_model(path)) for path in runs])


def score_folds(
    dataset: Dataset, folds: Sequence[Fold], runs: Sequence[Sequence[Path]], *, contrast: str = "t1w"
) -> list[RegionScore]:
    """Judge each held-back subject by the networks of its fold, averaged.

    Parameters
    ----------
    dataset : Dataset
    folds : sequence of Fold
    runs : sequence of sequence of Path
        Folders of the trainings that have not seen the fold's patients.
    contrast : str
        Subjects without it are left out.
    """
    scores = []
    for number, (fold, run) in enumerate(zip(folds, runs, strict=True)):
        reader = trained_reader(run)
        for name in fold.held_back:
            subject = dataset.load(name)
            if contrast not in subject.images:
                continue
            found = reader.read(subject.volume(contrast)).mask
            truth, spacing = subject.labels["region"], subject.pixel_spacing_mm
            scores.append(score_region(truth, found, pixel_spacing_mm=spacing, subject=name, fold=number))
    return scores


def _sources(dataset: Dataset, training: RegionTraining, learn: Sequence[str]) -> list[RegionSource]:
    sources = []
    for name in learn:
        subject = dataset.load(name)
        for contrast, weight in training.contrasts:
            if contrast in subject.images:
                sources.append(region_source(subject, contrast, training.grid, weight=weight))
    return sources


def _self_labeled(dataset: Dataset, training: RegionTraining, start: Path) -> list[RegionSource]:
    """The scans without manual mask, each with the probabilities of a first network for its target."""
    names = [entry.subject for entry in dataset.entries if "region" not in entry.labels and "t1w" in entry.contrasts]
    targets = _probabilities(dataset, training, names, start)
    return [region_source(dataset.load(name), "t1w", training.grid, target=targets[name]) for name in names]


def _probabilities(
    dataset: Dataset, training: RegionTraining, names: Sequence[str], start: Path
) -> dict[str, FloatArray]:
    """Probabilities of a trained network for some scans, kept beside its weights."""
    kept = start / SELF_LABELS_FILE
    if not kept.is_file():
        teacher = region_reader([in_float32(averaged_model(start))], training.grid)
        found = {name: teacher.read(dataset.load(name).volume("t1w")).probability.astype(np.float16) for name in names}
        temporary = kept.with_name(f"next-{os.getpid()}.npz")
        np.savez_compressed(temporary, allow_pickle=False, **found)
        temporary.replace(kept)
    with np.load(kept, allow_pickle=False) as content:
        return {name: content[name].astype(np.float32) for name in names}


def _weighted(added: list[RegionSource], present: Sequence[RegionSource], share: float) -> list[RegionSource]:
    """Sources weighted so that they make up a share of all samples."""
    wanted = sum(source.weight for source in present) * share / (1.0 - share)
    total = sum(source.weight for source in added)
    return [replace(source, weight=source.weight * wanted / total) for source in added]
