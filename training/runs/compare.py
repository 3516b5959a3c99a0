"""Runs side by side: their figures, and tests on the items that all of them held back."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from training.judge.intervals import paired
from training.judge.pairs import delong, mcnemar
from training.runs.evaluate import evaluate
from training.runs.folder import finished_runs, plan_of
from training.runs.judgments import MODEL, Judgment, judgments, mask_rows


def compare(folders: Sequence[Path], *, resamples: int = 500) -> dict[str, Any]:
    """Set runs side by side.

    Parameters
    ----------
    folders : sequence of Path
        Two or more.
    resamples : int
        Of each bootstrap.

    Returns
    -------
    dict
        ``runs`` (:func:`training.runs.evaluate.evaluate` of each) and ``pairs`` (:func:`pairs`).

    Raises
    ------
    ValueError
        There are fewer than two, one is not finished, or they are of several kinds.
    """
    if len(folders) < 2:
        raise ValueError(f"compare needs two runs or more, received {len(folders)}")
    found = pairs(folders)
    return {"runs": [evaluate([folder], resamples=resamples) for folder in folders], "pairs": found}


def pairs(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Each run after the first, set against it on the items that both held back.

    Raises
    ------
    ValueError
        A run is not finished, or they are of several kinds.
    """
    runs = finished_runs(folders)
    kinds = {plan_of(run).task.kind for run in runs}
    if len(kinds) > 1:
        raise ValueError(f"compare needs runs of one kind, received {' and '.join(sorted(kinds))}")
    how = _masks if kinds == {"segment"} else _classes
    return [
        {"first": runs[0].name, "second": run.name, **how(folders[0], folder)}
        for run, folder in zip(runs[1:], folders[1:], strict=True)
    ]


def _masks(first: Path, second: Path) -> dict[str, Any]:
    rows = [{row["item"]: row for row in mask_rows([folder])} for folder in (first, second)]
    both = [name for name in rows[0] if name in rows[1]]
    if not both:
        return {"items": 0}
    values = [[one[name]["found"]["Dice"] for name in both] for one in rows]
    patients = [rows[0][name]["patient"] or name for name in both]
    return {"items": len(both), "difference of Dice": asdict(paired(values[0], values[1], patients))}


def _classes(first: Path, second: Path) -> dict[str, Any]:
    heads = [judgments([folder]) for folder in (first, second)]
    return {"heads": {output: _head(heads[0][output], heads[1][output]) for output in heads[0] if output in heads[1]}}


def _head(first: Judgment, second: Judgment) -> dict[str, Any]:
    places = [[one.names.index(name) for name in first.names if name in second.names] for one in (first, second)]
    if not places[0]:
        return {"items": 0}
    truth = first.truth[places[0]]
    answers = [one.answers[MODEL] for one in (first, second)]
    right = [answer.said[place] == truth for answer, place in zip(answers, places, strict=True)]
    patients = [first.patients[index] for index in places[0]]
    found: dict[str, Any] = {
        "items": len(truth),
        "difference of accuracy": asdict(paired(right[0].astype(float), right[1].astype(float), patients)),
        "McNemar p": mcnemar(*right),
    }
    chances = [answer.chances[place] for answer, place in zip(answers, places, strict=True)]
    if chances[0].shape[1] == 2 and min(np.bincount(truth, minlength=2)) >= 2:
        found["DeLong"] = asdict(delong(truth == 1, chances[0][:, 1], chances[1][:, 1]))
    return found
