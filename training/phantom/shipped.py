"""The synthetic study that ships with the node: one phantom, chosen once, made again from its seed."""

import tempfile
import zipfile
from pathlib import Path

from inference.types import Side
from training.phantom.dicom import StudyOptions, write_study
from training.phantom.phantom import GridSpec, LesionRequest, Phantom, PhantomSpec, make_phantom

SEED = 1
_EPOCH = (2025, 1, 6, 10, 15, 0)


def shipped_spec() -> PhantomSpec:
    """Edema on both sides of the left joint, one small spot on the right; two grids that do not coincide."""
    return PhantomSpec(
        fluid=GridSpec(pixel_mm=0.78, tilt_deg=1.5, shift_mm=(1.0, 1.5, -1.0)),
        sacral_tilt_deg=32.0,
        rotation_deg=(2.0, 1.5),
        noise=0.016,
        bias=0.10,
        lesions=(
            LesionRequest("bme", Side.LEFT, "sacral", height=0.40, depth=0.60, radius_mm=12.5),
            LesionRequest("bme", Side.LEFT, "iliac", height=0.50, depth=0.55, radius_mm=9.5),
            LesionRequest("bme", Side.RIGHT, "sacral", height=0.35, depth=0.55, radius_mm=8.5),
        ),
    )


def shipped_phantom() -> Phantom:
    """The phantom of the shipped study, with its truth."""
    return make_phantom(SEED, spec=shipped_spec())


def write_shipped(archive: Path) -> Phantom:
    """Write the shipped study as a zip archive of DICOM files, the same bytes each time.

    Returns
    -------
    Phantom
        What is in it.
    """
    phantom = shipped_phantom()
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive, "w") as study:
        for path in write_study(phantom, Path(folder), options=StudyOptions(extra_series=True)):
            entry = zipfile.ZipInfo(path.name, _EPOCH)
            study.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    return phantom
