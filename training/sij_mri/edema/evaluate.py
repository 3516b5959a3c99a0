"""Edema judged against its readers, each scan by a classifier that was not taught by its patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from inference.serving import VoxelClassifier
from inference.sij_mri import EdemaParts, Joint, carry_joints, find_joints, find_midline
from inference.sij_mri.edema import (
    Surroundings,
    candidate_voxels,
    find_edema,
    find_normal_marrow,
    region_depth,
    smooth,
    voxel_features,
)
from inference.types import BoolArray, Side, Volume
from training.data import Dataset, Fold, Subject
from training.judge import bootstrap_mean, dice
from training.phantom import LesionRequest, Phantom, PhantomSpec, make_phantom
from training.sij_mri.edema.train import LabeledVoxels, fit_edema_classifier, voxel_classifier

READINGS = ("R11", "R12", "R21", "R22")
PHANTOM_SEEDS = tuple(range(100, 106))
PHANTOM_WEIGHT = 0.4
ROUGHNESS_MM = 1.5  # how far a network's outline strays from the manual one, standard deviation
ROUGHNESS_SMOOTH_MM = 6.0


@dataclass(frozen=True, slots=True)
class EdemaScore:
    """Edema of one scan beside its readings.

    Attributes
    ----------
    dice : tuple of float
        With each reading, in the order of READINGS.
    left_ml, right_ml : float
        As found, within the subchondral band of the joint.
    readers_left_ml, readers_right_ml : float
        Mean over the readings.
    readers_dice : float
        Mean Dice of the readings of one reader with those of the other.
    """

    subject: str
    dice: tuple[float, ...]
    left_ml: float
    right_ml: float
    readers_left_ml: float
    readers_right_ml: float
    readers_dice: float

    @property
    def mean_dice(self) -> float:
        """Mean over the readings."""
        return float(np.mean(self.dice))

    @property
    def missed(self) -> tuple[Side, ...]:
        """Sides on which the readers see more than 1 ml and less than a tenth of it was found."""
        pairs = ((Side.LEFT, self.readers_left_ml, self.left_ml), (Side.RIGHT, self.readers_right_ml, self.right_ml))
        return tuple(side for side, readers, ours in pairs if readers > 1.0 and ours < 0.1 * readers)

    @property
    def larger_side_right(self) -> bool | None:
        """Whether the larger side is the readers'; None where these see no more than 1 ml."""
        if max(self.readers_left_ml, self.readers_right_ml) <= 1.0:
            return None
        return (self.left_ml > self.right_ml) == (self.readers_left_ml > self.readers_right_ml)


def labeled_scans(dataset: Dataset) -> tuple[str, ...]:
    """Scans that all four readings cover."""
    wanted = {f"inflammation_{reading}" for reading in READINGS}
    return tuple(
        entry.subject for entry in dataset.entries if wanted <= set(entry.labels) and "stir" in entry.contrasts
    )


def scan_voxels(subject: Subject, region: BoolArray) -> LabeledVoxels:
    """The candidate voxels of a scan, in a region (slices, rows, columns), with what the readers say of them."""
    readings = np.stack([subject.labels[f"inflammation_{reading}"] for reading in READINGS])
    t1, fluid = subject.volume("t1w"), subject.volume("stir")
    return _labeled(subject.patient, fluid, region, find_joints(t1, region), readings)


def phantom_voxels(seed: int) -> LabeledVoxels:
    """The candidate voxels of a phantom with some edema, and the truth about them."""
    phantom = make_phantom(seed, spec=PhantomSpec(lesions=_drawn_lesions(seed)))
    joints = carry_joints(find_joints(phantom.t1, phantom.region), phantom.t1, phantom.fluid)
    truth = _union(phantom)
    found = _labeled(f"phantom {seed}", phantom.fluid, phantom.fluid_region, joints, np.stack([truth] * len(READINGS)))
    return replace(found, weight=PHANTOM_WEIGHT)


def judge(subject: Subject, region: BoolArray, classifier: VoxelClassifier) -> EdemaScore:
    """Find the edema of a scan and set it beside its readings.

    Parameters
    ----------
    subject : Subject
        With ``t1w`` and ``stir`` on one grid and the four readings.
    region : bool array (slices, rows, columns)
    classifier : VoxelClassifier
        Not taught by this patient.

    Raises
    ------
    ValueError
        The region holds too little normal marrow.
    """
    fluid = subject.volume("stir")
    joints = find_joints(subject.volume("t1w"), region)
    found = find_edema(fluid, region, joints, classifier=classifier)
    if found is None:
        raise ValueError(f"edema cannot be judged where no normal marrow is found, received the scan {subject.subject}")
    about = Surroundings.of(joints, fluid)
    readings = [about.share_out(subject.labels[f"inflammation_{reading}"]) for reading in READINGS]
    return _score(subject.subject, found.usual, readings, fluid.voxel_volume_mm3 / 1000.0)


def leave_one_out(dataset: Dataset, regions: Mapping[str, Mapping[str, BoolArray]]) -> dict[str, list[EdemaScore]]:
    """Judge every scan that has readings by a classifier taught by the other patients and the phantoms.

    Parameters
    ----------
    dataset : Dataset
    regions : mapping of str to mapping of str to bool array (slices, rows, columns)
        By heading and scan: the regions in which edema is sought. The classifier is taught in manual ones.

    Returns
    -------
    dict of str to list of EdemaScore
        By heading.
    """
    taught = teaching_voxels(dataset)
    scores: dict[str, list[EdemaScore]] = {heading: [] for heading in regions}
    for name in labeled_scans(dataset):
        subject = dataset.load(name)
        others = [scan for scan in taught if scan.patient != subject.patient]
        classifier = voxel_classifier(fit_edema_classifier(others))
        for heading, found in regions.items():
            scores[heading].append(judge(subject, found[name], classifier))
            print(f"{name}: mean Dice {scores[heading][-1].mean_dice:.3f} ({heading})", flush=True)
    return scores


def teaching_voxels(dataset: Dataset) -> list[LabeledVoxels]:
    """All that the classifier is taught by: scans with readings, in manual regions and roughened ones, and phantoms."""
    scans = [dataset.load(name) for name in labeled_scans(dataset)]
    taught = []
    for number, scan in enumerate(scans):
        for region in (scan.labels["region"], rough_region(scan, seed=number)):
            taught.append(replace(scan_voxels(scan, region), weight=0.5))
    return taught + [phantom_voxels(seed) for seed in PHANTOM_SEEDS]


def taught_by(dataset: Dataset) -> str:
    """The same in words, for a card."""
    return (
        f"{len(labeled_scans(dataset))} scans ({dataset.source}), {len(READINGS)} readings of each, and "
        f"{len(PHANTOM_SEEDS)} phantoms"
    )


def rough_region(subject: Subject, *, seed: int) -> BoolArray:
    """The manual region with an outline that strays as a network's does.

    Parameters
    ----------
    subject : Subject
    seed : int

    Returns
    -------
    bool array (slices, rows, columns)
    """
    volume, region = subject.volume("stir"), subject.labels["region"]
    rng = np.random.default_rng(seed)
    noise = smooth(rng.standard_normal(region.shape, dtype=np.float32), volume, ROUGHNESS_SMOOTH_MM)
    shift_mm = noise * np.float32(ROUGHNESS_MM / noise.std())
    return np.asarray(region_depth(region, volume) > shift_mm, dtype=np.bool_)


def manual_regions(dataset: Dataset) -> dict[str, BoolArray]:
    """The manual region of each scan with readings, bool (slices, rows, columns)."""
    return {name: dataset.load(name).labels["region"] for name in labeled_scans(dataset)}


def held_back_regions(dataset: Dataset, folds: Sequence[Fold], runs: Sequence[Sequence[Path]]) -> dict[str, BoolArray]:
    """The region of each scan with readings, by networks that have not seen its patient.

    Parameters
    ----------
    dataset : Dataset
    folds : sequence of Fold
    runs : sequence of sequence of Path
        Folders of the trainings that held each fold back; several are averaged.

    Returns
    -------
    dict of str to bool array (slices, rows, columns)
        By scan.
    """
    from training.sij_mri.region.train import trained_reader

    wanted = set(labeled_scans(dataset))
    regions = {}
    for fold, folders in zip(folds, runs, strict=True):
        names = sorted(wanted & set(fold.held_back))
        reader = trained_reader(folders)
        for name in names:
            regions[name] = reader.read(dataset.load(name).volume("t1w")).mask
    return regions


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


def edema_page(sections: Mapping[str, Sequence[EdemaScore]], *, command: str) -> str:
    """The evaluation as Markdown: one section for each kind of region.

    Parameters
    ----------
    sections : mapping of str to sequence of EdemaScore
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
        "The constants of the last step are the same for every scan: the seed of a lesion is 2 standard deviations "
        "above normal and 0.5 probable, and grows over what is 0.2 probable. Of a grid (2, 2.5, 3; 0.2, 0.3) they are "
        "the best whichever scan is left out, so that no scan chose its own; over the grid the mean moved by 0.016 in "
        "the networks' regions and by 0.012 in the manual ones. What this does not show: the features were made while "
        "looking at these seven scans. The readers also mark the lumbar endplates and bright joint fluid, and so "
        "does the classifier; the ASAS/OMERACT rule counts subchondral edema only. Where the readers see 1 to 2 ml on "
        "each side they hardly agree themselves; both sides are found, but the larger one need not be theirs. On a "
        "phantom whose marrow brightens smoothly by 30 % towards the joint this was called edema.\n",
    ]
    for heading, scores in sections.items():
        parts += [f"## {heading}\n", _table(scores), _summary(scores)]
    return "\n".join(parts)


def _labeled(
    patient: str, fluid: Volume, region: BoolArray, joints: tuple[Joint, ...], readings: BoolArray
) -> LabeledVoxels:
    middle_px = find_midline(fluid.voxels, fluid.pixel_spacing_mm)
    normal = find_normal_marrow(fluid, region, joints, middle_px=middle_px)
    if normal is None:
        raise ValueError(f"a scan without normal marrow cannot teach the edema classifier, received {patient}")
    at = candidate_voxels(normal.deviations, region, fluid)
    features = voxel_features(normal.deviations, region, joints, fluid, at=at)
    marked = readings.sum(axis=(1, 2, 3)).astype(np.float32)
    return LabeledVoxels(patient, features, readings[:, at].T.astype(np.float32), marked)


def _drawn_lesions(seed: int) -> tuple[LesionRequest, ...]:
    rng = np.random.default_rng(seed)
    places = [(side, bone) for side in Side for bone in ("sacral", "iliac") if rng.random() < 0.6]
    return tuple(
        LesionRequest(
            "bme",
            side,
            bone,
            height=float(rng.uniform(0.2, 0.8)),
            depth=float(rng.uniform(0.2, 0.8)),
            radius_mm=float(rng.uniform(8.0, 18.0)),
            strength=float(rng.uniform(0.4, 1.0)),
        )
        for side, bone in places
    )


def _union(phantom: Phantom) -> BoolArray:
    truth = np.zeros(phantom.fluid.shape, dtype=np.bool_)
    for lesion in phantom.lesions:
        truth |= lesion.mask
    return truth


def _score(name: str, ours: EdemaParts, readings: Sequence[EdemaParts], voxel_ml: float) -> EdemaScore:
    found, seen = _whole(ours), [_whole(reading) for reading in readings]
    volumes = {side: (_ml(ours, side, voxel_ml), [_ml(one, side, voxel_ml) for one in readings]) for side in Side}
    return EdemaScore(
        subject=name,
        dice=tuple(dice(reading, found) for reading in seen),
        left_ml=volumes[Side.LEFT][0],
        right_ml=volumes[Side.RIGHT][0],
        readers_left_ml=float(np.mean(volumes[Side.LEFT][1])),
        readers_right_ml=float(np.mean(volumes[Side.RIGHT][1])),
        readers_dice=float(np.mean([dice(first, second) for first in seen[:2] for second in seen[2:]])),
    )


def _whole(parts: EdemaParts) -> BoolArray:
    return np.asarray(np.logical_or.reduce([*parts.near.values(), *parts.deep.values(), parts.elsewhere]), np.bool_)


def _ml(parts: EdemaParts, side: Side, voxel_ml: float) -> float:
    """Within the subchondral band of a joint; 0 of one that was not found."""
    return float(np.count_nonzero(parts.near[side])) * voxel_ml if side in parts.near else 0.0


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
