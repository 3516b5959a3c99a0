"""The joints judged on phantoms, whose surfaces are known, and drawn on every labeled scan to be judged by eye."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.sij_mri import Joint, find_joints, joint_slices
from inference.types import BoolArray, FloatArray, Side, Volume
from training.data import Dataset
from training.phantom import make_phantom

SEEDS = tuple(range(200, 208))
COLORS = {Side.LEFT: (60, 60, 255), Side.RIGHT: (60, 255, 60)}  # blue, green, red
TILE_PX = 230
SLICES_SHOWN = 6
BY_EYE = (
    "Looked at slice by slice on all ten scans, by the developers, not by a radiologist. The line is followed from the "
    "upper to the lower edge of the region in the middle slices of every scan, erosions and sclerosis included "
    "(1016, 4386, 3009). It is least sure at both ends: the first slice of one side may be missed (2015, 3009, 4386), "
    "and in the hindmost one or two slices, where ligaments lie between the bones, the surface keeps to the iliac "
    "cortex. In 3009, sclerosed on both sides, it may lie a few millimeters off within the dark band. In 1001 the "
    "joints are fused in front: the surface is bridged there from the slices behind, with a visibility of 0.1 to 0.2."
)


@dataclass(frozen=True, slots=True)
class JointScore:
    """One joint of a phantom.

    Attributes
    ----------
    mean_mm, worst_mm : float
        Mean and 95th percentile of the distance to the true surface, along the row.
    found : float
        Share of the true surface where one was found.
    beyond : float
        Share of the found surface where there is no true one.
    """

    seed: int
    side: Side
    mean_mm: float
    worst_mm: float
    found: float
    beyond: float


def score_phantom(seed: int) -> list[JointScore]:
    """Find both joints of a phantom and measure their distance to the true surfaces."""
    phantom = make_phantom(seed)
    found = {joint.side: joint.columns_px for joint in find_joints(phantom.t1, phantom.region)}
    spacing_mm = phantom.t1.pixel_spacing_mm[1]
    return [_score(seed, side, phantom.surfaces[side], found.get(side), spacing_mm) for side in Side]


def joints_page(scores: Sequence[JointScore], *, command: str, sheet: str, subjects: Sequence[str]) -> str:
    """The evaluation as Markdown.

    Parameters
    ----------
    scores : sequence of JointScore
    command : str
        What made it.
    sheet : str
        File name of the contact sheet beside the page.
    subjects : sequence of str
        The rows of the contact sheet, from the top.
    """
    rows = [
        f"| {s.seed} | {s.side} | {s.mean_mm:.2f} | {s.worst_mm:.2f} | {s.found:.0%} | {s.beyond:.0%} |" for s in scores
    ]
    mean = float(np.mean([score.mean_mm for score in scores]))
    return "\n".join(
        [
            "# The joints, on phantoms and by eye\n",
            f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}, 2 CPU cores.\n",
            "## Phantoms\n",
            "Distance of the found surface to the true one, along the row, in the true region. *Found* is the share of "
            "the true surface where one was found, *beyond* the share of the found one that lies where the phantom has "
            "no joint: mostly the ligamentous part behind it, which has bone on both sides too.\n",
            "| seed | side | mean, mm | 95th percentile, mm | found | beyond |\n|---|---|---|---|---|---|",
            *rows,
            f"\nMean over all: **{mean:.2f} mm** (wanted: under 1.5 mm).\n",
            "## Every labeled scan\n",
            f"T1-weighted, six slices of each scan from the front to the back of the joints, in the manual region; "
            f"left joint red, right joint green. Rows: {', '.join(subjects)}. Data: Hepburn et al., "
            "github.com/c-hepburn/Bone_MRI; the sheet shows edges, not gray values, because the images may not be "
            "handed on.\n",
            f"![Contact sheet]({sheet})\n",
            f"{BY_EYE}\n",
        ]
    )


def contact_sheet(dataset: Dataset, subjects: Sequence[str]) -> NDArray[np.uint8]:
    """One row of slices for each scan, the surfaces drawn on the edges of the image.

    Edges, not gray values: the terms of the data let nobody hand on the images, but a reader must see where a surface
    runs.

    Returns
    -------
    uint8 array (rows, columns, 3)
        Blue, green, red.
    """
    rows = []
    for name in subjects:
        subject = dataset.load(name)
        t1, region = subject.volume("t1w"), subject.labels["region"]
        joints = find_joints(t1, region)
        shown = joint_slices(joints, t1) or tuple(range(t1.shape[0]))
        chosen = np.rint(np.linspace(shown[0], shown[-1], SLICES_SHOWN)).astype(int)
        rows.append(np.hstack([_tile(t1, region, joints, int(index)) for index in chosen]))
    height = min(row.shape[0] for row in rows)
    return np.vstack([row[:height] for row in rows])


def write_sheet(path: Path, sheet: NDArray[np.uint8], *, quality: int = 72) -> None:
    """Write a contact sheet, uint8 (rows, columns, 3) in BGR, as JPEG.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), sheet, [cv2.IMWRITE_JPEG_QUALITY, quality]):
        raise OSError(f"the contact sheet could not be written, received {path.name}")


def _score(seed: int, side: Side, truth: FloatArray, found: FloatArray | None, spacing_mm: float) -> JointScore:
    if found is None:
        return JointScore(seed, side, float("nan"), float("nan"), 0.0, 0.0)
    true_there, found_there = np.isfinite(truth), np.isfinite(found)
    both = true_there & found_there
    distance_mm = np.abs(truth - found)[both] * spacing_mm
    return JointScore(
        seed=seed,
        side=side,
        mean_mm=float(distance_mm.mean()),
        worst_mm=float(np.percentile(distance_mm, 95)),
        found=float(both.sum() / true_there.sum()),
        beyond=float((found_there & ~true_there).sum() / found_there.sum()),
    )


def _tile(t1: Volume, region: BoolArray, joints: tuple[Joint, ...], index: int) -> NDArray[np.uint8]:
    """One slice, cut to the height of the joints, with the surfaces drawn."""
    rows = np.flatnonzero(np.any([np.isfinite(j.columns_px).any(axis=0) for j in joints], axis=0) if joints else [])
    middle = int(rows.mean()) if len(rows) else t1.shape[1] // 2
    half = round(55.0 / t1.pixel_spacing_mm[0])
    top = min(max(0, middle - half), max(0, t1.shape[1] - 2 * half))
    high = float(np.percentile(t1.voxels[region], 99.5)) or 1.0
    gray = np.clip(t1.voxels[index, top : top + 2 * half] / high * 255, 0, 255).astype(np.uint8)
    scale = TILE_PX / gray.shape[1]
    small = cv2.resize(gray, (TILE_PX, round(gray.shape[0] * scale)), interpolation=cv2.INTER_AREA)
    edges = cv2.Canny(cv2.GaussianBlur(small, (5, 5), 0), 60, 150)
    picture = np.repeat((edges // 2)[:, :, None], 3, axis=2)
    for joint in joints:
        line = joint.columns_px[index]
        known = np.flatnonzero(np.isfinite(line))
        points = np.stack([line[known], known - top], axis=1) * scale
        cv2.polylines(picture, [np.rint(points).astype(np.int32).reshape(-1, 1, 2)], False, COLORS[joint.side], 1)
    return np.asarray(picture, dtype=np.uint8)
