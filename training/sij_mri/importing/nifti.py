"""Import of NIfTI files in the layout of Hepburn et al.: ``t1w/ID``, ``stir/ID``, ``region/ID``, ``normal_marrow/ID``,
``inflammation/ID_READER``, ``followup_t1w/ID_before`` and ``ID_after``.

Masks fit the voxel grid of their scan; their own affines are not trusted, the images' are.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.types import FloatArray
from training.data import Dataset, Subject, SubjectEntry, write_index, write_subject

SOURCE = "Hepburn et al., github.com/c-hepburn/Bone_MRI (research use; no licence stated)"
SUFFIX = ".nii.gz"


def import_nifti(source: Path, out: Path) -> Dataset:
    """Import every T1-weighted scan of the layout, with what else there is of it.

    Parameters
    ----------
    source : Path
        Folder that holds ``t1w``.
    out : Path
        Folder of the data set; overwritten.

    Raises
    ------
    ValueError
        A mask or image does not fit the grid of its scan.
    """
    entries: list[SubjectEntry] = []
    for path in sorted((source / "t1w").glob(f"*{SUFFIX}")):
        entries.append(write_subject(out, labeled_subject(source, path)))
    for path in sorted((source / "followup_t1w").glob(f"*{SUFFIX}")):
        name = path.name.removesuffix(SUFFIX)
        entries.append(write_subject(out, _subject(name, name.split("_")[0], path, {}, {})))
    dataset = Dataset(out, SOURCE, tuple(entries))
    write_index(dataset)
    return dataset


def labeled_subject(source: Path, path: Path) -> Subject:
    """Read one scan of the layout with all its masks.

    Parameters
    ----------
    source : Path
        Folder that holds ``t1w``.
    path : Path
        Its T1-weighted image.
    """
    name = path.name.removesuffix(SUFFIX)
    images = {"stir": source / "stir" / path.name}
    labels = {key: source / key / path.name for key in ("region", "normal_marrow")}
    for mask in sorted((source / "inflammation").glob(f"{name}_*{SUFFIX}")):
        labels[f"inflammation_{mask.name.removesuffix(SUFFIX).split('_')[1]}"] = mask
    return _subject(name, name, path, images, labels)


def _subject(name: str, patient: str, t1w: Path, images: dict[str, Path], labels: dict[str, Path]) -> Subject:
    voxels, affine = _read(t1w)
    scans = {"t1w": voxels}
    for key, path in images.items():
        if path.is_file():
            scans[key] = _on_grid(path, voxels.shape)
    masks = {key: _on_grid(path, voxels.shape) > 0.5 for key, path in labels.items() if path.is_file()}
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    indices = np.arange(len(voxels))
    positions = affine[:3, 3] + indices[:, None] * affine[:3, 2]
    directions = (affine[:3, :2] / spacing[:2]).T
    normal = np.cross(directions[0], directions[1])
    order = np.argsort(positions @ normal)
    return Subject(
        subject=name,
        patient=patient,
        images={key: value[order] for key, value in scans.items()},
        labels={key: value[order] for key, value in masks.items()},
        positions_mm=positions[order],
        directions=directions,
        pixel_spacing_mm=(float(spacing[1]), float(spacing[0])),
    )


def _read(path: Path) -> tuple[FloatArray, NDArray[np.float64]]:
    """Voxels as (slice, row, column), and the affine from (column, row, slice) to LPS."""
    import nibabel

    image = nibabel.load(path)
    voxels = np.asarray(image.dataobj, np.float32)[:, ::-1]
    flip = np.eye(4)
    flip[1, 1], flip[1, 3] = -1, voxels.shape[1] - 1
    affine: NDArray[np.float64] = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine @ flip
    return np.ascontiguousarray(voxels.transpose(2, 1, 0)), affine


def _on_grid(path: Path, shape: tuple[int, ...]) -> FloatArray:
    voxels, _ = _read(path)
    if voxels.shape != shape:
        raise ValueError(f"{path.name} does not fit its scan: expected {shape}, received {voxels.shape}")
    return voxels
