"""The training loop: resumable, deterministic, with an average of the weights."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from training.loop.prefetch import prefetched

Weights = list[NDArray[Any]]
Batch = tuple[Any, ...]

STATE_FILE = "state.json"
MODEL_FILE = "last.keras"
AVERAGE_FILE = "average.npz"
LOG_FILE = "log.jsonl"


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn: linear warm-up, then a cosine to a hundredth of the peak.

    Attributes
    ----------
    steps : int
        Batches in all.
    peak_rate : float
        Largest learning rate.
    warmup_steps : int
    weight_decay : float
    clip_norm : float
        Gradients are scaled down to this norm.
    average_every : int
        Steps between two updates of the averaged weights.
    average_decay : float
        Share of the old average kept at each update; grows to this from 0.
    report_every, save_every : int
        Steps between two log lines, and between two checkpoints.
    """

    steps: int
    peak_rate: float = 3e-3
    warmup_steps: int = 150
    weight_decay: float = 1e-2
    clip_norm: float = 2.0
    average_every: int = 5
    average_decay: float = 0.99
    report_every: int = 100
    save_every: int = 500

    def rate(self, step: int) -> float:
        """Learning rate of one step."""
        if step < self.warmup_steps:
            return self.peak_rate * (step + 1) / self.warmup_steps
        progress = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return self.peak_rate * (0.01 + 0.99 * 0.5 * (1.0 + float(np.cos(np.pi * min(progress, 1.0)))))


@dataclass(slots=True)
class WeightAverage:
    """Exponential moving average of a model's weights."""

    weights: Weights
    updates: int = 0

    def update(self, model: keras.Model, decay: float) -> None:
        """Take the model's present weights in."""
        kept = np.float32(min(decay, (1 + self.updates) / (10 + self.updates)))
        for average, value in zip(self.weights, model.get_weights(), strict=True):
            average *= kept
            average += (1 - kept) * np.asarray(value, np.float32)
        self.updates += 1


def fit(
    build: Callable[[], keras.Model],
    batches: Callable[[int], Iterator[Batch]],
    *,
    loss: Any,
    schedule: Schedule,
    folder: Path,
    seed: int = 0,
    judge: Callable[[keras.Model], dict[str, float]] | None = None,
    judge_every: int = 2000,
) -> keras.Model:
    """Train a model, or go on with a training that was cut off.

    Parameters
    ----------
    build : callable
        Makes the untrained model.
    batches : callable
        From the number of the first batch to an endless iterator over ``(x, y)`` or ``(x, y, sample_weight)``; what a
        batch holds must depend on its number alone, so that a resumed training sees what an unbroken one sees.
    loss
        A Keras loss, or one for each output.
    schedule : Schedule
    folder : Path
        Checkpoints and log; a training that is found there is continued.
    seed : int
        Seed of the first weights and of dropout.
    judge : callable, optional
        Figures of the model with averaged weights, for the log.
    judge_every : int
        Steps between two judgments; the last step is always judged.

    Returns
    -------
    keras.Model
        The model with the averaged weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model, average, first = _start(build, folder, loss, schedule)
    began, losses = time.monotonic(), []
    for step, batch in enumerate(prefetched(itertools.islice(batches(first), schedule.steps - first)), first):
        model.optimizer.learning_rate = schedule.rate(step)
        losses.append(float(model.train_on_batch(*batch, return_dict=True)["loss"]))
        if (step + 1) % schedule.average_every == 0:
            average.update(model, schedule.average_decay)
        last = step + 1 == schedule.steps
        if last or (step + 1) % schedule.report_every == 0:
            line = {"step": step + 1, "loss": float(np.mean(losses)), "seconds": time.monotonic() - began}
            losses = []
            if judge and (last or (step + 1) % judge_every == 0):
                line |= _judged(model, average, judge)
            _log(folder, line)
        if last or (step + 1) % schedule.save_every == 0:
            _save(folder, model, average, step + 1, schedule)
    model.set_weights(average.weights)
    return model


def averaged_model(folder: Path) -> keras.Model:
    """The model of a training folder with its averaged weights, finished or not.

    Raises
    ------
    FileNotFoundError
        No checkpoint was written yet.
    """
    model = keras.models.load_model(folder / MODEL_FILE, compile=False)
    model.set_weights(_read_average(folder).weights)
    return model


def _start(
    build: Callable[[], keras.Model], folder: Path, loss: Any, schedule: Schedule
) -> tuple[keras.Model, WeightAverage, int]:
    state = folder / STATE_FILE
    if state.is_file():
        first = int(json.loads(state.read_text(encoding="utf-8"))["step"])
        model = keras.models.load_model(folder / MODEL_FILE, compile=False)
        average = _read_average(folder)
    else:
        first, model = 0, build()
        average = WeightAverage([np.array(value, np.float32) for value in model.get_weights()])
    optimizer = keras.optimizers.AdamW(
        schedule.peak_rate, weight_decay=schedule.weight_decay, global_clipnorm=schedule.clip_norm
    )
    model.compile(optimizer=optimizer, loss=loss)
    if first:
        _read_optimizer(folder, optimizer, model)
    return model, average, first


def _read_optimizer(folder: Path, optimizer: Any, model: keras.Model) -> None:
    optimizer.build(model.trainable_variables)
    with np.load(folder / "optimizer.npz") as content:
        for index, variable in enumerate(optimizer.variables):
            variable.assign(content[f"v{index}"])


def _read_average(folder: Path) -> WeightAverage:
    with np.load(folder / AVERAGE_FILE) as content:
        weights = [content[f"w{index}"] for index in range(len(content.files) - 1)]
        return WeightAverage(weights, int(content["updates"]))


def _save(folder: Path, model: keras.Model, average: WeightAverage, step: int, schedule: Schedule) -> None:
    """Write a checkpoint; the state file comes last and all of it by renaming, so that a broken one is never read."""
    temporary = folder / "next.keras"
    model.save(temporary, include_optimizer=False)
    temporary.replace(folder / MODEL_FILE)
    _savez(folder / AVERAGE_FILE, {f"w{n}": w for n, w in enumerate(average.weights)} | {"updates": average.updates})
    _savez(folder / "optimizer.npz", {f"v{n}": np.asarray(v) for n, v in enumerate(model.optimizer.variables)})
    content = json.dumps({"step": step, "schedule": asdict(schedule)}, indent=1) + "\n"
    (folder / "next.json").write_text(content, encoding="utf-8")
    (folder / "next.json").replace(folder / STATE_FILE)


def _savez(path: Path, arrays: dict[str, Any]) -> None:
    temporary = path.with_name("next.npz")
    np.savez(temporary, allow_pickle=False, **arrays)
    temporary.replace(path)


def _judged(
    model: keras.Model, average: WeightAverage, judge: Callable[[keras.Model], dict[str, float]]
) -> dict[str, float]:
    present = model.get_weights()
    model.set_weights(average.weights)
    figures = judge(model)
    model.set_weights(present)
    return figures


def _log(folder: Path, line: dict[str, float]) -> None:
    text = json.dumps({key: round(value, 5) for key, value in line.items()})
    with (folder / LOG_FILE).open("a", encoding="utf-8") as stream:
        stream.write(text + "\n")
    print(text, flush=True)
