"""The manifest of a model bundle: what is in it, how its input is made, what its outputs mean. Needs no Keras."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from config.codes import Code
from config.errors import BundleError
from inference.types import ModelIdentity

MANIFEST_FILE = "manifest.json"
MANIFEST_FORMAT = 2


class Kind(StrEnum):
    """What a model takes and gives; all take and give arrays."""

    SEGMENTER = "segmenter"  # pictures -> a probability for each pixel
    CLASSIFIER = "classifier"  # pictures -> a probability for each class
    VOXELS = "voxel-classifier"  # features of voxels -> a probability for each voxel
    TABLE = "table"  # rows of values -> a probability for each class


class Combine(StrEnum):
    """What becomes of the answers of several networks of one role."""

    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a model is given.

    Attributes
    ----------
    shape : tuple of int
        Of one sample.
    cutter : str
        Name of what makes samples of the images; the application has it under this name.
    parameters : dict
        Of the cutter (JSON values).
    """

    shape: tuple[int, ...]
    cutter: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model of a bundle, as its manifest describes it.

    Attributes
    ----------
    role : str
        What the application knows it by.
    kind : Kind
    input : InputSpec
    outputs : dict of str to tuple of str
        Name of each output and the labels of its last axis.
    files : tuple of str
        One network, or several whose outputs are combined.
    combine : Combine
    thresholds : dict of str to float
        Decision thresholds, by what they decide.
    parameters : dict
        What else the predictor and the application need (JSON values).
    """

    role: str
    kind: Kind
    input: InputSpec
    outputs: Mapping[str, tuple[str, ...]]
    files: tuple[str, ...] = ()
    combine: Combine = Combine.MEAN
    thresholds: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, role: str, values: Mapping[str, Any]) -> "ModelSpec":
        """Read the entry of a manifest.

        Raises
        ------
        KeyError, TypeError, ValueError, AttributeError
            It is none.
        """
        given = values["input"]
        return cls(
            role=role,
            kind=Kind(values["kind"]),
            input=InputSpec(tuple(map(int, given["shape"])), str(given["cutter"]), dict(given["parameters"])),
            outputs={str(name): tuple(map(str, labels)) for name, labels in values["outputs"].items()},
            files=tuple(map(str, values["files"])),
            combine=Combine(values["combine"]),
            thresholds={str(name): float(value) for name, value in values["thresholds"].items()},
            parameters=dict(values["parameters"]),
        )

    def to_json(self) -> dict[str, Any]:
        """The entry of a manifest."""
        return {
            "kind": str(self.kind),
            "files": list(self.files),
            "combine": str(self.combine),
            "input": {
                "shape": list(self.input.shape),
                "cutter": self.input.cutter,
                "parameters": dict(self.input.parameters),
            },
            "outputs": {name: list(labels) for name, labels in self.outputs.items()},
            "thresholds": dict(self.thresholds),
            "parameters": dict(self.parameters),
        }


@dataclass(frozen=True, slots=True)
class ApplicationRange:
    """The application that a bundle was made for, and its versions: from the first on, before the last.

    Versions are numbers with points between them.
    """

    name: str
    first: str
    before: str

    def holds(self, version: str) -> bool:
        """Whether a version of the application lies in the range."""
        return _numbers(self.first) <= _numbers(version) < _numbers(self.before)

    def __str__(self) -> str:
        """``sij_mri from 1.0.0, before 2.0.0``."""
        return f"{self.name} from {self.first}, before {self.before}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a bundle.

    Attributes
    ----------
    identity : ModelIdentity
        Name, version, and the hash of the manifest itself.
    application : ApplicationRange
    created : str
        Date, ISO 8601.
    intended_input, statement : str
        What the bundle may be given; what it is not.
    models : dict of str to ModelSpec
        By role.
    files : dict of str to str
        SHA-256 in hexadecimal of every file of the bundle but the manifest.
    provenance, evaluation : dict
        Where data and weights come from; figures (JSON values).
    """

    identity: ModelIdentity
    application: ApplicationRange
    created: str
    intended_input: str
    statement: str
    models: Mapping[str, ModelSpec]
    files: Mapping[str, str]
    provenance: Mapping[str, Any]
    evaluation: Mapping[str, Any]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a bundle, without checking other files.

    Raises
    ------
    BundleError
        ``BUNDLE_CORRUPT``: it cannot be read. ``BUNDLE_FORMAT``: it is of another format.
    """
    try:
        content = (folder / MANIFEST_FILE).read_bytes()
        values = json.loads(content)
        if values["format"] != MANIFEST_FORMAT:
            raise BundleError(
                Code.BUNDLE_FORMAT,
                f"Bundle {folder.name} has a manifest of another format, so it was made for another version of this "
                "product: take one that was made for this version, or write it again with axspa-train export. "
                f"Expected {MANIFEST_FORMAT}, received {values['format']!r}.",
            )
        return _manifest(values, hashlib.sha256(content).hexdigest())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise corrupt(folder, f"its manifest cannot be read ({type(error).__name__})") from error


def corrupt(folder: Path, what: str) -> BundleError:
    """The error of a bundle that is not as it was exported."""
    return BundleError(
        Code.BUNDLE_CORRUPT,
        f"The model bundle is damaged or was changed and is not loaded: {what}; received {folder.name!r}.",
    )


def _manifest(values: dict[str, Any], digest: str) -> Manifest:
    files = {str(name): str(sha256) for name, sha256 in values["files"].items()}
    models = {role: ModelSpec.from_json(role, model) for role, model in values["models"].items()}
    unknown = {name for model in models.values() for name in model.files} - set(files)
    if unknown or not all(model.files for model in models.values()):
        raise ValueError(f"every model needs files that the manifest names, received {sorted(unknown)}")
    application = ApplicationRange(**{name: str(value) for name, value in values["application"].items()})
    application.holds(application.first)
    return Manifest(
        identity=ModelIdentity(str(values["name"]), str(values["version"]), digest),
        application=application,
        created=str(values["created"]),
        intended_input=str(values["intended_input"]),
        statement=str(values["statement"]),
        models=models,
        files=files,
        provenance=values["provenance"],
        evaluation=values["evaluation"],
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
