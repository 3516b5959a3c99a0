"""Pictures of a report, as PNG within the page."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from training.runs.predictions import HELD_BACK, Predictions

DPI = 100
OUTLINES = (("truth", "#2ca02c"), ("found", "#d62728"))


def of_file(path: Path) -> str:
    """A PNG file as the address of a picture; empty where there is none."""
    return _address(path.read_bytes()) if path.is_file() else ""


def confusion(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """A confusion matrix, rows the truth."""
    values = np.asarray(matrix)
    figure = Figure(figsize=(1.6 + 0.7 * len(names), 1.2 + 0.6 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(values / np.maximum(values.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    for row, line in enumerate(values):
        for column, count in enumerate(line):
            axes.text(column, row, str(count), ha="center", va="center", fontsize=9)
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("said", fontsize=8)
    axes.set_ylabel("truth", fontsize=8)
    return _png(figure)


def curves(by_class: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """ROC and precision-recall curves of each class; empty where no class has any."""
    drawn = {name: points for name, points in by_class.items() if points}
    if not drawn:
        return ""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    pairs = (("false positives", "true positives", "ROC"), ("recall", "precision", "precision and recall"))
    for number, (x, y, title) in enumerate(pairs, 1):
        axes = figure.add_subplot(1, 2, number)
        for name, points in drawn.items():
            axes.plot(points[x], points[y], label=name)
        axes.set_xlabel(x, fontsize=8)
        axes.set_ylabel(y, fontsize=8)
        axes.set_title(title, fontsize=9)
        axes.legend(fontsize=7)
    return _png(figure)


def reliability(rows: Sequence[Mapping[str, float]]) -> str:
    """How often what is said is so, beside how sure it was."""
    figure = Figure(figsize=(3.8, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="gray", linewidth=0.8)
    sizes = [20 + 200 * row["items"] / sum(one["items"] for one in rows) for row in rows]
    axes.scatter([row["confidence"] for row in rows], [row["accuracy"] for row in rows], s=sizes)
    axes.set_xlabel("probability of what is said", fontsize=8)
    axes.set_ylabel("share that is so", fontsize=8)
    return _png(figure)


def samples(found: Predictions) -> str:
    """Held-back items with the truth in green and what was found in red; empty where no picture was kept."""
    numbers = [number for number in found.of(HELD_BACK) if f"picture/{number}" in found.arrays]
    if not numbers:
        return ""
    rows = (len(numbers) + 3) // 4
    figure = Figure(figsize=(10, 2.7 * rows), layout="constrained")
    for place, number in enumerate(numbers, 1):
        axes = figure.add_subplot(rows, 4, place)
        axes.imshow(found.arrays[f"picture/{number}"], cmap="gray", vmin=0, vmax=255)
        truth = found.mask("truth", number)
        middle = int(np.argmax(truth.sum(axis=(1, 2))))
        for what, color in OUTLINES:
            plane = found.mask(what, number)[middle]
            if plane.any() and not plane.all():
                axes.contour(plane.astype(float), levels=[0.5], colors=color, linewidths=0.9)
        axes.set_title(found.items[number].name, fontsize=7)
        axes.set_axis_off()
    return _png(figure)


def bars(rows: Sequence[Mapping[str, Any]], figure_name: str) -> str:
    """One figure of several runs with its intervals."""
    figure = Figure(figsize=(6, 0.8 + 0.4 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        axes.plot([row["low"], row["high"]], [place, place], color="#1f77b4")
        axes.plot(row["value"], place, "o", color="#1f77b4")
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel(figure_name, fontsize=8)
    return _png(figure)


def _png(figure: Figure) -> str:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DPI)
    return _address(content.getvalue())


def _address(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"
