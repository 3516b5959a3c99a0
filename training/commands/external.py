"""``axspa-train external``: a bundle judged on data of others."""

import argparse
from pathlib import Path

from training.commands.parser import Steps


def add_parser(steps: Steps) -> None:
    """Add the step."""
    parser = steps.add_parser("external", help="judge active inflammation, yes or no, on mosaics of joints")
    parser.add_argument("bundle", help="name or folder of a bundle")
    parser.add_argument("folder", type=Path, help="holds positive/ and negative/, or a CSV named by --labels")
    parser.add_argument("--labels", default="", help="CSV in the folder with the columns file and label")
    parser.add_argument("--page", type=Path, help="write this page too, as docs/evaluation/external.md")
    parser.add_argument("--threads", type=int, default=2)
    parser.set_defaults(run=run_external)


def run_external(options: argparse.Namespace) -> None:
    """Judge, print the table, and write the page where one is asked for."""
    from training.loop.threads import set_threads

    set_threads(options.threads)
    from inference.serving import load_bundle, verify_bundle
    from inference.sij_mri import SacroiliacMri
    from training.sij_mri.external import external_page, judge_external, table, write_external
    from training.sij_mri.importing import read_mosaics

    mosaics = read_mosaics(options.folder, table=options.labels)
    identity = verify_bundle(options.bundle).identity
    found = judge_external(mosaics, load_bundle(options.bundle, SacroiliacMri()).models)
    print("\n".join(table(found)))
    if options.page:
        text = external_page(found, bundle=identity.name, digest=identity.digest, folder=options.folder.name.upper())
        print(write_external(options.page, text))
