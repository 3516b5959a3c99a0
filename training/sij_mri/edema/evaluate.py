"""Edema judged against its readers, each scan by a classifier that was not taught by its patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from inference.serving import Segmenter, VoxelClassifier
from inference.sij_mri import EdemaParts, Joint, RegionReader, carry_joints, find_joints, find_midline
from inference.sij_mri.edema import (
    EdemaNetwork,
    Surroundings,
    candidate_voxels,
    find_normal_marrow,
    possible_edema,
    region_depth,
    smooth,
    voxel_features,
)
from inference.types import BoolArray, Side, Volume
from training.data import Dataset, Fold, Subject
from training.judge import dice
from training.phantom import LesionRequest, Phantom, PhantomSpec, make_phantom
from training.sij_mri.edema.cutoffs import CutoffScore, score_cutoffs
from training.sij_mri.edema.nulls import NULLS
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
    found_ml : float
        All that was found.
    readings_ml : tuple of float
        All that each reading marks.
    others_dice : mapping of str to float
        Mean Dice of other methods with the readings, by name: null models, and the classifier alone.
    """

    subject: str
    dice: tuple[float, ...]
    left_ml: float
    right_ml: float
    readers_left_ml: float
    readers_right_ml: float
    readers_dice: float
    found_ml: float = 0.0
    readings_ml: tuple[float, ...] = ()
    others_dice: Mapping[str, float] = field(default_factory=dict)

    @property
    def within_readings(self) -> bool:
        """Whether as much was found as one of the readings marks, or something between two of them."""
        return bool(self.readings_ml) and min(self.readings_ml) <= self.found_ml <= max(self.readings_ml)

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


class JudgedScan(NamedTuple):
    """One scan beside its readings: at the bundle's cut-offs, and at stricter and looser ones."""

    score: EdemaScore
    at: CutoffScore


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


def judge(
    subject: Subject, region: BoolArray, classifier: VoxelClassifier, network: EdemaNetwork | None = None
) -> JudgedScan:
    """Find the edema of a scan as the node does, and set it beside its readings and what other methods find.

    Parameters
    ----------
    subject : Subject
        With ``t1w`` and ``stir`` on one grid and the four readings.
    region : bool array (slices, rows, columns)
    classifier : VoxelClassifier
        Not taught by this patient.
    network : EdemaNetwork, optional
        Not taught by this patient either.

    Raises
    ------
    ValueError
        The region holds too little normal marrow.
    """
    fluid, t1 = subject.volume("stir"), subject.volume("t1w")
    joints = find_joints(t1, region)
    found = possible_edema(fluid, region, joints, classifier=classifier, t1=t1, network=network)
    if found is None:
        raise ValueError(f"edema cannot be judged where no normal marrow is found, received the scan {subject.subject}")
    readings = [subject.labels[f"inflammation_{reading}"] for reading in READINGS]
    others = {name: rule(fluid, t1, region) for name, rule in NULLS.items()}
    if network is not None:
        alone = possible_edema(fluid, region, joints, classifier=classifier)
        others["the classifier alone"] = _whole(alone.at(alone.usual)) if alone is not None else np.zeros_like(region)
    score = _score(subject.subject, found.at(found.usual), readings, found.about, fluid.voxel_volume_mm3 / 1000.0)
    dices = {name: float(np.mean([dice(one, mask) for one in readings])) for name, mask in others.items()}
    return JudgedScan(
        replace(score, others_dice=dices), score_cutoffs(subject.subject, fluid, found, readings=readings)
    )


def leave_one_out(
    dataset: Dataset,
    regions: Mapping[str, Mapping[str, BoolArray]],
    networks: Mapping[str, EdemaNetwork] | None = None,
) -> dict[str, list[JudgedScan]]:
    """Judge every scan that has readings by a classifier taught by the other patients and the phantoms.

    Parameters
    ----------
    dataset : Dataset
    regions : mapping of str to mapping of str to bool array (slices, rows, columns)
        By heading and scan: the regions in which edema is sought. The classifier is taught in manual ones.
    networks : mapping of str to EdemaNetwork, optional
        By patient: one that has not seen this patient.

    Returns
    -------
    dict of str to list of JudgedScan
        By heading.
    """
    taught = teaching_voxels(dataset)
    scores: dict[str, list[JudgedScan]] = {heading: [] for heading in regions}
    for name in labeled_scans(dataset):
        subject = dataset.load(name)
        others = [scan for scan in taught if scan.patient != subject.patient]
        classifier = voxel_classifier(fit_edema_classifier(others))
        for heading, found in regions.items():
            judged = judge(subject, found[name], classifier, (networks or {}).get(subject.patient))
            scores[heading].append(judged)
            print(f"{name}: mean Dice {judged.score.mean_dice:.3f} ({heading})", flush=True)
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


def shipped_regions(dataset: Dataset, model: Segmenter) -> dict[str, BoolArray]:
    """The region of each scan with readings, by the network of a bundle, which may have learned from it.

    Parameters
    ----------
    dataset : Dataset
    model : Segmenter
        Of the role ``region``.

    Returns
    -------
    dict of str to bool array (slices, rows, columns)
        By scan.
    """
    reader = RegionReader(model)
    return {name: reader.read(dataset.load(name).volume("t1w")).mask for name in labeled_scans(dataset)}


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


def _score(
    name: str, ours: EdemaParts, marked: Sequence[BoolArray], about: Surroundings, voxel_ml: float
) -> EdemaScore:
    found, readings = _whole(ours), [about.share_out(one) for one in marked]
    volumes = {side: (_ml(ours, side, voxel_ml), [_ml(one, side, voxel_ml) for one in readings]) for side in Side}
    return EdemaScore(
        subject=name,
        dice=tuple(dice(reading, found) for reading in marked),
        left_ml=volumes[Side.LEFT][0],
        right_ml=volumes[Side.RIGHT][0],
        readers_left_ml=float(np.mean(volumes[Side.LEFT][1])),
        readers_right_ml=float(np.mean(volumes[Side.RIGHT][1])),
        readers_dice=float(np.mean([dice(first, second) for first in marked[:2] for second in marked[2:]])),
        found_ml=float(np.count_nonzero(found)) * voxel_ml,
        readings_ml=tuple(float(np.count_nonzero(one)) * voxel_ml for one in marked),
    )


def _whole(parts: EdemaParts) -> BoolArray:
    return np.asarray(np.logical_or.reduce([*parts.near.values(), *parts.deep.values(), parts.elsewhere]), np.bool_)


def _ml(parts: EdemaParts, side: Side, voxel_ml: float) -> float:
    """Within the subchondral band of a joint; 0 of one that was not found."""
    return float(np.count_nonzero(parts.near[side])) * voxel_ml if side in parts.near else 0.0
