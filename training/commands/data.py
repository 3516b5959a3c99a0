"""``axspa-train import``, ``split`` and ``simulate``: the data that is learned from."""

import argparse
from pathlib import Path

from training.commands.parser import Steps
from training.data import INDEX_FILE, read_index, split_labeled, write_splits
from training.phantom import command as phantom_command

PHANTOMS = 12


def add_parser(steps: Steps) -> None:
    """Add the steps."""
    _add_import(steps)
    _add_split(steps)
    _add_simulate(steps)


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
        from training.sij_mri.region.phantoms import FIRST_SEED, write_phantoms

        made = write_phantoms(options.out, options.count, first_seed=FIRST_SEED + options.seed)
        print(f"{len(made.entries)} phantoms: {options.out / INDEX_FILE}")
        return
    from training.sij_mri.stage.train import simulate_patients

    simulate_patients(options.out, dataset=options.dataset, seed=options.seed)


def _add_import(steps: Steps) -> None:
    parser = steps.add_parser("import", help="make a data set of NIfTI files or DICOM studies")
    parser.add_argument("source", type=Path, help="folder with t1w/, stir/, region/ ... or with DICOM files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    parser.set_defaults(run=run_import)


def _add_split(steps: Steps) -> None:
    parser = steps.add_parser("split", help="deal the patients of a data set to folds")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--folds", type=int, default=4)
    parser.set_defaults(run=run_split)


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
