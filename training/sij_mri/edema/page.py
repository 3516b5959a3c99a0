"""The page on edema beside its readers, and its figures for the card of a bundle."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from inference.sij_mri.edema import NETWORK_STEP, STEP
from training.judge import bootstrap_mean
from training.sij_mri.edema.cutoffs import cutoff_tables
from training.sij_mri.edema.evaluate import READINGS, EdemaScore, JudgedScan
from training.sij_mri.edema.sides import side_table

LARGEST = "1013"
"""The scan with by far the most edema, without which the mean is given too."""

HEAD = """# Edema beside its readers

Made by `{command}` on {day}, 2 CPU cores. Data: Hepburn et al., github.com/c-hepburn/Bone_MRI: two readers (R1,
R2), two readings each.

Each scan is judged by a classifier {and_network} taught by the other patients (and by phantoms and painted
lesions): none of their numbers comes from the patient they are judged on. Teaching uses the manual regions, as
they are and with a roughened outline.

Dice compares all edema that is found with all that a reading marks. *All, ml* is all that is found, and the
range of all that the readings mark; other volumes are those within the subchondral band of a joint (10 mm from
the traced surface): what is deeper, in the lowest vertebra or beside no traced joint is in none of them.
*Readers* is the mean over the readings.
"""

NETWORK = """The network and the classifier each give every voxel a probability; the mean of both counts. The cut-off
is that of the scan: the one at which the Dice that the probabilities let expect is largest. Equal
shares and this cut-off were fixed before the scans were judged; shares of 0.3 to 0.7 were looked at on
two scans and left as they were. The slow field of T1W was looked at with widths of 5 to 20 mm on all
seven scans, without any network, and 5 mm taken.
"""

CLASSIFIER = """The constants of the last step are the same for every scan: the seed of a lesion is 2 standard
deviations above normal and 0.5 probable, and grows over what is 0.2 probable. Of a grid (2, 2.5, 3;
0.2, 0.3) they are the best whichever scan is left out, so that no scan chose its own.
"""

LIMITS = """What this does not show: the features and the recipe were made while looking at these seven scans. The
readers also mark the lumbar endplates and bright joint fluid, and so does what they teach; the
ASAS/OMERACT rule counts subchondral edema only. Where the readers see 1 to 2 ml on each side they
hardly agree themselves, and the larger side need not be theirs.
"""


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
        "volumes_within_readings": sum(score.within_readings for score in scores),
    }


def edema_page(sections: Mapping[str, Sequence[JudgedScan]], *, command: str, network: bool = False) -> str:
    """The evaluation as Markdown: one section for each kind of region.

    Parameters
    ----------
    sections : mapping of str to sequence of JudgedScan
        By heading.
    command : str
        What made it.
    network : bool
        Whether a network answered beside the classifier.
    """
    head = HEAD.format(
        command=command, day=f"{datetime.now(UTC):%Y-%m-%d}", and_network="and a network" if network else "that was"
    )
    parts = [head, NETWORK if network else CLASSIFIER, LIMITS]
    step = NETWORK_STEP if network else STEP
    for heading, judged in sections.items():
        scores, at = [one.score for one in judged], [one.at for one in judged]
        parts += [f"## {heading}\n", _table(scores), _summary(scores), others_table(scores)]
        parts += ["### The rule by side\n", side_table(at, step=step)]
        parts += ["### Between strict and loose cut-offs\n", cutoff_tables(at, step=step)]
    return "\n".join(parts)


def others_table(scores: Sequence[EdemaScore]) -> str:
    """What other methods reach on the same scans, with the difference by scan."""
    names = list(dict.fromkeys(name for score in scores for name in score.others_dice))
    lines = [
        f"| method | mean Dice (95 % CI) | without {LARGEST} | by scan | ours less this (95 % CI) |",
        "|---" * 5 + "|",
    ]
    rows = {"ours": [score.mean_dice for score in scores]}
    rows |= {name: [score.others_dice[name] for score in scores] for name in names}
    for name, values in rows.items():
        smaller = [value for score, value in zip(scores, values, strict=True) if score.subject != LARGEST]
        differences = [ours - other for ours, other in zip(rows["ours"], values, strict=True)]
        cells = [name, str(bootstrap_mean(values)), f"{np.mean(smaller):.3f}"]
        cells += [" ".join(f"{value:.2f}" for value in values)]
        cells += ["" if name == "ours" else str(bootstrap_mean(differences))]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _table(scores: Sequence[EdemaScore]) -> str:
    lines = [
        f"| scan | {' | '.join(f'Dice {reading}' for reading in READINGS)} | mean | readers with each other "
        "| all, ml | readings | near left, ml | right | readers left, ml | right | larger side | missed side |",
        "|---" * 14 + "|",
    ]
    words = {True: "right", False: "**wrong**", None: "under 1 ml"}
    for s in scores:
        cells = [s.subject, *(f"{value:.2f}" for value in s.dice), f"**{s.mean_dice:.2f}**", f"{s.readers_dice:.2f}"]
        cells += [f"{s.found_ml:.1f}", f"{min(s.readings_ml):.1f} to {max(s.readings_ml):.1f}"]
        cells += [f"{v:.1f}" for v in (s.left_ml, s.right_ml, s.readers_left_ml, s.readers_right_ml)]
        cells += [words[s.larger_side_right], " and ".join(s.missed) or "none"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _summary(scores: Sequence[EdemaScore]) -> str:
    figures = edema_figures(scores)
    low, high = figures["dice_95"]
    return (
        f"Mean Dice with the readers, over {figures['scans']} scans of as many patients: **{figures['dice']:.3f}** "
        f"(95 % CI {low:.3f} to {high:.3f}, bootstrap over patients); the readers with each other: "
        f"{figures['readers_dice']:.3f}. All that is found lies within the range of the readings in "
        f"{figures['volumes_within_readings']} of {figures['scans']}. Sides missed where the readers see more than 1 "
        f"ml: {figures['missed_sides']}.\n"
    )


def write_page(path: Path, text: str) -> None:
    """Write a page of the documentation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
