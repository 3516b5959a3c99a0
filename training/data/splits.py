"""Splits by patient, never by slice or scan."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.dataset import Dataset

SPLITS_FILE = "splits.json"


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
        The number of folds does not fit the number of patients.
    """
    ordered = sorted(set(patients.values()))
    if not 2 <= folds <= len(ordered):
        raise ValueError(f"folds must be from 2 to the number of patients ({len(ordered)}), received {folds}")
    made = []
    for fold in range(folds):
        held_back = set(ordered[fold::folds])
        made.append(
            Fold(
                learn=tuple(sorted(name for name, patient in patients.items() if patient not in held_back)),
                held_back=tuple(sorted(name for name, patient in patients.items() if patient in held_back)),
            )
        )
    return tuple(made)


def split_labeled(dataset: Dataset, folds: int, *, label: str = "region") -> tuple[Fold, ...]:
    """Split the subjects that have a mask of this name."""
    return patient_folds({entry.subject: entry.patient for entry in dataset.entries if label in entry.labels}, folds)


def write_splits(folder: Path, folds: Sequence[Fold]) -> Path:
    """Write ``splits.json`` into a data set and return its path."""
    content = [{"learn": list(fold.learn), "held_back": list(fold.held_back)} for fold in folds]
    path = folder / SPLITS_FILE
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def read_splits(folder: Path) -> tuple[Fold, ...]:
    """Read ``splits.json`` of a data set.

    Raises
    ------
    FileNotFoundError
        The data set was not split yet.
    """
    content = json.loads((folder / SPLITS_FILE).read_text(encoding="utf-8"))
    return tuple(Fold(tuple(fold["learn"]), tuple(fold["held_back"])) for fold in content)
