"""A data set on disk: one ``.npz`` for each subject, and ``dataset.json`` with source, geometry and hashes."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.serving import sha256_of
from inference.space import standard
from inference.types import BoolArray, FloatArray, Volume

INDEX_FILE = "dataset.json"


@dataclass(frozen=True, slots=True)
class SubjectEntry:
    """One line of the index.

    Attributes
    ----------
    subject : str
        Identifier of the scan.
    patient : str
        Identifier of the patient; splits are made by it.
    file : str
        Name of the ``.npz`` beside the index.
    sha256 : str
    contrasts, labels : tuple of str
        Names of the images and of the masks in the file.
    """

    subject: str
    patient: str
    file: str
    sha256: str
    contrasts: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """One scan: images and masks on one grid.

    Attributes
    ----------
    images : dict of str to float32 array (slices, rows, columns)
        By contrast: ``"t1w"``, ``"stir"``.
    labels : dict of str to bool array (slices, rows, columns)
        By name: ``"region"``, ``"normal_marrow"``, ``"inflammation_R11"`` and so on.
    positions_mm : float64 array (slices, 3)
        LPS position of the first pixel of each slice.
    directions : float64 array (2, 3)
        LPS unit vectors along increasing column and row index.
    pixel_spacing_mm : (float, float)
        Between rows, between columns.
    """

    subject: str
    patient: str
    images: dict[str, FloatArray]
    labels: dict[str, BoolArray]
    positions_mm: NDArray[np.float64]
    directions: NDArray[np.float64]
    pixel_spacing_mm: tuple[float, float]

    @property
    def slice_spacing_mm(self) -> float:
        """Median distance of neighboring slices."""
        if len(self.positions_mm) < 2:
            return 1.0
        return float(np.median(np.linalg.norm(np.diff(self.positions_mm, axis=0), axis=1)))

    def volume(self, contrast: str) -> Volume:
        """The image of one contrast as the node sees it."""
        first, second = (tuple(float(value) for value in direction) for direction in self.directions)
        return Volume(
            voxels=self.images[contrast],
            positions_mm=self.positions_mm,
            row_direction=(first[0], first[1], first[2]),
            column_direction=(second[0], second[1], second[2]),
            pixel_spacing_mm=self.pixel_spacing_mm,
            slice_spacing_mm=self.slice_spacing_mm,
        )

    def standard(self) -> "Subject":
        """The same scan, turned as the node turns what it reads (:mod:`inference.space.orientation`)."""
        volume, turn = standard(self.volume(next(iter(self.images))))
        if turn.nothing:
            return self
        return replace(
            self,
            images={name: turn.array(values) for name, values in self.images.items()},
            labels={name: turn.array(mask) for name, mask in self.labels.items()},
            positions_mm=volume.positions_mm,
            directions=np.array([volume.row_direction, volume.column_direction]),
            pixel_spacing_mm=volume.pixel_spacing_mm,
        )


@dataclass(frozen=True, slots=True)
class Dataset:
    """The index of a data set."""

    folder: Path
    source: str
    entries: tuple[SubjectEntry, ...] = field(default_factory=tuple)

    def load(self, subject: str) -> Subject:
        """Read one subject, its hash checked, in the standard orientation whatever that of its file.

        Raises
        ------
        ValueError
            The subject is unknown, or its file is not the one that was imported.
        """
        return _read_subject(self.folder, self.entry(subject))

    def entry(self, subject: str) -> SubjectEntry:
        """The line of one subject.

        Raises
        ------
        ValueError
            The subject is unknown.
        """
        found = next((entry for entry in self.entries if entry.subject == subject), None)
        if found is None:
            raise ValueError(f"no such subject in {self.folder.name}, received {subject!r}")
        return found

    def subjects(self) -> Iterator[Subject]:
        """Read all subjects, one after the other."""
        return (self.load(entry.subject) for entry in self.entries)

    def labeled(self, label: str = "region") -> tuple[str, ...]:
        """Identifiers of the subjects that have a mask of this name."""
        return tuple(entry.subject for entry in self.entries if label in entry.labels)


def write_subject(folder: Path, subject: Subject) -> SubjectEntry:
    """Write one subject beside the index and return its line."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{subject.subject}.npz"
    arrays: dict[str, NDArray[np.generic]] = {
        "positions_mm": subject.positions_mm,
        "directions": subject.directions,
        "pixel_spacing_mm": np.asarray(subject.pixel_spacing_mm),
    }
    arrays |= {f"image_{key}": value.astype(np.float32) for key, value in subject.images.items()}
    arrays |= {f"label_{key}": value.astype(np.bool_) for key, value in subject.labels.items()}
    np.savez_compressed(folder / name, allow_pickle=False, **arrays)
    return SubjectEntry(
        subject=subject.subject,
        patient=subject.patient,
        file=name,
        sha256=sha256_of(folder / name),
        contrasts=tuple(sorted(subject.images)),
        labels=tuple(sorted(subject.labels)),
    )


def write_index(dataset: Dataset) -> None:
    """Write ``dataset.json``."""
    content = {"source": dataset.source, "subjects": [asdict(entry) for entry in dataset.entries]}
    (dataset.folder / INDEX_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_index(folder: Path) -> Dataset:
    """Read ``dataset.json``.

    Raises
    ------
    FileNotFoundError
        The folder holds no data set.
    """
    content = json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))
    entries = tuple(
        SubjectEntry(**{**line, "contrasts": tuple(line["contrasts"]), "labels": tuple(line["labels"])})
        for line in content["subjects"]
    )
    return Dataset(folder, content["source"], entries)


def _read_subject(folder: Path, entry: SubjectEntry) -> Subject:
    path = folder / entry.file
    digest = sha256_of(path)
    if digest != entry.sha256:
        raise ValueError(f"{entry.file} is not the file that was imported: expected {entry.sha256}, received {digest}")
    with np.load(path, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    spacing = arrays["pixel_spacing_mm"]
    stored = Subject(
        subject=entry.subject,
        patient=entry.patient,
        images={name: arrays[f"image_{name}"] for name in entry.contrasts},
        labels={name: arrays[f"label_{name}"] for name in entry.labels},
        positions_mm=arrays["positions_mm"],
        directions=arrays["directions"],
        pixel_spacing_mm=(float(spacing[0]), float(spacing[1])),
    )
    return stored.standard()
