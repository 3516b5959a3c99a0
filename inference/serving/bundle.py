"""The model bundle: a folder with a manifest, networks, a card, and the hash of each.

Nothing of a bundle is deserialized before every hash in its manifest has been checked. This module needs no Keras.

::

    sij-1/manifest.json      what is in the bundle, how its input is made, what its outputs mean
    sij-1/region-1.keras     networks
    sij-1/edema.keras
    sij-1/CARD.md            data, source, figures with confidence intervals, limits
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from config.codes import Code
from config.errors import BundleError
from inference.serving.manifest import MANIFEST_FILE, Manifest, corrupt, read_manifest

SHIPPED_ROOT = Path(__file__).resolve().parents[1] / "bundles"


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
    for name, sha256 in manifest.files.items():
        _check_file(folder, name, sha256)
    unknown = sorted({path.name for path in folder.iterdir()} - set(manifest.files) - {MANIFEST_FILE})
    if unknown:
        raise corrupt(folder, f"it holds {unknown[0]}, which its manifest does not name")
    return manifest


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_file(folder: Path, name: str, sha256: str) -> None:
    path = folder / name
    if Path(name).name != name or path.is_symlink():
        raise corrupt(folder, "its manifest names a file outside the bundle")
    if not path.is_file():
        raise corrupt(folder, f"{name} is missing")
    if sha256_of(path) != sha256:
        raise corrupt(folder, f"{name} is not the file that was exported")
