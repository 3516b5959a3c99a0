"""``axspa-train train edema`` and ``edema-network``; ``evaluate edema`` and ``joints``."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference.sij_mri.edema import EdemaNetwork
from inference.types import BoolArray
from training.commands.folders import write_json
from training.commands.parser import Steps
from training.commands.region import runs_without
from training.data import Dataset, read_index, read_splits
from training.loop.threads import set_threads
from training.sij_mri.runs import EDEMA_FIGURES, EDEMA_FILE, EDEMA_SOURCE

NETWORK_STEPS = 320


def add_train(networks: Steps) -> None:
    """Add the training."""
    edema = networks.add_parser("edema", help="the edema classifier, by the readers' masks and phantoms")
    edema.add_argument("dataset", type=Path)
    edema.add_argument("--out", type=Path, required=True, help="folder of the runs")
    edema.add_argument("--threads", type=int, default=2)
    edema.set_defaults(run=run_train_edema)
    network = networks.add_parser("edema-network", help="the edema network beside it; goes on with what it finds")
    network.add_argument("dataset", type=Path)
    network.add_argument("--out", type=Path, required=True, help="folder of the runs")
    network.add_argument("--without", default="", help="the patient who is held back; without it none")
    network.add_argument("--steps", type=int, default=NETWORK_STEPS)
    network.add_argument("--seed", type=int, default=1)
    network.add_argument("--threads", type=int, default=1)
    network.set_defaults(run=run_train_edema_network)


def add_evaluate(networks: Steps) -> None:
    """Add the judging."""
    joints = networks.add_parser("joints", help="the joint surfaces on phantoms, and drawn on every labeled scan")
    joints.add_argument("dataset", type=Path)
    joints.add_argument("--page", type=Path, default=Path("docs/evaluation/joints.md"))
    joints.add_argument("--threads", type=int, default=2)
    joints.set_defaults(run=run_evaluate_joints)
    edema = networks.add_parser(
        "edema", help="each scan by what its patient has not taught, in manual regions and others"
    )
    edema.add_argument("dataset", type=Path)
    where = edema.add_mutually_exclusive_group()
    where.add_argument("--runs", type=Path, help="trainings of the region network that held folds back")
    where.add_argument("--bundle", help="or a bundle, whose region network has seen the scans")
    edema.add_argument("--networks", type=Path, help="folder of the runs of the edema network, each without a patient")
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


def run_train_edema_network(options: argparse.Namespace) -> None:
    """Train the edema network on every scan that has readings, but those of one patient."""
    set_threads(options.threads)
    from training.sij_mri.edema.evaluate import READINGS, labeled_scans
    from training.sij_mri.edema.network import EdemaTraining, network_run, train_edema_network, usual_schedule

    dataset = read_index(options.dataset)
    learn, folder = network_run(dataset, labeled_scans(dataset), options.out, without=options.without)
    training = EdemaTraining(schedule=usual_schedule(options.steps), seed=options.seed)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "options.json", {"learn": learn, "held_back": options.without, "seed": options.seed})
    train_edema_network(dataset, training, learn=learn, readings=READINGS, folder=folder)
    print(folder)


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
    if options.bundle is not None:
        found, command = _shipped_regions(dataset, options.bundle), f"DATASET --bundle {options.bundle}"
    elif options.runs is None:
        found, command = {}, "DATASET"
    else:
        folds = read_splits(options.dataset)
        runs = [runs_without(options.runs, number) for number in range(len(folds))]
        heading = "In the region of a network that has not seen the patient"
        found, command = {heading: evaluate.held_back_regions(dataset, folds, runs)}, "DATASET --runs RUNS"
    networks = _networks_without(dataset, options.networks)
    regions = {**found, "In the manual region": evaluate.manual_regions(dataset)}
    sections = evaluate.leave_one_out(dataset, regions, networks)
    command += " --networks RUNS" if networks else ""
    page = edema_page(sections, command=f"axspa-train evaluate edema {command}", network=bool(networks))
    write_page(options.page, page)
    if options.runs is not None:
        figures = {heading: edema_figures([one.score for one in judged]) for heading, judged in sections.items()}
        write_json(options.runs / EDEMA_FIGURES, figures)
    print(options.page)


def _networks_without(dataset: Dataset, runs: Path | None) -> dict[str, EdemaNetwork]:
    """By patient, the edema network that has not seen the patient."""
    if runs is None:
        return {}
    from training.sij_mri.edema.evaluate import labeled_scans
    from training.sij_mri.edema.network import network_run, trained_edema_network

    scans = labeled_scans(dataset)
    patients = {entry.patient for entry in dataset.entries if entry.subject in scans}
    return {
        patient: trained_edema_network([network_run(dataset, scans, runs, without=patient)[1]]) for patient in patients
    }


def _shipped_regions(dataset: Dataset, bundle: str) -> dict[str, dict[str, BoolArray]]:
    """By heading and scan, of the region network of a bundle."""
    from inference.serving import load_bundle
    from inference.sij_mri import SacroiliacMri
    from training.sij_mri.edema.evaluate import shipped_regions

    models: Mapping[str, Any] = load_bundle(bundle, SacroiliacMri()).models
    heading = "In the region of the network that ships, which learned from this scan"
    return {heading: shipped_regions(dataset, models["region"])}
