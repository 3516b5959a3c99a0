"""One row of the table: a network taught by its recipe, and what it then says of the slices that were held back."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from inference.serving import sha256_of
from inference.types import FloatArray
from training.loop.losses import dice_and_cross_entropy
from training.models.registry import build
from training.mri_slices.recipes import Recipe, sized
from training.mri_slices.slices import Slices

ROW_FILE, ANSWERS_FILE, BEST_FILE, LAST_FILE = "row.json", "answers.npz", "best.keras", "last.keras"
RATE, DECAY, CLASSES, SURE = 1e-3, 0.5, 4, 1e-6
VALIDATION_SHARE = 8
"""One in so many of what is learned from is held back for patience and plateau, by patient where patients are."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Places of slices: learned from, for validation, judged on."""

    learn: NDArray[np.intp]
    validate: NDArray[np.intp]
    judge: NDArray[np.intp]


def teach(recipe: Recipe, slices: Slices, parts: Parts, folder: Path, *, width: float, seed: int) -> None:
    """Teach one network and keep its answers; what is done already is not done again.

    A training that was cut off goes on from its last epoch with the weights and moments of that; the counts of patience
    begin anew.

    Parameters
    ----------
    recipe : Recipe
    slices : Slices
    parts : Parts
        Of `slices`.
    folder : Path
        ``row.json`` (settings, curves), ``answers.npz`` (of the slices that are judged), ``best.keras`` and
        ``last.keras``.
    width : float
        Share of the published width.
    seed : int
    """
    if (folder / ROW_FILE).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    config = sized(recipe, width=width, size_px=slices.images.shape[1])
    network = build(recipe.architecture, **config)
    _compile(network, recipe, slices.stage[parts.learn])
    begun = time.perf_counter()
    history = network.fit(
        slices.images[parts.learn],
        _targets(recipe, slices, parts.learn),
        validation_data=(slices.images[parts.validate], _targets(recipe, slices, parts.validate)),
        batch_size=recipe.batch,
        epochs=recipe.epochs,
        callbacks=_callbacks(recipe, folder),
        verbose=2,
    )
    seconds = time.perf_counter() - begun
    network.save(folder / LAST_FILE)
    best = keras.saving.load_model(folder / BEST_FILE, compile=False)
    kept: dict[str, Any] = {"judged": slices.names[parts.judge]}
    for which, taught in (("last", network), ("best", best)):
        for name, value in _answers(taught, slices.images[parts.judge]).items():
            kept[f"{which}-{name}"] = value
    np.savez_compressed(folder / ANSWERS_FILE, **kept)
    row: dict[str, Any] = {
        "recipe": recipe.name,
        "improved": recipe.improved,
        "architecture": recipe.architecture,
        "config": config,
        "parameters": network.count_params(),
        "width": width,
        "seed": seed,
        "epochs": history.epoch[-1] + 1,
        "epochs of the recipe": recipe.epochs,
        "seconds": round(seconds, 1),
        "keras": f"{keras.__version__} on {keras.backend.backend()}",
        "learned from": len(parts.learn),
        "validated on": len(parts.validate),
        "judged on": len(parts.judge),
        "looks": [recipe.judged],
        "history": {key: [float(value) for value in values] for key, values in history.history.items()},
    }
    if config.get("weights"):
        row["weights"] = f"SHA-256 {sha256_of(Path(config['weights']))}"
    (folder / ROW_FILE).write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


def _targets(recipe: Recipe, slices: Slices, places: NDArray[np.intp]) -> Any:
    if recipe.target == "class":
        return {"as": slices.status[places], "stage": slices.stage[places]}
    masks = slices.regions if recipe.target == "region" else slices.boxes
    return masks[places].astype(np.float32)[..., None]


def _compile(network: keras.Model, recipe: Recipe, stages: NDArray[np.int64]) -> None:
    if recipe.target != "class":
        loss = dice_and_cross_entropy if recipe.dice else "binary_crossentropy"
        network.compile(keras.optimizers.Adam(RATE), loss=loss, metrics=["accuracy"])
        return
    network.compile(
        keras.optimizers.Adam(RATE),
        loss={"as": "sparse_categorical_crossentropy", "stage": _stage_loss(recipe, stages)},
        loss_weights={"as": 1.0, "stage": 0.5},
        metrics={"as": ["accuracy"], "stage": ["accuracy"]},
    )


def _stage_loss(recipe: Recipe, stages: NDArray[np.int64]) -> Any:
    """Cross-entropy; with an exponent the focal loss, which makes little of what is sure already.

    References
    ----------
    Lin et al., Focal loss for dense object detection. ICCV 2017.
    """
    counts = np.bincount(stages, minlength=CLASSES).astype(np.float32)
    weights = counts.sum() / (CLASSES * np.maximum(counts, 1)) if recipe.balanced else np.ones(CLASSES, np.float32)

    def loss(truth: Any, said: Any) -> Any:
        ops = keras.ops
        hot = ops.one_hot(ops.cast(ops.reshape(truth, (-1,)), "int32"), CLASSES)
        share = ops.clip(ops.sum(hot * said, axis=-1), SURE, 1.0 - SURE)  # at 1 a power has no gradient
        weight = ops.sum(hot * ops.convert_to_tensor(weights, "float32"), axis=-1)
        return -weight * ops.power(1.0 - share, recipe.focal) * ops.log(share)

    return loss


def _callbacks(recipe: Recipe, folder: Path) -> list[Any]:
    direction = "min" if recipe.monitor == "val_loss" else "max"
    of = keras.callbacks
    return [
        of.BackupAndRestore(str(folder / "backup")),
        of.ModelCheckpoint(str(folder / BEST_FILE), monitor=recipe.monitor, mode=direction, save_best_only=True),
        of.ReduceLROnPlateau(monitor="val_loss", factor=DECAY, patience=recipe.plateau),
        of.EarlyStopping(monitor=recipe.monitor, mode=direction, patience=recipe.patience),
    ]


def _answers(network: keras.Model, images: FloatArray) -> Mapping[str, FloatArray]:
    said = network.predict(images, batch_size=16, verbose=0)
    if isinstance(said, dict):
        return {name: np.asarray(value, np.float32) for name, value in said.items()}
    return {"region": np.asarray(said[..., 0], np.float16)}
