"""Small bundles, and an application that asks for them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from inference.serving.cutters import cutter_of
from inference.serving.manifest import ApplicationRange, InputSpec, Kind, Manifest, ModelSpec
from training.loop.export import ModelExport, export_bundle

SIZE_PX, COLUMNS = 8, 3
EXPLAIN = {"layer": "features", "scores": {"grade": "grade_scores"}}


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A cutter: the whole picture, divided by a number."""

    size_px: int
    divisor: float
    channels: tuple[str, ...] = ("gray",)

    @classmethod
    def of(cls, spec: ModelSpec) -> "Thumbnail":
        """Read a manifest."""
        return cutter_of(cls, spec)


@dataclass(frozen=True, slots=True)
class SmallApplication:
    """Who asks for a small bundle."""

    name: str = "small"
    version: str = "1.2.0"
    needs: Mapping[str, str] = field(default_factory=lambda: {"outline": "segmenter"})
    cutters: Mapping[str, Callable[[ModelSpec], object]] = field(
        default_factory=lambda: {"small.thumbnail": Thumbnail.of}
    )


def thumbnail(channels: int = 1) -> InputSpec:
    """Input of the networks that look at pictures."""
    parameters = {"size_px": SIZE_PX, "divisor": 255.0, "channels": ["gray"]}
    return InputSpec((SIZE_PX, SIZE_PX, channels), "small.thumbnail", parameters)


def spec(role: str, kind: Kind, outputs: Mapping[str, Sequence[str]], **more: Any) -> ModelSpec:
    """The entry of a small network in a manifest."""
    shape = thumbnail() if kind in (Kind.SEGMENTER, Kind.CLASSIFIER) else InputSpec((COLUMNS,), "small.columns")
    given = {"input": shape, **more}
    return ModelSpec(role=role, kind=kind, outputs={name: tuple(labels) for name, labels in outputs.items()}, **given)


OUTLINE = spec("outline", Kind.SEGMENTER, {"outline": ["bone"]}, thresholds={"outline": 0.4})
GRADE = spec(
    "grade", Kind.CLASSIFIER, {"grade": ["none", "some", "much"], "sure": ["yes"]}, parameters={"explain": EXPLAIN}
)
VOXELS = spec("spot", Kind.VOXELS, {"spot": ["edema"]})
RISK = spec("risk", Kind.TABLE, {"risk": ["low", "high"]})


def outline_network(bias: float = 0.0) -> keras.Model:
    """Probability of each pixel: its brightness and that of its left neighbor."""
    inputs = keras.Input((SIZE_PX, SIZE_PX, 1))
    network = keras.Model(inputs, layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="edge")(inputs))
    kernel, _ = network.get_layer("edge").get_weights()
    kernel[:] = 0
    kernel[1, :2, 0, 0] = 2.0, 1.0
    network.get_layer("edge").set_weights([kernel, np.array([bias], np.float32)])
    return network


def grade_network(seed: int = 0) -> keras.Model:
    """Three grades, and whether they are sure."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((SIZE_PX, SIZE_PX, 1))
    features = layers.Conv2D(4, 3, padding="same", activation="relu", name="features")(inputs)
    pooled = layers.GlobalAveragePooling2D()(features)
    scores = layers.Dense(3, name="grade_scores")(pooled)
    sure = layers.Dense(1, activation="sigmoid", name="sure")(pooled)
    return keras.Model(inputs, {"grade": layers.Softmax(name="grade")(scores), "sure": sure})


def column_network(answers: int, seed: int = 0) -> keras.Model:
    """From three values to probabilities."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((COLUMNS,))
    last = layers.Dense(answers, activation="sigmoid" if answers == 1 else "softmax")
    return keras.Model(inputs, last(inputs))


def export(folder: Path, models: Sequence[ModelExport], *, application: str = "small") -> Manifest:
    """Write a small bundle."""
    return export_bundle(
        folder,
        models,
        application=ApplicationRange(application, "1.0.0", "2.0.0"),
        intended_input="Thumbnails.",
        version="0.1.0",
        card="# Card\n",
        provenance={"real data": "none"},
        evaluation={},
    )


def change_manifest(folder: Path, **values: Any) -> None:
    """Write other values into a manifest."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_model(folder: Path, role: str, **values: Any) -> None:
    """Write other values into the entry of a model."""
    models = json.loads((folder / "manifest.json").read_text())["models"]
    models[role] |= values
    change_manifest(folder, models=models)
