"""Samples for the edema network: endless batches, each determined by the seed and its number alone.

A batch holds some slices of each of a few scans, one scan after the other, so that the loss can take Dice over all
slices of a scan.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.sij_mri import find_joints, find_midline
from inference.sij_mri.edema import (
    NEAR_MM,
    VARIATION,
    EdemaCutter,
    Fields,
    Frame,
    Levels,
    Places,
    Relative,
    marrow_levels,
    picture_mapping,
    picture_planes,
    region_depth,
    relative_to,
    sacral_marrow,
    slow_field,
    stacked,
)
from inference.space import PlaneMapping, neighbor_indices, slice_places_mm, smoothed, surface_distance
from inference.types import BoolArray, FloatArray, Volume
from training.data import Subject
from training.loop.augment import AugmentSettings, sampling_maps
from training.sij_mri.edema.painting import Painted, PaintSettings, paint

GEOMETRY = AugmentSettings(
    rotation_deg=12.0, scale=(0.88, 1.12), stretch=0.05, shear=0.06, shift_mm=8.0, elastic_sd_mm=1.5
)
GRAY = 7  # channels that hold gray values; the others hold places
COARSE = EdemaCutter(spacing_mm=1.8, size_px=96)
Batch = tuple[FloatArray, tuple[FloatArray, FloatArray]]


@dataclass(frozen=True, slots=True)
class IntensitySettings:
    """How far gray values are changed: standard deviations, or the smallest and the largest.

    Attributes
    ----------
    shading_sd : float
        Of the logarithm of a smooth field that both series share.
    unequal_sd : float
        Of one that they do not share.
    level : float
        Largest error of the level of normal marrow, as a share.
    contrast : (float, float)
    noise : float
        Largest noise, in the units of a channel.
    blur_probability : float
    edge_mm : float
        Largest shift of the region's edge, in half of the samples.
    """

    shading_sd: float = 0.3
    unequal_sd: float = 0.05
    level: float = 0.08
    contrast: tuple[float, float] = (0.85, 1.2)
    noise: float = 0.25
    blur_probability: float = 0.2
    edge_mm: float = 1.2


@dataclass(frozen=True, slots=True)
class EdemaSource:
    """One scan with readings, made ready to be sampled; arrays (slices, rows, columns) on its own grid.

    Attributes
    ----------
    clean : Painted
        Before anything is painted on it.
    region : bool array
    edge_mm : float32 array
        Depth within the region.
    levels : Levels
    fluid_level : float32 array
        Signal of normal marrow on the fluid-sensitive series, shading included.
    places : int array (n, 3)
        Where lesions may be painted.
    """

    volume: Volume
    clean: Painted
    region: BoolArray
    edge_mm: FloatArray
    levels: Levels
    fields: Fields
    fluid_level: FloatArray
    places: NDArray[np.intp]
    frame: Frame
    neighbors: NDArray[np.intp]
    places_mm: NDArray[np.float64]


def edema_source(subject: Subject, cutter: EdemaCutter, *, readings: tuple[str, ...]) -> EdemaSource:
    """Make a scan ready.

    Parameters
    ----------
    subject : Subject
        With ``t1w`` and ``stir`` on one grid, a region and readings.
    cutter : EdemaCutter
    readings : tuple of str

    Raises
    ------
    ValueError
        The region holds too little marrow.
    """
    fluid, t1, region = subject.volume("stir"), subject.volume("t1w"), subject.labels["region"]
    fields = Fields(slow_field(t1, region), slow_field(fluid, region))
    middle_px = find_midline(fluid.voxels, fluid.pixel_spacing_mm)
    levels = marrow_levels(fluid, t1, fields, sacral_marrow(fluid, region, middle_px))
    if levels is None:
        raise ValueError(f"a scan without normal marrow cannot teach the edema network, received {subject.subject}")
    frame = Frame.of(fluid, region, middle_px)
    edge_mm = region_depth(region, fluid)
    marked = np.stack([subject.labels[f"inflammation_{name}"] for name in readings])
    return EdemaSource(
        volume=fluid,
        clean=Painted(fluid.voxels, t1.voxels, marked),
        region=region,
        edge_mm=edge_mm,
        levels=levels,
        fields=fields,
        fluid_level=(fields.t1 * np.float32(levels.ratio)).astype(np.float32),
        places=_places(t1, region, edge_mm),
        frame=frame,
        neighbors=neighbor_indices(slice_places_mm(fluid), cutter.neighbors, cutter.channel_step_mm),
        places_mm=slice_places_mm(fluid),
    )


def _places(t1: Volume, region: BoolArray, edge_mm: FloatArray) -> NDArray[np.intp]:
    """Voxels of the region, those near a joint as often as all others together."""
    near = np.zeros(t1.shape, dtype=np.bool_)
    for joint in find_joints(t1, region):
        near |= surface_distance(joint.columns_px, t1) < 15.0
    inside = region & (edge_mm > 1.0)
    rng = np.random.default_rng(0)
    both = [np.argwhere(inside & near), np.argwhere(inside & ~near)]
    drawn = [places[rng.integers(len(places), size=4000)] for places in both if len(places)]
    return np.concatenate(drawn)


@dataclass(frozen=True, slots=True)
class EdemaSampler:
    """Draws augmented batches of ``scans`` scans by ``slices`` slices.

    The first ``coarse_batches`` batches are on the grid of ``coarse``, which costs less.
    """

    sources: tuple[EdemaSource, ...]
    cutter: EdemaCutter
    coarse: EdemaCutter = COARSE
    coarse_batches: int = 0
    scans: int = 2
    slices: int = 3
    seed: int = 0
    intensity: IntensitySettings = field(default_factory=IntensitySettings)
    painting: PaintSettings = field(default_factory=PaintSettings)
    geometry: AugmentSettings = GEOMETRY

    def batch(self, number: int) -> Batch:
        """Make one batch.

        Parameters
        ----------
        number : int
            The same number gives the same batch.

        Returns
        -------
        float32 array (scans * slices, size_px, size_px, channels)
        (float32 array (scans * slices, size_px, size_px, readings + 1), the same at half the resolution)
            What each reading marks, and last, where the answer counts.
        """
        rng = np.random.default_rng([self.seed, number])
        chosen = rng.choice(len(self.sources), self.scans, replace=len(self.sources) < self.scans)
        cutter = self.coarse if number < self.coarse_batches else self.cutter
        parts = [self._scan(rng, self.sources[index], cutter) for index in chosen]
        pictures = np.concatenate([part[0] for part in parts])
        truth = np.concatenate([part[1] for part in parts])
        count, size, _, channels = truth.shape
        half = truth.reshape(count, size // 2, 2, size // 2, 2, channels).mean(axis=(2, 4))
        return pictures, (truth, np.asarray(half, np.float32))

    def batches(self, first: int = 0) -> Iterator[Batch]:
        """All batches from a number on, without end.

        Yields
        ------
        tuple
            As of :meth:`batch`: pictures (n, rows, columns, channels), and what is true of them.
        """
        number = first
        while True:
            yield self.batch(number)
            number += 1

    def _scan(
        self, rng: np.random.Generator, source: EdemaSource, cutter: EdemaCutter
    ) -> tuple[FloatArray, FloatArray]:
        drawn, fields = source.clean, source.fields
        if rng.random() < self.painting.share:
            drawn = paint(
                rng, self.painting, drawn, source.region,
                volume=source.volume, level=source.fluid_level, places=source.places,
            )  # fmt: skip
        if drawn.wide:
            painted = (replace(source.volume, voxels=drawn.t1), replace(source.volume, voxels=drawn.fluid))
            fields = Fields(*(slow_field(volume, source.region) for volume in painted))
        mapping = picture_mapping(source.volume, source.frame, spacing_mm=cutter.spacing_mm, size_px=cutter.size_px)
        slices = self._slices(rng, source, drawn)
        pairs = [self._sample(rng, source, drawn, fields, int(index), mapping, cutter) for index in slices]
        return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])

    def _slices(self, rng: np.random.Generator, source: EdemaSource, drawn: Painted) -> NDArray[np.intp]:
        """Slices with region, those that any reading marks twice as often."""
        shown = source.region.any(axis=(1, 2))
        weight = np.asarray(shown * (1.0 + drawn.readings.any(axis=(0, 2, 3))), np.float64)
        return np.asarray(rng.choice(len(weight), self.slices, replace=False, p=weight / weight.sum()), np.intp)

    def _sample(
        self,
        rng: np.random.Generator,
        source: EdemaSource,
        drawn: Painted,
        fields: Fields,
        index: int,
        mapping: PlaneMapping,
        cutter: EdemaCutter,
    ) -> tuple[FloatArray, FloatArray]:
        settings = self.intensity
        maps = sampling_maps(rng, self.geometry, mapping.matrix, cutter.size_px, cutter.spacing_mm)
        order = source.neighbors[index]
        if rng.random() < 0.5:
            order = order[::-1]
        edge_mm = source.edge_mm[order]
        if rng.random() < 0.5:
            edge_mm = edge_mm + np.float32(rng.uniform(-1, 1) * settings.edge_mm)
        moved = _Mover(maps, mapping)
        here = Fields(moved(fields.t1[order]), moved(fields.fluid[order]))
        relative = self._changed(rng, moved(drawn.fluid[order]), moved(drawn.t1[order]), here, source.levels)
        at = Places(*maps, source.volume.pixel_spacing_mm)
        planes = picture_planes(relative, moved(edge_mm), source.places_mm[order], at, source.frame)
        picture = stacked(planes, np.arange(len(order))[None])[0]
        _blur_and_noise(rng, settings, picture)
        counted = source.edge_mm[index] > -NEAR_MM
        truth = np.concatenate([drawn.readings[:, index], counted[None]]).astype(np.float32)
        return picture, np.ascontiguousarray(moved(truth).transpose(1, 2, 0))

    def _changed(
        self, rng: np.random.Generator, fluid: FloatArray, t1: FloatArray, fields: Fields, levels: Levels
    ) -> Relative:
        """Gray values as another scanner, coil or estimate of normal marrow would give them."""
        settings, normal = self.intensity, np.float32(levels.fluid)
        contrast = np.float32(rng.uniform(*settings.contrast))
        unequal = np.exp(_smooth(rng, fluid.shape[1:]) * np.float32(settings.unequal_sd))
        shared = np.exp(_smooth(rng, fluid.shape[1:]) * np.float32(rng.uniform(0, settings.shading_sd)))
        wrong = [float(1 + rng.uniform(-1, 1) * settings.level) for _ in range(2)]
        estimated = Levels(levels.ratio * wrong[0], levels.t1 * wrong[1], levels.fluid * wrong[0])
        fluid = np.maximum(normal + (fluid - normal) * contrast, 0) * unequal
        found = relative_to(fluid, t1, fields, estimated)
        shaded = ((found.fluid_level * np.float32(VARIATION) + 1) * shared - 1) / np.float32(VARIATION)
        return replace(found, fluid_level=shaded, t1_level=found.t1_level * shared)


@dataclass(frozen=True, slots=True)
class _Mover:
    """Brings planes (n, rows, columns) to where the pixels of an augmented network grid lie."""

    maps: tuple[FloatArray, FloatArray]
    mapping: PlaneMapping

    def __call__(self, planes: FloatArray) -> FloatArray:
        columns, rows = np.abs(self.mapping.matrix[:, :2]).max(axis=1)
        ratios = (float(rows), float(columns))
        smooth = [smoothed(np.ascontiguousarray(plane, np.float32), ratios) for plane in planes]
        return np.stack([cv2.remap(plane, self.maps[0], self.maps[1], cv2.INTER_LINEAR) for plane in smooth])


def _blur_and_noise(rng: np.random.Generator, settings: IntensitySettings, picture: FloatArray) -> None:
    """Change the channels that hold gray values, in place."""
    gray = picture[..., :GRAY]
    if rng.random() < settings.blur_probability:
        gray[:] = np.dstack([
            cv2.GaussianBlur(np.ascontiguousarray(gray[..., k]), (0, 0), sigma)
            for sigma in (float(rng.uniform(0.4, 0.9)),)
            for k in range(GRAY)
        ])  # fmt: skip
    strength = np.float32(rng.uniform(0, settings.noise))
    gray += rng.standard_normal(gray.shape, np.float32) * strength


def _smooth(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    coarse = rng.standard_normal((4, 4)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)
