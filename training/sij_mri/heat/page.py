"""The page on heat maps."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from inference.sij_mri import HEAT_FLOOR, HEAT_FULL_SCALE, Stage
from training.judge import Interval, bootstrap_mean
from training.sij_mri.heat.evaluate import MAPS, HeatScore, Strength

WORDS = {
    "focused": "heat at the joints (what is sent)",
    "grad-cam": "heat of the whole slice",
    "brightness": "plain brightness of the fluid-sensitive series (null model)",
    "random": "random map, as coarse as heat (null model)",
}
HEAD = """# Heat maps: evaluation

RESEARCH ONLY. A heat map (Grad-CAM) shows where the stage network looked for a pattern of axial spondyloarthritis, of
any stage but Normal, whatever was concluded. It does not show disease.
"""
SCALE = """## One scale for all studies

The heat keeps the scale of the network. The synthetic patients that calibrate it were read by the node's path; the
highest heat at the joints of each:
"""
PLACE = """## Does it lie on the edema that readers marked?

Area under the curve of each map against the voxels that at least two of four readings hold (two readers, twice each),
within the bone region of the slices that were explained: 0.5 is chance, 1 is every marked voxel above every other.
Edema and region were found in these scans by networks that learned from them; the stage network saw most of these
anatomies, healed and with painted lesions. The intervals (95 %) draw patients anew.
"""


def mean_area(scores: Sequence[HeatScore], name: str) -> Interval:
    """Mean area under the curve of a map, with its interval over patients."""
    by_patient: dict[str, list[float]] = {}
    for one in scores:
        by_patient.setdefault(one.patient, []).append(one.area[name])
    return bootstrap_mean([float(np.mean(values)) for values in by_patient.values()])


def heat_page(strengths: Sequence[Strength], scores: Sequence[HeatScore], *, command: str) -> str:
    """The page, in Markdown.

    Parameters
    ----------
    strengths : sequence of Strength
    scores : sequence of HeatScore
    command : str
        What made it.
    """
    lines = [HEAD, f"Made by `{command}`, {datetime.now(UTC).date().isoformat()}.\n"]
    lines += [SCALE, *_scale(strengths), "", PLACE, *_places(scores)]
    return "\n".join(lines).rstrip() + "\n"


def _scale(strengths: Sequence[Strength]) -> list[str]:
    normal = np.array([one.peak for one in strengths if one.truth is Stage.NORMAL])
    sick = np.array([one.peak for one in strengths if one.truth is not Stage.NORMAL])
    lines = ["| truth | patients | median | least | most |", "| --- " * 5 + "|"]
    for name, peaks in (("Normal", normal), ("with lesions", sick)):
        lines.append(f"| {name} | {len(peaks)} | {np.median(peaks):.4f} | {peaks.min():.4f} | {peaks.max():.4f} |")
    below = int((normal <= HEAT_FLOOR).sum())
    return [
        *lines,
        "",
        f"Full scale {HEAT_FULL_SCALE:g}: the 90th percentile of those with lesions is {np.percentile(sick, 90):.4f}. "
        f"Floor {HEAT_FLOOR:g}, below which nothing is drawn: the heat of {below} of {len(normal)} *Normal* lies below "
        f"it all over, and of {int((sick <= HEAT_FLOOR).sum())} of {len(sick)} with lesions.",
    ]


def _places(scores: Sequence[HeatScore]) -> list[str]:
    lines = ["| scan | marked voxels | highest heat | " + " | ".join(MAPS) + " |", "| --- " * (3 + len(MAPS)) + "|"]
    for one in scores:
        cells = [one.subject, str(one.marked), f"{one.peak:.4f}", *(f"{one.area[name]:.2f}" for name in MAPS)]
        lines.append("| " + " | ".join(cells) + " |")
    patients = len({one.patient for one in scores})
    lines += ["", f"Mean over {patients} patients ({len(scores)} scans):", ""]
    lines += [f"- {WORDS[name]}: {_brief(mean_area(scores, name))}" for name in MAPS]
    return lines


def _brief(interval: Interval) -> str:
    return f"{interval.mean:.2f} ({interval.low:.2f} to {interval.high:.2f})"
