"""``axspa-train train edema``; ``evaluate edema`` and ``joints``."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference.types import BoolArray
from training.commands.folders import write_json
from training.commands.parser import Steps
from training.commands.region import runs_without
from training.data import Dataset, read_index, read_splits
from training.loop.threads import set_threads
from training.sij_mri.runs import EDEMA_FIGURES, EDEMA_FILE, EDEMA_SOURCE


def add_train(networks: Steps) -> None:
    """Add the training."""
    edema = networks.add_parser("edema", help="the edema classifier, by the readers' masks and phantoms")
    edema.add_argument("dataset", type=Path)
    edema.add_argument("--out", type=Path, required=True, help="folder of the runs")
    edema.add_argument("--threads", type=int, default=2)
    edema.set_defaults(run=run_train_edema)


def add_evaluate(networks: Steps) -> None:
    """Add the judging."""
    joints = networks.add_parser("joints", help="the joint surfaces on phantoms, and drawn on every labeled scan")
    joints.add_argument("dataset", type=Path)
    joints.add_argument("--page", type=Path, default=Path("docs/evaluation/joints.md"))
    joints.add_argument("--threads", type=int, default=2)
    joints.set_defaults(run=run_evaluate_joints)
    edema = networks.add_parser("edema", help="each scan by a classifier that its patient has not taught")
    edema.add_argument("dataset", type=Path)
    where = edema.add_mutually_exclusive_group(required=True)
    where.add_argument("--runs", type=Path, help="trainings of the region network that held folds back")
    where.add_argument("--bundle", help="or a bundle, whose region network has seen the scans")
    edema.add_argument("--page", type=Path, default=Path("docs/evaluation/edema.md"))
    edema.add_argument("--threads", type=int, default=2)
    edema.set_defaults(run=run_evaluate_edema)


def run_train_edema(options: argparse.Namespace) -> None:
    """Teach the edema classifier by every scan that has readings."""
    set_threads(options.threads)
    from training.sij_mri.edema.evaluate import taught_by, teaching_voxels
    from training.sij_mri.edema.train import fit_edema_classifier

    dataset = read_index(options.dataset)
    network = fit_edema_classifier(teaching_voxels(dataset))
    options.out.mkdir(parents=True, exist_ok=True)
    network.save(options.out / EDEMA_FILE)
    write_json(options.out / EDEMA_SOURCE, {"taught by": taught_by(dataset)})
    print(options.out / EDEMA_FILE)


def run_evaluate_joints(options: argparse.Namespace) -> None:
    """Measure the joints on phantoms and draw them on every labeled scan."""
    set_threads(options.threads)
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
    set_threads(options.threads)
    from training.sij_mri.edema import evaluate
    from training.sij_mri.edema.page import edema_figures, edema_page, write_page

    dataset = read_index(options.dataset)
    if options.runs is None:
        found, command = _shipped_regions(dataset, options.bundle), f"DATASET --bundle {options.bundle}"
    else:
        folds = read_splits(options.dataset)
        runs = [runs_without(options.runs, number) for number in range(len(folds))]
        heading = "In the region of a network that has not seen the patient"
        found, command = {heading: evaluate.held_back_regions(dataset, folds, runs)}, "DATASET --runs RUNS"
    sections = evaluate.leave_one_out(dataset, {**found, "In the manual region": evaluate.manual_regions(dataset)})
    write_page(options.page, edema_page(sections, command=f"axspa-train evaluate edema {command}"))
    if options.runs is not None:
        figures = {heading: edema_figures([one.score for one in judged]) for heading, judged in sections.items()}
        write_json(options.runs / EDEMA_FIGURES, figures)
    print(options.page)


def _shipped_regions(dataset: Dataset, bundle: str) -> dict[str, dict[str, BoolArray]]:
    """By heading and scan, of the region network of a bundle."""
    from inference.serving import load_bundle
    from inference.sij_mri import SacroiliacMri
    from training.sij_mri.edema.evaluate import shipped_regions

    models: Mapping[str, Any] = load_bundle(bundle, SacroiliacMri()).models
    heading = "In the region of the network that ships, which learned from this scan"
    return {heading: shipped_regions(dataset, models["region"])}
