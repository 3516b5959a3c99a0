"""Judge a bundle on joint mosaics that it was not made of, and write the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from training.data import write_whole
from training.sij_mri.external.judge import Bools, Floats, Judged, chosen_left_out, judge
from training.sij_mri.external.scores import (
    PIXEL_MM,
    SHARES,
    SMOOTHINGS_MM,
    Candidate,
    candidates,
    marrow_excesses,
)
from training.sij_mri.importing import Mosaic

CHOSEN = "marrow excess, setting chosen without the patient"


@dataclass(frozen=True, slots=True)
class External:
    """What was found on one folder.

    Attributes
    ----------
    positive : bool array (patients,)
    judged : dict of str to (str, Judged)
        By name of the score: what it is, and what it is worth.
    settings : dict of (float, float) to float
        AUC of marrow excess by smoothing (mm) and share.
    """

    positive: Bools
    judged: dict[str, tuple[str, Judged]]
    settings: dict[tuple[float, float], float]


def judge_external(mosaics: Sequence[Mosaic], models: Mapping[str, Any]) -> External:
    """Judge every score on some mosaics.

    Parameters
    ----------
    mosaics : sequence of Mosaic
    models : mapping
        Of a bundle, by role.

    Raises
    ------
    ValueError
        A class has fewer than two patients.
    """
    positive = np.array([one.positive for one in mosaics], np.bool_)
    judged = {one.name: (one.meaning, judge(_scores(one, mosaics), positive)) for one in candidates(models)}
    excesses = [marrow_excesses(one) for one in mosaics]
    found = {setting: np.array([one[setting] for one in excesses], np.float64) for setting in excesses[0]}
    meaning = f"the same rule; smoothing and share of {len(found)} settings, for each patient the best on all others"
    judged[CHOSEN] = (meaning, judge(chosen_left_out(list(found.values()), positive), positive))
    settings = {setting: float(roc_auc_score(positive, scores)) for setting, scores in found.items()}
    return External(positive, judged, settings)


def table(found: External) -> list[str]:
    """A row for each score, in Markdown."""
    lines = [
        "| score | AUC (95 % over patients) | cut-off | sensitivity, left out | specificity, left out |",
        "|---|---|---|---|---|",
    ]
    for name, (_, one) in found.judged.items():
        auc = f"{one.auc:.3f} ({one.low:.2f} to {one.high:.2f})"
        lines.append(f"| {name} | {auc} | {one.cutoff:.3g} | {one.sensitivity} | {one.specificity} |")
    return lines


def external_page(found: External, *, bundle: str, digest: str, folder: str) -> str:
    """The page: what was judged, what it gave, how far it hangs on its settings, and what it is not."""
    positive, negative = int(found.positive.sum()), int((~found.positive).sum())
    meanings = [f"- *{name}*: {meaning}." for name, (meaning, _) in found.judged.items()]
    heads = " | ".join(f"{share:.1%}" for share in SHARES)
    rows = [
        f"| {smoothing:g} mm | " + " | ".join(f"{found.settings[smoothing, share]:.3f}" for share in SHARES) + " |"
        for smoothing in SMOOTHINGS_MM
    ]
    lowest, highest = min(found.settings.values()), max(found.settings.values())
    return "\n".join(
        [
            "# Active inflammation on joint mosaics",
            "",
            f"{positive + negative} patients, {positive} positive and {negative} negative to clinicians, one mosaic of "
            "straightened joints each (six slices of a fat-suppressed series, both joints, gray values normalized by "
            f"their authors). Bundle {bundle}, SHA-256 {digest[:16]}, which was not made of them.",
            "",
            f"Made by `axspa-train external {bundle} {folder}`.",
            "",
            *table(found),
            "",
            *meanings,
            "",
            "Sensitivity and specificity: each patient is judged at the cut-off that all others gave (largest sum of "
            "both), with the exact interval of the count. The column cut-off is the best on all patients. AUC: "
            "bootstrap over patients within each class.",
            "",
            "## How far it hangs on its settings",
            "",
            "AUC of marrow excess by smoothing (rows) and by the share of the bone that exceeds it (columns):",
            "",
            f"| | {heads} |",
            "|---" * (len(SHARES) + 1) + "|",
            *rows,
            "",
            f"From {lowest:.3f} to {highest:.3f} on the same patients. The rule was found by looking at these patients "
            "(smoothing, share, level by tile or by patient, differences or ratios), so its row is flattered; the row "
            "whose setting was chosen without the patient is flattered less, as the kind of rule was chosen with all.",
            "",
            "## What this is not",
            "",
            f"A tile has no header: its scale is taken to be {PIXEL_MM:g} mm a pixel, its middle column to be the "
            "joint. The node reads studies, not mosaics, and nothing here decides in it. The label is the patient's; "
            "where in the tiles inflammation lies nobody marked. The gray values are in the unit of their authors, so "
            "no cut-off of this page means anything on other images. The pictures are used for judging alone: none of "
            "them taught a network of the bundle.",
            "",
        ]
    )


def write_external(path: Path, text: str) -> Path:
    """Write the page whole."""
    return write_whole(path, text)


def _scores(candidate: Candidate, mosaics: Sequence[Mosaic]) -> Floats:
    return np.array([candidate.score(one) for one in mosaics], np.float64)
