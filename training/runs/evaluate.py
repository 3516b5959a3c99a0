"""What runs are worth on the items that they held back, from what they saved and from nothing else.

Several runs are taken for the folds of one cross-validation: each item is judged by the run that held it back.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.judge.calibration import calibration_error, reliability
from training.judge.classes import class_figures, roc_points
from training.judge.intervals import bootstrap
from training.plans import Head
from training.runs.folder import finished_run, plan_of, write_json
from training.runs.judgments import MASK_NULLS, MODEL, Answers, Judgment, check_folds, chosen_on, judgments, mask_rows

FIGURES_FILE, LOOKS_FILE = "figures.json", "looks.json"


def evaluate(folders: Sequence[Path], *, resamples: int = 500) -> dict[str, Any]:
    """Figures of one run, or of the folds of one cross-validation together, as JSON values.

    Parameters
    ----------
    folders : sequence of Path
        Runs.
    resamples : int
        Of each bootstrap.

    Raises
    ------
    ValueError
        A run is not finished or held nothing back, or the runs are no folds of one plan and cohort.
    """
    runs = [finished_run(folder) for folder in folders]
    check_folds(runs)
    plan = plan_of(runs[0])
    found: dict[str, Any] = {
        "runs": [run.name for run in runs],
        "plan": plan.name,
        "kind": plan.task.kind,
        "cohort": runs[0].cohort,
        "split": plan.split.name,
        "chosen on": chosen_on(plan),
        "looks": looked(folders),
        "learned from": [len(run.learn) for run in runs],
        "left out": [run.left_out for run in runs],
    }
    if plan.task.kind == "classify":
        judged = judgments(folders)
        found["heads"] = {
            head.output: _head_figures(head, judged[head.output], resamples=resamples) for head in plan.task.heads
        }
    else:
        found |= _mask_summary(mask_rows(folders), resamples=resamples)
    if len(folders) == 1:
        write_json(folders[0] / FIGURES_FILE, found)
    return found


def looked(folders: Sequence[Path]) -> int:
    """How often these held-back items were looked at through these runs, this time counted."""
    times = 0
    for folder in folders:
        path = folder / LOOKS_FILE
        before = json.loads(path.read_text(encoding="utf-8"))["times"] if path.is_file() else 0
        write_json(path, {"times": before + 1})
        times = max(times, before + 1)
    return times


def by_group(
    groups: Sequence[Mapping[str, str]], figure: Callable[[NDArray[np.intp]], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Figures of each subgroup: by name and value, where a name has more than one.

    Parameters
    ----------
    groups : sequence of mapping
        Of each item.
    figure : callable
        From numbers of items, int array (items,), to figures.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in sorted({name for group in groups for name in group}):
        values = np.array([group.get(name, "not known") for group in groups])
        if len(set(values)) > 1:
            found[name] = {value: figure(np.flatnonzero(values == value)) for value in sorted(set(values))}
    return found


def _head_figures(head: Head, judged: Judgment, *, resamples: int) -> dict[str, Any]:
    def figures(answers: Answers) -> dict[str, Any]:
        return class_figures(
            judged.truth, answers.chances, answers.said, judged.patients, head.words, resamples=resamples
        )

    def in_group(chosen: NDArray[np.intp]) -> dict[str, Any]:
        right, patients = (model.said == judged.truth)[chosen], [judged.patients[index] for index in chosen]
        return {
            "items": len(chosen),
            "accuracy": asdict(bootstrap(lambda at: float(right[at].mean()), patients, resamples=resamples)),
        }

    model = judged.answers[MODEL]
    found = {judge: figures(answers) for judge, answers in judged.answers.items()}
    calibration: dict[str, Any] = {"reliability": reliability(judged.truth, model.chances)}
    if judged.tempered is not None:
        calibration["error after temperature scaling"] = calibration_error(judged.truth, judged.tempered)
    return {
        "label": head.label,
        "classes": list(head.words),
        **found.pop(MODEL),
        "null models": found,
        "chosen": list(judged.notes),
        "calibration": calibration,
        "curves": {
            word: roc_points(judged.truth == index, model.chances[:, index]) for index, word in enumerate(head.words)
        },
        "groups": by_group(judged.groups, in_group),
    }


def _mask_summary(rows: Sequence[dict[str, Any]], *, resamples: int) -> dict[str, Any]:
    patients = [row["patient"] or row["item"] for row in rows]

    def figures(what: str) -> dict[str, Any]:
        return {name: _mean(rows, patients, what, name, resamples=resamples) for name in rows[0][what]}

    def in_group(chosen: NDArray[np.intp]) -> dict[str, Any]:
        some = [rows[index] for index in chosen]
        dice = _mean(some, [patients[index] for index in chosen], "found", "Dice", resamples=resamples)
        return {"items": len(some), "Dice": dice}

    return {
        "items": len(rows),
        "patients": len(set(patients)),
        "figures": figures("found"),
        "null models": {words: {"figures": figures(what)} for what, words in MASK_NULLS.items()},
        "each": [{"item": row["item"], "patient": row["patient"], **row["found"]} for row in rows],
        "groups": by_group([row["groups"] for row in rows], in_group),
    }


def _mean(
    rows: Sequence[dict[str, Any]], patients: Sequence[str], what: str, name: str, *, resamples: int
) -> dict[str, float]:
    values = np.array([row[what][name] for row in rows])
    known = np.isfinite(values)
    if not known.any():
        return {"value": float("nan"), "low": float("nan"), "high": float("nan")}
    kept = values[known]
    groups = [patient for patient, there in zip(patients, known, strict=True) if there]
    return asdict(bootstrap(lambda drawn: float(kept[drawn].mean()), groups, resamples=resamples))
