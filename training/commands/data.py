"""``axspa-train simulate``: phantoms and simulated patients to learn from."""

import argparse
from pathlib import Path

from training.commands.parser import Steps
from training.data import INDEX_FILE
from training.phantom import command as phantom_command

PHANTOMS = 12


def add_parser(steps: Steps) -> None:
    """Add the steps."""
    _add_simulate(steps)


def run_simulate(options: argparse.Namespace) -> None:
    """Make phantoms for the region network, or the patients that the stage network learns from."""
    if options.what == "phantoms":
        from training.sij_mri.region.phantoms import FIRST_SEED, write_phantoms

        made = write_phantoms(options.out, options.count, first_seed=FIRST_SEED + options.seed)
        print(f"{len(made.entries)} phantoms: {options.out / INDEX_FILE}")
        return
    from training.sij_mri.stage.train import simulate_patients

    simulate_patients(options.out, dataset=options.dataset, seed=options.seed)


def _add_simulate(steps: Steps) -> None:
    what = steps.add_parser("simulate", help="make phantoms, or the simulated patients of the stage network")
    kinds = what.add_subparsers(dest="what", required=True)
    many = kinds.add_parser("phantoms", help="a data set of phantoms for the region network")
    many.add_argument("--count", type=int, default=PHANTOMS, help="number of phantoms")
    patients = kinds.add_parser("patients", help="simulated patients for the stage network")
    patients.add_argument("--dataset", type=Path, help="data set whose real anatomies are used beside the phantoms")
    for parser in (many, patients):
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--seed", type=int, default=0)
        parser.set_defaults(run=run_simulate)
    single = kinds.add_parser("phantom", help="single phantoms: arrays with their truth, DICOM studies, pictures")
    phantom_command.add_arguments(single)
    single.set_defaults(run=phantom_command.run)
