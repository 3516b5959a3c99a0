"""Import of NIfTI files: in the layout of Hepburn et al., or in any layout that a mapping file describes.

The layout of Hepburn et al.: ``t1w/ID``, ``stir/ID``, ``region/ID``, ``normal_marrow/ID``, ``inflammation/ID_READER``,
``followup_t1w/ID_before`` and ``ID_after``. Masks fit the voxel grid of their scan; their own affines are not trusted,
the images' are. The third axis of a file runs over its slices.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.types import FloatArray
from training.data import (
    Dataset,
    Mapping,
    Pseudonyms,
    Scan,
    Subject,
    read_patients,
    write_volumes,
)
from training.data import path_pattern as pattern

SOURCE = "Hepburn et al., github.com/c-hepburn/Bone_MRI (research use; no licence stated)"
TERMS = "research use, name the source, never redistribute the images; no licence stated"
SUFFIX = ".nii.gz"


def import_nifti(source: Path, out: Path) -> Dataset:
    """Import every T1-weighted scan of the layout of Hepburn et al., with what else there is of it.

    Parameters
    ----------
    source : Path
        Folder that holds ``t1w``.
    out : Path
        Folder of the data set, written whole or not at all; replaces one that is there.

    Raises
    ------
    ValueError
        A mask or image does not fit the grid of its scan.
    """
    labeled = (labeled_subject(source, path) for path in sorted((source / "t1w").glob(f"*{SUFFIX}")))
    followed = (_followed(path) for path in sorted((source / "followup_t1w").glob(f"*{SUFFIX}")))
    scans = (Scan(subject) for subjects in (labeled, followed) for subject in subjects)
    return write_volumes(out, scans, name="hepburn", source=SOURCE, terms=TERMS)


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
    images = {"t1w": path, "stir": source / "stir" / path.name}
    labels = {key: source / key / path.name for key in ("region", "normal_marrow")}
    for mask in sorted((source / "inflammation").glob(f"{name}_*{SUFFIX}")):
        labels[f"inflammation_{mask.name.removesuffix(SUFFIX).split('_')[1]}"] = mask
    return read_scan(name, name, images, labels)


def import_mapped(source: Path, out: Path, *, mapping: Mapping, pseudonyms: Pseudonyms | None) -> Dataset:
    """Import the scans that the patterns of a mapping file find.

    Parameters
    ----------
    source : Path
    out : Path
        Folder of the data set, written whole or not at all; replaces one that is there.
    mapping : Mapping
        Its ``nifti`` says which path is which contrast, mask and reader, its ``patients`` whose scan is whose.
    pseudonyms : Pseudonyms or None
        Replace the names of scans and patients.

    Raises
    ------
    ValueError
        A mask or image does not fit the grid of its scan, a scan is not in the table of patients, or none was found.
    """
    if mapping.nifti is None:
        raise ValueError("the mapping file has no table [nifti]: it says which path is which contrast and mask")
    images = _found(source, mapping.nifti.contrasts)
    masks = _found(source, mapping.nifti.masks)
    return write_volumes(
        out,
        _mapped(images, masks, source, mapping, pseudonyms),
        name=mapping.name or out.name,
        source=mapping.source or f"NIfTI files under a folder called {source.name}",
        terms=mapping.terms,
    )


def read_scan(name: str, patient: str, images: dict[str, Path], labels: dict[str, Path]) -> Subject:
    """Read one scan; images and masks that are not there are left out.

    Parameters
    ----------
    name, patient : str
    images : dict of str to Path
        The first one that is there gives the grid.
    labels : dict of str to Path

    Raises
    ------
    ValueError
        A file cannot be read, is no volume, or does not fit the first image.
    """
    present = {key: path for key, path in images.items() if path.is_file()}
    first, *others = present.items()
    voxels, affine = _read(first[1])
    scans = {first[0]: voxels} | {key: _on_grid(path, voxels.shape) for key, path in others}
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


def _followed(path: Path) -> Subject:
    name = path.name.removesuffix(SUFFIX)
    return read_scan(name, name.split("_")[0], {"t1w": path}, {})


def _found(source: Path, patterns: dict[str, str]) -> dict[str, dict[str, Path]]:
    """Paths by scan and name; a pattern with a reader gives one name for each."""
    compiled = {key: pattern(text) for key, text in patterns.items()}
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        for key, expression in compiled.items():
            match = expression.fullmatch(path.relative_to(source).as_posix())
            if match:
                groups = match.groupdict()
                name = f"{key}_{groups['reader']}" if groups.get("reader") else key
                found.setdefault(groups["scan"], {})[name] = path
    return found


def _mapped(
    images: dict[str, dict[str, Path]],
    masks: dict[str, dict[str, Path]],
    source: Path,
    mapping: Mapping,
    pseudonyms: Pseudonyms | None,
) -> Iterator[Scan]:
    patients = read_patients(source, mapping)
    for scan, paths in images.items():
        if mapping.patients is not None and scan not in patients:
            raise ValueError(
                f"a scan of {source.name} is not in {mapping.patients.table}: {len(images)} scans, {len(patients)} rows"
            )
        patient, center, labels = patients.get(scan, (scan, mapping.center, {}))
        order = list(mapping.nifti.contrasts) if mapping.nifti else []
        ordered = {key: paths[key] for key in order if key in paths}
        name = pseudonyms.of(scan) if pseudonyms else scan
        whose = pseudonyms.of(patient) if pseudonyms else patient
        yield Scan(read_scan(name, whose, ordered, masks.get(scan, {})), center, labels)


def _read(path: Path) -> tuple[FloatArray, NDArray[np.float64]]:
    """Voxels as (slice, row, column), and the affine from (column, row, slice) to LPS."""
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        image = nibabel.load(path)
        voxels = np.asarray(image.dataobj, np.float32)
    except (ImageFileError, OSError, EOFError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read as NIfTI ({type(error).__name__})") from error
    if voxels.ndim != 3 or not np.isfinite(voxels).all():
        raise ValueError(
            f"{path.name} must be a volume of three axes whose values are numbers, received the shape {voxels.shape}"
        )
    voxels = voxels[:, ::-1]
    flip = np.eye(4)
    flip[1, 1], flip[1, 3] = -1, voxels.shape[1] - 1
    affine: NDArray[np.float64] = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine @ flip
    return np.ascontiguousarray(voxels.transpose(2, 1, 0)), affine


def _on_grid(path: Path, shape: tuple[int, ...]) -> FloatArray:
    voxels, _ = _read(path)
    if voxels.shape != shape:
        raise ValueError(f"{path.name} does not fit its scan: expected {shape}, received {voxels.shape}")
    return voxels
