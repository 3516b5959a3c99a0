"""How region networks do on patients that were kept from them, beside a model that sees no picture."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from inference.types import BoolArray
from training.data import Dataset
from training.judge import RegionScore, bootstrap_mean, dice, mean_slice_dice, region_figures, score_region
from training.sij_mri.region.trained import TrainedRegion

NULL_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class HeldBack:
    """One scan, judged by a network that has not seen its patient.

    Attributes
    ----------
    network : str
    score : RegionScore
        Of the mask that the node would find.
    worst : float
        Least Dice of the slices in which either mask is not empty.
    null : float
        Mean 2D Dice of :func:`mean_mask`.
    """

    network: str
    score: RegionScore
    worst: float
    null: float


def judge_held_back(dataset: Dataset, trained: Sequence[TrainedRegion], *, contrast: str) -> Iterator[HeldBack]:
    """Judge each held-back scan by its network; those whose training has not ended are left out.

    Parameters
    ----------
    dataset : Dataset
    trained : sequence of TrainedRegion
    contrast : str
        Scans without it are left out.

    Yields
    ------
    HeldBack
    """
    known = set(dataset.labeled())
    for number, one in enumerate(trained):
        names = [name for name in one.held_back if name in known] if one.finished else []
        reader = one.reader() if names else None
        for name in names:
            subject = dataset.load(name)
            if reader is None or contrast not in subject.images:
                continue
            truth, found = subject.labels["region"], reader.read(subject.volume(contrast)).mask
            score = score_region(truth, found, pixel_spacing_mm=subject.pixel_spacing_mm, subject=name, fold=number)
            null = mean_slice_dice(truth, mean_mask(dataset, name))
            yield HeldBack(one.folder.name, score, worst_slice(truth, found), null)


def not_judged(dataset: Dataset, trained: Sequence[TrainedRegion], *, contrast: str) -> list[str]:
    """Labeled scans of a contrast that no finished network was kept from."""
    held = {name for one in trained if one.finished for name in one.held_back}
    entries = {entry.subject: entry for entry in dataset.entries}
    return [name for name in dataset.labeled() if name not in held and contrast in entries[name].contrasts]


def worst_slice(truth: BoolArray, found: BoolArray) -> float:
    """Least Dice of the slices in which either of two masks, bool (slices, rows, columns), is not empty."""
    return min(dice(a, b) for a, b in zip(truth, found, strict=True) if a.any() or b.any())


def mean_mask(dataset: Dataset, name: str) -> BoolArray:
    """Where at least half of the other patients' masks lie, all laid middle on middle: it sees no picture.

    Parameters
    ----------
    dataset : Dataset
    name : str
        Of the scan whose grid it is laid on; of its patient no mask counts.

    Returns
    -------
    bool array (slices, rows, columns)
    """
    subject = dataset.load(name)
    shape = subject.labels["region"].shape
    others = [dataset.load(one) for one in dataset.labeled()]
    masks = [_fitted(one.labels["region"], shape) for one in others if one.patient != subject.patient]
    return np.asarray(np.mean(masks, axis=0) >= NULL_SHARE, np.bool_)


def held_back_figures(judged: Sequence[HeldBack], *, command: str) -> dict[str, Any]:
    """Everything that page and card need, as JSON values."""
    ordered = sorted(judged, key=lambda one: one.score.subject)
    figures = region_figures([one.score for one in ordered], command=command)
    scans = zip(figures["scores"], ordered, strict=True)
    return figures | {
        "scores": [score | {"network": one.network, "worst": one.worst, "null": one.null} for score, one in scans],
        "null": asdict(bootstrap_mean([one.null for one in ordered])),
        "gain": asdict(bootstrap_mean([one.score.dice_2d - one.null for one in ordered])),
    }


def _fitted(mask: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """A mask cut or filled up to a shape, about its middle."""
    out = np.zeros(shape, np.bool_)
    low = [(have - wanted) // 2 for have, wanted in zip(mask.shape, shape, strict=True)]
    source = tuple(slice(max(0, at), at + wanted) for at, wanted in zip(low, shape, strict=True))
    part = mask[source]
    place = tuple(slice(max(0, -at), max(0, -at) + size) for at, size in zip(low, part.shape, strict=True))
    out[place] = part
    return out
