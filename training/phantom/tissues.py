"""Soft tissues of the synthetic pelvis, and the order in which all tissues are painted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inference.types import BoolArray, FloatArray
from training.phantom.anatomy import (
    FORAMINA,
    Anatomy,
    Place,
    Spine,
    articular,
    canal_depth,
    coccyx_depth,
    foramen_depth,
    ilium_depth,
    joint_distance,
    sacrum_depth,
    spine,
)
from training.phantom.contrast import Tissue
from training.phantom.fields import BodyPoints, Depth

CORTEX_MM = 1.2
_EDGE_MM = 0.55

Share = tuple[Tissue, FloatArray]


def soft(depth_mm: Depth, *, edge_mm: float = _EDGE_MM) -> FloatArray:
    """Share of a voxel inside a shape, 0 to 1.

    Parameters
    ----------
    depth_mm : float array (slices, rows, columns)
        Depth of the voxel's center; negative outside.
    edge_mm : float
        The share rises from 0 to 1 between this far outside and this far inside.

    Returns
    -------
    float32 array (slices, rows, columns)
    """
    return np.asarray(np.clip(depth_mm * (0.5 / edge_mm) + 0.5, 0.0, 1.0), np.float32)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Depths inside the bones at the voxels of one grid, and the place of the voxels.

    Attributes
    ----------
    place : Place
    joint : float32 array (slices, rows, columns)
        Signed distance to the joint surface in mm, positive on the sacral side.
    sacrum, ilium : float32 array (slices, rows, columns)
        In mm.
    spine : Spine
    facing : bool array (slices, rows, columns)
        Where sacrum and ilium face each other across cartilage.
    joint_half_mm : float
        Half thickness of the joint.
    """

    place: Place
    joint: FloatArray
    sacrum: FloatArray
    ilium: FloatArray
    spine: Spine
    facing: BoolArray
    joint_half_mm: float

    @property
    def bone(self) -> FloatArray:
        """Depth inside sacrum, ilia or vertebrae in mm, float32 (slices, rows, columns)."""
        vertebrae = np.maximum(self.spine.body, self.spine.arch)
        depth: FloatArray = np.maximum(np.maximum(self.sacrum, self.ilium), vertebrae)
        return depth

    @property
    def between(self) -> BoolArray:
        """The joint space, bool (slices, rows, columns): between the two bones, where they face each other."""
        space = np.abs(self.joint) < self.joint_half_mm + 0.5
        near = np.minimum(self.sacrum, self.ilium) > -2.0 * self.joint_half_mm - 1.5
        between: BoolArray = space & near & self.facing
        return between

    @property
    def region(self) -> BoolArray:
        """Sacrum, ilia, joints and vertebrae, as the manual masks draw them; bool (slices, rows, columns).

        Readers leave out the bodies below the first sacral vertebra: what lies between the rows of foramina.
        """
        place = self.place
        foramina = 25.5 - 0.14 * (place.v - FORAMINA[0][0]) - 0.35 * np.minimum(place.w, 6.0)
        middle = (self.sacrum > 0.0) & (place.v > FORAMINA[0][0] + 1.0) & (place.a < foramina)
        region: BoolArray = ((self.bone > 0.0) & ~middle) | self.between
        return region


def build_skeleton(anatomy: Anatomy, place: Place) -> Skeleton:
    """Depth of each place inside the bones."""
    joint = joint_distance(anatomy, place)
    ilium = ilium_depth(anatomy, place, joint)
    sacrum = sacrum_depth(anatomy, place, joint, ilium)
    return Skeleton(place, joint, sacrum, ilium, spine(anatomy, place), articular(place), anatomy.joint_half)


def background(anatomy: Anatomy, points: BodyPoints, skeleton: Skeleton) -> Iterator[Share]:
    """Soft tissues with their share of each voxel (slices, rows, columns), in the order of painting."""
    place = skeleton.place
    below_skin = _skin(anatomy, place)
    first, second = (texture.over(points) for texture in anatomy.texture)
    apart = (skeleton.bone < -6.0) & (below_skin > 20.0)
    yield Tissue.VEIN, soft(0.9 - 6.0 * np.sqrt(first * first + second * second)) * apart
    yield Tissue.BOWEL, soft(_bowel(anatomy, place, second), edge_mm=1.5)
    yield Tissue.VESSEL, soft(np.minimum(_bowel(anatomy, place, second) - 5.0, 6.0 * first - 3.0), edge_mm=1.5)
    muscle = _muscles(anatomy, skeleton, below_skin) + 1.5 * first - 1.0 * np.maximum(second, 0.0)
    yield Tissue.MUSCLE, soft(np.maximum(muscle, _psoas(anatomy, place)), edge_mm=1.0)
    streaks = soft(_streaks(place, first, second), edge_mm=0.7) * np.clip(0.5 + 0.6 * second, 0.0, 1.0)
    yield Tissue.FAT, streaks * np.float32(0.9 * anatomy.muscle_fat) * (muscle > 1.0)
    yield Tissue.LIGAMENT, soft(_ligament(anatomy, place, first, second), edge_mm=1.5)
    yield Tissue.VESSEL, soft(_vessels(place))
    yield Tissue.BLADDER, soft(_bladder(place))
    yield Tissue.BLOB, soft(_blob(points))
    yield Tissue.CORTEX, soft(_midline(place, below_skin))
    yield Tissue.SKIN, soft(2.0 - below_skin)
    yield Tissue.AIR, soft(-below_skin, edge_mm=1.0)


def foreground(anatomy: Anatomy, skeleton: Skeleton) -> Iterator[Share]:
    """Canal, discs and bones with their share of each voxel (slices, rows, columns), in the order of painting."""
    place, bones = skeleton.place, skeleton.spine
    canal = canal_depth(anatomy, place)
    yield Tissue.CANAL_FAT, soft(canal)
    yield Tissue.NERVE, soft(canal - 1.5) * soft(_roots(place))
    for height, lateral in FORAMINA:
        tube = np.minimum(foramen_depth(place, height, lateral), place.w + 22.0)
        yield Tissue.CANAL_FAT, soft(tube)
        yield Tissue.NERVE, soft(tube - 3.0)
    yield (
        Tissue.FLUID,
        soft(np.maximum(bones.canal - 1.0, np.minimum(canal - 1.2 - 0.12 * np.maximum(place.v, 0.0), 22.0 - place.v))),
    )
    yield Tissue.DISC, soft(bones.disc)
    yield Tissue.NUCLEUS, soft(bones.nucleus, edge_mm=1.5)
    yield from _bones(anatomy, skeleton)


def _bones(anatomy: Anatomy, skeleton: Skeleton) -> Iterator[Share]:
    place = skeleton.place
    bone = np.maximum(skeleton.bone, coccyx_depth(place))
    yield Tissue.CORTEX, soft(bone + 0.2)
    yield Tissue.MARROW, soft(bone - CORTEX_MM)
    level = np.minimum(np.minimum(np.abs(place.v - 23.0), np.abs(place.v - 46.0)), np.abs(place.v - 65.0))
    remnant = soft(1.2 - level) * soft(11.0 - place.a) * (skeleton.sacrum > 1.0)
    yield Tissue.DISC, remnant * np.float32(0.8)
    space = soft(anatomy.joint_half * place.rough - np.abs(skeleton.joint)) * (skeleton.between)
    yield Tissue.CORTEX, space
    yield Tissue.CARTILAGE, soft(0.6 - np.abs(skeleton.joint)) * (skeleton.between)


def _skin(anatomy: Anatomy, place: Place) -> FloatArray:
    """Depth below the skin of the back."""
    bulge = (place.a - 35.0) * 0.042
    cleft = np.maximum(1.0 - place.a * (1.0 / 14.0), 0.0)
    return np.asarray(anatomy.skin_at - 0.10 * place.w - bulge * bulge - 7.0 * cleft * cleft - place.v, np.float32)


def _muscles(anatomy: Anatomy, skeleton: Skeleton, below_skin: FloatArray) -> FloatArray:
    place = skeleton.place
    a, v, w = place.a, place.v, place.w
    under_fat = below_skin - anatomy.fat_thickness * (1.0 + 0.014 * np.maximum(w, -20.0))
    outer = anatomy.iliac_offset - anatomy.iliac_slope * v - np.where(w < 0, np.float32(0.6), np.float32(0.3)) * w
    notch = np.minimum(v - 77.0 + 1.35 * np.maximum(-w - 2.0, 0.0), a - 48.0)  # below the ilium, in front of the joint
    gluteal = np.maximum(np.maximum(a - outer, v - 72.0), notch)
    gluteal = np.minimum(np.minimum(gluteal, under_fat), v + 8.0 + 0.25 * (a - 65.0))
    gluteal = np.minimum(gluteal, np.maximum(v - 70.0 - 0.8 * (w + 10.0), a - 22.0 - 0.2 * w))
    lateral = -1.0 - 0.25 * (a - 65.0) - 0.8 * np.maximum(w - 10.0, 0.0)
    iliacus = np.minimum(np.minimum(lateral - v, v - lateral + 13.0), a - 56.0)
    bent = (a - 40.0 + 0.3 * (v - 56.0)) * (1.0 / 15.0)
    tall = (v - 52.0) * (1.0 / 21.0)
    piriformis = np.minimum(15.0 * (1.0 - np.sqrt(bent * bent + tall * tall)), -w - 3.0)
    back = np.minimum(np.minimum(w - 14.0 + 0.25 * np.maximum(v - 20.0, 0.0), outer - 16.0 - a), under_fat)
    bow = (a - 30.0) * (1.0 / 9.0)
    back = np.minimum(np.minimum(back, v - 26.0 + bow * bow * 0.6 + 0.9 * (w - 22.0)), a - 1.5)
    muscle: FloatArray = np.maximum(np.maximum(gluteal, iliacus), np.maximum(piriformis, back))
    return muscle


def _psoas(anatomy: Anatomy, place: Place) -> FloatArray:
    radius = anatomy.psoas_radius
    across = (place.a - 29.0 - radius) * (1.0 / (radius * 1.1))
    along = (place.v + 40.0 + 0.15 * place.w) * (1.0 / radius)
    return np.asarray(radius * 0.9 * (1.0 - np.sqrt(across * across + along * along)), np.float32)


def _streaks(place: Place, first: FloatArray, second: FloatArray) -> FloatArray:
    """Thin sheets of fat between the bundles of muscle, along their course."""
    outside = np.sin(0.33 * (place.v - 0.30 * place.a + 0.25 * place.w) + 1.0 * first + 2.0 * second)
    inside = np.sin(0.30 * (place.a + 0.3 * place.v - 0.2 * place.w) + 0.8 * first + 1.8 * second)
    gap = np.where(place.w > 12.0, np.abs(inside), np.abs(outside))
    depth: FloatArray = (0.13 - gap) * 4.0
    return depth


def _ligament(anatomy: Anatomy, place: Place, first: FloatArray, second: FloatArray) -> FloatArray:
    """The interosseous ligament and its strands in the fat behind the joint."""
    wing = anatomy.iliac_offset - anatomy.iliac_slope * place.v - 0.3 * place.w - 1.15 * anatomy.iliac_thickness
    inside = np.minimum(np.minimum(wing - place.a - 1.0, 19.0 + place.a - wing), place.a - 12.0)
    inside = np.minimum(np.minimum(inside, place.w - 9.0), np.minimum(36.0 - place.w, 60.0 - place.v))
    strands = 2.4 * np.abs(np.sin(0.30 * (place.a + 0.8 * place.v) + 3.5 * second + 2.0 * first)) - 1.2 + first
    return np.asarray(np.minimum(np.minimum(inside, 2.0 * strands), place.v + 0.5 * (place.w - 16.0)), np.float32)


def _vessels(place: Place) -> FloatArray:
    first = (place.a - 30.0 - 0.25 * place.v, place.w + 22.0 - 0.25 * place.v)
    second = (place.a - 36.0 - 0.10 * place.v, place.w + 34.0 - 0.10 * place.v)
    third = (place.u - 12.0 - 0.3 * place.v, place.w + 14.0 - 0.5 * (place.v + 40.0))
    depths = [radius - np.sqrt(x * x + y * y) for (x, y), radius in ((first, 5.0), (second, 4.0), (third, 6.0))]
    vessels: FloatArray = np.maximum(np.maximum(depths[0], depths[1]), np.minimum(depths[2], -12.0 - place.v))
    vessels = np.minimum(vessels, 30.0 - place.v)
    return np.asarray(vessels, np.float32)


def _bowel(anatomy: Anatomy, place: Place, loops: FloatArray) -> FloatArray:
    belly = 7.0 * loops + 0.35 * (anatomy.belly_at - 0.3 * np.maximum(place.w, 0.0) - place.v) - 1.0
    belly = np.minimum(belly, np.maximum(place.a - 26.0, -place.w - 12.0))
    belly = np.minimum(belly, -34.0 - place.v)
    across, deep = place.u - 5.0 * np.sin(0.06 * place.v), place.w + 36.0 - 0.15 * place.v
    rectum = 7.5 + 2.5 * loops - np.sqrt(across * across + deep * deep)
    bowel: FloatArray = np.maximum(belly, np.minimum(rectum, place.v - 18.0))
    return bowel


def _bladder(place: Place) -> FloatArray:
    x, y, z = (place.u + 6.0) * (1.0 / 30.0), (place.v - 55.0) * (1.0 / 18.0), (place.w + 62.0) * (1.0 / 18.0)
    depth: FloatArray = 20.0 * (1.0 - np.sqrt(x * x + y * y + z * z))
    return depth


def _blob(points: BodyPoints) -> FloatArray:
    """A bright follicle on the patient's right only: a landmark of the side."""
    x, y, z = points.u + 30.0, points.v - 30.0, points.w + 32.0
    depth: FloatArray = 8.0 - np.sqrt(x * x + y * y + z * z)
    return depth


def _midline(place: Place, below_skin: FloatArray) -> FloatArray:
    """Spinous processes and the ligament between them: a dark sheet behind the canal."""
    depth: FloatArray = np.minimum(np.minimum(1.2 - place.a, place.w - 20.0), below_skin - 12.0)
    return np.minimum(depth, place.v + 0.9 * (place.w - 20.0))


def _roots(place: Place) -> FloatArray:
    depth: FloatArray = np.sin(place.u * 1.1) * np.cos(0.9 * place.w) - 0.25
    return depth
