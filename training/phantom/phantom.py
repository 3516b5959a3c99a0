"""A three-dimensional phantom of the sacroiliac joints with T1W and STIR contrast and a known truth.

``make_phantom(seed)`` draws the anatomy, the contrast, the patient's position and the scanner's imperfections of one
synthetic patient: an unlimited source of patients whose bones, joint surfaces and lesions are known exactly.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.sij_mri import Role, Stage
from inference.types import BoolArray, FloatArray, Side, Volume
from training.phantom.body import Body, body_points, draw_body, place_grid, stack
from training.phantom.contrast import Contrast, draw_contrast
from training.phantom.render import LesionShape, degrade, render
from training.phantom.spec import GridSpec, Lesion, LesionRequest, PhantomSpec
from training.phantom.tissues import Skeleton

__all__ = [
    "LABELS",
    "LESION_SHARE",
    "Body",
    "GridSpec",
    "Lesion",
    "LesionRequest",
    "Phantom",
    "PhantomSpec",
    "body_points",
    "draw_body",
    "image_again",
    "lesion_shape",
    "make_phantom",
    "place_grid",
    "stack",
    "stage_of",
]

LABELS = {"background": 0, "sacrum": 1, "left ilium": 2, "right ilium": 3, "lumbar": 4}
LESION_SHARE = 0.25  # a voxel belongs to a lesion that takes at least this share of its contrast


@dataclass(frozen=True, slots=True)
class Phantom:
    """A synthetic patient and the truth about it.

    Attributes
    ----------
    t1, fluid : Volume
    region : bool array, on the T1W grid
        Sacrum, ilia, joints and vertebrae as one piece, as the manual masks of real scans draw it.
    surfaces : dict
        For each side a float32 array (slices, rows): the column of the joint surface on the T1W grid, NaN where there
        is no joint.
    labels : uint8 array, on the T1W grid
        Values of LABELS.
    lesions : tuple of Lesion
    stage : Stage
    as_present : bool
        True for any stage but Normal.
    fluid_region : bool array, on the fluid-sensitive grid
    seed : int
    spec : PhantomSpec
    """

    t1: Volume
    fluid: Volume
    region: BoolArray
    surfaces: dict[Side, FloatArray]
    labels: NDArray[np.uint8]
    lesions: tuple[Lesion, ...]
    stage: Stage
    as_present: bool
    fluid_region: BoolArray
    seed: int
    spec: PhantomSpec

    @property
    def axes(self) -> NDArray[np.float64]:
        """Directions in LPS of the T1W grid's rows, columns and normal, as columns of a matrix (3, 3)."""
        return np.column_stack([self.t1.row_direction, self.t1.column_direction, self.t1.normal])

    @property
    def middle_mm(self) -> NDArray[np.float64]:
        """Middle of the T1W volume, LPS (3,)."""
        _, rows, columns = self.t1.shape
        across = (columns - 1) / 2 * self.t1.pixel_spacing_mm[1] * np.asarray(self.t1.row_direction)
        down = (rows - 1) / 2 * self.t1.pixel_spacing_mm[0] * np.asarray(self.t1.column_direction)
        middle: NDArray[np.float64] = self.t1.positions_mm.mean(axis=0) + across + down
        return middle


def stage_of(kinds: set[str]) -> Stage:
    """Stage as this project means it, from the kinds of lesions that are present."""
    if "ankylosis" in kinds:
        return Stage.ADVANCED
    if kinds & {"erosion", "fat", "sclerosis"}:
        return Stage.MODERATE
    return Stage.EARLY if "bme" in kinds else Stage.NORMAL


def make_phantom(seed: int, *, spec: PhantomSpec | None = None) -> Phantom:
    """Make one synthetic patient.

    Parameters
    ----------
    seed : int
        The same seed and spec give the same phantom, bit for bit.
    spec : PhantomSpec, optional
        The default has 25 slices of 256 x 256 on one grid for both contrasts, and no lesions.

    Returns
    -------
    Phantom
    """
    spec = spec or PhantomSpec()
    rng = np.random.default_rng(seed)
    body = draw_body(rng, spec)
    contrasts = {role: draw_contrast(rng, role) for role in Role}
    grids = {Role.T1W: spec.t1, Role.FLUID: spec.fluid}
    groups = [tuple(Role)] if spec.t1 == spec.fluid else [(Role.T1W,), (Role.FLUID,)]
    volumes: dict[Role, Volume] = {}
    skeletons: dict[Role, Skeleton] = {}
    lesions: list[Lesion] = []
    for roles in groups:
        empty = place_grid(body, grids[roles[0]])
        scene = render(
            body.anatomy,
            body_points(body, empty),
            {role: contrasts[role] for role in roles},
            tuple(lesion_shape(request) for request in spec.lesions),
            offsets=_offsets(body, empty, grids[roles[0]]),
        )
        for role in roles:
            noise, bias = _imperfection(rng, spec, role)
            image = degrade(rng, scene.images[role], contrasts[role].full_scale * noise, bias)
            volumes[role], skeletons[role] = replace(empty, voxels=image), scene.skeleton
            pairs = zip(spec.lesions, scene.lesions, strict=True)
            lesions += [
                _lesion(empty, r, share, role) for r, share in pairs if (r.kind == "bme") == (role is Role.FLUID)
            ]
    stage = stage_of({request.kind for request in spec.lesions})
    t1_skeleton = skeletons[Role.T1W]
    return Phantom(
        t1=volumes[Role.T1W],
        fluid=volumes[Role.FLUID],
        region=t1_skeleton.region,
        surfaces={side: _surface(t1_skeleton, side) for side in Side},
        labels=_labels(t1_skeleton),
        lesions=tuple(lesions),
        stage=stage,
        as_present=stage is not Stage.NORMAL,
        fluid_region=skeletons[Role.FLUID].region,
        seed=seed,
        spec=spec,
    )


def image_again(phantom: Phantom, empty: Volume, contrast: Contrast) -> Volume:
    """Another series of the same patient, on the grid of `empty` and with any contrast."""
    body = draw_body(np.random.default_rng(phantom.seed), phantom.spec)
    shapes = tuple(lesion_shape(request) for request in phantom.spec.lesions)
    roles = {contrast.role: contrast}
    scene = render(body.anatomy, body_points(body, empty), roles, shapes, offsets=((0.0, 0.0, 0.0),))
    rng = np.random.default_rng([phantom.seed, *empty.shape])
    image = degrade(rng, scene.images[contrast.role], 0.02 * contrast.full_scale, 0.08)
    return replace(empty, voxels=image)


def _offsets(body: Body, volume: Volume, grid: GridSpec) -> tuple[tuple[float, float, float], ...]:
    """Where the two planes lie, in body coordinates, whose mean stands for the slice's thickness."""
    normal = volume.normal @ body.axes * grid.thickness_mm / 4
    forward = (float(normal[0]), float(normal[1]), float(normal[2]))
    return forward, (-forward[0], -forward[1], -forward[2])


def _imperfection(rng: np.random.Generator, spec: PhantomSpec, role: Role) -> tuple[float, float]:
    """Noise relative to full scale, and bias."""
    noise, bias = rng.uniform(0.010, 0.028), rng.uniform(0.05, 0.16)
    noise = noise if spec.noise is None else spec.noise
    bias = bias if spec.bias is None else spec.bias
    return float(noise) * (1.0 if role is Role.T1W else 0.4), float(bias)


def lesion_shape(request: LesionRequest) -> LesionShape:
    """Place and size of a requested lesion, in body coordinates."""
    return LesionShape(
        kind=request.kind,
        side=1.0 if request.side is Side.LEFT else -1.0,
        bone=request.bone,
        v_mm=4.0 + 62.0 * request.height,
        w_mm=-18.0 + 30.0 * request.depth,
        radius_mm=request.radius_mm,
        strength=request.strength,
    )


def _lesion(volume: Volume, request: LesionRequest, share: FloatArray, role: Role) -> Lesion:
    mask = share > LESION_SHARE
    index = np.array(ndimage.center_of_mass(mask)) if mask.any() else np.zeros(3)
    slices = np.arange(volume.shape[0])
    corner = np.array([np.interp(index[0], slices, volume.positions_mm[:, axis]) for axis in range(3)])
    center = (
        corner
        + index[1] * volume.pixel_spacing_mm[0] * np.asarray(volume.column_direction)
        + index[2] * volume.pixel_spacing_mm[1] * np.asarray(volume.row_direction)
    )
    return Lesion(
        kind=request.kind,
        side=request.side,
        bone=request.bone,
        role=role,
        center_mm=(float(center[0]), float(center[1]), float(center[2])),
        volume_mm3=float(mask.sum()) * volume.voxel_volume_mm3,
        mask=mask,
    )


def _surface(skeleton: Skeleton, side: Side) -> FloatArray:
    """Column of the joint surface in each row, where sacrum and ilium face each other."""
    own = skeleton.between & ((skeleton.place.u > 0) == (side is Side.LEFT))
    weight = np.where(own, 1.0 / (0.05 + np.abs(skeleton.joint)), 0.0)
    total = weight.sum(axis=2)
    columns = np.arange(weight.shape[2], dtype=np.float32)
    mean = (weight * columns).sum(axis=2) / np.maximum(total, 1e-6)
    seen = total > 1.0 / (0.05 + skeleton.joint_half_mm)
    surface: FloatArray = np.where(seen, mean, np.nan).astype(np.float32)
    return surface


def _labels(skeleton: Skeleton) -> NDArray[np.uint8]:
    labels = np.zeros(skeleton.sacrum.shape, np.uint8)
    labels[np.maximum(skeleton.spine.body, skeleton.spine.arch) > 0] = LABELS["lumbar"]
    labels[skeleton.sacrum > 0] = LABELS["sacrum"]
    ilium = skeleton.ilium > 0
    labels[ilium & (skeleton.place.u > 0)] = LABELS["left ilium"]
    labels[ilium & (skeleton.place.u <= 0)] = LABELS["right ilium"]
    return labels
