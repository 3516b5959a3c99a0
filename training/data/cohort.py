"""A cohort: volumes or pictures with their patients, labels, masks and splits, whatever layout they lie in.

Two kinds lie on disk. ``volumes`` is a data set of ``.npz`` files (:mod:`training.data.dataset`), with name, terms,
centers and labels in a ``cohort.json`` beside its index where they are known. ``pictures`` is the curated layout of
8-bit gray PNG (:mod:`training.data.pictures`), whose ``cohort.json`` holds what ``dataset.csv`` has no column for:
patients, centers, contrasts, further labels and the SHA-256 of each file.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from inference.types import BoolArray, FloatArray
from training.data.dataset import INDEX_FILE, Dataset, Subject, read_index
from training.data.picture import DRAWN_BOX
from training.data.pictures import ANNOTATIONS, COHORT_FILE, PictureFiles, read_pictures
from training.data.splits import Fold, check_folds, read_all_splits

VOLUMES, PICTURES = "volumes", "pictures"
UNKNOWN_TERMS = "not stated"

Label = str | float | None


@dataclass(frozen=True, slots=True)
class Item:
    """One scan or picture of a cohort.

    Attributes
    ----------
    name : str
    patient : str
        What splits go by; empty where it is unknown.
    center : str
        Hospital or source; empty where it is unknown.
    labels : mapping of str to str, float or None
        Of the whole item (a stage, a clinical variable); ``None``: not known of this one.
    contrasts : tuple of str
        Names of its images; a picture has one.
    masks : tuple of str
        Names of its masks.
    """

    name: str
    patient: str
    center: str = ""
    labels: Mapping[str, Label] = field(default_factory=dict)
    contrasts: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()


class Store(Protocol):
    """Where the arrays of a cohort come from."""

    def image(self, name: str, contrast: str) -> FloatArray:
        """One image, float32: a picture (rows, columns), a scan (slices, rows, columns)."""

    def mask(self, name: str, label: str) -> BoolArray:
        """One mask, bool, of the shape of its image: (rows, columns) or (slices, rows, columns)."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort on disk, as training and judging see it.

    Attributes
    ----------
    folder : Path
    name : str
    kind : str
        ``"volumes"`` or ``"pictures"``.
    source, terms : str
        Where the data come from, and what may be done with them; both reach card and manifest of a bundle.
    digest : str
        SHA-256 over the content: labels, patients, and the hashes of images and masks. Splits do not change it.
    items : tuple of Item
    splits : mapping of str to tuple of Fold
        By name. By patient, all of them but the one called ``"published-by-image"``.
    store : Store
    """

    folder: Path
    name: str
    kind: str
    source: str
    terms: str
    digest: str
    items: tuple[Item, ...]
    splits: Mapping[str, tuple[Fold, ...]]
    store: Store = field(repr=False)

    def item(self, name: str) -> Item:
        """The item of this name.

        Raises
        ------
        ValueError
            There is none.
        """
        found = next((item for item in self.items if item.name == name), None)
        if found is None:
            raise ValueError(f"the cohort {self.name} has {len(self.items)} items, received {name!r}, which is none")
        return found

    def image(self, name: str, contrast: str = "") -> FloatArray:
        """One image, as it is stored: float32, (slices, rows, columns) of a volume, (rows, columns) of a picture.

        Parameters
        ----------
        name : str
        contrast : str
            Empty: the first one that the item has.

        Raises
        ------
        ValueError
            The item or its image is unknown, or the file is not the one that was imported.
        """
        item = self.item(name)
        wanted = contrast or next(iter(item.contrasts), "")
        if wanted not in item.contrasts:
            raise ValueError(f"{name} has the images {_listed(item.contrasts)}, received {contrast!r}")
        return self.store.image(name, wanted)

    def mask(self, name: str, label: str) -> BoolArray:
        """One mask, bool, on the grid of the image: (rows, columns) or (slices, rows, columns).

        Raises
        ------
        ValueError
            The item or its mask is unknown, or the file is not the one that was imported.
        """
        item = self.item(name)
        if label not in item.masks:
            raise ValueError(f"{name} has the masks {_listed(item.masks)}, received {label!r}")
        return self.store.mask(name, label)

    def subject(self, name: str) -> Subject:
        """A scan with its geometry, in the standard orientation.

        Raises
        ------
        ValueError
            The cohort is one of pictures, which have no geometry.
        """
        if not isinstance(self.store, VolumeStore):
            raise ValueError(f"the cohort {self.name} holds pictures, which have no position in the patient")
        return self.store.subject(self.item(name).name)

    def patients(self, names: Iterable[str]) -> frozenset[str]:
        """Patients of these items."""
        return frozenset(self.item(name).patient for name in names)


@dataclass(frozen=True, slots=True)
class VolumeStore:
    """Arrays of a data set of volumes; the scan that was read last is kept."""

    dataset: Dataset

    def subject(self, name: str) -> Subject:
        """One scan, its hash checked."""
        return _load_subject(self.dataset.folder, self.dataset.entry(name).sha256, name)

    def image(self, name: str, contrast: str) -> FloatArray:
        """One image (slices, rows, columns)."""
        return self.subject(name).images[contrast]

    def mask(self, name: str, label: str) -> BoolArray:
        """One mask (slices, rows, columns)."""
        return self.subject(name).labels[label]


@dataclass(frozen=True, slots=True)
class PictureStore:
    """Arrays of pictures in the curated layout."""

    folder: Path
    files: Mapping[str, PictureFiles]

    def image(self, name: str, contrast: str) -> FloatArray:
        """One picture (rows, columns), 0 to 255."""
        return self.files[name].image(self.folder)

    def mask(self, name: str, label: str) -> BoolArray:
        """Its mask (rows, columns), or the drawn box of the published framework."""
        return self.files[name].drawn_box() if label == DRAWN_BOX else self.files[name].mask(self.folder)


def open_cohort(folder: Path) -> Cohort:
    """Open a cohort of either kind; images and masks are read, and their hashes checked, when they are asked for.

    Parameters
    ----------
    folder : Path
        Made by ``axspa-train import``, ``curate`` or ``simulate``.

    Raises
    ------
    ValueError
        The folder holds no cohort, its table was changed since, or a split has a patient on both sides.
    """
    if (folder / INDEX_FILE).is_file():
        cohort = _volumes(folder)
    elif (folder / ANNOTATIONS).is_file() and (folder / COHORT_FILE).is_file():
        cohort = _pictures(folder)
    else:
        raise ValueError(
            f"{folder} is no cohort: it holds neither {INDEX_FILE} nor {COHORT_FILE} with {ANNOTATIONS}; "
            "axspa-train import makes one of it"
        )
    patients = {item.name: item.patient for item in cohort.items}
    for name, folds in cohort.splits.items():
        check_folds(name, folds, patients)
    return cohort


def _volumes(folder: Path) -> Cohort:
    dataset = read_index(folder)
    more = _read_json(folder / COHORT_FILE)
    known: Mapping[str, Any] = more.get("items", {})
    items = tuple(
        Item(
            name=entry.subject,
            patient=entry.patient,
            center=str(known.get(entry.subject, {}).get("center", "")),
            labels=known.get(entry.subject, {}).get("labels", {}),
            contrasts=entry.contrasts,
            masks=entry.labels,
        )
        for entry in dataset.entries
    )
    hashes = {entry.subject: entry.sha256 for entry in dataset.entries}
    source, terms = dataset.source, str(more.get("terms") or UNKNOWN_TERMS)
    return Cohort(
        folder=folder,
        name=str(more.get("name") or folder.resolve().name),
        kind=VOLUMES,
        source=source,
        terms=terms,
        digest=_digest(source, terms, items, hashes),
        items=items,
        splits=read_all_splits(folder),
        store=VolumeStore(dataset),
    )


def _pictures(folder: Path) -> Cohort:
    content = read_pictures(folder)
    items = tuple(
        Item(
            name=one.name,
            patient=one.patient,
            center=one.center,
            labels=one.labels,
            contrasts=(one.contrast,),
            masks=one.masks,
        )
        for one in content.files
    )
    hashes = {one.name: f"{one.image_sha256} {one.mask_sha256}" for one in content.files}
    return Cohort(
        folder=folder,
        name=content.name,
        kind=PICTURES,
        source=content.source,
        terms=content.terms,
        digest=_digest(content.source, content.terms, items, hashes),
        items=items,
        splits=read_all_splits(folder),
        store=PictureStore(folder, {one.name: one for one in content.files}),
    )


def _digest(source: str, terms: str, items: Iterable[Item], hashes: Mapping[str, str]) -> str:
    lines: list[Any] = [source, terms]
    lines += [
        [item.name, item.patient, item.center, dict(item.labels), item.contrasts, item.masks, hashes[item.name]]
        for item in items
    ]
    return hashlib.sha256(json.dumps(lines, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1)
def _load_subject(folder: Path, sha256: str, name: str) -> Subject:
    subject = read_index(folder).load(name)
    arrays: Iterable[np.ndarray[Any, Any]] = (*subject.images.values(), *subject.labels.values())
    for array in arrays:
        array.setflags(write=False)
    return subject


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "(none)"
