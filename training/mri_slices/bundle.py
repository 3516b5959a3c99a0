"""A bundle of the rows of a table: what `mri_slices` runs on a node, in `process` and over pictures."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from inference.mri_slices import CLASSIFIERS, MriSlices, SliceCutter, specification
from inference.serving import ApplicationRange, Manifest
from training.data import BY_PATIENT, PUBLISHED_BY_IMAGE, Cohort
from training.loop.export import MAX_BYTES, ModelExport, export_bundle, in_float32
from training.mri_slices.figures import (
    Judged,
    Share,
    judge_mean_region,
    judge_row,
    judge_without_network,
    size_of,
)
from training.mri_slices.fit import BEST_FILE, LAST_FILE
from training.mri_slices.recipes import Recipe
from training.mri_slices.slices import load_slices
from training.mri_slices.table import finished, split_of

APPLICATION = ApplicationRange(MriSlices.name, first=MriSlices.version, before="2.0.0")
INTENDED_INPUT = "Single MR slices, or pictures of them; what they show is not asked."
WARNING = """**RESEARCH ONLY. Not a medical device. Not for diagnosis or treatment. Every output is unverified.**

**The labels are brightness.** Class and stage were computed from brightness, spread and edges of the same slice (second
iteration of the published framework); nobody labeled a disease. What these models say is what they say, no finding."""


def bundle_rows(
    cohort: Cohort, rows: Path, out: Path, *, version: str, split: str = PUBLISHED_BY_IMAGE, max_bytes: int = MAX_BYTES
) -> Manifest:
    """Make a bundle of the rows of one split.

    Of each role the last row that is there in the order of the recipes; of the U-Net both its last network and its best
    checkpoint.

    Parameters
    ----------
    cohort : Cohort
        That the rows were made of.
    rows : Path
        Their folder.
    out : Path
        Folder of the bundle.
    version : str
    split : str
        Of :data:`training.mri_slices.table.SPLITS`.
    max_bytes : int
        What all files may take.

    Raises
    ------
    ValueError
        No row is there, or the bundle is too large.
    """
    chosen: dict[str, tuple[Recipe, Path]] = {}
    for name, recipe, folder in finished(rows):
        if name == split and recipe.target != "box":
            chosen[recipe.role] = (recipe, folder)
    if not chosen:
        raise ValueError(f"{rows} holds no finished row of {split}; axspa-train published makes them")
    judged = {
        role: judge_row(recipe, folder, load_slices(cohort, size_px=size_of(folder)))
        for role, (recipe, folder) in chosen.items()
    }
    provenance = {
        "data": cohort.source,
        "terms": cohort.terms,
        "cohort": cohort.digest,
        "keras": keras.__version__,
        "rows": {role: {key: one.row[key] for key in _KEPT if key in one.row} for role, one in judged.items()},
    }
    building = Path(tempfile.mkdtemp())
    try:
        return export_bundle(
            out,
            [one for role, (recipe, folder) in chosen.items() for one in _exports(role, recipe, folder, building)],
            application=APPLICATION,
            intended_input=INTENDED_INPUT,
            version=version,
            card=card(out.name, version, cohort=cohort, split=split, judged=judged),
            provenance=provenance,
            evaluation={role: _figures(one) for role, one in judged.items()},
            max_bytes=max_bytes,
        )
    finally:
        shutil.rmtree(building)


_KEPT = ("recipe", "architecture", "config", "parameters", "width", "seed", "epochs", "weights")


def _exports(role: str, recipe: Recipe, folder: Path, building: Path) -> list[ModelExport]:
    """The networks of a row, without the moments of their optimizer."""
    which = {role: BEST_FILE if recipe.judged == "best" else LAST_FILE}
    if role not in CLASSIFIERS:
        which = {role: LAST_FILE, f"{role}-best": BEST_FILE}
    made = []
    for name, file in which.items():
        path = building / f"{name}.keras"
        in_float32(keras.saving.load_model(folder / file, compile=False)).save(path)
        made.append(ModelExport(specification(name, SliceCutter(size_of(folder))), (path,)))
    return made


def card(name: str, version: str, *, cohort: Cohort, split: str, judged: Mapping[str, Judged]) -> str:
    """The card: what was learned from what, and what it is worth."""
    first = next(iter(judged.values()))
    slices = load_slices(cohort, size_px=int(first.row["config"]["size_px"]))
    fold = split_of(cohort, split)
    plain = judge_without_network(slices, fold)
    mean = judge_mean_region(slices, fold)
    lines = [
        f"# Model card: {name} {version}\n",
        WARNING + "\n",
        "## Data\n",
        f"- {cohort.source}; terms: {cohort.terms}.",
        f"- {len(slices.names)} slices of {len(set(slices.patients.tolist()))} patients. {HELD_BACK[split]}\n",
        f"## What is in it, and its figures on the {first.slices} slices of {first.patients} patients held back\n",
        "| model | parameters | epochs | AS | stage | IoU of the region |",
        "|---|---|---|---|---|---|",
    ]
    for role, one in judged.items():
        row = one.row
        weights = f", weights of the backbone {row['weights']}" if row.get("weights") else ""
        shown = " | ".join(map(_shown, (one.status, one.stage, one.iou)))
        lines.append(f"| {role} ({row['recipe']}{weights}) | {row['parameters']:,} | {row['epochs']} | {shown} |")
        if one.iou_best is not None:
            lines.append(f"| {role}-best (the best epoch of the same training) | | | - | - | {one.iou_best} |")
    for word, one in plain.items():
        lines.append(f"| {word}, no network | | | {one.status} | {one.stage} | - |")
    lines.append(f"| The mean region as one mask for all slices, no network | | | - | - | {mean.iou} |")
    lines.append("\nIn brackets the 95 % bootstrap interval over patients.")
    lines += _warned(judged, plain["Majority"])
    return "\n".join(lines) + "\n"


HELD_BACK = {
    PUBLISHED_BY_IMAGE: "Split by image as published, so that slices of one patient lie on both sides.",
    BY_PATIENT: "Split by patient: no slice of a patient who is held back was learned from.",
}


def _shown(share: Share | None) -> str:
    return "-" if share is None else str(share)


def _warned(judged: Mapping[str, Judged], majority: Judged) -> list[str]:
    """A sentence on what is worth no more than the majority."""
    poor = [
        f"{role} in {word} ({share.value:.4f} against {plain.value:.4f})"
        for role, one in judged.items()
        for word, share, plain in (("AS", one.status, majority.status), ("stage", one.stage, majority.stage))
        if share is not None and plain is not None and share.value <= plain.value
    ]
    return [f"\n**No better than the majority:** {'; '.join(poor)}."] if poor else []


def _figures(one: Judged) -> dict[str, Any]:
    shares = {"AS": one.status, "stage": one.stage, "recall of Early": one.early, "IoU": one.iou}
    shares["IoU of the best epoch"] = one.iou_best
    known = {name: share for name, share in shares.items() if share is not None}
    return {name: {"value": share.value, "low": share.low, "high": share.high} for name, share in known.items()}
