"""``axspa-train train stage``; ``evaluate stage``, ``heatmaps`` and ``conclusion``."""

import argparse
from pathlib import Path

from training.commands.folders import begin
from training.commands.parser import Steps
from training.data import read_index
from training.loop.threads import set_threads


def add_train(networks: Steps) -> None:
    """Add the training."""
    stage = networks.add_parser("stage", help="the stage network")
    stage.add_argument("simulated", type=Path, help="folder made by the step simulate")
    stage.add_argument("--out", type=Path, required=True, help="folder of the runs")
    stage.add_argument("--seed", type=int, default=0)
    stage.add_argument("--threads", type=int, default=2)
    stage.add_argument("--resume", action="store_true")
    stage.set_defaults(run=run_train_stage)


def add_evaluate(networks: Steps) -> None:
    """Add the judging."""
    stage = networks.add_parser("stage", help="the stage network on held-back simulated patients")
    stage.add_argument("simulated", type=Path)
    stage.add_argument("--runs", type=Path, required=True)
    stage.add_argument("--dataset", type=Path, help="real scans, to show what the network says of them as they are")
    stage.add_argument("--page", type=Path, default=Path("docs/evaluation/stage.md"))
    stage.add_argument("--threads", type=int, default=2)
    stage.set_defaults(run=run_evaluate_stage)
    heatmaps = networks.add_parser("heatmaps", help="heat maps beside the edema that readers marked, and their scale")
    heatmaps.add_argument("dataset", type=Path)
    heatmaps.add_argument("--bundle", default="sij-1")
    heatmaps.add_argument("--page", type=Path, default=Path("docs/evaluation/heatmaps.md"))
    heatmaps.add_argument("--threads", type=int, default=2)
    heatmaps.set_defaults(run=run_evaluate_heatmaps)
    conclusion = networks.add_parser("conclusion", help="rule and network joined, by the node's path")
    conclusion.add_argument("dataset", type=Path, help="real scans, as they are and as anatomies of simulated patients")
    conclusion.add_argument("--bundle", default="sij-1")
    conclusion.add_argument("--share", type=float, default=1.0, help="of the simulated patients; below 1 for a trial")
    conclusion.add_argument("--page", type=Path, default=Path("docs/evaluation/conclusion.md"))
    conclusion.add_argument(
        "--answers", type=Path, required=True, help="file of answers; what is in it is not read again"
    )
    conclusion.add_argument("--workers", type=int, default=2, help="processes, of one thread each")
    conclusion.set_defaults(run=run_evaluate_conclusion)


def run_train_stage(options: argparse.Namespace) -> None:
    """Train the stage network and fit the rule from slices to study."""
    from training.sij_mri.stage import train as stage

    folder = options.out / stage.TRAIN_FOLDER
    begin(folder, options)
    stage.train_stage(options.simulated, folder, stage.StageTraining(seed=options.seed))
    stage.finish(options.simulated, options.out)


def run_evaluate_stage(options: argparse.Namespace) -> None:
    """Judge the stage network on held-back simulated patients."""
    set_threads(options.threads)
    from training.sij_mri.stage.evaluate import evaluate_stage

    evaluate_stage(options.simulated, options.runs, options.page, dataset=options.dataset)


def run_evaluate_heatmaps(options: argparse.Namespace) -> None:
    """Measure how strong heat is on simulated patients, and how it lies on the edema that readers marked."""
    set_threads(options.threads)
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


def run_evaluate_conclusion(options: argparse.Namespace) -> None:
    """Judge the conclusion of rule and network on held-back simulated patients, and show it on real scans."""
    set_threads(1)
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
