"""A set of simulated patients, kept as the pictures that the stage network sees: one file for each anatomy.

Anatomies are phantoms (by seed) and real scans (healed, by patient). A split holds whole anatomies: no phantom seed and
no real patient is in two of train, validation and held-back. Building it again goes on where it stopped.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.sij_mri import STAGES, Joint, Stage, find_joints, joint_slices
from inference.sij_mri.stage import StripCutter, pictures
from inference.space import surface_band
from inference.types import FloatArray, Side, Volume
from training.data import Dataset
from training.phantom import GridSpec, PhantomSpec, make_phantom
from training.sij_mri.lesions.disease import SimulatedPatient, apply
from training.sij_mri.lesions.healing import heal
from training.sij_mri.lesions.lesions import Anatomy, LesionKind
from training.sij_mri.lesions.requested import requested_patient

CACHE_PX = 128
CUTTER = StripCutter(size_px=CACHE_PX)  # wider than what the network sees, so that strips can be moved
SPACING_MM = CUTTER.spacing_mm
SPACE = "simulated"
KINDS = tuple(LesionKind)
EVIDENCE_STEP = 4


@dataclass(frozen=True, slots=True)
class AnatomyPlan:
    """One anatomy and how many patients are drawn from it.

    Attributes
    ----------
    source : str
        ``phantom`` (lesions of :mod:`training.sij_mri.lesions.lesions`), ``requested`` (lesions made by the phantom) or
        ``real``.
    key : str
        Seed of the phantom, or identifier of the scan.
    split : str
        ``train``, ``validation`` or ``held-back``.
    draws : int
    """

    source: str
    key: str
    split: str
    draws: int

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.split}_{self.source}_{self.key}"


@dataclass(frozen=True, slots=True)
class Shard:
    """The simulated patients of one anatomy.

    Attributes
    ----------
    plan : AnatomyPlan
    images : uint8 array (n, 128, 128, 3)
        T1W from 0 to 1.5, fluid and closeness to the joint from 0 to 1, each to 255.
    evidence : uint8 array (n, 32, 32, 5)
        Share of each of KINDS of lesion, to 255.
    stages : int8 array (n,)
        Index of what the slice shows; -1 where that is doubtful.
    patients : int16 array (n,)
        Which draw each slice belongs to.
    truth : int8 array (draws,)
        Stage of each draw.
    """

    plan: AnatomyPlan
    images: NDArray[np.uint8]
    evidence: NDArray[np.uint8]
    stages: NDArray[np.int8]
    patients: NDArray[np.int16]
    truth: NDArray[np.int8]


def build(plans: Sequence[AnatomyPlan], out: Path, *, real: Dataset | None) -> None:
    """Simulate every anatomy whose file is not there yet.

    Parameters
    ----------
    plans : sequence of AnatomyPlan
    out : Path
        Folder of the set.
    real : Dataset or None
        Where real anatomies come from; needed if `plans` has any.

    Raises
    ------
    ValueError
        One anatomy is in two splits.
    """
    splits: dict[tuple[str, str], str] = {}
    for plan in plans:
        if splits.setdefault((plan.source, plan.key), plan.split) != plan.split:
            raise ValueError(f"an anatomy belongs to one split only, received {plan.key} in two")
    out.mkdir(parents=True, exist_ok=True)
    for plan in plans:
        path = out / f"{plan.name}.npz"
        if not path.is_file():
            shard = simulate(plan, real)
            _write(path, shard)
            print(f"{plan.name}: {len(shard.images)} slices of {plan.draws} patients", flush=True)


def read(out: Path, split: str) -> Iterator[Shard]:
    """All anatomies of a split, in the order of their names."""
    for path in sorted(out.glob(f"{split}_*.npz")):
        with np.load(path) as content:
            yield Shard(
                AnatomyPlan(**json.loads(str(content["plan"]))),
                *(content[name] for name in ("images", "evidence", "stages", "patients", "truth")),
            )


def simulate(plan: AnatomyPlan, real: Dataset | None) -> Shard:
    """Make the pictures of the patients of one anatomy."""
    rng = _rng(plan)
    parts: list[tuple[Any, ...]] = []
    truth = []
    for draw, patient in enumerate(draw_patients(plan, real, rng=rng)):
        joints = _joints(patient, rng, judged=plan.split != "train")
        truth.append(STAGES.index(patient.stage))
        slices = joint_slices(joints, patient.anatomy.t1)
        if slices:
            parts.append((*_pictures(patient, joints, slices), np.full(len(slices), draw, np.int16)))
    images, evidence, stages, patients = (np.concatenate(list(values)) for values in zip(*parts, strict=True))
    return Shard(plan, images, evidence, stages, patients, np.array(truth, np.int8))


def draw_patients(
    plan: AnatomyPlan, real: Dataset | None, *, rng: np.random.Generator | None = None
) -> Iterator[SimulatedPatient]:
    """Draw the patients of one anatomy; stages take turns, so that each is as frequent as the others.

    Parameters
    ----------
    plan : AnatomyPlan
    real : Dataset or None
        Where a real anatomy comes from.
    rng : numpy.random.Generator, optional
        That of the plan where there is none.
    """
    rng = rng or _rng(plan)
    draw_patient = _drawing(plan, _seed(plan), real, rng)
    first = int(rng.integers(len(STAGES)))
    for draw in range(plan.draws):
        yield draw_patient(STAGES[(first + draw) % len(STAGES)])


def _seed(plan: AnatomyPlan) -> int:
    return int(plan.key) if plan.key.isdigit() else 0


def _rng(plan: AnatomyPlan) -> np.random.Generator:
    return np.random.default_rng([_seed(plan), len(plan.source)])


def _drawing(
    plan: AnatomyPlan, seed: int, real: Dataset | None, rng: np.random.Generator
) -> Callable[[Stage], SimulatedPatient]:
    """How a patient of a stage is made from this anatomy."""
    if plan.source == "requested":
        return lambda stage: _moved(requested_patient(seed, stage, grid=phantom_grid(seed)))
    anatomy = phantom_anatomy(seed) if plan.source == "phantom" else real_anatomy(_given(real), plan.key)
    return lambda stage: apply(anatomy, stage, rng)


def phantom_grid(seed: int) -> GridSpec:
    """The grid of a phantom for both contrasts; it depends on the seed."""
    rng = np.random.default_rng([seed, 7])
    pixel_mm = float(rng.uniform(0.75, 0.95))
    size = round(185 / pixel_mm)
    step_mm = float(rng.uniform(3.3, 4.5))
    slices = round(70 / step_mm)
    return GridSpec(
        slices=slices, rows=size, columns=size, pixel_mm=pixel_mm, step_mm=step_mm, thickness_mm=0.9 * step_mm
    )


def phantom_anatomy(seed: int) -> Anatomy:
    """The anatomy of a phantom without lesions, on one grid for both contrasts."""
    grid = phantom_grid(seed)
    phantom = make_phantom(seed, spec=PhantomSpec(t1=grid, fluid=grid))
    return Anatomy(in_space(phantom.t1), in_space(phantom.fluid), phantom.region, phantom.surfaces)


def real_anatomy(data: Dataset, name: str) -> Anatomy:
    """The healed anatomy of a real scan, its joints found inside the manual region."""
    subject = data.load(name)
    t1, fluid = heal(subject)
    region = subject.labels["region"]
    volume = in_space(replace(subject.volume("t1w"), voxels=t1))
    surfaces = {joint.side: joint.columns_px for joint in find_joints(volume, region)}
    return Anatomy(volume, replace(volume, voxels=fluid), region, surfaces)


def _given(real: Dataset | None) -> Dataset:
    if real is None:
        raise ValueError("real anatomies need the imported data set, received none")
    return real


def _moved(patient: SimulatedPatient) -> SimulatedPatient:
    anatomy = patient.anatomy
    there = replace(anatomy, t1=in_space(anatomy.t1), fluid=in_space(anatomy.fluid))
    return replace(patient, anatomy=there)


def in_space(volume: Volume) -> Volume:
    """The volume in the frame of reference that all volumes of a simulated patient share."""
    return replace(volume, frame_of_reference_uid=SPACE)


def _joints(patient: SimulatedPatient, rng: np.random.Generator, *, judged: bool) -> tuple[Joint, ...]:
    """The joints as the node would find them where patients are judged; else the true ones, a little off."""
    anatomy = patient.anatomy
    if judged or rng.random() < 0.15:
        found = find_joints(anatomy.t1, anatomy.region)
        if found or judged:
            return found
    return tuple(_shaken(side, surface, anatomy.t1, rng) for side, surface in anatomy.surfaces.items())


def _shaken(side: Side, surface: FloatArray, volume: Volume, rng: np.random.Generator) -> Joint:
    noise = ndimage.gaussian_filter(rng.standard_normal(surface.shape), (1.5, 12))
    offset_mm = rng.normal(0, 1.0) + 1.0 * noise / (noise.std() + 1e-6)
    columns = (surface + offset_mm / volume.pixel_spacing_mm[1]).astype(np.float32)
    return Joint(side, columns, surface_band(columns, volume), np.ones(len(columns), np.float32))


def _pictures(
    patient: SimulatedPatient, joints: tuple[Joint, ...], slices: tuple[int, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int8]]:
    anatomy = patient.anatomy
    given = CUTTER.cut(anatomy.t1, anatomy.fluid, joints, slices)
    scale = np.array([255 / CUTTER.t1_ceiling, 255, 255], np.float32)
    images = np.clip(np.rint(given.images * scale), 0, 255).astype(np.uint8)
    masks = np.zeros((len(KINDS), *anatomy.t1.shape), np.float32)
    for lesion in patient.lesions:
        mask = masks[KINDS.index(lesion.kind)]
        np.maximum(mask, lesion.mask, out=mask)
    maps = np.stack([pictures(given.grid, one, slices) for one in masks], axis=-1)
    evidence = np.stack([_reduced(plane) for plane in maps])
    shown = [patient.slice_stages[index] for index in slices]
    stages = [-1 if stage is None else STAGES.index(stage) for stage in shown]
    return images, evidence, np.array(stages, np.int8)


def _reduced(plane: FloatArray) -> NDArray[np.uint8]:
    size = CACHE_PX // EVIDENCE_STEP
    small = cv2.resize(plane, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(np.rint(small * 255), 0, 255), np.uint8)


def _write(path: Path, shard: Shard) -> None:
    temporary = path.with_suffix(".part.npz")
    np.savez_compressed(
        temporary,
        allow_pickle=False,
        plan=np.array(json.dumps(asdict(shard.plan))),
        images=shard.images,
        evidence=shard.evidence,
        stages=shard.stages,
        patients=shard.patients,
        truth=shard.truth,
    )
    temporary.replace(path)
