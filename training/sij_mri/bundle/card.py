"""The card of a bundle: what it was made of, how well it does, and where it fails."""

from collections.abc import Mapping
from typing import Any

from training.judge import Interval
from training.sij_mri.bundle.data import data_limits

LIMITS = """\
- The region covers sacrum, ilia, the joints between them and the lowest lumbar vertebra as one piece. It is sought
  within the grid about the middle of the image that is named above.
- Most of what is missing lies in the end slices (ilium in front of the sacrum,
  transverse processes and arches behind it), where the manual masks of different patients follow different habits.
- On fluid-sensitive images alone the region is less certain than on T1-weighted ones.
- No radiologist's label of any stage exists in the training data. The classifier learnt from simulated lesions in real
  and synthetic anatomy; its probabilities describe those simulations, not disease as a clinic sees it.
- Simulated lesions are cleaner than real ones. Infection, tumor, fracture, osteitis condensans and degeneration are
  unknown to it and may be called axial spondyloarthritis."""


def card(name: str, version: str, *, evaluation: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    """Write the card.

    Parameters
    ----------
    name, version : str
        Of the bundle.
    evaluation : mapping
        ``region``: figures by contrast (:func:`training.judge.figures.region_figures`); ``stage``: the classifier's;
        ``edema``: by kind of region (:func:`training.sij_mri.edema.evaluate.edema_figures`).
    provenance : mapping

    Returns
    -------
    str
        Markdown.
    """
    parts = [
        f"# Model card: {name} {version}\n",
        "**RESEARCH ONLY. Not a medical device. Not for diagnosis or treatment. Every output is unverified.**\n",
        "## What is in it\n",
        _networks(provenance),
        "## Data\n",
        f"- Real: {provenance['real data']}.",
        f"- Synthetic: {provenance['synthetic data']}.",
        f"- Use of the weights: {provenance['use of the weights']}.\n",
        "## Figures\n",
        *_region_figures(evaluation.get("region", {})),
        *_stage_figures(evaluation.get("stage", {})),
        *_edema_figures(evaluation.get("edema", {})),
        "\n## Limits\n",
        data_limits(provenance.get("cohorts", [])),
        LIMITS,
    ]
    return "\n".join(parts) + "\n"


def _networks(provenance: Mapping[str, Any]) -> str:
    edema = provenance.get("edema", {})
    note = f" {edema['note']}" if "note" in edema else ""
    regions = "\n".join(_region_network(name, facts) for name, facts in provenance["region runs"].items())
    return (
        f"{regions}\n"
        "- Stage network: a small convolutional network on the two joints of a slice, straightened and side by side "
        "(T1, fluid-sensitive, closeness to the joint), with a rule from slices to study.\n"
        "- Edema classifier: two networks of one hidden layer over seventeen features of a voxel of the "
        f"fluid-sensitive series, averaged; taught by {edema.get('taught by', 'what is not recorded')}.{note}\n"
    )


def _region_network(name: str, facts: Mapping[str, Any]) -> str:
    """One region network, by what its training left."""
    grid = facts["parameters"]
    size = f"{grid['size_px']} x {grid['size_px']} at {grid['spacing_mm']:g} mm"
    mirror = (
        "its mirror image is read as well" if facts["mirrored"] else "of the mirror image a fifth is read, for doubt"
    )
    subjects = f" of {len(facts['learned'])} subjects" if "learned" in facts else ""
    told = f" {facts['note']}" if "note" in facts else ""
    return (
        f"- Region network {name}: a U-Net on {grid['channels']} neighboring slices ({size}), cut by "
        f"`{facts['cutter']}`; {mirror}. {facts['step']} batches{subjects}.{told}"
    )


def _region_figures(figures: Mapping[str, Any]) -> list[str]:
    if not figures:
        return ["Region: not evaluated."]
    names = {"t1w": "T1-weighted", "stir": "STIR alone"}
    lines = [
        "Region, on patients that the network had not seen (cross-validation; "
        "mean over patients, bootstrap interval):\n",
        "| images | patients | 2D Dice | 3D Dice | mean surface distance, mm |",
        "|---|---|---|---|---|",
    ]
    for contrast, values in figures.items():
        intervals = [Interval(**values[key]) for key in ("dice_2d", "dice_3d", "surface_distance_mm")]
        cells = " | ".join(str(interval) for interval in intervals)
        lines.append(f"| {names.get(contrast, contrast)} | {values['patients']} | {cells} |")
    return lines


def _stage_figures(figures: Mapping[str, Any]) -> list[str]:
    """Figures of the classifier, one column for each group of patients."""
    groups: Mapping[str, Any] = figures.get("groups", {})
    if not groups:
        return ["\nStage: not evaluated."]
    heads = [f"{name} ({group['patients']} patients)" for name, group in groups.items()]
    rows = ["\nStage, on held-back simulated patients (95 % bootstrap interval over patients):\n"]
    rows += [f"| figure | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    names = dict.fromkeys(name for group in groups.values() for name in group["figures"])
    for name in names:
        cells = [_interval(group["figures"].get(name)) for group in groups.values()]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def _edema_figures(figures: Mapping[str, Any]) -> list[str]:
    if not figures:
        return ["\nEdema: not evaluated."]
    lines = [
        "\nEdema, each scan judged by a classifier that its patient had not taught (95 % bootstrap interval over "
        "patients):\n",
        "| region | scans | mean Dice with the readers | readers with each other |",
        "|---|---|---|---|",
    ]
    for heading, values in figures.items():
        low, high = values["dice_95"]
        dice = f"{values['dice']:.3f} (95 % CI {low:.3f} to {high:.3f})"
        lines.append(f"| {heading} | {values['scans']} | {dice} | {values['readers_dice']:.3f} |")
    return lines


def _interval(value: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    return f"{value['value']:.2f} ({value['low']:.2f} to {value['high']:.2f})"
