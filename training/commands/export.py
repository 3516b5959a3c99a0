"""``axspa-train export``: from trainings to a bundle."""

import argparse
from pathlib import Path

from training.commands.parser import Steps
from training.loop.threads import set_threads


def add_parser(steps: Steps) -> None:
    """Add the step."""
    parser = steps.add_parser("export", help="make a bundle of trained networks")
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle; its name is the bundle's")
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
    """Make the bundle of what lies in the runs."""
    set_threads(options.threads)
    from training.data import open_cohort
    from training.sij_mri.bundle.assemble import assemble

    cohorts = [open_cohort(folder) for folder in options.cohort]
    manifest = assemble(options.runs, options.out, version=options.version, cohorts=cohorts)
    print(f"{manifest.identity.name} {manifest.identity.version}: {manifest.identity.digest}")
