"""Pictures of the rows: random slices with their labels, confusion matrices, curves. They stay beside the rows."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from inference.mri_slices import STAGES
from training.mri_slices.figures import Judged
from training.mri_slices.slices import Slices

SAMPLES, COLUMNS, SEED = 16, 4, 0


def draw_pictures(slices: Slices, judged: Mapping[tuple[str, str], Judged], folder: Path) -> None:
    """Write ``samples.png``, and for each row its curves and, of a classifier, its confusion matrix.

    Parameters
    ----------
    slices : Slices
    judged : mapping of (split, row) to Judged
    folder : Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    _samples(slices, folder / "samples.png")
    for (split, name), one in judged.items():
        word = f"{split}-{name.lower().replace(' ', '-').replace(',', '')}"
        _curves(one, f"{name}, {split}", folder / f"curves-{word}.png")
        if one.confusion is not None:
            _confusion(one, f"{name}, {split}", folder / f"confusion-{word}.png")


def _samples(slices: Slices, path: Path) -> None:
    chosen = np.random.default_rng(SEED).choice(len(slices.names), min(SAMPLES, len(slices.names)), replace=False)
    rows = -(-len(chosen) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(8, 2.2 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, place in zip(axes.flat, chosen, strict=False):
        axis.imshow(slices.images[place, ..., 0], cmap="gray", vmin=0, vmax=1)
        if slices.drawn[place] and slices.regions[place].any():
            axis.contour(slices.regions[place], [0.5], colors="red", linewidths=0.7)
        axis.set_title(f"brightness class {slices.status[place]}, {STAGES[slices.stage[place]]}", fontsize=7)
    _save(figure, path)


def _curves(one: Judged, title: str, path: Path) -> None:
    history = one.row["history"]
    figure, axis = plt.subplots(figsize=(5, 3.2))
    for key in ("loss", "val_loss"):
        if key in history:
            axis.plot(range(1, len(history[key]) + 1), history[key], label=key.replace("val_", "validation "))
    axis.set_xlabel("epoch")
    axis.set_title(title, fontsize=8)
    axis.legend(fontsize=7)
    _save(figure, path)


def _confusion(one: Judged, title: str, path: Path) -> None:
    matrix = np.asarray(one.confusion)
    figure, axis = plt.subplots(figsize=(3.6, 3.4))
    axis.imshow(matrix, cmap="Blues")
    for (row, column), count in np.ndenumerate(matrix):
        dark = count > matrix.max() / 2
        axis.text(column, row, str(count), ha="center", va="center", color="white" if dark else "black", fontsize=8)
    axis.set_xticks(range(len(STAGES)), STAGES, fontsize=7)
    axis.set_yticks(range(len(STAGES)), STAGES, fontsize=7)
    axis.set_xlabel("said")
    axis.set_ylabel("label (brightness)")
    axis.set_title(title, fontsize=8)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
