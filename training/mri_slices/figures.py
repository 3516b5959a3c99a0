"""What a row is worth: figures of its answers with intervals by patient, beside what needs no network."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.mri_slices import MASK_THRESHOLD, STAGES
from inference.types import BoolArray
from training.data import Fold
from training.mri_slices.fit import ANSWERS_FILE, ROW_FILE
from training.mri_slices.recipes import Recipe
from training.mri_slices.slices import Slices

RESAMPLES = 2000
EARLY = STAGES.index("early")


@dataclass(frozen=True, slots=True)
class Share:
    """A figure with its 95 % bootstrap interval over patients."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Judged:
    """Figures of one row on the slices that it has not seen.

    Attributes
    ----------
    row : mapping
        What was kept of the training.
    status, stage, early : Share or None
        Accuracy of AS, of the stage, recall of Early; None for a segmenter.
    iou, iou_best, pixels : Share or None
        Mean intersection over union of the last network and of its best checkpoint, and the share of right pixels; None
        for a classifier.
    confusion : int array (4, 4) or None
        Of the stage: rows are labels.
    slices, patients : int
    network : str
        Which one: ``last``, or ``best`` by its validation; empty where there is none.
    earlier : tuple of Judged
        Other networks of the training that were judged on the same slices before this one was chosen, which the row
        keeps under ``looks``.
    """

    row: Mapping[str, Any]
    slices: int
    patients: int
    network: str = ""
    earlier: tuple["Judged", ...] = ()
    status: Share | None = None
    stage: Share | None = None
    early: Share | None = None
    iou: Share | None = None
    iou_best: Share | None = None
    pixels: Share | None = None
    confusion: NDArray[np.int64] | None = None


def judge_row(recipe: Recipe, folder: Path, slices: Slices) -> Judged:
    """Figures of a row that is there."""
    row = json.loads((folder / ROW_FILE).read_text(encoding="utf-8"))
    with np.load(folder / ANSWERS_FILE) as kept:
        answers = {name: np.asarray(kept[name]) for name in kept.files}
    places = slices.places(tuple(answers["judged"].tolist()))
    patients = slices.patients[places]
    common = {"row": row, "slices": len(places), "patients": len(set(patients.tolist()))}
    if recipe.target != "class":
        truth = (slices.regions if recipe.target == "region" else slices.boxes)[places]
        last, best = answers["last-region"] > MASK_THRESHOLD, answers["best-region"] > MASK_THRESHOLD
        seen = truth.any(axis=(1, 2))
        return Judged(
            **common,
            iou=_mean(overlap(last, truth)[seen], patients[seen]),
            iou_best=_mean(overlap(best, truth)[seen], patients[seen]),
            pixels=_mean((last == truth).mean(axis=(1, 2)), patients),
        )

    def of(network: str, earlier: tuple[Judged, ...] = ()) -> Judged:
        status, stage = (answers[f"{network}-{output}"].argmax(axis=1) for output in ("as", "stage"))
        return Judged(**common, network=network, earlier=earlier, **_classified(status, stage, slices, places))

    *before, chosen = row.get("looks", [recipe.judged])
    return of(chosen, tuple(map(of, before)))


def size_of(folder: Path) -> int:
    """Rows and columns that a row was made with."""
    return int(json.loads((folder / ROW_FILE).read_text(encoding="utf-8"))["config"]["size_px"])


def overlap(found: BoolArray, truth: BoolArray) -> NDArray[np.float64]:
    """Intersection over union of each plane (n,), of masks (n, rows, columns); 1 where both are empty."""
    both = (found & truth).sum(axis=(1, 2))
    either = (found | truth).sum(axis=(1, 2))
    return np.asarray(np.divide(both, either, out=np.ones(len(found)), where=either > 0))


def judge_without_network(slices: Slices, fold: Fold) -> dict[str, Judged]:
    """The same figures for the majority, and for a logistic regression on the figures that made the labels."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    learn, places = slices.places(fold.learn), slices.places(fold.held_back)

    def regressed(labels: NDArray[np.int64]) -> NDArray[np.int64]:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1e4, max_iter=5000))
        return np.asarray(model.fit(slices.figures[learn], labels[learn]).predict(slices.figures[places]))

    def majority(labels: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.full(len(places), np.bincount(labels[learn]).argmax())

    made: dict[str, Callable[[NDArray[np.int64]], NDArray[np.int64]]] = {
        "Logistic regression on four figures": regressed,
        "Majority": majority,
    }
    patients = len(set(slices.patients[places].tolist()))
    return {
        name: Judged({}, len(places), patients, **_classified(how(slices.status), how(slices.stage), slices, places))
        for name, how in made.items()
    }


def judge_mean_region(slices: Slices, fold: Fold) -> Judged:
    """The null model of the masks: one mask for every slice, cut from the mean of the regions that are learned from.

    It is cut where it overlaps best with these.
    """
    learn, places = (one[slices.drawn[one]] for one in (slices.places(fold.learn), slices.places(fold.held_back)))
    regions = slices.regions[learn]
    mean = regions.mean(axis=0)
    guesses = [mean >= level for level in np.linspace(0.05, 0.95, 19)]
    guess = max(guesses, key=lambda one: overlap(np.broadcast_to(one, regions.shape), regions).mean())
    truth, patients = slices.regions[places], slices.patients[places]
    seen = truth.any(axis=(1, 2))
    found = np.broadcast_to(guess, truth.shape)
    return Judged(
        {},
        len(places),
        len(set(patients.tolist())),
        iou=_mean(overlap(found, truth)[seen], patients[seen]),
        pixels=_mean((found == truth).mean(axis=(1, 2)), patients),
    )


def judge_box(slices: Slices, fold: Fold) -> Judged:
    """The published box held against the regions that somebody drew: what needs no network."""
    places = slices.places(fold.held_back)
    places = places[slices.drawn[places]]
    truth, patients = slices.regions[places], slices.patients[places]
    seen = truth.any(axis=(1, 2))
    iou = _mean(overlap(slices.boxes[places], truth)[seen], patients[seen])
    return Judged({}, len(places), len(set(patients.tolist())), iou=iou)


def _classified(
    status: NDArray[np.int64], stage: NDArray[np.int64], slices: Slices, places: NDArray[np.intp]
) -> dict[str, Any]:
    patients, truth = slices.patients[places], slices.stage[places]
    confusion = np.zeros((len(STAGES), len(STAGES)), np.int64)
    np.add.at(confusion, (truth, stage), 1)
    early = truth == EARLY
    return {
        "status": _mean(status == slices.status[places], patients),
        "stage": _mean(stage == truth, patients),
        "early": _mean(stage[early] == EARLY, patients[early]) if early.any() else None,
        "confusion": confusion,
    }


def _mean(values: NDArray[Any], patients: NDArray[np.str_]) -> Share:
    """The mean over slices; in each resample patients are drawn, each with all of its slices."""
    names, of = np.unique(patients, return_inverse=True)
    sums = np.bincount(of, weights=np.asarray(values, np.float64))
    counts = np.bincount(of)
    drawn = np.random.default_rng(0).integers(0, len(names), (RESAMPLES, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Share(float(np.mean(values)), float(low), float(high))
