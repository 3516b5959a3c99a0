"""Every fold of a plan's split, a run each."""

from collections.abc import Mapping
from pathlib import Path

import keras

from training.data import open_cohort
from training.runs.folder import RUN_FILE, Run, plan_and_text
from training.runs.predictions import Reader
from training.runs.train import train


def crossvalidate(
    plan_file: Path,
    cohort_folder: Path,
    out: Path,
    *,
    resume: bool = False,
    threads: int = 1,
    readers: Mapping[str, Reader] | None = None,
) -> list[Path]:
    """Train every fold, or go on with those that are not finished.

    Parameters
    ----------
    plan_file, cohort_folder : Path
    out : Path
        Folder of the runs, ``fold0`` and so on.
    resume : bool
    threads : int
    readers : mapping of str to callable, optional
        As of :func:`training.runs.train.train`: masks are bool (slices, rows, columns).

    Returns
    -------
    list of Path
        The runs.

    Raises
    ------
    ValueError
        The cohort lacks the split, or a fold cannot be trained.
    """
    plan, _ = plan_and_text(plan_file)
    folds = open_cohort(cohort_folder).splits.get(plan.split.name, ())
    if not folds:
        raise ValueError(f"the cohort has no split {plan.split.name!r}: axspa-train split makes one")
    folders = [out / f"fold{number}" for number in range(len(folds))]
    there = [folder for folder in folders if (folder / RUN_FILE).is_file()]
    if there and not resume:
        raise ValueError(f"{there[0]} holds a run already; give --resume to go on, or another --out")
    for number, folder in enumerate(folders):
        keras.utils.clear_session()
        run: Run = train(plan_file, cohort_folder, folder, fold=number, resume=resume, threads=threads, readers=readers)
        print(f"fold {number}: {run.state} after {run.epochs} epochs", flush=True)
    return folders
