"""``axspa-train published``: the table of the published framework, made again."""

import argparse
from pathlib import Path

from training.commands.parser import Steps
from training.loop.threads import set_threads


def add_parser(steps: Steps) -> None:
    """Add the step."""
    parser = steps.add_parser(
        "published",
        help="make the table of the published framework on a curated cohort, and its page",
        description="Rows that are there are not made again; what was cut off goes on.",
    )
    parser.add_argument("--cohort", type=Path, required=True, help="folder that axspa-train curate made")
    parser.add_argument("--out", type=Path, required=True, help="folder of the rows")
    parser.add_argument("--width", type=float, default=0.25, help="share of the published width (default 0.25)")
    parser.add_argument("--size", type=int, default=256, help="rows and columns of a slice (default 256)")
    parser.add_argument("--only", action="append", default=[], metavar="ROW", help="a row; may be given again")
    parser.add_argument(
        "--split",
        choices=("published-by-image", "by-patient"),
        help="one of both alone; the bundle is made of it, or of the published one",
    )
    parser.add_argument("--page", type=Path, help="write the page of what is there")
    parser.add_argument("--bundle", type=Path, help="make a bundle of the rows of --split, this folder")
    parser.add_argument("--version", default="1.0.0", help="of the bundle")
    parser.add_argument("--max-mb", type=int, default=25, help="of the bundle (default 25; at full width some 190)")
    parser.add_argument("--epochs", type=int, help="at most so many; without it as published")
    parser.add_argument("--weights", type=Path, help="of EfficientNetB0 without its top, for the hybrids at full width")
    parser.add_argument("--page-only", action="store_true", help="teach nothing, write page or bundle")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make rows, then the page and the bundle."""
    set_threads(options.threads)
    from training.data import open_cohort
    from training.mri_slices.table import SPLITS, make_rows

    cohort = open_cohort(options.cohort)
    if not options.page_only:
        make_rows(
            cohort,
            options.out,
            width=options.width,
            size_px=options.size,
            seed=options.seed,
            only=options.only,
            splits=(options.split,) if options.split else SPLITS,
            epochs=options.epochs,
            weights=options.weights,
        )
    if options.page is not None:
        from training.mri_slices.page import write_page

        print(write_page(cohort, options.out, options.page))
    if options.bundle is not None:
        from training.mri_slices.bundle import bundle_rows

        made = bundle_rows(
            cohort,
            options.out,
            options.bundle,
            version=options.version,
            split=options.split or SPLITS[0],
            max_bytes=options.max_mb * 1_000_000,
        )
        print(f"{made.identity.name} {made.identity.version}: {made.identity.digest}")
