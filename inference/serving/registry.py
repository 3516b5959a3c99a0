"""Find, verify, load and warm a model bundle. Keras is imported when a bundle is loaded, not before."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from config.codes import Code
from config.errors import BundleError
from inference.serving.bundle import find_bundle, verify_folder
from inference.serving.classifier import Classifier
from inference.serving.cutters import unknown_cutter
from inference.serving.manifest import Kind, Manifest, ModelSpec
from inference.serving.networks import Networks, Predictor
from inference.serving.segmenter import Segmenter
from inference.serving.table import Table
from inference.serving.voxels import VoxelClassifier
from inference.types import ModelIdentity

PREDICTORS: Mapping[Kind, type[Networks]] = {one.kind: one for one in (Segmenter, Classifier, VoxelClassifier, Table)}


class BundleUser(Protocol):
    """Who a bundle is loaded for: an application.

    Attributes
    ----------
    name, version : str
        The manifest must have been made for them.
    needs : mapping of str to str
        Role of each model that must be there, and its kind.
    cutters : mapping of str to callable
        By name, what reads a model's spec; it raises BundleError (``BUNDLE_CUTTER``) where the application cannot cut
        what the spec says.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def needs(self) -> Mapping[str, str]: ...
    @property
    def cutters(self) -> Mapping[str, Callable[[ModelSpec], object]]: ...


@dataclass(frozen=True, slots=True)
class LoadedBundle:
    """A bundle whose hashes are right and whose networks are in memory.

    Attributes
    ----------
    manifest : Manifest
    device : str
        What the networks run on, in words.
    models : dict of str to Predictor
        By role; of the class that :data:`PREDICTORS` has for its kind.
    weight_bytes : int
        Of all networks, each counted once.
    """

    manifest: Manifest
    device: str
    models: Mapping[str, Predictor]
    weight_bytes: int = field(default=0)

    @property
    def identity(self) -> ModelIdentity:
        """Name, version and digest."""
        return self.manifest.identity

    def warm(self) -> None:
        """Run every model once; roles of one kind that share their networks count as one."""
        distinct = {(model.spec.kind, model.spec.files): model for model in self.models.values()}
        for model in distinct.values():
            model.warm()


def load_bundle(name: str, user: BundleUser, *, roots: Sequence[Path] = ()) -> LoadedBundle:
    """Load a bundle: found, every hash checked, held against who asks for it, and only then deserialized, in safe mode.

    Parameters
    ----------
    name : str
        Name of the bundle's folder.
    user : BundleUser
        The application.
    roots : sequence of Path
        Configured folders, searched before the shipped bundles.

    Raises
    ------
    BundleError
        ``BUNDLE_MISSING``, ``BUNDLE_NAME``, ``BUNDLE_CORRUPT``, ``BUNDLE_FORMAT``; ``BUNDLE_APPLICATION``: it was made
        for another application, or another version of it; ``BUNDLE_KIND``: a model that the application needs is not
        in it, or is of another kind or shape than it should be; ``BUNDLE_CUTTER``: the application cannot cut what a
        model takes.
    """
    folder = find_bundle(name, roots=roots)
    manifest = verify_folder(folder)
    check_user(manifest, user)
    _prepare_environment()
    networks = {file: _load(folder, file) for file in sorted(_networks_of(manifest))}
    models = {
        role: PREDICTORS[spec.kind](spec, [networks[file] for file in spec.files])
        for role, spec in manifest.models.items()
    }
    return LoadedBundle(manifest, _device(), models, sum(map(_weight_bytes, networks.values())))


def check_user(manifest: Manifest, user: BundleUser) -> None:
    """Check that a bundle was made for who asks for it; see :func:`load_bundle`.

    Raises
    ------
    BundleError
        ``BUNDLE_APPLICATION``: it was made for another application, or another version. ``BUNDLE_KIND``: a model that
        the application needs is missing or of another kind. ``BUNDLE_CUTTER``: it names a cutter that the application
        lacks, or says of one what that cannot do.
    """
    made_for = manifest.application
    if made_for.name != user.name or not made_for.holds(user.version):
        raise BundleError(
            Code.BUNDLE_APPLICATION,
            f"Bundle {manifest.identity.name} was made for {made_for}; choose one that was made for "
            f"{user.name} {user.version}. Received {manifest.identity.name} {manifest.identity.version}.",
        )
    kinds = {role: str(spec.kind) for role, spec in manifest.models.items()}
    for role, kind in user.needs.items():
        if kinds.get(role) != kind:
            raise BundleError(
                Code.BUNDLE_KIND,
                f"Bundle {manifest.identity.name} has no {role} model that is a {kind}, which {user.name} needs; "
                f"received {kinds}.",
            )
    for spec in manifest.models.values():
        if spec.input.cutter not in user.cutters:
            raise unknown_cutter(spec, f"it has {', '.join(sorted(user.cutters))}")
        user.cutters[spec.input.cutter](spec)


def _networks_of(manifest: Manifest) -> set[str]:
    return {file for spec in manifest.models.values() for file in spec.files}


def _load(folder: Path, file: str) -> Any:
    import keras

    try:
        return keras.saving.load_model(folder / file, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleError(
            Code.BUNDLE_KIND,
            f"{file} of {folder.name} cannot be loaded by Keras {keras.__version__}; received {type(error).__name__}.",
        ) from error


def _weight_bytes(network: Any) -> int:
    return sum(int(np.asarray(weight).nbytes) for weight in network.get_weights())


def _prepare_environment() -> None:
    """Quiet TensorFlow's start, and choose it as backend where nothing else was chosen."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _device() -> str:
    """What Keras computes on, in words."""
    import keras

    gpus = {"tensorflow": _tensorflow_gpus, "jax": _jax_gpus, "torch": _torch_gpus}[keras.backend.backend()]()
    return ", ".join(gpus) if gpus else f"CPU ({os.cpu_count()} cores)"


def _tensorflow_gpus() -> list[str]:
    import tensorflow as tf

    details = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return [str(detail.get("device_name", "GPU")) for detail in details]


def _jax_gpus() -> list[str]:
    import jax

    return [str(device.device_kind) for device in jax.devices() if device.platform == "gpu"]


def _torch_gpus() -> list[str]:
    import torch

    return [str(torch.cuda.get_device_name(number)) for number in range(torch.cuda.device_count())]
