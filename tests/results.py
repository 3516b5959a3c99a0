"""What result objects hold, read without any code of the node."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset


def segment_points(dataset: Dataset, number: int) -> np.ndarray:
    """Patient coordinates (LPS, mm) of every voxel of a segment, (voxels, 3)."""
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    direction = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    spacing = np.array(shared.PixelMeasuresSequence[0].PixelSpacing, float)
    points = []
    for frame, groups in zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        named = groups if "SegmentIdentificationSequence" in groups else shared  # shared where there is one segment
        if named.SegmentIdentificationSequence[0].ReferencedSegmentNumber != number:
            continue
        origin = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        rows, columns = np.nonzero(frame)
        across, down = np.outer(columns * spacing[1], direction[:3]), np.outer(rows * spacing[0], direction[3:])
        points.append(origin + across + down)
    return np.concatenate(points)


def segment_voxels(dataset: Dataset, number: int) -> tuple[int, np.ndarray]:
    """Number of voxels of a segment, and its centroid in patient coordinates (LPS, mm)."""
    points = segment_points(dataset, number)
    return len(points), points.mean(axis=0)


def volume_ml(dataset: Dataset, number: int) -> float:
    """Volume of a segment in milliliters, from its voxels."""
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    step = float(getattr(measures, "SpacingBetweenSlices", measures.SliceThickness))
    return segment_voxels(dataset, number)[0] * float(np.prod(measures.PixelSpacing)) * step / 1000


def reader_volumes_ml(shared: Path, subject: str, *, midline_x: float) -> dict[str, float]:
    """Edema that at least half of the readings marked, left and right of a midline (LPS x, mm), in milliliters."""
    import nibabel

    base = shared / "data" / "sij"
    affine = nibabel.load(base / "stir" / f"{subject}.nii.gz").affine
    readings: list[Any] = [
        nibabel.load(file).get_fdata() > 0 for file in sorted((base / "inflammation").glob(f"{subject}_R*.nii.gz"))
    ]
    voxels = np.argwhere(np.mean(readings, axis=0) >= 0.5)
    x = -(affine @ np.c_[voxels, np.ones(len(voxels))].T)[0]
    voxel_ml = abs(float(np.linalg.det(affine[:3, :3]))) / 1000
    return {"Left": float((x > midline_x).sum()) * voxel_ml, "Right": float((x < midline_x).sum()) * voxel_ml}
