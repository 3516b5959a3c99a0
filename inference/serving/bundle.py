"""The model bundle: a folder with a manifest, networks, a card, and the hash of each.

Nothing of a bundle is deserialised before every hash in its manifest has been checked. This module needs no TensorFlow.

::

    sij-1/manifest.json      what is in the bundle, how its input is made, what its outputs mean
    sij-1/region-1.keras     networks, weights in float32
    sij-1/stage.keras
    sij-1/CARD.md            data, source, figures with confidence intervals, limits
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.codes import Code
from config.errors import BundleError
from inference.types import ModelIdentity

MANIFEST_FILE = "manifest.json"
MANIFEST_FORMAT = 1
SHIPPED_ROOT = Path(__file__).resolve().parents[1] / "bundles"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How a network's input is made from a volume.

    Attributes
    ----------
    spacing_mm : float
        Pixel spacing of the network grid.
    size_px : int
        Rows and columns of the network grid.
    channels : int
        Channels of the input; for neighbouring slices odd, with the judged slice in the middle.
    channel_step_mm : float
        Distance of the slices in neighbouring channels.
    percentiles : (float, float)
        Intensity percentiles that become 0 and 1.
    """

    spacing_mm: float = 1.35
    size_px: int = 160
    channels: int = 5
    channel_step_mm: float = 3.3
    percentiles: tuple[float, float] = (1.0, 99.0)


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of a bundle and its SHA-256 in hexadecimal."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model of a bundle, as its manifest describes it.

    Attributes
    ----------
    role : str
        ``region``, ``region_fluid`` or ``stage``.
    files : tuple of BundleFile
        One network, or several whose outputs are averaged.
    input : InputSpec
    outputs : dict of str to tuple of str
        Name of each output and the labels of its channels.
    thresholds : dict of str to float
        Decision thresholds by output.
    parameters : dict
        What else the model's code needs (JSON values).
    """

    role: str
    files: tuple[BundleFile, ...]
    input: InputSpec
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a bundle.

    Attributes
    ----------
    identity : ModelIdentity
        Name, version, and the hash of the manifest itself.
    created : str
        Date, ISO 8601.
    intended_input, statement : str
        What the bundle may be given; what it is not.
    models : dict of str to ModelSpec
        By role.
    files : tuple of BundleFile
        Every file of the bundle but the manifest.
    provenance, evaluation : dict
        Where data and weights come from; figures (JSON values).
    """

    identity: ModelIdentity
    created: str
    intended_input: str
    statement: str
    models: Mapping[str, ModelSpec]
    files: tuple[BundleFile, ...]
    provenance: Mapping[str, Any]
    evaluation: Mapping[str, Any]


def find_bundle(name: str, *, roots: Sequence[Path] = ()) -> Path:
    """Find the folder of a bundle.

    Parameters
    ----------
    name : str
        Name of its folder.
    roots : sequence of Path
        Configured folders, searched in order before the shipped bundles.

    Raises
    ------
    BundleError
        ``BUNDLE_NAME``: the name is not that of a folder. ``BUNDLE_MISSING``: no root holds it.
    """
    if not name or Path(name).name != name or name in {".", ".."}:
        raise BundleError(
            Code.BUNDLE_NAME, f"A bundle is chosen by the name of its folder, without a path; received {name!r}."
        )
    for root in (*roots, SHIPPED_ROOT):
        if (root / name / MANIFEST_FILE).is_file():
            return root / name
    raise BundleError(
        Code.BUNDLE_MISSING,
        f"No model bundle of this name lies in analysis.bundle_roots or is shipped; received {name!r}.",
    )


def verify_bundle(name: str, *, roots: Sequence[Path] = ()) -> Manifest:
    """Find a bundle and check that it is whole; see :func:`find_bundle` and :func:`verify_folder`."""
    return verify_folder(find_bundle(name, roots=roots))


def verify_folder(folder: Path) -> Manifest:
    """Read the manifest of a bundle and check the hash of every file that it names.

    Raises
    ------
    BundleError
        ``BUNDLE_CORRUPT``: the manifest cannot be read, a file is missing, changed, unknown to the manifest, or outside
        the folder. ``BUNDLE_FORMAT``: the manifest is of another format.
    """
    manifest = read_manifest(folder)
    for entry in manifest.files:
        _check_file(folder, entry)
    listed = {entry.file for entry in manifest.files} | {MANIFEST_FILE}
    unknown = sorted(path.name for path in folder.iterdir() if path.name not in listed)
    if unknown:
        raise _corrupt(folder, f"it holds {unknown[0]}, which its manifest does not name")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a bundle, without checking other files.

    Raises
    ------
    BundleError
        ``BUNDLE_CORRUPT`` or ``BUNDLE_FORMAT``.
    """
    try:
        content = (folder / MANIFEST_FILE).read_bytes()
        values = json.loads(content)
        if values["format"] != MANIFEST_FORMAT:
            raise BundleError(
                Code.BUNDLE_FORMAT,
                f"Bundle {folder.name} has a manifest of another format: expected {MANIFEST_FORMAT}, "
                f"received {values['format']!r}.",
            )
        return _manifest(values, hashlib.sha256(content).hexdigest())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _corrupt(folder, f"its manifest cannot be read ({type(error).__name__})") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _manifest(values: dict[str, Any], digest: str) -> Manifest:
    files = tuple(BundleFile(str(name), str(sha256)) for name, sha256 in values["files"].items())
    by_name = {entry.file: entry for entry in files}
    return Manifest(
        identity=ModelIdentity(str(values["name"]), str(values["version"]), digest),
        created=str(values["created"]),
        intended_input=str(values["intended_input"]),
        statement=str(values["statement"]),
        models={role: _model(role, model, by_name) for role, model in values["models"].items()},
        files=files,
        provenance=values["provenance"],
        evaluation=values["evaluation"],
    )


def _model(role: str, values: dict[str, Any], files: Mapping[str, BundleFile]) -> ModelSpec:
    given = values["input"]
    low, high = given["percentiles"]
    return ModelSpec(
        role=role,
        files=tuple(files[name] for name in values["files"]),
        input=InputSpec(
            spacing_mm=float(given["spacing_mm"]),
            size_px=int(given["size_px"]),
            channels=int(given["channels"]),
            channel_step_mm=float(given["channel_step_mm"]),
            percentiles=(float(low), float(high)),
        ),
        outputs={str(name): tuple(labels) for name, labels in values["outputs"].items()},
        thresholds={str(name): float(value) for name, value in values["thresholds"].items()},
        parameters=values.get("parameters", {}),
    )


def _check_file(folder: Path, entry: BundleFile) -> None:
    path = folder / entry.file
    if Path(entry.file).name != entry.file or path.is_symlink():
        raise _corrupt(folder, "its manifest names a file outside the bundle")
    if not path.is_file():
        raise _corrupt(folder, f"{entry.file} is missing")
    if sha256_of(path) != entry.sha256:
        raise _corrupt(folder, f"{entry.file} is not the file that was exported")


def _corrupt(folder: Path, what: str) -> BundleError:
    return BundleError(
        Code.BUNDLE_CORRUPT,
        f"The model bundle is damaged or was changed and is not loaded: {what}; received {folder.name!r}.",
    )
