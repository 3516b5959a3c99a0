"""How the items of a cohort are dealt: by patient, copies with their patient, and nobody is judged on a copy."""

from collections.abc import Mapping
from dataclasses import dataclass

from training.data.cohort import Cohort, Item
from training.data.copies import COPY_OF
from training.data.splits import PUBLISHED_BY_IMAGE, Fold, patient_folds, published_by_image, stratified_folds

AS_STATUS = "AS_status"


@dataclass(frozen=True, slots=True)
class Split:
    """Folds, and how they were dealt."""

    folds: tuple[Fold, ...]
    how: str


def split_cohort(
    cohort: Cohort, *, name: str, folds: int, stratify: str = "", with_mask: str = "", seed: int = 0
) -> Split:
    """Deal the items of a cohort to folds.

    Parameters
    ----------
    cohort : Cohort
    name : str
        Of the split. :data:`~training.data.splits.PUBLISHED_BY_IMAGE` is the published split by image, one fold.
    folds : int
    stratify : str
        A label whose classes are shared out evenly; empty: ``AS_status`` where every item has one and each class has
        enough patients, else none.
    with_mask : str
        Only items that have this mask.
    seed : int
        Of the stratified dealing.

    Raises
    ------
    ValueError
        Patients are unknown, or too few for the folds; a class is empty or too small.
    """
    items = [item for item in cohort.items if not with_mask or with_mask in item.masks]
    originals = [item for item in items if not _copied(item)]
    if not originals:
        raise ValueError(f"no item of {cohort.name} has the mask {with_mask!r}: there is nothing to split")
    if name == PUBLISHED_BY_IMAGE:
        dealt = published_by_image([item.name for item in originals], _classes(originals, AS_STATUS))
        return Split(_with_copies(dealt, items), "by image, 80 to 20, random_state 42, stratified on AS_status")
    patients = {item.name: item.patient for item in originals}
    label = stratify or _label_to_stratify(originals, folds)
    if label:
        dealt = stratified_folds(patients, _classes(originals, label), folds, seed=seed)
        return Split(_with_copies(dealt, items), f"by patient, stratified on {label}, seed {seed}")
    return Split(_with_copies(patient_folds(patients, folds), items), "by patient, in the order of their names")


def _classes(items: list[Item], label: str) -> Mapping[str, object]:
    return {item.name: item.labels.get(label) for item in items}


def _label_to_stratify(items: list[Item], folds: int) -> str:
    holders: dict[object, set[str]] = {}
    for item in items:
        holders.setdefault(item.labels.get(AS_STATUS), set()).add(item.patient)
    enough = None not in holders and len(holders) > 1 and min(map(len, holders.values())) >= folds
    return AS_STATUS if enough else ""


def _copied(item: Item) -> str:
    return str(item.labels.get(COPY_OF) or "")


def _with_copies(folds: tuple[Fold, ...], items: list[Item]) -> tuple[Fold, ...]:
    """Copies are learned from with their originals; those of held-back items are left out."""
    made = []
    for fold in folds:
        learn = set(fold.learn)
        copies = tuple(item.name for item in items if _copied(item) in learn)
        made.append(Fold(fold.learn + copies, fold.held_back))
    return tuple(made)
