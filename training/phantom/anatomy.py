"""The bones of a synthetic pelvis about the sacroiliac joints, as depths inside smooth shapes.

Every shape is a function of the body coordinates of :class:`fields.BodyPoints`: its value is about the depth below the
surface in millimeters, positive inside. From depths follow partial volume (a soft step at zero), cortices (shells) and
lesions (distance to the joint). Proportions follow what semicoronal scans of adults look like; no patient's anatomy is
reproduced.
"""

import math
from dataclasses import dataclass

import numpy as np

from inference.types import BoolArray, FloatArray
from training.phantom.fields import BodyPoints, Depth, SmoothField, smooth_field

FORAMINA = ((22.0, 25.0), (45.0, 22.0), (64.0, 18.0))  # height and distance to the midline, mm
_EARS_MIDDLE_W, _EARS_HALF_W = -4.0, 17.0


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Measures of one synthetic patient, in millimeters unless the name says otherwise."""

    scale: float  # overall size, 1 is an average adult
    joint_offset: float  # half distance of the joints at the upper edge of the ala
    joint_slope: float  # how much the joint approaches the midline for each millimeter down
    joint_lean: float  # how much it lies more lateral for each millimeter to the front
    joint_bow: float  # height of its curve within the slice
    joint_waves: SmoothField  # small bumps, shared by both articular surfaces
    joint_half: float  # half thickness of cartilage and both cortices
    iliac_offset: float  # half distance of the outer iliac surface at the upper edge of the ala
    iliac_slope: float
    iliac_thickness: float  # of the wing behind the joint
    sacral_dorsal: float  # w coordinate of the back of the sacrum
    sacral_pelvic: float  # w coordinate of the promontory
    sacral_hollow: float  # how far the ala lies in front of the middle
    lumbar_lean_deg: float  # angle of the lumbar axis to the sacral plane
    body_height: float
    disc_height: float
    body_radius: float
    canal_radius: float
    psoas_radius: float
    skin_at: float  # v coordinate of the skin of the back, in the midline
    fat_thickness: float
    muscle_fat: float  # 0 to 1: fat streaks in muscle
    warp: tuple[SmoothField, SmoothField, SmoothField]
    warp_mm: float
    asymmetry: tuple[float, float, float]  # relative width, height and depth of left against right
    texture: tuple[SmoothField, SmoothField]  # of marrow, of fat and bowel
    roughness: SmoothField  # of the joint's edges
    belly_at: float  # v coordinate above which bowel lies


def draw_anatomy(rng: np.random.Generator, *, asymmetry: float = 1.0) -> Anatomy:
    """Draw the measures of one patient.

    Parameters
    ----------
    rng : numpy.random.Generator
    asymmetry : float
        Strength of the differences between the left and right bones.
    """

    def between(mean: float, sd: float) -> float:
        return float(mean + sd * np.clip(rng.normal(), -2.2, 2.2))

    joint_offset, joint_slope = between(63.0, 2.5), between(0.39, 0.035)
    left = [asymmetry * between(0.0, sd) for sd in (0.02, 1.5, 1.2)]
    return Anatomy(
        scale=between(0.99, 0.04),
        joint_offset=joint_offset,
        joint_slope=joint_slope,
        joint_lean=between(0.16, 0.05),
        joint_bow=between(2.5, 1.5),
        joint_waves=_field(rng, 16.0),
        joint_half=between(1.8, 0.25),
        iliac_offset=joint_offset + between(29.0, 2.0),
        iliac_slope=joint_slope + between(0.25, 0.03),
        iliac_thickness=between(14.0, 1.5),
        sacral_dorsal=between(20.0, 1.5),
        sacral_pelvic=between(-14.0, 1.2),
        sacral_hollow=between(7.0, 1.5),
        lumbar_lean_deg=between(46.0, 7.0),
        body_height=between(28.5, 1.5),
        disc_height=between(9.0, 1.5),
        body_radius=between(25.0, 1.5),
        canal_radius=between(10.5, 1.0),
        psoas_radius=between(24.0, 3.0),
        skin_at=between(116.0, 9.0),
        fat_thickness=between(24.0, 7.0),
        muscle_fat=float(rng.uniform(0.2, 1.0)),
        warp=(_field(rng, 45.0), _field(rng, 45.0), _field(rng, 45.0)),
        warp_mm=float(rng.uniform(1.0, 2.0)),
        asymmetry=(left[0], left[1], left[2]),
        texture=(_field(rng, 14.0), _field(rng, 22.0)),
        roughness=_field(rng, 7.0),
        belly_at=between(-62.0, 8.0),
    )


def _field(rng: np.random.Generator, correlation_mm: float) -> SmoothField:
    return smooth_field(rng, correlation_mm=correlation_mm, size=32)


@dataclass(frozen=True, slots=True)
class Place:
    """Points in the patient's own anatomy: body coordinates after warp, asymmetry and size.

    Attributes
    ----------
    u, v, w : float32 arrays (slices, rows, columns)
    a : float32 array
        Distance to the midline, the same on both sides.
    bumps : float32 array
        Unevenness of the joint surface at each point.
    rough : float32 array
        Relative thickness of the joint at each point.
    """

    u: FloatArray
    v: FloatArray
    w: FloatArray
    a: FloatArray
    bumps: FloatArray
    rough: FloatArray

    def moved(self, u_mm: float, v_mm: float, w_mm: float) -> "Place":
        """The same points a few millimeters on, where warp and bumps are taken as constant."""
        u = self.u + np.float32(u_mm)
        return Place(u, self.v + np.float32(v_mm), self.w + np.float32(w_mm), np.abs(u), self.bumps, self.rough)


def locate(anatomy: Anatomy, points: BodyPoints) -> Place:
    """Bring points into the anatomy's own coordinates."""
    side = np.tanh(points.u * np.float32(0.05))
    axes = (points.u, points.v, points.w)
    u, v, w = (
        axis * np.float32(1.0 / anatomy.scale) + np.float32(anatomy.warp_mm) * warp.over(points)
        for axis, warp in zip(axes, anatomy.warp, strict=True)
    )
    width, height, depth = anatomy.asymmetry
    u += u * side * np.float32(width)
    v += side * np.float32(height)
    w += side * np.float32(depth)
    rough = 1.0 + np.float32(0.28) * anatomy.roughness.over(points)
    return Place(u, v, w, np.abs(u), anatomy.joint_waves.over(points), np.clip(rough, 0.45, 1.8))


def joint_distance(anatomy: Anatomy, place: Place) -> FloatArray:
    """Distance to the joint surface within the slice in mm, positive on the sacral side.

    Returns
    -------
    float32 array (slices, rows, columns)
    """
    lean = np.where(place.w < 0, np.float32(-anatomy.joint_lean), np.float32(0.1)) * place.w
    middle = (place.v - np.float32(38.0)) * np.float32(1.0 / 38.0)
    bow = anatomy.joint_bow * (1.0 - np.minimum(middle * middle, 2.0))
    surface = anatomy.joint_offset - anatomy.joint_slope * place.v + lean + bow + place.bumps
    return np.asarray((surface - place.a) * (1.0 / math.hypot(1.0, anatomy.joint_slope)), np.float32)


def articular(place: Place) -> BoolArray:
    """The ear-shaped place where the bones face each other across cartilage, bool (slices, rows, columns)."""
    depth = (place.w - _EARS_MIDDLE_W) * (1.0 / _EARS_HALF_W)
    height = (place.v - 34.0 - 0.35 * place.w) / (36.0 + 0.5 * np.minimum(place.w, 0.0))
    depth, height = depth * depth, height * height
    inside: BoolArray = depth * depth + height * height < 1.0
    return inside


def ilium_depth(anatomy: Anatomy, place: Place, joint: FloatArray) -> FloatArray:
    """Depth inside the ilium in mm, negative outside.

    Parameters
    ----------
    anatomy : Anatomy
    place : Place
    joint : float32 array (slices, rows, columns)
        From :func:`joint_distance`.

    Returns
    -------
    float32 array (slices, rows, columns)
    """
    a, v, w = place.a, place.v, place.w
    lean = np.where(w < 0, np.float32(-0.6), np.float32(-0.3)) * w
    outer = (anatomy.iliac_offset - anatomy.iliac_slope * v + lean - a) * (1.0 / math.hypot(1.0, anatomy.iliac_slope))
    behind = np.clip((w - 11.0) * 0.125, 0.0, 1.0)
    plate = anatomy.iliac_thickness - 0.25 * np.maximum(w - 28.0, 0.0) - outer
    inner = -joint - anatomy.joint_half * place.rough + 1.0
    inner += behind * (plate - inner)
    top = v + 2.0 + 0.25 * (a - 65.0) + 0.8 * np.maximum(w - 10.0, 0.0)
    bottom = 72.0 - 1.35 * np.maximum(-w - 2.0, 0.0) - 2.2 * np.maximum(w - 26.0, 0.0) - v
    depth: FloatArray = _round_min(np.minimum(outer, inner), _round_min(top, bottom, 8.0), 5.0)
    return depth


def _round_min(first: Depth, second: Depth, radius: float) -> FloatArray:
    """Minimum whose corner is rounded with about this radius."""
    h = np.maximum(radius - np.abs(first - second), 0.0)
    return np.asarray(np.minimum(first, second) - h * h * np.float32(0.25 / radius), np.float32)


def sacrum_depth(anatomy: Anatomy, place: Place, joint: FloatArray, ilium: FloatArray) -> FloatArray:
    """Depth inside the sacrum down to its fourth vertebra in mm, canal and foramina left out; negative outside.

    Parameters
    ----------
    anatomy : Anatomy
    place : Place
    joint, ilium : float32 array (slices, rows, columns)
        From :func:`joint_distance` and :func:`ilium_depth`.

    Returns
    -------
    float32 array (slices, rows, columns)
    """
    a, v, w = place.a, place.v, place.w
    pelvic = anatomy.sacral_pelvic + 0.32 * np.clip(v, 0.0, 32.0)
    ala = np.minimum(a, 55.0) * (1.0 / 45.0)
    pelvic = pelvic - anatomy.sacral_hollow * ala * ala
    dorsal = anatomy.sacral_dorsal - 0.14 * np.maximum(v - 15.0, 0.0) - 0.08 * np.maximum(30.0 - a, 0.0)
    sides = np.minimum(joint - anatomy.joint_half * place.rough + 1.0, -ilium - 1.0 - 0.3 * np.clip(w - 8.0, 0.0, 12.0))
    ends = _round_min(v + 0.05 * a, 77.0 - 0.1 * a - v, 6.0)
    depth = np.minimum(np.minimum(sides, ends), _round_min(w - pelvic, dorsal - w, 6.0))
    for height, lateral in FORAMINA:
        depth = np.minimum(depth, -foramen_depth(place, height, lateral))
    result: FloatArray = np.minimum(depth, -canal_depth(anatomy, place))
    return result


def coccyx_depth(place: Place) -> FloatArray:
    """Depth in mm inside the lower end of the sacrum and the coccyx, float32 (slices, rows, columns).

    No manual region includes them.
    """
    below = np.maximum(place.v - 70.0, 0.0)
    across = (place.a - 3.0) * (1.0 / 14.0) + below * (1.0 / 55.0)
    middle = (place.w - 3.0 + 0.011 * below * below) * (1.0 / 7.0)
    tip = 7.0 * (1.0 - np.sqrt(across * across + middle * middle))
    return np.asarray(np.minimum(tip, np.minimum(place.v - 76.0, 112.0 - place.v)), np.float32)


def canal_depth(anatomy: Anatomy, place: Place) -> FloatArray:
    """Depth in mm inside the sacral canal, float32 (slices, rows, columns)."""
    radius = anatomy.canal_radius * np.clip(1.0 - place.v * (1.0 / 90.0), 0.25, 1.1)
    across, deep = place.u * 0.85, (place.w - 17.0 + 0.06 * place.v) * 1.15
    depth: FloatArray = np.minimum(radius - np.sqrt(across * across + deep * deep), place.v + 14.0)
    return depth


def foramen_depth(place: Place, height: float, lateral: float) -> FloatArray:
    """Depth in mm inside one pair of sacral foramina: oblique tubes from the canal to the pelvic surface.

    Parameters
    ----------
    place : Place
    height, lateral : float
        Where they open to the front, in mm down the sacrum and beside the midline; one of FORAMINA.

    Returns
    -------
    float32 array (slices, rows, columns)
    """
    across = place.a - lateral + 0.35 * place.w
    along = place.v - height + 0.35 * place.w
    tube = 5.8 - 0.022 * height - np.sqrt(across * across + along * along)
    depth: FloatArray = np.minimum(tube, 15.0 - place.w)
    return depth


@dataclass(frozen=True, slots=True)
class Spine:
    """Depths inside the lumbar vertebrae and what belongs to them."""

    body: FloatArray
    disc: FloatArray
    nucleus: FloatArray
    canal: FloatArray
    arch: FloatArray


def spine(anatomy: Anatomy, place: Place) -> Spine:
    """Lumbar bodies, discs, thecal sac, articular and transverse processes."""
    lean = math.radians(anatomy.lumbar_lean_deg)
    half, pitch = anatomy.body_height / 2, anatomy.body_height + anatomy.disc_height
    v = place.v + np.float32((half + 0.75 * anatomy.disc_height) / math.cos(lean) * 0.95)
    along = -math.cos(lean) * v + math.sin(lean) * place.w
    across = math.sin(lean) * v + math.cos(lean) * place.w
    level = along - pitch * np.maximum(np.rint(along * np.float32(1.0 / pitch)), 0.0)
    waist = anatomy.body_radius - 2.5 + 2.5 * np.minimum((level * (1.0 / half)) ** 2, 1.2)
    x, y = place.a / waist, across / (0.70 * waist)
    x, y = x * x, y * y
    section = waist * (1.0 - np.sqrt(np.sqrt(x * x + y * y + 0.8 * x * y))) * 0.9
    height = np.abs(level)
    body = _round_min(section, half - height, 3.0)
    disc = np.minimum(np.minimum(section + 0.5, height - half), 2.0 - place.v)
    nucleus = np.minimum(np.minimum(waist * (0.68 - np.sqrt(x + y)), height - half - 1.5), -1.5 - place.v)
    swing = 1.5 * np.cos(along * np.float32(2.0 * math.pi / pitch))
    arch = 7.5 + swing - np.sqrt(((place.a - 18.0) * 0.85) ** 2 + ((across - 43.0) * 0.8) ** 2)
    arch = np.minimum(arch, along + 14.0)
    process = np.sqrt(
        ((place.a - 33.0) * 0.3) ** 2 + (along + 2.0 - 0.15 * (place.a - 20.0)) ** 2 + (across - 20.0) ** 2
    )
    canal_across, canal_deep = place.u, (across - 28.0) * 1.15
    canal = anatomy.canal_radius * 0.95 - np.sqrt(canal_across * canal_across + canal_deep * canal_deep)
    return Spine(body, disc, nucleus, np.minimum(canal, along + 13.0), np.maximum(arch, 4.5 - process))
