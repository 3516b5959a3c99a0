"""``axspa-train``: from labeled images to the bundle that ships. Every step can be repeated."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from config.errors import AxspaError
from training import commands
from training.phantom import command as phantom_command


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(prog="axspa-train", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    _add_import(steps)
    _add_split(steps)
    _add_simulate(steps)
    _add_train(steps)
    _add_evaluate(steps)
    _add_export(steps)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step; 0 when it is done, 2 when it cannot be."""
    options = build_parser().parse_args(arguments)
    try:
        options.run(options)
    except (AxspaError, OSError, ValueError) as error:
        print(f"axspa-train: {error}", file=sys.stderr)
        return 2
    return 0


def _add_import(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = steps.add_parser("import", help="make a data set of NIfTI files or DICOM studies")
    parser.add_argument("source", type=Path, help="folder with t1w/, stir/, region/ ... or with DICOM files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    parser.set_defaults(run=commands.run_import)


def _add_split(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = steps.add_parser("split", help="deal the patients of a data set to folds")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--folds", type=int, default=4)
    parser.set_defaults(run=commands.run_split)


def _add_simulate(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    what = steps.add_parser("simulate", help="make phantoms, or the simulated patients of the stage network")
    kinds = what.add_subparsers(dest="what", required=True)
    many = kinds.add_parser("phantoms", help="a data set of phantoms for the region network")
    many.add_argument("--count", type=int, default=commands.PHANTOMS, help="number of phantoms")
    patients = kinds.add_parser("patients", help="simulated patients for the stage network")
    patients.add_argument("--dataset", type=Path, help="data set whose real anatomies are used beside the phantoms")
    for parser in (many, patients):
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--seed", type=int, default=0)
        parser.set_defaults(run=commands.run_simulate)
    single = kinds.add_parser("phantom", help="single phantoms: arrays with their truth, DICOM studies, pictures")
    phantom_command.add_arguments(single)
    single.set_defaults(run=phantom_command.run)


def _add_train(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    networks = steps.add_parser("train", help="train a network").add_subparsers(dest="network", required=True)
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
    region.add_argument("--steps", type=int, default=commands.REGION_STEPS)
    region.add_argument("--rate", type=float, default=commands.REGION_RATE, help="largest learning rate")
    region.add_argument("--seed", type=int, default=0)
    region.add_argument("--threads", type=int, default=2)
    region.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    region.add_argument("--resume", action="store_true", help="go on with a training that was cut off")
    region.set_defaults(run=commands.run_train_region)
    stage = networks.add_parser("stage", help="the stage network")
    stage.add_argument("simulated", type=Path, help="folder made by the step simulate")
    stage.add_argument("--out", type=Path, required=True, help="folder of the runs")
    stage.add_argument("--seed", type=int, default=0)
    stage.add_argument("--threads", type=int, default=2)
    stage.add_argument("--resume", action="store_true")
    stage.set_defaults(run=commands.run_train_stage)
    edema = networks.add_parser("edema", help="the edema classifier, by the readers' masks and phantoms")
    edema.add_argument("dataset", type=Path)
    edema.add_argument("--out", type=Path, required=True, help="folder of the runs")
    edema.add_argument("--threads", type=int, default=2)
    edema.set_defaults(run=commands.run_train_edema)


def _add_evaluate(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    networks = steps.add_parser("evaluate", help="judge a network on what it has not seen")
    which = networks.add_subparsers(dest="network", required=True)
    region = which.add_parser("region", help="each scan by the network of the fold that held it back")
    region.add_argument("dataset", type=Path)
    region.add_argument("--runs", type=Path, required=True)
    region.add_argument("--page", type=Path, default=Path("docs/evaluation/region.md"))
    region.add_argument("--threads", type=int, default=2)
    region.set_defaults(run=commands.run_evaluate_region)
    stage = which.add_parser("stage", help="the stage network on held-back simulated patients")
    stage.add_argument("simulated", type=Path)
    stage.add_argument("--runs", type=Path, required=True)
    stage.add_argument("--dataset", type=Path, help="real scans, to show what the network says of them as they are")
    stage.add_argument("--page", type=Path, default=Path("docs/evaluation/stage.md"))
    stage.add_argument("--threads", type=int, default=2)
    stage.set_defaults(run=commands.run_evaluate_stage)
    joints = which.add_parser("joints", help="the joint surfaces on phantoms, and drawn on every labeled scan")
    joints.add_argument("dataset", type=Path)
    joints.add_argument("--page", type=Path, default=Path("docs/evaluation/joints.md"))
    joints.add_argument("--threads", type=int, default=2)
    joints.set_defaults(run=commands.run_evaluate_joints)
    edema = which.add_parser("edema", help="each scan by a classifier that its patient has not taught")
    edema.add_argument("dataset", type=Path)
    where = edema.add_mutually_exclusive_group(required=True)
    where.add_argument("--runs", type=Path, help="trainings of the region network that held folds back")
    where.add_argument("--bundle", help="or a bundle, whose region network has seen the scans")
    edema.add_argument("--page", type=Path, default=Path("docs/evaluation/edema.md"))
    edema.add_argument("--threads", type=int, default=2)
    edema.set_defaults(run=commands.run_evaluate_edema)
    heatmaps = which.add_parser("heatmaps", help="heat maps beside the edema that readers marked, and their scale")
    heatmaps.add_argument("dataset", type=Path)
    heatmaps.add_argument("--bundle", default="sij-1")
    heatmaps.add_argument("--page", type=Path, default=Path("docs/evaluation/heatmaps.md"))
    heatmaps.add_argument("--threads", type=int, default=2)
    heatmaps.set_defaults(run=commands.run_evaluate_heatmaps)
    conclusion = which.add_parser("conclusion", help="rule and network joined, by the node's path")
    conclusion.add_argument("dataset", type=Path, help="real scans, as they are and as anatomies of simulated patients")
    conclusion.add_argument("--bundle", default="sij-1")
    conclusion.add_argument("--share", type=float, default=1.0, help="of the simulated patients; below 1 for a trial")
    conclusion.add_argument("--page", type=Path, default=Path("docs/evaluation/conclusion.md"))
    conclusion.add_argument(
        "--answers", type=Path, required=True, help="file of answers; what is in it is not read again"
    )
    conclusion.add_argument("--workers", type=int, default=2, help="processes, of one thread each")
    conclusion.set_defaults(run=commands.run_evaluate_conclusion)


def _add_export(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = steps.add_parser("export", help="make a bundle of trained networks")
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle; its name is the bundle's")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--threads", type=int, default=2)
    parser.set_defaults(run=commands.run_export)


if __name__ == "__main__":
    sys.exit(main())
