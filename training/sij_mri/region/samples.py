"""Samples for the region network: endless batches, each determined by the seed and its number alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.sij_mri import RegionCutter
from inference.space import (
    PlaneMapping,
    neighbor_indices,
    network_mapping,
    normalized,
    slice_places_mm,
    smoothed,
)
from inference.types import FloatArray
from training.data import Subject
from training.loop.augment import AugmentSettings, change_intensities, drop_neighbors, resample, sampling_maps


@dataclass(frozen=True, slots=True)
class RegionSource:
    """One labeled image, made ready to be sampled.

    Attributes
    ----------
    planes : float32 array (slices, rows, columns)
        Normalized, smoothed for the network's spacing, on the source grid.
    target : float32 array (slices, rows, columns)
        Fraction of region, smoothed likewise.
    neighbors : int array (slices, channels)
    mapping : PlaneMapping
    weight : float
        How often it is drawn, relative to the others.
    """

    planes: FloatArray
    target: FloatArray
    neighbors: NDArray[np.intp]
    mapping: PlaneMapping
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class RegionSampler:
    """Draws augmented batches."""

    sources: tuple[RegionSource, ...]
    grid: RegionCutter
    settings: AugmentSettings = field(default_factory=AugmentSettings)
    batch_size: int = 16
    seed: int = 0

    def batch(self, number: int) -> tuple[FloatArray, FloatArray]:
        """Make one batch.

        Parameters
        ----------
        number : int
            The same number gives the same batch.

        Returns
        -------
        float32 array (batch, size_px, size_px, channels), float32 array (batch, size_px, size_px, 1)
        """
        rng = np.random.default_rng([self.seed, number])
        weights = np.array([source.weight for source in self.sources])
        choices = rng.choice(len(self.sources), self.batch_size, p=weights / weights.sum())
        pairs = [self._sample(rng, self.sources[choice]) for choice in choices]
        return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])[..., None]

    def batches(self, first: int = 0) -> Iterator[tuple[FloatArray, FloatArray]]:
        """All batches from a number on, without end.

        Yields
        ------
        float32 array (batch, size_px, size_px, channels), float32 array (batch, size_px, size_px, 1)
            As of :meth:`batch`.
        """
        number = first
        while True:
            yield self.batch(number)
            number += 1

    def _sample(self, rng: np.random.Generator, source: RegionSource) -> tuple[FloatArray, FloatArray]:
        index = int(rng.integers(len(source.planes)))
        maps = sampling_maps(rng, self.settings, source.mapping.matrix, self.grid.size_px, self.grid.spacing_mm)
        order = source.neighbors[index]
        if rng.random() < 0.5:
            order = order[::-1]
        stack = np.stack([resample(source.planes[neighbor], maps) for neighbor in order], axis=-1)
        stack = drop_neighbors(rng, self.settings, stack)
        return change_intensities(rng, self.settings, stack), resample(source.target[index], maps)


def region_source(
    subject: Subject, contrast: str, grid: RegionCutter, *, weight: float = 1.0, target: FloatArray | None = None
) -> RegionSource:
    """Make one image of a subject ready to be sampled.

    Parameters
    ----------
    subject : Subject
    contrast : str
    grid : RegionCutter
    weight : float
    target : float32 array (slices, rows, columns), optional
        Fractions of region in place of the subject's manual mask.
    """
    volume = subject.volume(contrast)
    mapping = network_mapping(volume, spacing_mm=grid.spacing_mm, size_px=grid.size_px)
    ratios = (grid.spacing_mm / volume.pixel_spacing_mm[0], grid.spacing_mm / volume.pixel_spacing_mm[1])
    wanted = subject.labels["region"].astype(np.float32) if target is None else target
    planes = normalized(volume.voxels, grid.percentiles, ceiling=grid.ceiling)
    return RegionSource(
        planes=np.stack([smoothed(plane, ratios) for plane in planes]),
        target=np.stack([smoothed(plane, ratios) for plane in wanted]),
        neighbors=neighbor_indices(slice_places_mm(volume), grid.channels, grid.channel_step_mm),
        mapping=mapping,
        weight=weight,
    )
