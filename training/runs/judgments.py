"""What runs and null models say of the items that were held back, one run or the folds of a cross-validation."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.judge.calibration import fitted_temperature, tempered
from training.judge.classes import Cutoff, best_cutoff, decided
from training.judge.masks import mask_figures
from training.plans import Head, Plan
from training.runs.folder import Run, finished_run, plan_of
from training.runs.predictions import FEATURES, HELD_BACK, LEARNED, VALIDATION, Predictions, read_predictions

MAJORITY, BRIGHTNESS = "majority class", f"regression on {', '.join(FEATURES)}"
MODEL = "the run"
MASK_NULLS = {"mean mask": "mean mask of what was learned from", "brightest": "as many of the brightest voxels"}

Chances = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one judge says of items.

    Attributes
    ----------
    chances : float array (items, classes)
    said : int array (items,)
    """

    chances: Chances
    said: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judgment:
    """One head over the held-back items of one run or several.

    Attributes
    ----------
    truth : int array (items,)
    names, patients : tuple of str
        Of each item.
    groups : tuple of dict of str to str
        Of each item.
    answers : dict of str to Answers
        By judge: :data:`MODEL` and the null models.
    tempered : float array (items, classes) or None
        Chances of the model after temperature scaling.
    notes : tuple of dict
        Cut-off and temperature of each run.
    """

    truth: NDArray[np.int64]
    names: tuple[str, ...]
    patients: tuple[str, ...]
    groups: tuple[dict[str, str], ...]
    answers: dict[str, Answers]
    tempered: Chances | None
    notes: tuple[dict[str, Any], ...]


def check_folds(runs: Sequence[Run]) -> None:
    """Refuse runs that are no folds of one plan and cohort.

    Raises
    ------
    ValueError
        They are not, or one of them held nothing back.
    """
    for run in runs:
        if not run.held_back:
            raise ValueError(f"the run {run.name} held nothing back, so there is nothing to judge it on")
    if not folds_of_one(runs):
        names = ", ".join(run.name for run in runs)
        raise ValueError(f"{names} are no folds of one plan and cohort: axspa-train compare sets them side by side")


def folds_of_one(runs: Sequence[Run]) -> bool:
    """True where runs are of one plan and cohort, and no item was held back by two of them."""
    kinds = {(str(run.plan), run.cohort["digest"]) for run in runs}
    held_back = [name for run in runs for name in run.held_back]
    return len(kinds) == 1 and len(set(held_back)) == len(held_back)


def judgments(folders: Sequence[Path]) -> dict[str, Judgment]:
    """By output: what runs and null models say of the held-back items."""
    each = [_judgments(folder) for folder in folders]
    return {output: _joined([one[output] for one in each]) for output in each[0]}


def mask_rows(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """By held-back item: figures of the run's mask and of the null models'."""
    rows = []
    for folder in folders:
        found = read_predictions(folder)
        for number in found.of(HELD_BACK):
            item = found.items[number]
            truth = found.mask("truth", number)
            figures = {
                what: mask_figures(truth, found.mask(what, number), item.spacing) for what in ("found", *MASK_NULLS)
            }
            rows.append({"item": item.name, "patient": item.patient, "groups": item.groups, **figures})
    return rows


def _judgments(folder: Path) -> dict[str, Judgment]:
    run = finished_run(folder)
    plan, found = plan_of(run), read_predictions(folder)
    return {head.output: _judgment(plan, head, found, run.name) for head in plan.task.heads}


def _judgment(plan: Plan, head: Head, found: Predictions, run: str) -> Judgment:
    held_back, learned = found.of(HELD_BACK), found.of(LEARNED)
    choosing = held_back if plan.split.choose_on_held_back else found.of(VALIDATION)
    truth, chances = found.arrays[f"truth/{head.output}"], found.arrays[f"chance/{head.output}"]
    cutoff, temperature = Cutoff(), None
    if len(choosing):
        temperature = fitted_temperature(truth[choosing], chances[choosing])
        if len(head.values) == 2:
            cutoff = best_cutoff(truth[choosing], chances[choosing], chosen_on=chosen_on(plan))
    model = Answers(chances[held_back], decided(chances[held_back], cutoff))
    features = found.arrays["features"]
    nulls = _null_answers(truth[learned], features[learned], features[held_back], len(head.values))
    items = [found.items[number] for number in held_back]
    note = {"run": run, "cutoff": asdict(cutoff), "temperature": temperature}
    return Judgment(
        truth=truth[held_back],
        names=tuple(item.name for item in items),
        patients=tuple(item.patient or item.name for item in items),
        groups=tuple(item.groups for item in items),
        answers={MODEL: model, **nulls},
        tempered=None if temperature is None else tempered(chances[held_back], temperature),
        notes=(note,),
    )


def _null_answers(truth: NDArray[Any], learned: Chances, judged: Chances, classes: int) -> dict[str, Answers]:
    shares = np.bincount(truth, minlength=classes) / len(truth)
    usual = np.repeat(shares[None], len(judged), axis=0)
    found = {MAJORITY: Answers(usual, np.full(len(judged), int(shares.argmax())))}
    if len(np.unique(truth)) > 1:
        fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(learned, truth)
        chances = np.zeros((len(judged), classes))
        chances[:, fitted.classes_] = fitted.predict_proba(judged)
        found[BRIGHTNESS] = Answers(chances, np.asarray(chances.argmax(axis=1), np.int64))
    return found


def _joined(parts: Sequence[Judgment]) -> Judgment:
    judges = [judge for judge in parts[0].answers if all(judge in part.answers for part in parts)]
    scaled = [part.tempered for part in parts]
    known = [one for one in scaled if one is not None]
    return Judgment(
        truth=np.concatenate([part.truth for part in parts]),
        names=tuple(name for part in parts for name in part.names),
        patients=tuple(patient for part in parts for patient in part.patients),
        groups=tuple(group for part in parts for group in part.groups),
        answers={
            judge: Answers(
                np.concatenate([part.answers[judge].chances for part in parts]),
                np.concatenate([part.answers[judge].said for part in parts]),
            )
            for judge in judges
        },
        tempered=None if len(known) < len(scaled) else np.concatenate(known),
        notes=tuple(note for part in parts for note in part.notes),
    )


def chosen_on(plan: Plan) -> str:
    """What cut-off, temperature and epoch were chosen on, in words."""
    if plan.split.choose_on_held_back:
        return "the held-back items themselves, as the plan asks"
    if plan.split.validation:
        return f"{plan.split.validation:.0%} of the patients to learn from"
    return "nothing: all was fixed before"
