"""``axspa-train export``: from trainings to a bundle."""

import argparse
from pathlib import Path

from training.commands.parser import Steps
from training.loop.threads import set_threads


def add_parser(steps: Steps) -> None:
    """Add the step."""
    parser = steps.add_parser("export", help="make a bundle of trained networks, or take networks out of finished runs")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("folders", type=Path, nargs="*", default=[], metavar="RUN", help="finished runs by plans")
    which.add_argument("--runs", type=Path, help="or the folder of the first trainings, for the bundle that ships")
    parser.add_argument("--out", type=Path, required=True, help="new folder, or that of the bundle, named like it")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument(
        "--cohort",
        type=Path,
        action="append",
        default=[],
        help="what the networks learned from, for card and manifest; may be given more than once",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.set_defaults(run=run_export)


def run_export(options: argparse.Namespace) -> None:
    """Make the bundle of what lies in the runs, or take networks out of runs with their card."""
    set_threads(options.threads)
    if options.folders:
        from training.runs.package import package

        print("\n".join(str(path) for path in package(options.folders, options.out)))
        return
    from training.data import open_cohort
    from training.sij_mri.bundle.assemble import assemble

    cohorts = [open_cohort(folder) for folder in options.cohort]
    manifest = assemble(options.runs, options.out, version=options.version, cohorts=cohorts)
    print(f"{manifest.identity.name} {manifest.identity.version}: {manifest.identity.digest}")
