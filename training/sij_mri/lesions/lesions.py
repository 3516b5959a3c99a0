"""Lesions of axial spondyloarthritis, painted into T1-weighted and fluid-sensitive volumes of any anatomy.

How each kind looks follows the ASAS definitions of lesions on MRI: bone marrow edema is bright on STIR and dark on
T1, subchondral; fat metaplasia is bright on T1 and dark on STIR, subchondral, with a sharp border; sclerosis is dark on
both; an erosion is a defect of the dark cortical line with loss of the marrow signal beside it; in ankylosis marrow
runs through what was the joint.

References
----------
W. P. Maksymowych et al., MRI lesions in the sacroiliac joints of patients with spondyloarthritis: an update of
definitions and validation by the ASAS MRI working group. Ann Rheum Dis 2019; 78: 1550-1558.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy import ndimage

from inference.types import BoolArray, FloatArray, Side, Volume
from training.sij_mri.lesions.joint_frame import JointFrame, joint_frame, local_marrow, mottle


class LesionKind(StrEnum):
    """Kinds of lesion."""

    EDEMA = "bone marrow edema"
    EROSION = "erosion"
    FAT = "fat metaplasia"
    SCLEROSIS = "sclerosis"
    ANKYLOSIS = "ankylosis"


class Flank(StrEnum):
    """Side of the joint."""

    SACRAL = "sacral"
    ILIAC = "iliac"


@dataclass(frozen=True, slots=True)
class LesionPlan:
    """What to paint, and where.

    Attributes
    ----------
    kind : LesionKind
    side : Side
    flank : Flank
        Not used by ankylosis.
    across : float
        Center through the slices: 0 is the first slice of the joint, 1 the last.
    along : float
        Center along the joint of a slice: 0 is its upper end, 1 the lower.
    size_mm : (float, float, float)
        Half-widths through the slices, along the joint, and depth from its surface.
    strength : float
        0 to 1: how far the signal goes towards that of a full lesion.
    """

    kind: LesionKind
    side: Side
    flank: Flank
    across: float
    along: float
    size_mm: tuple[float, float, float]
    strength: float


@dataclass(frozen=True, slots=True)
class Lesion:
    """A painted lesion.

    Attributes
    ----------
    kind : LesionKind
    side : Side
    flank : Flank
    mask : bool array (slices, rows, columns)
        On the T1-weighted grid, where the lesion is more than half there.
    center_mm : (float, float, float)
        LPS.
    volume_mm3 : float
    """

    kind: LesionKind
    side: Side
    flank: Flank
    mask: BoolArray
    center_mm: tuple[float, float, float]
    volume_mm3: float


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What lesions are painted into; everything on the T1-weighted grid.

    Attributes
    ----------
    t1 : Volume
    fluid : Volume
        Fluid-sensitive, on the grid of `t1`.
    region : bool array (slices, rows, columns)
        Bones and joints.
    surfaces : dict of Side to float32 array (slices, rows)
        Column of each joint surface, NaN where there is none.
    """

    t1: Volume
    fluid: Volume
    region: BoolArray
    surfaces: dict[Side, FloatArray]


@dataclass(slots=True)
class _Canvas:
    """The box about a joint while it is painted, in place."""

    frame: JointFrame
    t1: FloatArray
    fluid: FloatArray
    t1_marrow: FloatArray
    fluid_marrow: FloatArray
    t1_fat: float


Painter = Callable[[_Canvas, LesionPlan, np.random.Generator], FloatArray]


def paint(
    anatomy: Anatomy, plans: Sequence[LesionPlan], rng: np.random.Generator
) -> tuple[Anatomy, tuple[Lesion, ...]]:
    """Paint lesions, in the order given.

    Parameters
    ----------
    anatomy : Anatomy
        Is not changed.
    plans : sequence of LesionPlan
        Those on a side without a joint are left out.
    rng : numpy.random.Generator
        Draws the irregular outlines and textures.

    Returns
    -------
    Anatomy, tuple of Lesion
        New volumes, and each lesion with its exact mask; plans that met no bone give no lesion.

    Raises
    ------
    ValueError
        `anatomy.fluid` does not lie on the grid of `anatomy.t1`.
    """
    if anatomy.fluid.shape != anatomy.t1.shape:
        raise ValueError(f"both volumes must share one grid of {anatomy.t1.shape}, received {anatomy.fluid.shape}")
    t1, fluid = anatomy.t1.voxels.copy(), anatomy.fluid.voxels.copy()
    fat = float(np.percentile(t1[:, ::3, ::3], 96))
    lesions: list[Lesion] = []
    for side in anatomy.surfaces:
        wanted = [plan for plan in plans if plan.side is side]
        frame = joint_frame(anatomy.t1, anatomy.region, side, anatomy.surfaces[side]) if wanted else None
        if frame is None:
            continue
        box_t1, box_fluid = t1[frame.box], fluid[frame.box]
        canvas = _Canvas(
            frame, box_t1, box_fluid, local_marrow(frame, box_t1), local_marrow(frame, box_fluid), fat_t1(fat, box_t1)
        )
        for plan in wanted:
            weight = PAINTERS[plan.kind](canvas, plan, rng)
            if np.any(weight > 0.5):
                lesions.append(_lesion(anatomy.t1, frame, plan, weight > 0.5))
    painted = replace(
        anatomy, t1=replace(anatomy.t1, voxels=t1), fluid=replace(anatomy.fluid, voxels=np.maximum(fluid, 0))
    )
    return painted, tuple(lesions)


def fat_t1(percentile: float, box: FloatArray) -> float:
    """Intensity of fat on T1 in a box (slices, rows, columns): the image's bright end, at most 2.2 times the median."""
    return min(percentile, 2.2 * float(np.median(box)))


def _lesion(volume: Volume, frame: JointFrame, plan: LesionPlan, inside: BoolArray) -> Lesion:
    mask = np.zeros(volume.shape, np.bool_)
    mask[frame.box] = inside
    slices, rows, columns = (axis.mean() for axis in np.nonzero(mask))
    row_mm, column_mm = volume.pixel_spacing_mm
    start = np.array([np.interp(slices, np.arange(volume.shape[0]), axis) for axis in volume.positions_mm.T])
    center = start + columns * column_mm * np.asarray(volume.row_direction)
    center = center + rows * row_mm * np.asarray(volume.column_direction)
    volume_mm3 = float(mask.sum()) * volume.voxel_volume_mm3
    place = (float(center[0]), float(center[1]), float(center[2]))
    return Lesion(plan.kind, plan.side, plan.flank, mask, place, volume_mm3)


def _blob(
    frame: JointFrame, plan: LesionPlan, rng: np.random.Generator, *, softness: float, roughness: float
) -> FloatArray:
    """Weight 0 to 1 of an irregular half-ellipsoid that sits on the joint surface, inside the bone of its flank."""
    depth = frame.depth_mm if plan.flank is Flank.ILIAC else -frame.depth_mm
    across, along = _offsets(frame, plan)
    size_across, size_along, size_depth = plan.size_mm
    radius = (across / size_across) ** 2 + (along / size_along) ** 2 + (np.maximum(depth, 0) / size_depth) ** 2
    radius = radius + roughness * mottle(rng, frame, size_mm=max(4.0, 0.6 * size_along))
    weight = 1 / (1 + np.exp(np.clip((radius - 1) / softness, -30, 30)))
    return np.asarray(weight * (frame.bone & (depth > 0)), dtype=np.float32)


def _offsets(frame: JointFrame, plan: LesionPlan) -> tuple[FloatArray, FloatArray]:
    """Distance through the slices and along the joint from the center of a plan."""
    present = frame.across_mm[frame.present, 0, 0]
    center = present[0] + plan.across * (present[-1] - present[0])
    along = frame.along_mm - plan.along * frame.length_mm[:, None, None]
    return frame.across_mm - center, along


def _towards(voxels: FloatArray, target: FloatArray, weight: FloatArray) -> None:
    voxels += weight * (target - voxels)


def _edema(canvas: _Canvas, plan: LesionPlan, rng: np.random.Generator) -> FloatArray:
    weight = _blob(canvas.frame, plan, rng, softness=0.18, roughness=0.22)
    texture = 1 + 0.15 * mottle(rng, canvas.frame, size_mm=5.0)
    canvas.fluid += weight * canvas.fluid_marrow * (0.5 + 2.3 * plan.strength) * texture
    canvas.t1 -= weight * canvas.t1 * (0.12 + 0.33 * plan.strength) * texture
    return weight


def _erosion(canvas: _Canvas, plan: LesionPlan, rng: np.random.Generator) -> FloatArray:
    """Several defects in a row that eat the cortex and the marrow behind it; together they widen the joint."""
    frame = canvas.frame
    weight = np.zeros_like(frame.depth_mm)
    depth = frame.depth_mm if plan.flank is Flank.ILIAC else -frame.depth_mm
    across, along = _offsets(frame, plan)
    size_across, size_along, size_depth = plan.size_mm
    for _ in range(rng.integers(3, 8)):
        shift_across, shift_along = rng.uniform(-0.6, 0.6) * size_across, rng.uniform(-1, 1) * size_along
        radius_mm = size_depth * rng.uniform(0.6, 1.1)
        radius = ((across - shift_across) / max(0.6 * size_across, 2.2)) ** 2
        radius = radius + ((along - shift_along) / (radius_mm * rng.uniform(0.8, 1.6))) ** 2
        radius = radius + (depth / radius_mm) ** 2 + 0.15 * mottle(rng, frame, size_mm=3.0)
        one = 1 / (1 + np.exp(np.clip((radius - 1) / 0.15, -30, 30)))
        weight = np.maximum(weight, one * (depth > -1.2) * frame.extent)
    level = 0.55 - 0.25 * plan.strength + 0.06 * mottle(rng, frame, size_mm=3.0)
    _towards(canvas.t1, canvas.t1_marrow * level, weight)
    wet = rng.uniform(0.7, 1.8)
    _towards(canvas.fluid, canvas.fluid_marrow * wet, weight * 0.8)
    return weight.astype(np.float32)


def _fat(canvas: _Canvas, plan: LesionPlan, rng: np.random.Generator) -> FloatArray:
    weight = _blob(canvas.frame, plan, rng, softness=0.06, roughness=0.15)
    grain = canvas.t1 - ndimage.gaussian_filter(canvas.t1, (0, 2, 2))
    level = canvas.t1_marrow + (0.35 + 0.65 * plan.strength) * np.maximum(
        canvas.t1_fat - canvas.t1_marrow, 0.25 * canvas.t1_marrow
    )
    _towards(canvas.t1, level + 0.4 * grain, weight)
    canvas.fluid *= 1 - weight * (0.15 + 0.3 * plan.strength)
    return weight


def _sclerosis(canvas: _Canvas, plan: LesionPlan, rng: np.random.Generator) -> FloatArray:
    weight = _blob(canvas.frame, plan, rng, softness=0.12, roughness=0.2)
    texture = 1 + 0.12 * mottle(rng, canvas.frame, size_mm=4.0)
    _towards(canvas.t1, canvas.t1_marrow * (0.5 - 0.32 * plan.strength) * texture, weight * 0.92)
    _towards(canvas.fluid, canvas.fluid_marrow * (0.7 - 0.35 * plan.strength), weight * 0.85)
    return weight


def _ankylosis(canvas: _Canvas, plan: LesionPlan, rng: np.random.Generator) -> FloatArray:
    """Marrow from both sides meets where the joint was, over a stretch of its length."""
    frame = canvas.frame
    across, along = _offsets(frame, plan)
    size_across, size_along, half_width = plan.size_mm
    edge = 0.25 * mottle(rng, frame, size_mm=8.0)
    stretch = np.maximum(np.abs(across) / size_across, np.abs(along) / size_along) + edge
    length = 1 / (1 + np.exp(np.clip((stretch - 1) / 0.08, -30, 30)))
    width = 1 / (1 + np.exp(np.clip((np.abs(frame.depth_mm) - half_width) / 0.5, -30, 30)))
    weight = (length * width * frame.extent).astype(np.float32)
    strength = 0.7 + 0.3 * plan.strength
    for voxels, level in ((canvas.t1, canvas.t1_marrow), (canvas.fluid, canvas.fluid_marrow)):
        _towards(voxels, level + _grain(frame, voxels, half_width), weight * strength)
    return np.where(np.abs(frame.depth_mm) <= half_width, length * frame.extent, 0).astype(np.float32)


def _grain(frame: JointFrame, voxels: FloatArray, half_width_mm: float) -> FloatArray:
    """Fine texture of the marrow beside the joint, carried into it."""
    shift = round((half_width_mm + 5.0) / frame.spacing_mm[2])
    fine = voxels - ndimage.gaussian_filter(voxels, (0, 2, 2))
    limit = 2.5 * float(np.std(fine[frame.bone])) if frame.bone.any() else 0.0
    return np.asarray(np.clip(np.roll(fine, shift, axis=2), -limit, limit), dtype=np.float32)


PAINTERS: dict[LesionKind, Painter] = {
    LesionKind.EDEMA: _edema,
    LesionKind.EROSION: _erosion,
    LesionKind.FAT: _fat,
    LesionKind.SCLEROSIS: _sclerosis,
    LesionKind.ANKYLOSIS: _ankylosis,
}
