"""From anatomy to tissues: an ordered list of soft masks, painted one over the other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inference.types import BoolArray, FloatArray
from training.simulate.anatomy import (
    Anatomy,
    Place,
    Spine,
    articular,
    canal_depth,
    foramen_depth,
    ilium_depth,
    locate,
    sacrum_depth,
    spine,
)
from training.simulate.contrast import Tissue
from training.simulate.fields import BodyPoints

CORTEX_MM = 1.3
JOINT_HALF_MM = 1.9  # half thickness of cartilage and both cortices at the joint
_EDGE_MM = 0.55


def soft(depth_mm: FloatArray, *, edge_mm: float = _EDGE_MM) -> FloatArray:
    """Share of a voxel inside a shape whose depth at the voxel's centre is given."""
    share: FloatArray = np.clip(depth_mm * np.float32(0.5 / edge_mm) + np.float32(0.5), 0.0, 1.0)
    return share


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Depths inside the bones at the voxels of one grid, and the place of the voxels."""

    place: Place
    sacrum: FloatArray
    ilium: FloatArray
    spine: Spine

    @property
    def bone(self) -> FloatArray:
        """Depth inside any bone; the joint space lies outside."""
        depth: FloatArray = np.maximum.reduce([self.sacrum, self.ilium, self.spine.body, self.spine.arch])
        return depth

    @property
    def facing(self) -> BoolArray:
        """Voxels on a level where sacrum and ilium face each other across the joint."""
        return articular(self.place)

    @property
    def region(self) -> BoolArray:
        """Sacrum, ilia, the joints between them and the vertebrae, as the manual masks draw them."""
        joint = (np.abs(self.place.joint) < JOINT_HALF_MM + 0.6) & self.facing
        near = np.maximum(self.sacrum, self.ilium) > -JOINT_HALF_MM - 0.6
        region: BoolArray = (self.bone > 0.0) | (joint & near)
        return region


def build_skeleton(anatomy: Anatomy, points: BodyPoints) -> Skeleton:
    """Place the voxels and compute the depth of each inside the bones."""
    place = locate(anatomy, points)
    return Skeleton(place, sacrum_depth(anatomy, place), ilium_depth(anatomy, place), spine(anatomy, place))


def paint_order(anatomy: Anatomy, points: BodyPoints, skeleton: Skeleton) -> Iterator[tuple[Tissue, FloatArray]]:
    """Tissues with their share of each voxel, in the order of painting."""
    place = skeleton.place
    yield Tissue.BOWEL, soft(_bowel(anatomy, points, place), edge_mm=1.5)
    yield Tissue.MUSCLE, soft(_muscles(anatomy, skeleton), edge_mm=1.0)
    yield Tissue.LIGAMENT, soft(_ligament(skeleton), edge_mm=1.0)
    yield Tissue.VESSEL, soft(_vessels(place))
    yield Tissue.BLADDER, soft(_bladder(place))
    yield Tissue.BLOB, soft(_blob(points))
    canal = canal_depth(anatomy, place)
    yield Tissue.CANAL_FAT, soft(canal)
    yield from _foramina(place)
    yield Tissue.NERVE, soft(canal - 1.5) * soft(_roots(place))
    yield from _spinal(anatomy, skeleton, canal)
    yield from _bones(skeleton)
    yield from _surface(anatomy, place)


def _foramina(place: Place) -> Iterator[tuple[Tissue, FloatArray]]:
    for height, lateral in ((22.0, 25.0), (45.0, 22.0), (64.0, 18.0)):
        tube = np.minimum(foramen_depth(place, height, lateral), place.w + 26.0)
        yield Tissue.CANAL_FAT, soft(tube)
        yield Tissue.NERVE, soft(tube - 2.4)


def _spinal(anatomy: Anatomy, skeleton: Skeleton, canal: FloatArray) -> Iterator[tuple[Tissue, FloatArray]]:
    bones, place = skeleton.spine, skeleton.place
    sac = np.minimum(canal - 1.0, 26.0 - place.v)
    yield Tissue.FLUID, soft(np.maximum(bones.canal - 1.0, sac))
    yield Tissue.DISC, soft(bones.disc)
    yield Tissue.NUCLEUS, soft(np.minimum(bones.disc - 1.5, anatomy.body_radius * 0.62 - place.a))


def _bones(skeleton: Skeleton) -> Iterator[tuple[Tissue, FloatArray]]:
    bone = skeleton.bone
    yield Tissue.CORTEX, soft(bone)
    marrow = soft(bone - CORTEX_MM)
    away = soft(np.abs(skeleton.place.joint) - JOINT_HALF_MM)
    marrow = np.where(skeleton.facing, np.minimum(marrow, away), marrow)
    yield Tissue.MARROW, marrow
    rest_disc = soft(1.3 - np.abs(_nearest(skeleton.place.v, (23.0, 46.0, 64.0)))) * soft(11.0 - skeleton.place.a)
    yield Tissue.DISC, rest_disc * (skeleton.sacrum > 1.0)
    space = soft(0.7 - np.abs(skeleton.place.joint)) * skeleton.facing
    close = soft(np.maximum(skeleton.sacrum, skeleton.ilium) + 2.5)
    yield Tissue.CARTILAGE, (space * close).astype(np.float32)


def _surface(anatomy: Anatomy, place: Place) -> Iterator[tuple[Tissue, FloatArray]]:
    skin = _skin(anatomy, place)
    yield Tissue.SKIN, soft(2.0 - skin)
    yield Tissue.AIR, soft(-skin, edge_mm=1.0)


def _nearest(v: FloatArray, levels: tuple[float, ...]) -> FloatArray:
    distance: FloatArray = np.minimum.reduce([np.abs(v - level) for level in levels])
    return distance


def _skin(anatomy: Anatomy, place: Place) -> FloatArray:
    """Depth below the skin of the back."""
    cleft = 7.0 * np.exp(-((place.a / 9.0) ** 2))
    depth: FloatArray = anatomy.skin_at - 0.12 * place.w - 0.0018 * (place.a - 35.0) ** 2 - cleft - place.v
    return depth


def _muscles(anatomy: Anatomy, skeleton: Skeleton) -> FloatArray:
    place = skeleton.place
    a, v, w = place.a, place.v, place.w
    radius = anatomy.psoas_radius
    psoas = radius * 0.9 * (1.0 - np.sqrt(((a - 30.0 - radius) / (radius * 1.1)) ** 2 + ((v + 43.0) / radius) ** 2))
    outer = anatomy.iliac_offset - anatomy.iliac_slope * v - 0.30 * w
    below_fat = _skin(anatomy, place) - anatomy.fat_thickness * (1.0 + 0.012 * np.maximum(w, -20.0))
    streak = 1.4 - 3.0 * np.abs(np.sin(0.35 * (v - 0.35 * a + 0.2 * w) + 1.5 * np.sin(0.09 * a)))
    gluteal = np.minimum.reduce([a - outer, below_fat, v + 12.0 + 0.4 * (a - 65.0), w + 60.0])
    gluteal = np.minimum(gluteal, 2.5 - streak)
    iliacus = np.minimum.reduce([-(v + 3.0 + 0.25 * (a - 65.0)) - 1.1 * np.maximum(w - 10.0, 0.0), a - 58.0])
    iliacus = np.minimum(iliacus, v + 16.0 + 0.25 * (a - 65.0) + 1.1 * np.maximum(w - 10.0, 0.0))
    piriformis = 15.0 - np.sqrt((a - 40.0 + 0.3 * (v - 56.0)) ** 2 + ((v - 56.0) * 0.8) ** 2)
    piriformis = np.minimum(piriformis, -w - 6.0)
    grain = 1.0 - 2.6 * np.abs(np.sin(0.30 * (a + 0.25 * v) + 1.3 * np.sin(0.07 * v)))
    back = np.minimum.reduce([w - 14.0, outer - 15.0 - a, below_fat, v - 2.0 + 0.8 * (w - 14.0), a - 1.2])
    back = np.minimum(back, 2.0 - grain)
    muscle: FloatArray = np.maximum.reduce([psoas, gluteal, iliacus, piriformis, back]).astype(np.float32)
    return muscle


def _ligament(skeleton: Skeleton) -> FloatArray:
    """The interosseous ligament behind the joint."""
    place = skeleton.place
    between = np.minimum(9.0 - np.abs(place.joint + 3.0), place.w - 6.0)
    depth: FloatArray = np.minimum.reduce([between, 30.0 - place.w, place.v + 2.0, 66.0 - place.v])
    return depth


def _vessels(place: Place) -> FloatArray:
    iliac = 5.0 - np.sqrt((place.a - 30.0 - 0.25 * place.v) ** 2 + (place.w + 24.0 - 0.25 * place.v) ** 2)
    second = 4.0 - np.sqrt((place.a - 36.0 - 0.10 * place.v) ** 2 + (place.w + 34.0 - 0.1 * place.v) ** 2)
    vessels: FloatArray = np.maximum(iliac, second)
    return vessels


def _bowel(anatomy: Anatomy, points: BodyPoints, place: Place) -> FloatArray:
    loops = 5.0 * anatomy.bowel.over(points)
    belly = np.minimum(loops + 1.0, -58.0 - 0.25 * np.maximum(place.w, 0.0) - place.v)
    rectum = 12.0 - np.sqrt((place.u - 4.0) ** 2 + (place.w + 30.0) ** 2)
    rectum = np.minimum(rectum, place.v - 22.0)
    bowel: FloatArray = np.maximum(belly, rectum).astype(np.float32)
    return bowel


def _bladder(place: Place) -> FloatArray:
    offset = ((place.u + 6.0) / 30.0) ** 2 + ((place.v - 62.0) / 20.0) ** 2 + ((place.w + 62.0) / 18.0) ** 2
    depth: FloatArray = 20.0 * (1.0 - np.sqrt(offset))
    return depth


def _blob(points: BodyPoints) -> FloatArray:
    """A bright follicle on the patient's right only: a landmark of the side."""
    offset = (points.u + 34.0) ** 2 + (points.v - 38.0) ** 2 + (points.w + 33.0) ** 2
    depth: FloatArray = 8.0 - np.sqrt(offset)
    return depth


def _roots(place: Place) -> FloatArray:
    waves = np.sin(place.u * 1.1) * np.cos(0.9 * place.w)
    depth: FloatArray = (waves - 0.25).astype(np.float32)
    return depth
