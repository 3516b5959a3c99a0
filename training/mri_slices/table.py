"""All rows of the table, each once on the published split by image and once on a split by patient."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from training.data import BY_PATIENT, PUBLISHED_BY_IMAGE, Cohort, Fold, split_cohort
from training.mri_slices.fit import VALIDATION_SHARE, Parts, teach
from training.mri_slices.recipes import RECIPES, Recipe
from training.mri_slices.slices import Slices, load_slices

SPLITS = (PUBLISHED_BY_IMAGE, BY_PATIENT)
PATIENT_FOLDS = 5


def make_rows(
    cohort: Cohort,
    out: Path,
    *,
    width: float,
    size_px: int,
    seed: int = 0,
    only: Sequence[str] = (),
    splits: Sequence[str] = SPLITS,
    epochs: int | None = None,
    weights: Path | None = None,
) -> list[Path]:
    """Teach what is not taught yet; each row is kept as soon as it is made.

    Parameters
    ----------
    cohort : Cohort
        Of pictures, labeled by iteration 2.
    out : Path
        A folder for each split, and in it one for each row.
    width : float
        Share of the published width.
    size_px : int
        Rows and columns of the models' input; published: 256.
    seed : int
    only : sequence of str
        Names of rows; none: all.
    splits : sequence of str
        Of :data:`SPLITS`.
    epochs : int, optional
        At most so many; without it as published.
    weights : Path, optional
        Of the hybrids' backbone, at full width.

    Returns
    -------
    list of Path
        Their folders.

    Raises
    ------
    ValueError
        A row is not known, or the cohort does not fit.
    """
    recipes = [limited(recipe, epochs, weights) for recipe in chosen(only)]
    slices = load_slices(cohort, size_px=size_px)
    made = []
    for name in splits:
        fold = split_of(cohort, name)
        for recipe in recipes:
            folder = row_folder(out, name, recipe)
            teach(recipe, slices, parts_of(slices, fold, recipe, name), folder, width=width, seed=seed)
            made.append(folder)
    return made


def chosen(only: Sequence[str]) -> tuple[Recipe, ...]:
    """Recipes by name; all of them where none is named.

    Raises
    ------
    ValueError
        One is not known.
    """
    known = {recipe.name: recipe for recipe in RECIPES}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise ValueError(f"rows are {'; '.join(known)}. Received {'; '.join(unknown)}")
    return tuple(known[name] for name in only) if only else RECIPES


def limited(recipe: Recipe, epochs: int | None, weights: Path | None) -> Recipe:
    """A recipe of at most so many epochs, its backbone beginning with the weights of a file.

    Raises
    ------
    ValueError
        There is no such file, or no epoch.
    """
    if epochs is not None and epochs < 1:
        raise ValueError(f"at least one epoch, received {epochs}")
    if epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=min(epochs, recipe.epochs))
    if weights is not None and recipe.architecture.startswith("hybrid"):
        if not weights.is_file():
            raise ValueError(f"the weights of the backbone are a file; received {weights}, which is none")
        recipe = dataclasses.replace(recipe, config={**recipe.config, "weights": str(weights)})
    return recipe


def row_folder(out: Path, split: str, recipe: Recipe) -> Path:
    """Where a row of a split lies."""
    word = "".join(one if one.isalnum() else "-" for one in recipe.name.lower())
    return out / split / "-".join(filter(None, word.split("-")))


def split_of(cohort: Cohort, name: str) -> Fold:
    """The published split, or the first of five folds by patient."""
    folds = 1 if name == PUBLISHED_BY_IMAGE else PATIENT_FOLDS
    return split_cohort(cohort, name=name, folds=folds).folds[0]


def parts_of(slices: Slices, fold: Fold, recipe: Recipe, split: str) -> Parts:
    """Places to learn from, to validate and to judge on; of the region only slices in which somebody drew one."""
    learn, judge = slices.places(fold.learn), slices.places(fold.held_back)
    if split == PUBLISHED_BY_IMAGE:
        held = np.arange(len(learn)) % VALIDATION_SHARE == 0
        held = np.random.default_rng(0).permutation(held)
    else:
        patients = np.unique(slices.patients[learn])
        held = np.isin(slices.patients[learn], patients[:: max(2, VALIDATION_SHARE // 2)])
    parts = Parts(learn[~held], learn[held], judge)
    if recipe.target != "region":
        return parts
    return Parts(*(places[slices.drawn[places]] for places in dataclasses.astuple(parts)))


def finished(out: Path) -> Iterator[tuple[str, Recipe, Path]]:
    """Rows that are there: split, recipe, folder."""
    for name in SPLITS:
        for recipe in RECIPES:
            folder = row_folder(out, name, recipe)
            if (folder / "row.json").is_file():
                yield name, recipe, folder
