"""From anatomy and contrast to images: painting, lesions, receive field, point spread and noise."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from inference.sij_mri import Role
from inference.types import FloatArray
from training.phantom.anatomy import Anatomy, locate
from training.phantom.contrast import Contrast, Tissue
from training.phantom.fields import BodyPoints, SmoothField
from training.phantom.tissues import Share, Skeleton, background, build_skeleton, foreground

# Signal of a lesion relative to full scale, on T1W and on fluid-sensitive images.
_LESION_SIGNAL: dict[str, dict[Role, float]] = {
    "bme": {Role.T1W: 0.30, Role.FLUID: 0.48},
    "fat": {Role.T1W: 0.92, Role.FLUID: 0.10},
    "sclerosis": {Role.T1W: 0.14, Role.FLUID: 0.06},
    "erosion": {Role.T1W: 0.20, Role.FLUID: 0.20},
    "ankylosis": {Role.T1W: 0.60, Role.FLUID: 0.14},
}
_POINT_SPREAD_PX = 0.45

Images = dict[Role, FloatArray]


@dataclass(frozen=True, slots=True)
class LesionShape:
    """A lesion in body coordinates: an ellipsoid about a point of the joint surface, cut by the bone.

    Attributes
    ----------
    kind : str
    side : float
        1 for the patient's left, -1 for the right.
    bone : str
        "sacral", "iliac" or "both".
    v_mm, w_mm : float
        Where on the joint surface.
    radius_mm : float
    strength : float
    """

    kind: str
    side: float
    bone: str
    v_mm: float
    w_mm: float
    radius_mm: float
    strength: float


@dataclass(frozen=True, slots=True)
class Scene:
    """What was rendered on one grid.

    Attributes
    ----------
    images : dict
        For each role a float32 array (slices, rows, columns), without noise.
    skeleton : Skeleton
        At the middle of the slices.
    lesions : tuple of float32 arrays
        Share of each voxel taken by each lesion.
    """

    images: Images
    skeleton: Skeleton
    lesions: tuple[FloatArray, ...]


def render(
    anatomy: Anatomy,
    points: BodyPoints,
    contrasts: dict[Role, Contrast],
    lesions: tuple[LesionShape, ...] = (),
    *,
    offsets: tuple[tuple[float, float, float], ...],
) -> Scene:
    """Paint one body on one grid in all asked contrasts.

    Parameters
    ----------
    anatomy : Anatomy
    points : BodyPoints
        Middles of the voxels.
    contrasts : dict
        Signals for each role to paint.
    lesions : tuple of LesionShape
    offsets : tuple of (float, float, float)
        Planes through the slice whose mean is taken for the bones, as moves in body coordinates, mm.

    Returns
    -------
    Scene
    """
    place = locate(anatomy, points)
    middle = build_skeleton(anatomy, place)
    textures = _textures(anatomy, points, contrasts)
    behind: Images = {role: np.full(points.u.shape, c.signal[Tissue.FAT], np.float32) for role, c in contrasts.items()}
    for role, image in behind.items():
        image *= textures[role][1]
    _paint(behind, background(anatomy, points, middle), contrasts, textures)
    total: Images = {role: np.zeros(points.u.shape, np.float32) for role in contrasts}
    for offset in offsets:
        skeleton = build_skeleton(anatomy, place.moved(*offset))
        images = {role: image.copy() for role, image in behind.items()}
        _paint(images, foreground(anatomy, skeleton), contrasts, textures)
        for shape in lesions:
            _paint_lesion(images, shape, lesion_share(shape, skeleton), contrasts)
        for role, image in images.items():
            total[role] += image
    for image in total.values():
        image *= np.float32(1.0 / len(offsets))
    return Scene(total, middle, tuple(lesion_share(shape, middle) for shape in lesions))


def _textures(
    anatomy: Anatomy, points: BodyPoints, contrasts: dict[Role, Contrast]
) -> dict[Role, tuple[FloatArray, FloatArray]]:
    """Relative variation of marrow and of all other tissue, for each role."""
    patches, strands = (texture.over(points) for texture in anatomy.texture)
    grain = _grain(anatomy.texture[0], points)
    ridge = np.exp(-(strands * strands) * 20.0)
    textures: dict[Role, tuple[FloatArray, FloatArray]] = {}
    for role, contrast in contrasts.items():
        marrow = 1.0 + contrast.marrow_sd * (0.8 * patches + 0.6 * grain)
        sign = -0.14 if role is Role.T1W else 0.30
        textures[role] = np.asarray(marrow, np.float32), np.asarray(1.0 + sign * ridge + 0.04 * grain, np.float32)
    return textures


def _grain(seeded: SmoothField, points: BodyPoints) -> FloatArray:
    """Fine texture of unit standard deviation, the same for every contrast on one grid."""
    rng = np.random.default_rng(int(abs(float(seeded.lattice.flat[0])) * 1e6))
    noise = rng.standard_normal(points.u.shape, dtype=np.float32)
    smooth = np.stack([cv2.GaussianBlur(plane, (0, 0), 1.3) for plane in noise])
    grain: FloatArray = (smooth / smooth.std()).astype(np.float32)
    return grain


def _paint(
    images: Images,
    shares: Iterable[Share],
    contrasts: dict[Role, Contrast],
    textures: dict[Role, tuple[FloatArray, FloatArray]],
) -> None:
    for tissue, share in shares:
        for role, image in images.items():
            marrow, other = textures[role]
            texture = marrow if tissue is Tissue.MARROW else other
            image += share * (np.float32(contrasts[role].signal[tissue]) * texture - image)


def lesion_share(shape: LesionShape, skeleton: Skeleton) -> FloatArray:
    """Share of each voxel taken by a lesion, float32 array (slices, rows, columns), 0 to 1."""
    place, half = skeleton.place, skeleton.joint_half_mm
    along = np.sqrt((place.v - shape.v_mm) ** 2 + (place.w - shape.w_mm) ** 2)
    inward = np.abs(skeleton.joint)
    if shape.kind == "ankylosis":
        share = np.clip((shape.radius_mm - along) * 0.5, 0.0, 1.0) * (inward < half + 0.7)
    else:
        reach = (0.35 if shape.kind == "erosion" else 0.75) * shape.radius_mm + half
        edge = 1.0 + 0.12 * place.bumps + 0.6 * (place.rough - 1.0)
        ball = edge - np.sqrt((along / shape.radius_mm) ** 2 + (inward / reach) ** 2)
        share = np.clip(ball * (0.35 * shape.radius_mm), 0.0, 1.0)
        if shape.kind != "erosion":
            share = share * np.clip(inward - half + 0.5, 0.0, 1.0) * np.clip(skeleton.bone, 0.0, 1.0)
    if shape.bone != "both":
        share = share * ((skeleton.joint > 0) == (shape.bone == "sacral"))
    own: FloatArray = (share * (shape.side * place.u > 0)).astype(np.float32)
    return own


def _paint_lesion(images: Images, shape: LesionShape, share: FloatArray, contrasts: dict[Role, Contrast]) -> None:
    for role, image in images.items():
        target = np.float32(_LESION_SIGNAL[shape.kind][role] * contrasts[role].full_scale)
        image += np.float32(shape.strength) * share * (target - image)


def degrade(rng: np.random.Generator, image: FloatArray, noise: float, bias: float) -> FloatArray:
    """Point spread within the plane, receive field and Rician noise.

    Parameters
    ----------
    rng : numpy.random.Generator
    image : float32 array (slices, rows, columns)
    noise : float
        Standard deviation of each quadrature channel, in the image's units.
    bias : float
        Standard deviation of the logarithm of the receive field.
    """
    slices, rows, columns = image.shape
    coarse = ndimage.gaussian_filter(rng.standard_normal((6, 8, 8)), 1.5, mode="reflect")
    coarse = coarse / max(float(coarse.std()), 1e-6)
    along = np.linspace(0.0, 5.0, slices)
    planes = ndimage.map_coordinates(
        coarse, np.meshgrid(along, np.arange(8.0), np.arange(8.0), indexing="ij"), order=1
    ).astype(np.float32)
    nearer = np.linspace(-1.0, 1.0, rows, dtype=np.float32)[:, None]  # the coil lies at the back
    result = np.empty_like(image)
    for index, plane in enumerate(image):
        blurred = cv2.GaussianBlur(plane, (0, 0), _POINT_SPREAD_PX)
        log_gain = cv2.resize(planes[index], (columns, rows), interpolation=cv2.INTER_CUBIC) + nearer
        gain = np.exp(np.float32(bias) * log_gain)
        channels = rng.standard_normal((2, rows, columns), dtype=np.float32) * np.float32(noise)
        result[index] = np.hypot(blurred * gain + channels[0], channels[1])
    return result
