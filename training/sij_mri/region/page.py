"""The page of the region networks."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.judge import Interval

HEAD = """# Evaluation of the region networks

Each scan was judged by a network that has not seen its patient, of the same recipe and schedule as the network that
ships, which learned from all of them and which these figures estimate. What is judged is the mask that the node would
find: threshold 0.5, without specks. Trainings that did not reach their end are left out. 2D Dice is the mean over the
slices that hold manual region; the worst slice counts slices with a false region as well. The *null model* sees no
picture: the mean of the other patients' masks, laid middle on middle. Data: Hepburn et al.,
github.com/c-hepburn/Bone_MRI, one hospital; the intervals (95 %, bootstrap by patient) say nothing of others.
"""
TABLE = (
    "| scan | network | 2D Dice | worst slice | null model | 3D Dice | mean surface distance | false slices |\n"
    "|---|---|---|---|---|---|---|---|"
)


def held_back_page(
    sections: Mapping[str, Mapping[str, Any]],
    *,
    missing: Mapping[str, Sequence[str]],
    kept: Mapping[str, Mapping[str, Any]],
    command: str,
) -> str:
    """The evaluation as Markdown.

    Parameters
    ----------
    sections : mapping of str to mapping
        From a heading to :func:`~training.sij_mri.region.evaluate.held_back_figures`.
    missing : mapping of str to sequence of str
        By heading: labeled scans that no finished network was kept from.
    kept : mapping of str to mapping
        By heading: figures of networks that ship unchanged and were judged before, without a null model.
    command : str
    """
    parts = [HEAD]
    for heading, figures in sections.items():
        rows = "\n".join(map(_row, figures["scores"]))
        parts.append(f"## {heading}\n\n{TABLE}\n{rows}\n\n{_means(figures)}\n{_missing(missing.get(heading, ()))}")
    parts += [f"## {heading}\n\n{_before(figures)}\n" for heading, figures in kept.items()]
    dates = ", ".join(sorted({figures["date"] for figures in sections.values()}))
    parts.append(f"Made on {dates} by `{command}`.\n")
    return "\n".join(parts)


def _row(score: Mapping[str, Any]) -> str:
    return (
        f"| {score['subject']} | {score['network']} | {score['dice_2d']:.3f} | {score['worst']:.3f} "
        f"| {score['null']:.3f} | {score['dice_3d']:.3f} | {score['surface_distance_mm']:.2f} mm "
        f"| {score['false_slices']} |"
    )


def _means(figures: Mapping[str, Any]) -> str:
    found, null, gain = (Interval(**figures[key]) for key in ("dice_2d", "null", "gain"))
    whole, distance = Interval(**figures["dice_3d"]), Interval(**figures["surface_distance_mm"])
    worst = min(score["worst"] for score in figures["scores"])
    return (
        f"{figures['patients']} patients: mean 2D Dice **{found}**, worst slice {worst:.3f}; null model {null}; the "
        f"difference {gain}. 3D Dice {whole}, surface distance {distance.mean:.2f} mm (95 % CI {distance.low:.2f} to "
        f"{distance.high:.2f} mm)."
    )


def _before(figures: Mapping[str, Any]) -> str:
    worst = min(figures["scores"], key=lambda score: score["dice_2d"])
    return (
        f"The networks for it are those that shipped before, judged on {figures['date']} (before specks were taken "
        f"away, and without a null model): {figures['patients']} patients, mean 2D Dice "
        f"**{Interval(**figures['dice_2d'])}**, the worst scan {worst['subject']} with {worst['dice_2d']:.3f}."
    )


def _missing(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"\nNot judged yet, for want of a finished network that was kept from them: {', '.join(names)}.\n"
