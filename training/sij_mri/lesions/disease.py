"""Whole simulated patients: which lesions a stage has, where, how strong; and what each slice shows of them.

Stages as this project means them: Normal, no lesion; Early, bone marrow edema alone; Moderate, structural lesions
(erosion, fat metaplasia, sclerosis) with or without edema; Advanced, ankylosis with or without others. Axial
spondyloarthritis counts as present in every stage but Normal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from inference.sij_mri import Stage
from inference.types import FloatArray, Side, Volume
from training.sij_mri.lesions.joint_frame import joint_frame
from training.sij_mri.lesions.lesions import Anatomy, Flank, Lesion, LesionKind, LesionPlan, paint

STRUCTURAL = (LesionKind.EROSION, LesionKind.FAT, LesionKind.SCLEROSIS)

SHOWN_MM2 = {
    LesionKind.EDEMA: 25.0,
    LesionKind.EROSION: 12.0,
    LesionKind.FAT: 25.0,
    LesionKind.SCLEROSIS: 25.0,
    LesionKind.ANKYLOSIS: 30.0,
}
"""A slice shows a kind of lesion from this area on; a slice with less than that of any kind is doubtful."""


@dataclass(frozen=True, slots=True)
class SimulatedPatient:
    """A painted patient and the truth about it.

    Attributes
    ----------
    anatomy : Anatomy
    stage : Stage
    as_present : bool
        True in every stage but Normal.
    lesions : tuple of Lesion
    slice_stages : tuple of Stage or None
        What each T1-weighted slice shows; None where a lesion is there but too small to count.
    """

    anatomy: Anatomy
    stage: Stage
    as_present: bool
    lesions: tuple[Lesion, ...]
    slice_stages: tuple[Stage | None, ...]


def apply(anatomy: Anatomy, stage: Stage, rng: np.random.Generator) -> SimulatedPatient:
    """Draw a patient of a stage.

    Parameters
    ----------
    anatomy : Anatomy
        Without lesions; not changed.
    stage : Stage
        What is wanted. The stage of the result is that of what was painted, and is the same unless no plan met bone.
    rng : numpy.random.Generator
    """
    distracted = distract(anatomy, rng)
    painted, lesions = paint(distracted, draw_plans(anatomy, stage, rng), rng)
    got = stage_of({lesion.kind for lesion in lesions})
    return SimulatedPatient(painted, got, got is not Stage.NORMAL, lesions, slice_stages(anatomy.t1, lesions))


def stage_of(kinds: set[LesionKind]) -> Stage:
    """The stage that these kinds of lesion make."""
    if LesionKind.ANKYLOSIS in kinds:
        return Stage.ADVANCED
    if kinds & set(STRUCTURAL):
        return Stage.MODERATE
    return Stage.EARLY if LesionKind.EDEMA in kinds else Stage.NORMAL


def slice_stages(volume: Volume, lesions: Sequence[Lesion]) -> tuple[Stage | None, ...]:
    """What each slice shows, from the areas of the lesions in it; None where what there is is too small to count."""
    pixel_mm2 = volume.pixel_spacing_mm[0] * volume.pixel_spacing_mm[1]
    areas = {kind: np.zeros(volume.shape[0]) for kind in LesionKind}
    for lesion in lesions:
        areas[lesion.kind] += lesion.mask.sum(axis=(1, 2)) * pixel_mm2
    out: list[Stage | None] = []
    for index in range(volume.shape[0]):
        shown = stage_of({kind for kind, area in areas.items() if area[index] >= SHOWN_MM2[kind]})
        most = stage_of({kind for kind, area in areas.items() if area[index] > 0})
        out.append(shown if shown is most else None)
    return tuple(out)


def draw_plans(anatomy: Anatomy, stage: Stage, rng: np.random.Generator) -> tuple[LesionPlan, ...]:
    """Draw the lesions of a stage: one side or both, few or many, subtle or plain.

    Every lesion reaches over at least two slices, as the ASAS definition asks of edema.
    """
    sides = tuple(anatomy.surfaces)
    if stage is Stage.NORMAL or not sides:
        return ()
    step = anatomy.t1.slice_spacing_mm
    affected = sides if rng.random() < 0.6 else (sides[rng.integers(len(sides))],)
    severity = rng.uniform(0.1, 1.0)
    plans: list[LesionPlan] = []
    for side in affected:
        plans += _plans_of_side(side, stage, severity, step, rng)
    return tuple(plans)


def _plans_of_side(
    side: Side, stage: Stage, severity: float, step_mm: float, rng: np.random.Generator
) -> list[LesionPlan]:
    wanted: list[LesionKind] = []
    if stage is Stage.EARLY:
        wanted = [LesionKind.EDEMA] * int(rng.integers(1, 2 + round(3 * severity)))
    elif stage is Stage.MODERATE or rng.random() < 0.5:
        count = 1 + int(rng.integers(0, 2 + round(2 * severity)))
        wanted = [STRUCTURAL[index] for index in rng.integers(0, len(STRUCTURAL), count)]
        if rng.random() < 0.5:
            wanted += [LesionKind.EDEMA] * int(rng.integers(1, 3))
    plans = [_plan(kind, side, severity, step_mm, rng) for kind in wanted]
    if stage is Stage.ADVANCED:
        plans.append(_plan(LesionKind.ANKYLOSIS, side, severity, step_mm, rng))
    return plans


def _plan(kind: LesionKind, side: Side, severity: float, step_mm: float, rng: np.random.Generator) -> LesionPlan:
    """One lesion; the half-widths are those of its kind, larger with the severity."""
    low, high = {
        LesionKind.EDEMA: ((1.3 * step_mm, 7.0, 5.0), (3.5 * step_mm, 24.0, 17.0)),
        LesionKind.EROSION: ((1.3 * step_mm, 9.0, 2.8), (3.5 * step_mm, 26.0, 5.5)),
        LesionKind.FAT: ((1.3 * step_mm, 8.0, 6.0), (3.5 * step_mm, 24.0, 15.0)),
        LesionKind.SCLEROSIS: ((1.3 * step_mm, 8.0, 5.0), (3.5 * step_mm, 24.0, 12.0)),
        LesionKind.ANKYLOSIS: ((2.0 * step_mm, 14.0, 2.6), (8.0 * step_mm, 60.0, 3.6)),
    }[kind]
    growth = np.clip(0.6 * severity + 0.4 * rng.random(3), 0, 1)
    size = tuple(float(a + grown * (b - a)) for a, b, grown in zip(low, high, growth, strict=True))
    return LesionPlan(
        kind=kind,
        side=side,
        flank=Flank.ILIAC if rng.random() < 0.5 else Flank.SACRAL,
        across=float(rng.uniform(0.15, 0.85)),
        along=float(rng.uniform(0.12, 0.88)),
        size_mm=(size[0], size[1], size[2]),
        strength=float(np.clip(0.6 * severity + 0.4 * rng.random(), 0.12, 1.0)),
    )


def distract(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """What healthy people show too and what must not count.

    Bright spots of vessels and bright or dark patches far from the joint, fluid in the joint gap, faint bright specks
    under the cartilage of a single slice, a mild tilt of brightness.
    """
    t1, fluid = anatomy.t1.voxels.copy(), anatomy.fluid.voxels.copy()
    for side, surface in anatomy.surfaces.items():
        frame = joint_frame(anatomy.t1, anatomy.region, side, surface)
        if frame is None:
            continue
        box_t1, box_fluid = t1[frame.box], fluid[frame.box]
        marrow = float(np.median(box_fluid[frame.bone])) if frame.bone.any() else float(np.median(box_fluid))
        if rng.random() < 0.4:
            gap = (np.abs(frame.depth_mm) < 1.2) & frame.extent
            box_fluid += gap * np.float32(marrow * rng.uniform(0.2, 1.2))
        for _ in range(rng.integers(0, 4)):
            box_fluid += (
                _spot(frame.depth_mm, rng, nearest_mm=13.0, radius_px=(1.0, 3.5)) * marrow * rng.uniform(0.5, 4)
            )
        for _ in range(rng.integers(0, 3)):
            box_fluid += (
                _spot(frame.depth_mm, rng, nearest_mm=1.5, radius_px=(0.7, 1.6)) * marrow * rng.uniform(0.3, 0.9)
            )
        if rng.random() < 0.35:
            patch = _spot(frame.depth_mm, rng, nearest_mm=16.0, radius_px=(4.0, 9.0))
            box_t1 += patch * box_t1 * rng.uniform(-0.4, 0.35)
    return replace(anatomy, t1=replace(anatomy.t1, voxels=t1), fluid=replace(anatomy.fluid, voxels=fluid))


def _spot(
    depth_mm: FloatArray, rng: np.random.Generator, *, nearest_mm: float, radius_px: tuple[float, float]
) -> FloatArray:
    """A soft round spot in one slice, at least ``nearest_mm`` from the joint."""
    out = np.zeros_like(depth_mm)
    index = int(rng.integers(depth_mm.shape[0]))
    places = np.argwhere((np.abs(depth_mm[index]) > nearest_mm) & (np.abs(depth_mm[index]) < 200))
    if not len(places):
        return out
    row, column = places[rng.integers(len(places))]
    rows, columns = np.ogrid[: depth_mm.shape[1], : depth_mm.shape[2]]
    radius = rng.uniform(*radius_px)
    out[index] = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * radius**2))
    return out
