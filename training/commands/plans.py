"""``axspa-train train PLAN``: what a plan asks for."""

import argparse
from pathlib import Path

from training.commands.parser import Steps
from training.loop.threads import set_threads


def add_train(networks: Steps) -> None:
    """Add the training by a plan."""
    parser = networks.add_parser("plan", help="what a plan asks for; the word plan may be left out")
    parser.add_argument("plan", help="a .toml file, or the name of a plan that comes with the program")
    add_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--fold", type=fold_of, default=0, help="which one to hold back; all: learn from all")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was cut off")
    parser.set_defaults(run=run_train_plan)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of every training by a plan."""
    parser.add_argument("--cohort", type=Path, required=True, help="folder of the cohort")
    parser.add_argument("--threads", type=int, default=2, help="cores; with one the same numbers come every time")


def run_train_plan(options: argparse.Namespace) -> None:
    """Train by a plan."""
    from training.plans import plan_path

    plan = plan_path(options.plan)
    set_threads(options.threads)
    from training.commands.readers import READERS
    from training.runs.train import train

    fold = None if options.fold == "all" else int(options.fold)
    run = train(
        plan, options.cohort, options.out, fold=fold, resume=options.resume, threads=options.threads, readers=READERS
    )
    print(f"{options.out}: {run.state} after {run.epochs} epochs")


def fold_of(text: str) -> str:
    """A number of a fold, or ``all``.

    Raises
    ------
    argparse.ArgumentTypeError
        It is neither.
    """
    if text != "all" and not text.isdigit():
        raise argparse.ArgumentTypeError(f"a fold is a number or the word all, received {text!r}")
    return text
