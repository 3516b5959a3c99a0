"""The log of a run, and the same drawn: a table, curves, and events for TensorBoard. All from the checkpoint's rows."""

import csv
import io
import shutil
from collections.abc import Sequence
from pathlib import Path

LOG_FILE, CURVES_FILE, EVENTS_FOLDER = "log.csv", "curves.png", "tensorboard"


def write_log(folder: Path, rows: Sequence[dict[str, float]]) -> None:
    """Write ``log.csv`` anew: a row for each epoch."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: f"{value:.6g}" for key, value in row.items()} for row in rows)
    (folder / LOG_FILE).write_text(text.getvalue(), encoding="utf-8")


def draw_curves(folder: Path, rows: Sequence[dict[str, float]]) -> None:
    """Draw ``curves.png``: each figure over the epochs, the validation's beside it."""
    from matplotlib.figure import Figure

    names = [name for name in (rows[0] if rows else {}) if name not in ("epoch", "seconds")]
    names = [name for name in names if not name.startswith("val_")]
    if not names:
        return
    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(10, 2.6 * ((len(names) + 1) // 2)), layout="constrained")
    for number, name in enumerate(names, 1):
        axes = figure.add_subplot((len(names) + 1) // 2, 2, number)
        axes.plot(epochs, [row[name] for row in rows], label="learned from")
        if f"val_{name}" in rows[0]:
            axes.plot(epochs, [row[f"val_{name}"] for row in rows], label="validation")
            axes.legend(fontsize=7)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("epoch", fontsize=8)
        axes.tick_params(labelsize=7)
    figure.savefig(folder / CURVES_FILE, dpi=110)


def write_events(folder: Path, rows: Sequence[dict[str, float]]) -> None:
    """Write events that TensorBoard shows, anew, so that none stands there twice after a kill."""
    from tensorboardX import SummaryWriter

    shutil.rmtree(folder / EVENTS_FOLDER, ignore_errors=True)
    with SummaryWriter(str(folder / EVENTS_FOLDER)) as writer:
        for row in rows:
            for name, value in row.items():
                if name != "epoch":
                    writer.add_scalar(name, value, int(row["epoch"]))
