"""``axspa-train train region`` and ``evaluate region``: the region network by its first recipe."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.commands.folders import begin, options_of, write_json
from training.commands.parser import Steps
from training.data import Dataset, Fold, read_index, read_splits, refuse_leak
from training.loop.threads import set_threads
from training.sij_mri.runs import REGION_FIGURES

REGION_STEPS = 8000
REGION_RATE = 3e-3
LEARNED_FILE = "learned-from.json"


def add_train(networks: Steps) -> None:
    """Add the training."""
    region = networks.add_parser("region", help="the region network")
    region.add_argument("dataset", type=Path)
    region.add_argument("--out", type=Path, required=True, help="folder of the runs")
    region.add_argument(
        "--held-back", default="", help="numbers of the folds to hold back, as 0,2; none: learn from all"
    )
    region.add_argument(
        "--start", default="", help="name of a run to refine, as without-0-2; it labels unlabeled scans"
    )
    region.add_argument("--phantoms", type=Path, help="data set of phantoms to learn from as well")
    region.add_argument("--contrast", default="t1w=0.9,stir=0.1", help="images to learn from, each with its share")
    region.add_argument("--steps", type=int, default=REGION_STEPS)
    region.add_argument("--rate", type=float, default=REGION_RATE, help="largest learning rate")
    region.add_argument("--seed", type=int, default=0)
    region.add_argument("--threads", type=int, default=2)
    region.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    region.add_argument("--resume", action="store_true", help="go on with a training that was cut off")
    region.set_defaults(run=run_train_region)


def add_evaluate(networks: Steps) -> None:
    """Add the judging."""
    region = networks.add_parser("region", help="each scan by the network of the fold that held it back")
    region.add_argument("dataset", type=Path)
    region.add_argument("--runs", type=Path, required=True)
    region.add_argument("--page", type=Path, default=Path("docs/evaluation/region.md"))
    region.add_argument("--threads", type=int, default=2)
    region.set_defaults(run=run_evaluate_region)


def run_train_region(options: argparse.Namespace) -> None:
    """Train the region network on all subjects but those of the folds that are held back."""
    dataset = read_index(options.dataset)
    held_back = fold_numbers(options.held_back)
    folder = options.out / "region" / run_name(held_back, options.seed)
    fold = _fold(dataset, held_back)
    start = _start(options, dataset, fold, held_back)
    begin(folder, options)
    write_json(folder / LEARNED_FILE, {"patients": _patients(dataset, fold.learn)})
    from training.loop.fit import Schedule
    from training.sij_mri.region.train import RegionTraining, train_region

    training = RegionTraining(
        schedule=Schedule(options.steps, peak_rate=options.rate),
        contrasts=_shares(options.contrast),
        seed=options.seed,
        mixed_precision=options.precision == "bfloat16",
    )
    phantoms = read_index(options.phantoms) if options.phantoms else None
    train_region(
        dataset, training, learn=fold.learn, judge=fold.held_back, folder=folder, phantoms=phantoms, start=start
    )


def run_evaluate_region(options: argparse.Namespace) -> None:
    """Judge each scan by the network that has not seen its patient."""
    set_threads(options.threads)
    from training.sij_mri.region.trained import ROLES, trained_regions

    if any(trained_regions(options.runs, role) for role in ROLES):
        _evaluate_trained(options)
    else:
        _evaluate_folds(options)


def _evaluate_trained(options: argparse.Namespace) -> None:
    """The networks that lie ready for a bundle, by those of the same recipe that held patients back."""
    from training.judge import write_figures
    from training.sij_mri.region.evaluate import held_back_figures, judge_held_back, not_judged
    from training.sij_mri.region.page import held_back_page
    from training.sij_mri.region.trained import trained_regions

    dataset, command = read_index(options.dataset), "axspa-train evaluate region DATASET --runs RUNS"
    figures, sections, missing, kept = _earlier(options.runs / REGION_FIGURES), {}, {}, {}
    for role, contrast, heading in (("region", "t1w", "T1-weighted"), ("region_fluid", "stir", "STIR")):
        trained = trained_regions(options.runs, role)
        judged = list(judge_held_back(dataset, trained, contrast=contrast))
        if judged:
            sections[heading] = figures[contrast] = held_back_figures(judged, command=command)
            missing[heading] = not_judged(dataset, trained, contrast=contrast)
        elif contrast in figures:
            kept[heading] = figures[contrast]
    page = held_back_page(sections, missing=missing, kept=kept, command=command)
    options.page.write_text(page, encoding="utf-8")
    write_figures(options.runs / REGION_FIGURES, figures)
    print(options.page)


def _earlier(path: Path) -> dict[str, dict[str, Any]]:
    """Figures of networks that are shipped unchanged; those that are judged now take their place."""
    content: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


def _evaluate_folds(options: argparse.Namespace) -> None:
    """The networks of ``axspa-train train region``."""
    from training.judge import region_figures, region_page, write_figures
    from training.sij_mri.region.train import score_folds

    dataset = read_index(options.dataset)
    folds = read_splits(options.dataset)
    runs = [runs_without(options.runs, number) for number in range(len(folds))]
    for fold, judges in zip(folds, runs, strict=True):
        for run in judges:
            _refuse_seen(run, dataset, fold)
    command = "axspa-train evaluate region DATASET --runs RUNS"
    sections, figures = {}, {}
    for contrast, heading in (("t1w", "T1-weighted"), ("stir", "STIR")):
        scores = score_folds(dataset, folds, runs, contrast=contrast)
        if scores:
            figures[contrast] = region_figures(scores, command=command)
            sections[heading] = figures[contrast]
    note = _region_note(folds, runs)
    options.page.parent.mkdir(parents=True, exist_ok=True)
    options.page.write_text(region_page(sections, note=note), encoding="utf-8")
    write_figures(options.runs / REGION_FIGURES, figures)
    print(options.page)


def fold_numbers(text: str) -> tuple[int, ...]:
    """From ``0,2`` to numbers, sorted.

    Raises
    ------
    ValueError
        A part is no number.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdigit() for part in parts):
        raise ValueError(f"--held-back takes numbers of folds with commas between them, received {text!r}")
    return tuple(sorted({int(part) for part in parts}))


def run_name(held_back: Sequence[int], seed: int) -> str:
    """Name of a training of the region network: ``without-0-2``, or ``all-0`` where nothing is held back."""
    return "-".join(["without", *map(str, held_back)]) if held_back else f"all-{seed}"


def _start(options: argparse.Namespace, dataset: Dataset, fold: Fold, held_back: Sequence[int]) -> Path | None:
    """Folder of the run to refine; it must not have seen a patient who is held back now."""
    if not options.start:
        return None
    folder = Path(options.out / "region" / options.start)
    known = fold_numbers(options_of(folder)["held_back"])
    if not set(held_back) <= set(known):
        raise ValueError(
            f"--start would leak: it must hold back folds {list(held_back)} too, received {options.start}, "
            f"which holds back {list(known)}"
        )
    _refuse_seen(folder, dataset, fold)
    return folder


def _refuse_seen(run: Path, dataset: Dataset, fold: Fold) -> None:
    """Numbers of folds mean nothing once a data set is split again: the patients that a run recorded decide."""
    if (run / LEARNED_FILE).is_file():
        learned = json.loads((run / LEARNED_FILE).read_text(encoding="utf-8"))["patients"]
        refuse_leak(learned, {name: dataset.entry(name).patient for name in fold.held_back}, what=run.name)


def _patients(dataset: Dataset, names: Sequence[str]) -> list[str]:
    return sorted({dataset.entry(name).patient for name in names})


def runs_without(runs: Path, fold: int) -> list[Path]:
    """Every training that held a fold back.

    Raises
    ------
    ValueError
        None did.
    """
    folders = [path.parent for path in sorted((runs / "region").glob("without-*/state.json"))]
    found = [folder for folder in folders if fold in fold_numbers(options_of(folder)["held_back"])]
    if not found:
        raise ValueError(f"no region network was trained without fold {fold}, received runs in {runs}")
    return found


def _fold(dataset: Dataset, held_back: Sequence[int]) -> Fold:
    """Several folds as one."""
    if not held_back:
        return Fold(dataset.labeled(), ())
    folds = read_splits(dataset.folder)
    if max(held_back) >= len(folds):
        raise ValueError(f"--held-back must name folds from 0 to {len(folds) - 1}, received {list(held_back)}")
    names = {name for number in held_back for name in folds[number].held_back}
    learn = [name for name in dataset.labeled() if name not in names]
    return Fold(tuple(learn), tuple(sorted(names)))


def _shares(text: str) -> tuple[tuple[str, float], ...]:
    """From ``t1w=0.9,stir=0.1`` to pairs; a name alone has the share 1."""
    pairs: list[tuple[str, float]] = []
    for part in text.split(","):
        name, _, share = part.strip().partition("=")
        pairs.append((name, float(share or 1.0)))
    return tuple(pairs)


def _run_words(run: Path) -> str:
    step = json.loads((run / "state.json").read_text(encoding="utf-8"))["step"]
    return f"{run.name} ({step} batches)"


def _region_note(folds: Sequence[Fold], runs: Sequence[Sequence[Path]]) -> str:
    names = "; ".join(f"fold {number}: {', '.join(map(_run_words, paths))}" for number, paths in enumerate(runs))
    return (
        f"Each scan was judged by networks that have not seen its patient ({len(folds)} folds; {names}; averaged where "
        "there are several), over the image and its mirror image, at the threshold 0.5. 2D Dice is the mean over the "
        "slices that hold manual region. Data: Hepburn et al., github.com/c-hepburn/Bone_MRI."
    )
