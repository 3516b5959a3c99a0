"""What each step of ``axspa-train`` does."""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inference.types import BoolArray
from training.data import INDEX_FILE, Dataset, Fold, read_index, read_splits, split_labeled, write_splits
from training.sij_mri.runs import EDEMA_FIGURES, EDEMA_FILE, EDEMA_SOURCE, REGION_FIGURES

REGION_STEPS = 8000
REGION_RATE = 3e-3
OPTIONS_FILE = "options.json"
PHANTOMS = 12


def run_import(options: argparse.Namespace) -> None:
    """Make a data set; NIfTI where the source holds ``t1w``, else DICOM."""
    if (options.source / "t1w").is_dir():
        from training.sij_mri.importing.nifti import import_nifti

        dataset = import_nifti(options.source, options.out)
    else:
        from training.sij_mri.importing.dicom import import_dicom

        dataset = import_dicom(options.source, options.out)
    print(
        f"{len(dataset.entries)} subjects, {len(dataset.labeled())} of them with a region: {options.out / INDEX_FILE}"
    )


def run_split(options: argparse.Namespace) -> None:
    """Deal patients to folds."""
    folds = split_labeled(read_index(options.dataset), options.folds)
    path = write_splits(options.dataset, folds)
    print("\n".join(f"fold {number}: holds back {', '.join(fold.held_back)}" for number, fold in enumerate(folds)))
    print(path)


def run_simulate(options: argparse.Namespace) -> None:
    """Make phantoms for the region network, or the patients that the stage network learns from."""
    if options.what == "phantoms":
        from training.sij_mri.region.phantoms import write_phantoms

        made = write_phantoms(options.out, options.count)
        print(f"{len(made.entries)} phantoms: {options.out / INDEX_FILE}")
        return
    from training.sij_mri.stage.train import simulate_patients

    simulate_patients(options.out, dataset=options.dataset, seed=options.seed)


def run_train_region(options: argparse.Namespace) -> None:
    """Train the region network on all subjects but those of the folds that are held back."""
    dataset = read_index(options.dataset)
    held_back = fold_numbers(options.held_back)
    folder = options.out / "region" / run_name(held_back, options.seed)
    start = _start(options, held_back)
    _begin(folder, options)
    from training.loop.fit import Schedule
    from training.sij_mri.region.train import RegionTraining, train_region

    fold = _fold(dataset, held_back)
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


def run_train_stage(options: argparse.Namespace) -> None:
    """Train the stage network and fit the rule from slices to study."""
    from training.sij_mri.stage import train as stage

    folder = options.out / stage.TRAIN_FOLDER
    _begin(folder, options)
    stage.train_stage(options.simulated, folder, stage.StageTraining(seed=options.seed))
    stage.finish(options.simulated, options.out)


def run_evaluate_region(options: argparse.Namespace) -> None:
    """Judge each scan by the network that has not seen its patient."""
    _set_threads(options.threads)
    from training.judge import region_figures, region_page, write_figures
    from training.sij_mri.region.train import score_folds

    dataset = read_index(options.dataset)
    folds = read_splits(options.dataset)
    runs = [_runs_without(options.runs, number) for number in range(len(folds))]
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


def run_evaluate_stage(options: argparse.Namespace) -> None:
    """Judge the stage network on held-back simulated patients."""
    _set_threads(options.threads)
    from training.sij_mri.stage.evaluate import evaluate_stage

    evaluate_stage(options.simulated, options.runs, options.page, dataset=options.dataset)


def run_evaluate_joints(options: argparse.Namespace) -> None:
    """Measure the joints on phantoms and draw them on every labeled scan."""
    _set_threads(options.threads)
    from training.sij_mri.joints.evaluate import SEEDS, contact_sheet, joints_page, score_phantom, write_sheet

    dataset = read_index(options.dataset)
    scores = [score for seed in SEEDS for score in score_phantom(seed)]
    names, sheet = dataset.labeled(), options.page.with_name("joints.jpg")
    write_sheet(sheet, contact_sheet(dataset, names))
    page = joints_page(scores, command="axspa-train evaluate joints DATASET", sheet=sheet.name, subjects=names)
    options.page.write_text(page, encoding="utf-8")
    print(options.page)


def run_evaluate_edema(options: argparse.Namespace) -> None:
    """Judge the edema of each scan by a classifier that its patient has not taught."""
    _set_threads(options.threads)
    from training.sij_mri.edema import evaluate
    from training.sij_mri.edema.page import edema_figures, edema_page, write_page

    dataset = read_index(options.dataset)
    if options.runs is None:
        found, command = _shipped_regions(dataset, options.bundle), f"DATASET --bundle {options.bundle}"
    else:
        folds = read_splits(options.dataset)
        runs = [_runs_without(options.runs, number) for number in range(len(folds))]
        heading = "In the region of a network that has not seen the patient"
        found, command = {heading: evaluate.held_back_regions(dataset, folds, runs)}, "DATASET --runs RUNS"
    sections = evaluate.leave_one_out(dataset, {**found, "In the manual region": evaluate.manual_regions(dataset)})
    write_page(options.page, edema_page(sections, command=f"axspa-train evaluate edema {command}"))
    if options.runs is not None:
        figures = {heading: edema_figures([one.score for one in judged]) for heading, judged in sections.items()}
        _write_json(options.runs / EDEMA_FIGURES, figures)
    print(options.page)


def _shipped_regions(dataset: Dataset, bundle: str) -> dict[str, dict[str, BoolArray]]:
    """By heading and scan, of the region network of a bundle."""
    from inference.serving import load_bundle
    from inference.sij_mri import SacroiliacMri
    from training.sij_mri.edema.evaluate import shipped_regions

    models: Mapping[str, Any] = load_bundle(bundle, SacroiliacMri()).models
    heading = "In the region of the network that ships, which learned from this scan"
    return {heading: shipped_regions(dataset, models["region"])}


def run_evaluate_conclusion(options: argparse.Namespace) -> None:
    """Judge the conclusion of rule and network on held-back simulated patients, and show it on real scans."""
    _set_threads(1)
    from inference.serving import verify_bundle
    from inference.sij_mri import SacroiliacMri
    from training.sij_mri.conclusion.evaluate import Judged, ReadScan, answer_all, tasks
    from training.sij_mri.conclusion.kept import KeptAnswers
    from training.sij_mri.conclusion.page import conclusion_page
    from training.sij_mri.stage.plan import held_back_plans

    real = read_index(options.dataset)
    wanted = tasks(real, held_back_plans(real, share=options.share))
    digest = verify_bundle(options.bundle).identity.digest
    kept = KeptAnswers(options.answers, made_by=f"{options.bundle} {digest}, sij_mri {SacroiliacMri.version}")
    missing = {name: task for name, task in wanted.items() if kept.of(name) is None}
    given = answer_all(list(missing.values()), options.dataset, options.bundle, workers=options.workers)
    for name, answers in zip(missing, given, strict=True):
        kept.keep(name, answers)
        print(f"{name}: {', '.join(one.axspa for one in answers)}", flush=True)
    read = [one for name in wanted for one in kept.of(name) or ()]
    judged, scans = [one for one in read if isinstance(one, Judged)], [one for one in read if isinstance(one, ReadScan)]
    page = conclusion_page(judged, scans, command=f"axspa-train evaluate conclusion DATASET --share {options.share:g}")
    options.page.parent.mkdir(parents=True, exist_ok=True)
    options.page.write_text(page, encoding="utf-8")
    print(options.page)


def run_evaluate_heatmaps(options: argparse.Namespace) -> None:
    """Measure how strong heat is on simulated patients, and how it lies on the edema that readers marked."""
    _set_threads(options.threads)
    from inference.serving import load_bundle
    from inference.sij_mri import SacroiliacMri
    from training.sij_mri.heat.evaluate import scale_plans, score_scans, strengths
    from training.sij_mri.heat.page import heat_page

    models = load_bundle(options.bundle, SacroiliacMri()).models
    scores = list(score_scans(read_index(options.dataset), models))
    command = f"axspa-train evaluate heatmaps DATASET --bundle {options.bundle}"
    page = heat_page(list(strengths(scale_plans(), models)), scores, command=command)
    options.page.parent.mkdir(parents=True, exist_ok=True)
    options.page.write_text(page, encoding="utf-8")
    print(options.page)


def run_train_edema(options: argparse.Namespace) -> None:
    """Teach the edema classifier by every scan that has readings."""
    _set_threads(options.threads)
    from training.sij_mri.edema.evaluate import taught_by, teaching_voxels
    from training.sij_mri.edema.train import fit_edema_classifier

    dataset = read_index(options.dataset)
    network = fit_edema_classifier(teaching_voxels(dataset))
    options.out.mkdir(parents=True, exist_ok=True)
    network.save(options.out / EDEMA_FILE)
    _write_json(options.out / EDEMA_SOURCE, {"taught by": taught_by(dataset)})
    print(options.out / EDEMA_FILE)


def run_export(options: argparse.Namespace) -> None:
    """Make the bundle of what lies in the runs."""
    _set_threads(options.threads)
    from training.sij_mri.bundle.assemble import assemble

    manifest = assemble(options.runs, options.out, version=options.version)
    print(f"{manifest.identity.name} {manifest.identity.version}: {manifest.identity.digest}")


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


def _start(options: argparse.Namespace, held_back: Sequence[int]) -> Path | None:
    """Folder of the run to refine; it must not have seen what is held back now."""
    if not options.start:
        return None
    folder = Path(options.out / "region" / options.start)
    known = fold_numbers(_options_of(folder)["held_back"])
    if not set(held_back) <= set(known):
        raise ValueError(
            f"--start would leak: it must hold back folds {list(held_back)} too, received {options.start}, "
            f"which holds back {list(known)}"
        )
    return folder


def _runs_without(runs: Path, fold: int) -> list[Path]:
    """Every training that held a fold back."""
    folders = [path.parent for path in sorted((runs / "region").glob("without-*/state.json"))]
    found = [folder for folder in folders if fold in fold_numbers(_options_of(folder)["held_back"])]
    if not found:
        raise ValueError(f"no region network was trained without fold {fold}, received runs in {runs}")
    return found


def _options_of(folder: Path) -> dict[str, str]:
    values: dict[str, str] = json.loads((folder / OPTIONS_FILE).read_text(encoding="utf-8"))
    return values


def _begin(folder: Path, options: argparse.Namespace) -> None:
    from_before = (folder / "state.json").is_file()
    if from_before and not options.resume:
        raise ValueError(f"{folder} holds a training already; give --resume to go on with it, or another --out")
    folder.mkdir(parents=True, exist_ok=True)
    _set_threads(options.threads)
    _write_json(folder / OPTIONS_FILE, {key: str(value) for key, value in vars(options).items() if key != "run"})


def _write_json(path: Path, values: Mapping[str, object]) -> None:
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _set_threads(threads: int) -> None:
    """Limit every library to this many cores; works only before TensorFlow is imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import cv2

    cv2.setNumThreads(1)
    from training.loop.fit import set_threads

    set_threads(threads)


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
