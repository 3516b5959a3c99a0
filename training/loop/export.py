"""From trained networks to a bundle: files, hashes, manifest, card.

A bundle is built beside its place and moved there when it is whole.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np

from inference.serving import (
    MANIFEST_FILE,
    MANIFEST_FORMAT,
    ApplicationRange,
    Manifest,
    ModelSpec,
    sha256_of,
    verify_folder,
)

MAX_BYTES = 25_000_000
STATEMENT = "RESEARCH ONLY: not a medical device, not for diagnosis or treatment; its outputs are unverified."


@dataclass(frozen=True, slots=True)
class ModelExport:
    """One model to go into a bundle.

    Attributes
    ----------
    spec : ModelSpec
        Its files are named here.
    sources : tuple of Path
        Trained ``.keras`` files; several are averaged by the node.
    """

    spec: ModelSpec
    sources: tuple[Path, ...]


def in_float32(model: keras.Model) -> keras.Model:
    """A copy of a network that computes in float32, so that it runs alike on every processor.

    Parameters
    ----------
    model : keras.Model
        Trained in any precision.
    """
    policy = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("float32")
    try:
        config = _in_float32(keras.saving.serialize_keras_object(model))
        copy = keras.saving.deserialize_keras_object(config, safe_mode=True)
    finally:
        keras.mixed_precision.set_dtype_policy(policy)
    copy.set_weights([np.asarray(value, np.float32) for value in model.get_weights()])
    return copy


def export_bundle(
    folder: Path,
    models: Sequence[ModelExport],
    *,
    application: ApplicationRange,
    intended_input: str,
    version: str,
    card: str,
    provenance: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    max_bytes: int = MAX_BYTES,
) -> Manifest:
    """Write a bundle and check it as the node will.

    Parameters
    ----------
    folder : Path
        Where the bundle goes; its name is the bundle's. What lies there is replaced.
    models : sequence of ModelExport
        Models that share a file (the same path) share it in the bundle.
    application : ApplicationRange
        Who may load it.
    intended_input : str
        What it may be given, in a sentence.
    version : str
    card : str
        Text of ``CARD.md``.
    provenance, evaluation : mapping
        JSON values for the manifest.
    max_bytes : int
        What all of its files may take.

    Raises
    ------
    ValueError
        The bundle would be larger.
    """
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    names = _copy_networks(building, models)
    (building / "CARD.md").write_text(card, encoding="utf-8")
    total = sum(path.stat().st_size for path in building.iterdir())
    if total > max_bytes:
        raise ValueError(f"a bundle must stay under {max_bytes} bytes, received {total}")
    content = {
        "format": MANIFEST_FORMAT,
        "name": folder.name,
        "version": version,
        "created": datetime.now(UTC).date().isoformat(),
        "application": asdict(application),
        "intended_input": intended_input,
        "statement": STATEMENT,
        "models": {model.spec.role: _entry(model, names) for model in models},
        "files": {path.name: sha256_of(path) for path in sorted(building.iterdir())},
        "provenance": dict(provenance),
        "evaluation": dict(evaluation),
    }
    (building / MANIFEST_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    building.replace(folder)
    return verify_folder(folder)


def _copy_networks(building: Path, models: Sequence[ModelExport]) -> dict[Path, str]:
    """Copy each network once; from its source to its name in the bundle."""
    names: dict[Path, str] = {}
    for model in models:
        for index, source in enumerate(model.sources, 1):
            if source not in names:
                suffix = f"-{index}" if len(model.sources) > 1 else ""
                names[source] = f"{model.spec.role}{suffix}.keras"
                shutil.copyfile(source, building / names[source])
    return names


def _entry(model: ModelExport, names: Mapping[Path, str]) -> dict[str, Any]:
    return replace(model.spec, files=tuple(names[source] for source in model.sources)).to_json()


def _in_float32(value: Any) -> Any:
    """The configuration of a model with every mixed policy replaced by float32."""
    if isinstance(value, dict):
        return {key: _in_float32(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_in_float32(item) for item in value]
    return "float32" if value in ("mixed_bfloat16", "mixed_float16") else value
