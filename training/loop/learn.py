"""Learning by a plan: epochs, callbacks of Keras, and a checkpoint after each epoch from which it goes on."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from training.loop.checkpoint import Place, load_checkpoint, remembered, save_checkpoint, write_whole
from training.loop.losses import MaskLoss, mask_dice
from training.loop.prefetch import prefetched
from training.loop.samples import Samples, mask_output
from training.plans import Plan

BEST_FILE = "best.npz"
RISING = ("accuracy", "auc", "dice", "iou", "f1")


def wanted_outputs(plan: Plan) -> list[str]:
    """Names of the outputs that a plan asks a network for."""
    if plan.task.kind == "segment":
        return [mask_output(level) for level in range(len(plan.loss.heads))]
    return [head.output for head in plan.task.heads]


def compiled(model: keras.Model, plan: Plan, samples: Samples) -> keras.Model:
    """Give a model the losses, metrics and optimizer of a plan.

    Parameters
    ----------
    model : keras.Model
        Its outputs are named as in the plan.
    plan : Plan
    samples : Samples
        What it learns from; classes may be weighed by their shares.

    Raises
    ------
    ValueError
        An output has another number of classes than the plan.
    """
    outputs = wanted_outputs(plan)
    if plan.task.kind == "segment":
        losses: dict[str, Any] = {name: MaskLoss(plan.loss.dice, plan.loss.cross_entropy) for name in outputs}
        weights = dict(zip(outputs, plan.loss.heads, strict=True))
        metrics: dict[str, Any] = {"mask": [keras.metrics.MeanMetricWrapper(mask_dice, name="dice")]}
    else:
        losses = {head.output: _class_loss(plan, samples, head.output) for head in plan.task.heads}
        weights = {head.output: head.weight for head in plan.task.heads}
        metrics = {head.output: [keras.metrics.CategoricalAccuracy(name="accuracy")] for head in plan.task.heads}
    for head in plan.task.heads:
        classes = model.output[head.output].shape[-1]
        if classes != len(head.values):
            raise ValueError(
                f"the output {head.output} of {model.name} has {classes} classes, received {len(head.values)} values"
            )
    model.compile(
        optimizer=_optimizer(plan, samples.steps),
        loss=losses,
        loss_weights=weights,
        metrics=metrics,
        jit_compile=False
        if keras.backend.backend() == "tensorflow"
        else "auto",  # XLA on a CPU takes half as long again
    )
    model.optimizer.build(model.trainable_variables)
    return model


def learn(
    model: keras.Model,
    plan: Plan,
    samples: Samples,
    *,
    validation: Samples | None,
    folder: Path,
    told: Callable[[dict[str, float]], None] = lambda row: None,
) -> Place:
    """Learn until the plan's end, from the checkpoint of the folder where there is one.

    Parameters
    ----------
    model : keras.Model
        Compiled by :func:`compiled`; in the end it has the weights that the plan keeps.
    plan : Plan
    samples : Samples
    validation : Samples, optional
        Judged after each epoch.
    folder : Path
        Of the checkpoints.
    told : callable
        Gets each row of the log.

    Returns
    -------
    Place
        With the log.

    Raises
    ------
    ValueError
        The loss is no number any more; the last checkpoint is kept.
    """
    place = load_checkpoint(folder, model)
    callbacks = _callbacks(plan)
    together = keras.callbacks.CallbackList(callbacks, model=model)
    together.on_train_begin()
    for callback, memory in zip(callbacks, place.callbacks, strict=False):
        vars(callback).update(memory)
    while place.epoch < plan.schedule.epochs and not place.stopped:
        began = time.monotonic()
        samples.use(_size_at(plan, place.epoch))
        row = {"epoch": place.epoch + 1.0, "rate": float(model.optimizer.learning_rate)}
        row |= _epoch(model, samples, place.epoch)
        with averaged(model):
            row |= {f"val_{key}": value for key, value in _judged(model, validation).items()} if validation else {}
            _check(row, plan)
            if plan.callbacks.keep and _better(plan.callbacks.keep, row, place.best):
                place.best = row[plan.callbacks.keep]
                _save_best(folder, model)
        model.stop_training = False
        together.on_epoch_end(place.epoch, row)
        place.epoch, place.stopped = place.epoch + 1, bool(model.stop_training)
        place.callbacks = [remembered(callback) for callback in callbacks]
        place.seconds += time.monotonic() - began
        place.rows.append({**row, "seconds": time.monotonic() - began})
        save_checkpoint(folder, model, place)
        told(place.rows[-1])
    _take_kept(folder, model, plan)
    return place


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """The model with the moving average of its weights, where its optimizer keeps one."""
    if not model.optimizer.use_ema:
        yield
        return
    present = _copies(model.trainable_variables)
    _take_average(model)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, present, strict=True):
            variable.assign(value)


def _epoch(model: keras.Model, samples: Samples, epoch: int) -> dict[str, float]:
    model.reset_metrics()
    figures: dict[str, Any] = {}
    for pictures, answers in prefetched(samples.batches(epoch)):
        figures = model.train_on_batch(pictures, answers, return_dict=True)
        if not np.isfinite(figures["loss"]):
            raise ValueError(f"the loss became {figures['loss']} in epoch {epoch + 1}: try a lower rate or clip_norm")
    return {key: float(value) for key, value in figures.items()}


def _judged(model: keras.Model, samples: Samples) -> dict[str, float]:
    model.reset_metrics()
    figures: dict[str, Any] = {}
    for pictures, answers in samples.plain():
        figures = model.test_on_batch(pictures, answers, return_dict=True)
    return {key: float(value) for key, value in figures.items()}


def _check(row: dict[str, float], plan: Plan) -> None:
    missing = sorted(plan.callbacks.monitors - set(row))
    if missing:
        raise ValueError(f"callbacks watch one of {', '.join(row)}, received {', '.join(missing)}")


def _mode(monitor: str) -> str:
    return "max" if monitor.endswith(RISING) else "min"


def _better(monitor: str, row: dict[str, float], best: float | None) -> bool:
    if best is None:
        return True
    return row[monitor] > best if _mode(monitor) == "max" else row[monitor] < best


def _callbacks(plan: Plan) -> Sequence[Any]:
    made: list[Any] = []
    if stop := plan.callbacks.early_stopping:
        made.append(
            keras.callbacks.EarlyStopping(monitor=stop.monitor, patience=stop.patience, mode=_mode(stop.monitor))
        )
    if reduce := plan.callbacks.reduce_on_plateau:
        made.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor=reduce.monitor, patience=reduce.patience, factor=reduce.factor, mode=_mode(reduce.monitor)
            )
        )
    return made


def _optimizer(plan: Plan, steps: int) -> Any:
    schedule = plan.schedule
    rate: Any = schedule.rate
    if schedule.decay == "cosine":
        after = max(1, schedule.epochs * steps - schedule.warmup_steps)
        if schedule.warmup_steps:
            rate = keras.optimizers.schedules.CosineDecay(
                0.0, after, warmup_target=schedule.rate, warmup_steps=schedule.warmup_steps
            )
        else:
            rate = keras.optimizers.schedules.CosineDecay(schedule.rate, after)
    kind = keras.optimizers.AdamW if schedule.optimizer == "adamw" else keras.optimizers.Adam
    return kind(
        rate,
        weight_decay=schedule.weight_decay,
        global_clipnorm=schedule.clip_norm or None,
        use_ema=schedule.average > 0,
        ema_momentum=schedule.average or 0.99,
    )


def _class_loss(plan: Plan, samples: Samples, output: str) -> Any:
    classes = next(len(head.values) for head in plan.task.heads if head.output == output)
    weights: Any = 1.0
    if plan.loss.class_weights == "balanced":
        shares = samples.class_shares(output, classes)
        weights = [float(1.0 / (classes * share)) if share > 0 else 0.0 for share in shares]
    return keras.losses.CategoricalFocalCrossentropy(
        alpha=weights, gamma=plan.loss.focal_gamma, label_smoothing=plan.loss.label_smoothing
    )


def _size_at(plan: Plan, epoch: int) -> int:
    """Rows of the grid in an epoch."""
    done, reached = epoch / plan.schedule.epochs, 0.0
    for grid in plan.schedule.grids:
        reached += grid.share
        if done < reached - 1e-9:
            return grid.size_px
    return plan.schedule.grids[-1].size_px if plan.schedule.grids else plan.input.size_px


def _save_best(folder: Path, model: keras.Model) -> None:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **{f"w{n}": w for n, w in enumerate(model.get_weights())})

    write_whole(folder / BEST_FILE, write)


def _take_kept(folder: Path, model: keras.Model, plan: Plan) -> None:
    """Give the model the weights of the best epoch, or of the last."""
    if plan.callbacks.keep:
        with np.load(folder / BEST_FILE, allow_pickle=False) as content:
            model.set_weights([content[f"w{number}"] for number in range(len(content.files))])
    elif model.optimizer.use_ema:
        _take_average(model)


def _take_average(model: keras.Model) -> None:
    model.optimizer.finalize_variable_values(model.trainable_variables)
    for variable, value in zip(model.trainable_variables, _copies(model.trainable_variables), strict=True):
        variable.assign(value)  # JAX gives the array of the average itself, and deletes it with the next batch


def _copies(variables: Sequence[Any]) -> list[Any]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
