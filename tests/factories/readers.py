"""What readers of others find in result objects: dcmqi and highdicom."""

import json
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pydicom

from inference.result import Analysis, Images, Segment
from inference.space.grids import to_index
from reporting.presentation import Terms
from reporting.sites import segment_label
from tests.programs import Need


def read_segmentation(path: Path, folder: Path, need_program: Need) -> dict[int, Path]:
    """Segments of a segmentation as NIfTI files, by segment number: dcmqi's segimage2itkimage."""
    folder.mkdir(parents=True)
    program = need_program("segimage2itkimage")
    subprocess.run(
        [program, "--inputDICOM", str(path), "--outputDirectory", str(folder), "--outputType", "nii"],
        capture_output=True, check=True,
    )  # fmt: skip
    return {int(file.name.split(".")[0].split("-")[-1]): file for file in folder.glob("*.nii*")}


def read_map(path: Path, folder: Path, need_program: Need) -> Path:
    """A parametric map as a NIfTI file: dcmqi's paramap2itkimage."""
    folder.mkdir(parents=True)
    command = [need_program("paramap2itkimage"), "--inputDICOM", str(path)]
    subprocess.run([*command, "--outputDirectory", str(folder), "--outputType", "nii"], check=True, capture_output=True)
    return next(folder.glob("*.nii*"))


def values_on(images: Images, file: Path, missing: float) -> np.ndarray:
    """The values of a NIfTI file at the voxels of a series, placed through patient coordinates, else `missing`."""
    image = nibabel.load(file)
    found = np.asarray(image.dataobj)
    where = np.argwhere(np.ones(found.shape, bool))
    points = (image.affine @ np.c_[where, np.ones(len(where))].T).T[:, :3] * [-1, -1, 1]
    indices = to_index(images.volume, points)
    assert np.abs(indices - np.rint(indices)).max() < 0.05, "voxels must lie on the grid"
    values = np.full(images.shape, missing, np.float32)
    values[tuple(np.rint(indices).astype(int).T)] = found[tuple(where.T)]
    return values


def mask_on(images: Images, file: Path) -> np.ndarray:
    """Which voxels of a series a segment holds."""
    return values_on(images, file, 0.0) > 0


def segments_in(path: Path, analysis: Analysis, terms: Terms) -> dict[int, Segment]:
    """What each segment of a segmentation is, by its number."""
    labels = {segment_label(one, terms): one for one in analysis.segments}
    return {int(one.SegmentNumber): labels[str(one.SegmentLabel)] for one in pydicom.dcmread(path).SegmentSequence}


def read_volumes_ml(path: Path, out: Path, need_program: Need) -> dict[str, float]:
    """Volumes in a report by tracking identifier, in milliliters: dcmqi's tid1500reader."""
    subprocess.run(
        [need_program("tid1500reader"), "--inputDICOM", str(path), "--outputMetadata", str(out)],
        capture_output=True, check=True,
    )  # fmt: skip
    return {
        group["TrackingIdentifier"]: float(item["value"])
        for group in json.loads(out.read_text()).get("Measurements", ())
        for item in group["measurementItems"]
        if item["quantity"]["CodeValue"] == "118565006"
    }
