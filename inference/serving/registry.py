"""Find, verify, load and warm a model bundle. TensorFlow is imported when a bundle is loaded, not before."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.codes import Code
from config.errors import BundleError
from inference.serving.bundle import Manifest, ModelSpec, find_bundle, verify_folder
from inference.types import ModelIdentity

if TYPE_CHECKING:
    from inference.serving.segmenter import RegionPredictor
    from inference.sij_mri.stage import StagePredictor

DEFAULT_BUNDLE = "sij-1"


@dataclass(frozen=True, slots=True)
class LoadedBundle:
    """A bundle whose hashes are right and whose networks are in memory.

    Attributes
    ----------
    manifest : Manifest
    device : str
        What the networks run on, in words.
    region : RegionPredictor
        Finds the bone region on T1-weighted volumes.
    region_fluid : RegionPredictor or None
        Finds it on fluid-sensitive volumes, if the bundle can.
    stage : StagePredictor
        The classifier.
    """

    manifest: Manifest
    device: str
    region: "RegionPredictor"
    region_fluid: "RegionPredictor | None"
    stage: "StagePredictor"

    @property
    def identity(self) -> ModelIdentity:
        """Name, version and digest."""
        return self.manifest.identity

    def warm(self) -> None:
        """Run every network once."""
        self.region.warm()
        if self.region_fluid is not None:
            self.region_fluid.warm()
        self.stage.warm()


def load_bundle(name: str = DEFAULT_BUNDLE, *, roots: Sequence[Path] = ()) -> LoadedBundle:
    """Load a bundle: found, every hash checked, and only then deserialised, in safe mode.

    Parameters
    ----------
    name : str
        Name of the bundle's folder.
    roots : sequence of Path
        Configured folders, searched before the shipped bundles.

    Raises
    ------
    BundleError
        ``BUNDLE_MISSING``, ``BUNDLE_NAME``, ``BUNDLE_CORRUPT``, ``BUNDLE_FORMAT``; ``BUNDLE_KIND``: a network that this
        application needs is not in it, or is of another shape than the manifest says.
    """
    folder = find_bundle(name, roots=roots)
    manifest = verify_folder(folder)
    _prepare_environment()
    from inference.sij_mri.stage import StagePredictor

    stage = _spec(manifest, "stage")
    stage_models = _load_models(folder, stage)
    return LoadedBundle(
        manifest=manifest,
        device=_device(),
        region=_region(folder, _spec(manifest, "region")),
        region_fluid=_region(folder, manifest.models["region_fluid"]) if "region_fluid" in manifest.models else None,
        stage=StagePredictor(stage_models[0], stage),
    )


def load_region(name: str = DEFAULT_BUNDLE, *, roots: Sequence[Path] = ()) -> "RegionPredictor":
    """Load only the region network of a bundle; see :func:`load_bundle`."""
    folder = find_bundle(name, roots=roots)
    manifest = verify_folder(folder)
    _prepare_environment()
    return _region(folder, _spec(manifest, "region"))


def _spec(manifest: Manifest, role: str) -> ModelSpec:
    if role not in manifest.models:
        raise BundleError(
            Code.BUNDLE_KIND,
            f"Bundle {manifest.identity.name} has no {role} network, which this application needs; "
            f"received {sorted(manifest.models)}.",
        )
    return manifest.models[role]


def _region(folder: Path, spec: ModelSpec) -> "RegionPredictor":
    from inference.serving.segmenter import RegionPredictor

    models = _load_models(folder, spec)
    expected = (None, spec.input.size_px, spec.input.size_px, spec.input.channels)
    for model in models:
        if tuple(model.input_shape) != expected:
            raise BundleError(
                Code.BUNDLE_KIND,
                f"The {spec.role} network of {folder.name} does not fit its manifest: expected {expected}, "
                f"received {tuple(model.input_shape)}.",
            )
    return RegionPredictor(models, spec.input, threshold=spec.thresholds.get("region", 0.5))


def _load_models(folder: Path, spec: ModelSpec) -> list[Any]:
    import keras

    try:
        return [keras.saving.load_model(folder / entry.file, compile=False, safe_mode=True) for entry in spec.files]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleError(
            Code.BUNDLE_KIND,
            f"The {spec.role} network of {folder.name} cannot be loaded by Keras {keras.__version__}; "
            f"received {type(error).__name__}.",
        ) from error


def _prepare_environment() -> None:
    """Quiet TensorFlow's start, and choose it as backend where nothing else was chosen."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _device() -> str:
    import tensorflow as tf

    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return ", ".join(names) if names else f"CPU ({os.cpu_count()} cores)"
