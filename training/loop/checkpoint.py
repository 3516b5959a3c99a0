"""Where a training stands, in one file that is whole or not there."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

CHECKPOINT_FILE = "checkpoint.npz"


@dataclass(slots=True)
class Place:
    """Where a training stands.

    Attributes
    ----------
    epoch : int
        Epochs that are done.
    stopped : bool
        It ended before its last epoch, as the plan asks.
    rows : list of dict
        The log, a row for each epoch.
    callbacks : list of dict
        What each callback remembers.
    best : float or None
        Of the figure whose best epoch is kept.
    seconds : float
    """

    epoch: int = 0
    stopped: bool = False
    rows: list[dict[str, float]] = field(default_factory=list)
    callbacks: list[dict[str, float]] = field(default_factory=list)
    best: float | None = None
    seconds: float = 0.0


def save_checkpoint(folder: Path, model: keras.Model, place: Place) -> None:
    """Write weights, seeds of dropout, optimizer with its averages, and the place."""
    arrays = {f"{key}{number}": keras.ops.convert_to_numpy(value) for key, number, value in _numbered(model)}
    arrays["place"] = np.array(json.dumps({name: getattr(place, name) for name in Place.__dataclass_fields__}))

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_whole(folder / CHECKPOINT_FILE, write)


def load_checkpoint(folder: Path, model: keras.Model) -> Place:
    """Put a model and its optimizer where they were; the place is the start where there is no checkpoint."""
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        return Place()
    with np.load(path, allow_pickle=False) as content:
        for key, number, variable in _numbered(model):
            variable.assign(content[f"{key}{number}"])
        return Place(**json.loads(str(content["place"])))


def place_of(folder: Path) -> Place:
    """Where the training of a folder stands."""
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        return Place()
    with np.load(path, allow_pickle=False) as content:
        return Place(**json.loads(str(content["place"])))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """`write` gets a path beside; what it wrote takes the place of `path` when it is whole and on disk."""
    beside = path.with_name(f".next-{os.getpid()}{path.suffix}")
    write(beside)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(path)


def remembered(callback: Any) -> dict[str, float]:
    """What a callback of Keras must know to go on, as JSON values."""
    names = ("wait", "best", "stopped_epoch", "best_epoch", "cooldown_counter")
    found: Mapping[str, Any] = vars(callback)
    return {name: float(found[name]) for name in names if found.get(name) is not None}


def _numbered(model: keras.Model) -> list[tuple[str, int, Any]]:
    parts = {"model": model.variables, "optimizer": model.optimizer.variables}
    return [(key, number, one) for key, variables in parts.items() for number, one in enumerate(variables)]
