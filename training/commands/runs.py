"""``axspa-train crossvalidate``, ``adopt``, ``compare``, ``report`` and ``evaluate RUN``: what runs are worth."""

import argparse
import json
from pathlib import Path
from typing import Any

from training.commands.parser import Steps
from training.commands.plans import add_options
from training.loop.threads import set_threads


def add_parser(steps: Steps) -> None:
    """Add the steps."""
    folds = steps.add_parser("crossvalidate", help="train every fold of a plan, a run each")
    folds.add_argument("plan", help="a .toml file, or the name of a plan that comes with the program")
    add_options(folds)
    folds.add_argument("--out", type=Path, required=True, help="folder of the runs")
    folds.add_argument("--resume", action="store_true", help="go on with the runs that were cut off")
    folds.set_defaults(run=run_crossvalidate)
    taken = steps.add_parser("adopt", help="make a run of what another program trained by a plan")
    taken.add_argument("trained", type=Path, help="folder with ema.keras, settings.json, status.json and log.txt")
    taken.add_argument("plan", help="what it was trained by")
    add_options(taken)
    taken.add_argument("--out", type=Path, required=True, help="folder of the run")
    taken.set_defaults(run=run_adopt)
    side = steps.add_parser("compare", help="set runs side by side")
    _add_runs(side)
    side.set_defaults(run=run_compare)
    page = steps.add_parser("report", help="one HTML page that tells all of some runs")
    _add_runs(page)
    page.add_argument("--out", type=Path, required=True, help="the HTML file")
    page.set_defaults(run=run_report)


def add_evaluate(networks: Steps) -> None:
    """Add the judging of runs."""
    parser = networks.add_parser("runs", help="finished runs, by what they held back; the word runs may be left out")
    _add_runs(parser)
    parser.set_defaults(run=run_evaluate_runs)


def run_crossvalidate(options: argparse.Namespace) -> None:
    """Train every fold, and say what they are worth together."""
    from training.plans import plan_path

    plan = plan_path(options.plan)
    set_threads(options.threads)
    from training.commands.readers import READERS
    from training.runs.crossvalidate import crossvalidate
    from training.runs.evaluate import evaluate

    folders = crossvalidate(
        plan, options.cohort, options.out, resume=options.resume, threads=options.threads, readers=READERS
    )
    _say(evaluate(folders))


def run_adopt(options: argparse.Namespace) -> None:
    """Make a run of what another program trained."""
    from training.plans import plan_path

    plan = plan_path(options.plan)
    set_threads(options.threads)
    from training.commands.readers import READERS
    from training.runs.adopt import adopt

    run = adopt(options.trained, plan, options.cohort, options.out, readers=READERS)
    print(f"{options.out}: {run.state}; learned from {len(run.learn)} items, held back {len(run.held_back)}")


def run_evaluate_runs(options: argparse.Namespace) -> None:
    """Say what a run is worth, or the folds of a cross-validation together."""
    set_threads(1)
    from training.runs.evaluate import evaluate

    _print(evaluate(options.folders), options)


def run_compare(options: argparse.Namespace) -> None:
    """Set runs side by side."""
    set_threads(1)
    from training.runs.compare import compare

    _print(compare(options.folders), options)


def run_report(options: argparse.Namespace) -> None:
    """Write the page."""
    set_threads(1)
    from training.runs.report import report

    print(report(options.folders, options.out))


def _add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")


def _print(found: dict[str, Any], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for judged in found.get("runs", []) if "pairs" in found else [found]:
        _say(judged)
    for pair in found.get("pairs", []):
        print(f"{pair['second']} less {pair['first']}:")
        for output, head in pair.get("heads", {"": pair}).items():
            words = [f"{key} {_told(value)}" for key, value in head.items() if key not in ("first", "second")]
            print(f"  {output} {'; '.join(words)}".rstrip())


def _say(judged: dict[str, Any]) -> None:
    print(f"{', '.join(judged['runs'])}: chosen on {judged['chosen on']}; looked at {judged['looks']} times")
    for output, figures in (judged.get("heads") or {"": judged}).items():
        nulls = figures["null models"]
        print(f"  {output or 'mask'}: {figures['items']} items of {figures['patients']} patients, which were held back")
        for name, value in figures["figures"].items():
            beside = "; ".join(f"{null} {_told(of['figures'][name])}" for null, of in nulls.items())
            print(f"    {name} {_told(value)}  [{beside}]")


def _told(value: Any) -> str:
    from training.runs.report import told

    if isinstance(value, dict) and "value" not in value:
        return ", ".join(f"{key} {told(one)}" for key, one in value.items())
    return told(value)
