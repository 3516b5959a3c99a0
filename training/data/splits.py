"""Splits by patient, never by slice or scan; one split by image, by its name alone, as a published paper made it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data.dataset import Dataset
from training.data.whole import write_whole

SPLITS_FILE = "splits.json"
BY_PATIENT = "by-patient"
PUBLISHED_BY_IMAGE = "published-by-image"
PUBLISHED_SEED = 42
PUBLISHED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold: the subjects to learn from, and those that are held back."""

    learn: tuple[str, ...]
    held_back: tuple[str, ...]


def patient_folds(patients: Mapping[str, str], folds: int) -> tuple[Fold, ...]:
    """Deal patients to folds in turn, in the order of their identifiers.

    Parameters
    ----------
    patients : mapping of str to str
        From subject (scan) to patient.
    folds : int
        From 2 to the number of patients.

    Returns
    -------
    tuple of Fold
        Each subject is held back in exactly one; all scans of a patient are on the same side.

    Raises
    ------
    ValueError
        The number of folds does not fit the number of patients, or a patient is unknown.
    """
    ordered = _known_patients(patients)
    if not 2 <= folds <= len(ordered):
        raise ValueError(f"folds must be from 2 to the number of patients ({len(ordered)}), received {folds}")
    return tuple(_fold(patients, set(ordered[fold::folds])) for fold in range(folds))


def stratified_folds(
    patients: Mapping[str, str], classes: Mapping[str, object], folds: int, *, seed: int = 0
) -> tuple[Fold, ...]:
    """Deal patients to folds so that each fold holds about the same share of each class.

    Parameters
    ----------
    patients : mapping of str to str
        From item to patient.
    classes : mapping of str to object
        From item to its class, of every item.
    folds : int
    seed : int

    Raises
    ------
    ValueError
        A class is missing or has fewer patients than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    ordered = _known_patients(patients)
    if not 2 <= folds <= len(ordered):
        raise ValueError(f"folds must be from 2 to the number of patients ({len(ordered)}), received {folds}")
    names = sorted(patients)
    words = [_class(name, classes) for name in names]
    for word in sorted(set(words)):
        holders = {patients[name] for name, one in zip(names, words, strict=True) if one == word}
        if len(holders) < folds:
            raise ValueError(
                f"the class {word!r} has {len(holders)} patients, which cannot be dealt to {folds} folds: "
                "ask for fewer folds, or for no stratification"
            )
    groups = [patients[name] for name in names]
    dealt = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed).split(names, words, groups)
    return tuple(_fold(patients, {groups[index] for index in held_back}) for _, held_back in dealt)


def published_by_image(names: Sequence[str], as_status: Mapping[str, object]) -> tuple[Fold, ...]:
    """The published split: 80 to 20 by image, random_state 42, stratified on AS; patients may be on both sides.

    Parameters
    ----------
    names : sequence of str
        In the order of ``dataset.csv``, on which the split depends.
    as_status : mapping of str to object

    Returns
    -------
    tuple of Fold
        One fold.

    Raises
    ------
    ValueError
        An image is not labeled, or a class is empty or has one image alone.
    """
    from sklearn.model_selection import train_test_split

    words = [_class(name, as_status) for name in names]
    few = len(words) <= 1 / PUBLISHED_SHARE or min(words.count(word) for word in set(words)) < 2
    if few or len(set(words)) < 2:
        raise ValueError(
            "the published split needs more than 5 images, and two of each class of AS_status, received "
            + (", ".join(f"{words.count(word)} of {word}" for word in sorted(set(words))) or "no image")
        )
    learn, held_back = train_test_split(
        list(names), test_size=PUBLISHED_SHARE, random_state=PUBLISHED_SEED, stratify=words
    )
    return (Fold(tuple(learn), tuple(held_back)),)


def split_labeled(dataset: Dataset, folds: int, *, label: str = "region") -> tuple[Fold, ...]:
    """Split the subjects that have a mask of this name."""
    return patient_folds({entry.subject: entry.patient for entry in dataset.entries if label in entry.labels}, folds)


def check_folds(name: str, folds: Sequence[Fold], patients: Mapping[str, str]) -> None:
    """Refuse a split that has a patient on both sides, or names what is not there.

    Parameters
    ----------
    name : str
        Of the split; :data:`PUBLISHED_BY_IMAGE` may have patients on both sides.
    folds : sequence of Fold
    patients : mapping of str to str
        From item to patient.

    Raises
    ------
    ValueError
    """
    for number, fold in enumerate(folds):
        unknown = sorted({*fold.learn, *fold.held_back} - set(patients))
        if unknown:
            raise ValueError(
                f"fold {number} of the split {name!r} names {unknown[0]!r}, which the cohort does not hold: split again"
            )
        both = {patients[one] for one in fold.learn} & {patients[one] for one in fold.held_back}
        if name != PUBLISHED_BY_IMAGE and both:
            raise ValueError(
                f"fold {number} of the split {name!r} has {len(both)} patients on both sides (the first: "
                f"{min(both) or 'unknown'}): split by patient, or ask for {PUBLISHED_BY_IMAGE!r} by its name"
            )


def write_splits(folder: Path, folds: Sequence[Fold], *, name: str = BY_PATIENT) -> Path:
    """Write a split into ``splits.json`` of a cohort, beside those of other names, and return the path."""
    content: dict[str, Any] = {}
    if (folder / SPLITS_FILE).is_file():
        content = {key: _as_lists(value) for key, value in read_all_splits(folder).items()}
    content[name] = _as_lists(folds)
    return write_whole(folder / SPLITS_FILE, json.dumps(content, indent=1) + "\n")


def read_splits(folder: Path, *, name: str = BY_PATIENT) -> tuple[Fold, ...]:
    """Read one split of a cohort.

    Raises
    ------
    FileNotFoundError
        The cohort was not split yet.
    ValueError
        It has no split of this name.
    """
    if not (folder / SPLITS_FILE).is_file():
        raise FileNotFoundError(f"{folder} was not split yet: axspa-train split makes {SPLITS_FILE}")
    splits = read_all_splits(folder)
    if name not in splits:
        raise ValueError(f"{folder.name} has the splits {', '.join(splits)}, received {name!r}")
    return splits[name]


def read_all_splits(folder: Path) -> dict[str, tuple[Fold, ...]]:
    """Every split of a cohort by its name; a file of one list, as it was once, is the split by patient."""
    path = folder / SPLITS_FILE
    if not path.is_file():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    named = content if isinstance(content, dict) else {BY_PATIENT: content}
    return {
        name: tuple(Fold(tuple(fold["learn"]), tuple(fold["held_back"])) for fold in folds)
        for name, folds in named.items()
    }


def _known_patients(patients: Mapping[str, str]) -> list[str]:
    unknown = sum(not patient for patient in patients.values())
    if unknown:
        raise ValueError(
            f"the patients of {unknown} of {len(patients)} items are unknown, so they cannot be split by patient: "
            f"import with a table of patients, or ask for {PUBLISHED_BY_IMAGE!r}"
        )
    return sorted(set(patients.values()))


def _fold(patients: Mapping[str, str], held_back: set[str]) -> Fold:
    return Fold(
        learn=tuple(sorted(name for name, patient in patients.items() if patient not in held_back)),
        held_back=tuple(sorted(name for name, patient in patients.items() if patient in held_back)),
    )


def _class(name: str, classes: Mapping[str, object]) -> str:
    if classes.get(name) is None:
        raise ValueError(f"{name} has no label to stratify by: label it, or split without stratification")
    return str(classes[name])


def _as_lists(folds: Sequence[Fold]) -> list[dict[str, list[str]]]:
    return [{"learn": list(fold.learn), "held_back": list(fold.held_back)} for fold in folds]
