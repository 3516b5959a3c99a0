"""What leaves the runs: networks, and a card and a provenance that come from the runs alone."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inference.serving import sha256_of
from training.runs.evaluate import evaluate
from training.runs.folder import NETWORK_FILE, Run, finished_run, finished_runs, write_json, write_text
from training.runs.report import told

CARD_FILE, PROVENANCE_FILE = "CARD.md", "provenance.json"


def package(folders: Sequence[Path], out: Path) -> list[Path]:
    """Write the networks of finished runs with their card and provenance into a new folder.

    Parameters
    ----------
    folders : sequence of Path
    out : Path

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ValueError
        A run is not finished, two have one name, or the folder is there already.
    """
    runs = finished_runs(folders)
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        raise ValueError(f"runs to export must have different names, received {', '.join(names)}")
    if out.exists():
        raise ValueError(f"--out must be a new folder, received {out}, which is there already")
    beside = out.with_name(f".{out.name}.building")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for run, folder in zip(runs, folders, strict=True):
        shutil.copyfile(folder / NETWORK_FILE, beside / f"{run.name}.keras")
    write_text(beside / CARD_FILE, card(folders))
    write_json(
        beside / PROVENANCE_FILE, {run.name: provenance(folder) for run, folder in zip(runs, folders, strict=True)}
    )
    beside.replace(out)
    return sorted(out.iterdir())


def provenance(folder: Path) -> dict[str, Any]:
    """How a finished run came about, for a manifest: JSON values.

    Raises
    ------
    ValueError
        The run is not finished.
    """
    run = finished_run(folder)
    names = ("plan", "cohort", "fold", "learn", "made_by", "began", "ended", "epochs", "adopted")
    found = {name: getattr(run, name) for name in names if getattr(run, name) not in ("", None)}
    return {**found, "network sha256": sha256_of(folder / NETWORK_FILE)}


def card(folders: Sequence[Path]) -> str:
    """A card in Markdown: what was learned from what, and what it is worth where something was held back.

    Raises
    ------
    ValueError
        A run is not finished.
    """
    parts = ["# Card\n", "**RESEARCH ONLY. Not a medical device. Not for diagnosis or treatment.**"]
    for folder in folders:
        run = finished_run(folder)
        parts += [f"\n## {run.name}\n", _about(run)]
        if run.held_back:
            parts.append(_worth(evaluate([folder])))
        else:
            parts.append("Nothing was held back: its worth is that of the runs that held items back, not known here.")
    return "\n".join(parts) + "\n"


def _about(run: Run) -> str:
    adopted = f" Adopted from {run.adopted}." if run.adopted else ""
    return (
        f"Plan {run.plan['name']}, architecture {run.plan['architecture']['name']}; learned from {len(run.learn)} "
        f"items of the cohort {run.cohort['name']} ({run.cohort['source']}; terms: {run.cohort['terms']}), "
        f"{run.epochs} epochs.{adopted}\n"
    )


def _worth(judged: dict[str, Any]) -> str:
    lines = []
    for output, figures in (judged.get("heads") or {"mask": judged}).items():
        nulls = figures["null models"]
        lines += [
            f"{output}: {figures['items']} held-back items of {figures['patients']} patients; 95 % interval by "
            f"patient; chosen on {judged['chosen on']}; looked at {judged['looks']} times.\n",
            f"| figure | the run | {' | '.join(nulls)} |",
            "|---" * (2 + len(nulls)) + "|",
        ]
        for name, value in figures["figures"].items():
            beside = " | ".join(told(of["figures"][name]) for of in nulls.values())
            lines.append(f"| {name} | {told(value)} | {beside} |")
        lines.append("")
    return "\n".join(lines)
