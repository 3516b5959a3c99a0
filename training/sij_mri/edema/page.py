"""The page on edema beside its readers, and its figures for the card of a bundle."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from training.judge import bootstrap_mean
from training.sij_mri.edema.cutoffs import cutoff_tables
from training.sij_mri.edema.evaluate import READINGS, EdemaScore, JudgedScan


def edema_figures(scores: Sequence[EdemaScore]) -> dict[str, Any]:
    """The figures of a list of scores, as JSON values."""
    interval = bootstrap_mean([score.mean_dice for score in scores])
    return {
        "dice": interval.mean,
        "dice_95": [interval.low, interval.high],
        "readers_dice": float(np.mean([score.readers_dice for score in scores])),
        "scans": len(scores),
        "missed_sides": sum(len(score.missed) for score in scores),
        "larger_side_right": sum(score.larger_side_right is True for score in scores),
    }


def edema_page(sections: Mapping[str, Sequence[JudgedScan]], *, command: str) -> str:
    """The evaluation as Markdown: one section for each kind of region.

    Parameters
    ----------
    sections : mapping of str to sequence of JudgedScan
        By heading.
    command : str
        What made it.
    """
    parts = [
        "# Edema beside its readers\n",
        f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}, 2 CPU cores. Data: Hepburn et al., "
        "github.com/c-hepburn/Bone_MRI: two readers (R1, R2), two readings each.\n",
        "Each scan is judged by a classifier taught by the other patients and by phantoms: none of its numbers comes "
        "from the patient it is judged on. Teaching uses the manual regions, as they are and with a roughened "
        "outline, so that the classifier bears a network's. A bare threshold four "
        "standard deviations above a manual sample of normal "
        "marrow reaches 0.39 on these scans.\n",
        "Dice compares all edema that is found with all that a reading marks. Every volume is that within the "
        "subchondral band of its joint (10 mm from the traced surface), of what is found as of a reading: what is "
        "deeper, in the lowest vertebra or beside no traced joint is in no volume. *Ours* is found at the bundle's "
        "cut-offs; *readers* is the mean over the four readings.\n",
        "The constants of the last step are the same for every scan: the seed of a lesion is 2 standard deviations "
        "above normal and 0.5 probable, and grows over what is 0.2 probable. Of a grid (2, 2.5, 3; 0.2, 0.3) they are "
        "the best whichever scan is left out, so that no scan chose its own; over the grid the mean moved by 0.016 in "
        "the networks' regions and by 0.012 in the manual ones. What this does not show: the features were made while "
        "looking at these seven scans. The readers also mark the lumbar endplates and bright joint fluid, and so "
        "does the classifier; the ASAS/OMERACT rule counts subchondral edema only. Where the readers see 1 to 2 ml on "
        "each side they hardly agree themselves, and the larger side need not be theirs. On a "
        "phantom whose marrow brightens smoothly by 30 % towards the joint this was called edema.\n",
    ]
    for heading, judged in sections.items():
        scores = [one.score for one in judged]
        parts += [f"## {heading}\n", _table(scores), _summary(scores)]
        parts += ["### Between strict and loose cut-offs\n", cutoff_tables([one.at for one in judged])]
    return "\n".join(parts)


def _table(scores: Sequence[EdemaScore]) -> str:
    lines = [
        f"| scan | {' | '.join(f'Dice {reading}' for reading in READINGS)} | mean | readers with each other "
        "| ours left, ml | right | readers left, ml | right | larger side | missed side |",
        "|---" * 12 + "|",
    ]
    words = {True: "right", False: "**wrong**", None: "under 1 ml"}
    for s in scores:
        cells = [s.subject, *(f"{value:.2f}" for value in s.dice), f"**{s.mean_dice:.2f}**", f"{s.readers_dice:.2f}"]
        cells += [f"{v:.1f}" for v in (s.left_ml, s.right_ml, s.readers_left_ml, s.readers_right_ml)]
        cells += [words[s.larger_side_right], " and ".join(s.missed) or "none"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _summary(scores: Sequence[EdemaScore]) -> str:
    figures = edema_figures(scores)
    low, high = figures["dice_95"]
    return (
        f"Mean Dice with the readers, over {figures['scans']} scans: **{figures['dice']:.3f}** (95 % CI {low:.3f} to "
        f"{high:.3f}, bootstrap over patients); the readers with each other: {figures['readers_dice']:.3f}. Sides "
        f"missed where the readers see more than 1 ml: {figures['missed_sides']}.\n"
    )


def write_page(path: Path, text: str) -> None:
    """Write a page of the documentation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
