"""The anatomy of a synthetic pelvis about the sacroiliac joints, as depths inside smooth shapes.

Every shape is a function of the body coordinates of fields.BodyPoints: its value is about the depth below the surface in
millimetres, positive inside. From depths follow partial volume (a soft step at zero), cortices (shells) and lesions
(distance to the joint). Proportions follow semicoronal scans of adults as seen in published figures; no patient's
anatomy is reproduced.
"""

import math
from dataclasses import dataclass

import numpy as np

from inference.types import BoolArray, FloatArray
from training.simulate.fields import BodyPoints, SmoothField, smooth_field


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Measures of one synthetic patient, in millimetres unless the name says otherwise."""

    scale: float  # overall size, 1 is an average adult
    joint_offset: float  # half distance of the joints at the upper edge of the ala
    joint_slope: float  # how much the joint approaches the midline for each millimetre down
    joint_lean: float  # how much it lies more lateral for each millimetre to the front
    joint_bow: float  # height of its curve within the slice
    joint_waves: SmoothField  # small bumps, shared by both articular surfaces
    iliac_offset: float  # half distance of the outer iliac surface at the same height
    iliac_slope: float
    sacral_depth: float  # thickness of the sacrum
    sacral_hollow: float  # how far the pelvic surface is concave from side to side
    lumbar_lean_deg: float  # angle of the lumbar axis to the sacral plane
    body_height: float
    disc_height: float
    body_radius: float
    canal_radius: float
    psoas_radius: float
    skin_at: float  # skin of the back, v coordinate in the midline
    fat_thickness: float
    warp: tuple[SmoothField, SmoothField, SmoothField]
    warp_mm: float
    asymmetry: tuple[float, float, float]  # relative width, height and depth of left against right
    marrow_texture: SmoothField
    fine_texture: SmoothField
    bowel: SmoothField


def draw_anatomy(rng: np.random.Generator, *, asymmetry: float = 1.0) -> Anatomy:
    """Draw the measures of one patient.

    Parameters
    ----------
    rng : numpy.random.Generator
    asymmetry : float
        Strength of the differences between left and right; 0 gives a mirror-symmetrical skeleton.
    """
    warp = (_field(rng, 45.0), _field(rng, 45.0), _field(rng, 45.0))
    left = rng.normal(0.0, 1.0, 3) * np.array([0.02, 1.5, 1.5]) * asymmetry
    joint_offset, joint_slope = rng.normal(63.0, 2.5), rng.normal(0.39, 0.04)
    return Anatomy(
        scale=float(np.clip(rng.normal(1.0, 0.05), 0.88, 1.12)),
        joint_offset=joint_offset,
        joint_slope=joint_slope,
        joint_lean=rng.normal(0.32, 0.07),
        joint_bow=rng.normal(2.5, 2.0),
        joint_waves=_field(rng, 16.0),
        iliac_offset=joint_offset + rng.normal(29.0, 2.5),
        iliac_slope=joint_slope + rng.normal(0.25, 0.04),
        sacral_depth=rng.normal(36.0, 2.5),
        sacral_hollow=rng.normal(10.0, 2.0),
        lumbar_lean_deg=rng.normal(46.0, 8.0),
        body_height=rng.normal(28.5, 1.5),
        disc_height=rng.normal(9.5, 1.5),
        body_radius=rng.normal(25.0, 1.5),
        canal_radius=rng.normal(11.0, 1.0),
        psoas_radius=float(np.clip(rng.normal(23.0, 4.0), 13.0, 30.0)),
        skin_at=float(np.clip(rng.normal(118.0, 10.0), 100.0, 150.0)),
        fat_thickness=float(np.clip(rng.normal(26.0, 9.0), 8.0, 50.0)),
        warp=warp,
        warp_mm=float(rng.uniform(1.0, 2.2)),
        asymmetry=(float(left[0]), float(left[1]), float(left[2])),
        marrow_texture=_field(rng, 14.0),
        fine_texture=_field(rng, 4.0),
        bowel=_field(rng, 24.0),
    )


def _field(rng: np.random.Generator, correlation_mm: float) -> SmoothField:
    return smooth_field(rng, correlation_mm=correlation_mm, size=32)


@dataclass(frozen=True, slots=True)
class Place:
    """Points in the patient's own anatomy: body coordinates after warp, asymmetry and size.

    Attributes
    ----------
    a : float32 array
        Distance to the midline, the same on both sides.
    u, v, w : float32 arrays
    joint : float32 array
        Signed distance to the joint surface in the slice plane, positive on the sacral side.
    """

    a: FloatArray
    u: FloatArray
    v: FloatArray
    w: FloatArray
    joint: FloatArray


def locate(anatomy: Anatomy, points: BodyPoints) -> Place:
    """Bring points into the anatomy's own coordinates."""
    pull = anatomy.warp_mm
    side = np.tanh(points.u / np.float32(20.0))
    u = points.u / anatomy.scale + pull * anatomy.warp[0].over(points)
    v = points.v / anatomy.scale + pull * anatomy.warp[1].over(points)
    w = points.w / anatomy.scale + pull * anatomy.warp[2].over(points)
    width, height, depth = anatomy.asymmetry
    u = (u * (1.0 + width * side)).astype(np.float32)
    v = (v + height * side).astype(np.float32)
    w = (w + depth * side).astype(np.float32)
    a = np.abs(u)
    bumps = anatomy.joint_waves.over(points)
    across = (joint_at(anatomy, v, w) + bumps - a) * np.float32(1.0 / math.hypot(1.0, anatomy.joint_slope))
    return Place(a, u, v, w, across.astype(np.float32))


def joint_at(anatomy: Anatomy, v: FloatArray, w: FloatArray) -> FloatArray:
    """Distance of the joint surface to the midline at height v and depth w."""
    lean = np.where(w < 0, -anatomy.joint_lean * w, 0.12 * w)
    middle = (v - np.float32(38.0)) * np.float32(1.0 / 38.0)
    bow = anatomy.joint_bow * (1.0 - np.minimum(middle * middle, 2.0))
    at: FloatArray = (anatomy.joint_offset - anatomy.joint_slope * v + lean + bow).astype(np.float32)
    return at


def articular(place: Place) -> BoolArray:
    """Where the two bones face each other across cartilage: an ear-shaped part of the joint surface."""
    front = (place.w + 4.0) * (1.0 / 21.0)
    ear = (place.v - (34.0 + 0.35 * place.w)) * (1.0 / (36.0 + 0.4 * np.minimum(place.w, 0.0)))
    inside: BoolArray = front**4 + ear**4 < 1.0
    return inside


def sacrum_depth(anatomy: Anatomy, place: Place) -> FloatArray:
    """Depth inside the sacrum, its canal and foramina left out."""
    a, v, w = place.a, place.v, place.w
    pelvic = -15.0 + 0.34 * np.clip(v, 0.0, 32.0) + 0.004 * np.maximum(v - 50.0, 0.0) ** 2
    pelvic = pelvic - anatomy.sacral_hollow * (np.minimum(a, 55.0) / 45.0) ** 2
    dorsal = anatomy.sacral_depth - 16.0 - 0.1 * np.maximum(v - 20.0, 0.0) - 0.10 * np.maximum(30.0 - a, 0.0)
    depth = np.minimum.reduce([place.joint, v, 76.0 - v, w - pelvic, dorsal - w])
    depth = np.minimum(depth, -canal_depth(anatomy, place))
    for height, lateral in ((22.0, 25.0), (45.0, 22.0), (64.0, 18.0)):
        depth = np.minimum(depth, -foramen_depth(place, height, lateral))
    return depth.astype(np.float32)


def canal_depth(anatomy: Anatomy, place: Place) -> FloatArray:
    """Depth inside the sacral canal."""
    narrowing = np.clip(1.0 - place.v / 95.0, 0.25, 1.1)
    radius = anatomy.canal_radius * narrowing
    radial = np.sqrt((place.u / 1.25) ** 2 + ((place.w - 17.0 + 0.03 * place.v) * 1.15) ** 2)
    depth: FloatArray = np.minimum(radius - radial, place.v + 14.0).astype(np.float32)
    return depth


def foramen_depth(place: Place, height: float, lateral: float) -> FloatArray:
    """Depth inside one pair of sacral foramina: oblique tubes from the canal to the pelvic surface."""
    across = place.a - (lateral - 0.25 * place.w)
    along = place.v - (height - 0.35 * place.w)
    tube = 5.2 - np.sqrt(across * across + along * along)
    depth: FloatArray = np.minimum(tube, 13.0 - place.w).astype(np.float32)
    return depth


def ilium_depth(anatomy: Anatomy, place: Place) -> FloatArray:
    """Depth inside the ilium."""
    a, v, w = place.a, place.v, place.w
    outer = anatomy.iliac_offset - anatomy.iliac_slope * v - 0.30 * w
    outer = (outer - a) * (1.0 / math.hypot(1.0, anatomy.iliac_slope))
    behind = np.clip((w - 8.0) / 8.0, 0.0, 1.0)
    plate = 15.0 - 0.12 * np.maximum(w - 25.0, 0.0) - outer
    inner = np.minimum(-place.joint, plate * behind + 99.0 * (1.0 - behind))
    top = v + 2.0 + 0.25 * (a - 65.0) + 1.1 * np.maximum(w - 10.0, 0.0)
    bottom = 72.0 - 1.35 * np.maximum(-w - 2.0, 0.0) - 3.0 * np.maximum(w - 28.0, 0.0) - v
    depth: FloatArray = np.minimum.reduce([outer, inner, top, bottom]).astype(np.float32)
    return depth


@dataclass(frozen=True, slots=True)
class Spine:
    """Depths inside the lumbar vertebrae and what belongs to them."""

    body: FloatArray
    disc: FloatArray
    canal: FloatArray
    arch: FloatArray
    disc_level: FloatArray  # distance to the middle of the nearest disc, along the axis


def spine(anatomy: Anatomy, place: Place) -> Spine:
    """Lumbar bodies, discs, thecal sac and the paired articular processes."""
    lean = math.radians(anatomy.lumbar_lean_deg)
    pitch = anatomy.body_height + anatomy.disc_height
    start_v = -(anatomy.body_height / 2 + anatomy.disc_height * 0.7) / math.cos(lean) * 0.95
    v, w = place.v - np.float32(start_v), place.w
    along = -math.cos(lean) * v + math.sin(lean) * w
    across = math.sin(lean) * v + math.cos(lean) * w
    level = along - pitch * np.maximum(np.rint(along / pitch), 0.0)
    waist = anatomy.body_radius - 2.0 * (1.0 - np.minimum((level / 14.0) ** 2, 1.2))
    section = waist * (1.0 - np.sqrt((place.a / waist) ** 2 + (across / (waist * 0.72)) ** 2)) * 0.85
    body = np.minimum(section, anatomy.body_height / 2 - np.abs(level))
    disc = np.minimum.reduce([section + 0.5, np.abs(level) - anatomy.body_height / 2, along + 34.0])
    canal = np.minimum(anatomy.canal_radius * 0.95 - np.sqrt(place.u**2 + ((across - 27.0) * 1.2) ** 2), along + 12.0)
    swing = 1.5 * np.cos(along * (2.0 * math.pi / pitch))
    arch = 7.5 + swing - np.sqrt((place.a - 17.0) ** 2 + ((across - 43.0) * 0.8) ** 2)
    arch = np.minimum(arch, along + 16.0)
    transverse = 4.5 - np.sqrt((level * 0.9 + 4.0) ** 2 + (across - 22.0) ** 2)
    transverse = np.minimum.reduce([transverse, 46.0 - place.a, place.a - 15.0])
    pieces = (body, disc, canal, np.maximum(arch, transverse), np.abs(np.abs(level) - pitch / 2))
    return Spine(*(piece.astype(np.float32) for piece in pieces))
