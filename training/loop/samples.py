"""Samples of a plan: every batch is determined by the seed, the epoch and its number alone."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.space import normalized, smoothed, standardized
from inference.types import BoolArray, FloatArray
from training.loop.transforms import area_shares, changed, edge_weights, sampled, source_maps
from training.plans import Plan

PERCENTILES = (1.0, 99.0)
CEILING = 1.5

Batch = tuple[FloatArray, dict[str, FloatArray]]


@dataclass(frozen=True, slots=True)
class Source:
    """One image of an item; a picture is a volume of one slice.

    Attributes
    ----------
    name : str
        Of the item.
    planes : float32 array (slices, rows, columns)
    spacing : (float, float)
        Distance of rows and of columns: in mm of a volume, in pixels of the network of a picture.
    neighbors : int array (slices, channels)
        Slices that are the channels of each.
    contrast : str
    mask : bool array (slices, rows, columns) or None
    classes : mapping of str to int
        By output: the index of the class.
    """

    name: str
    planes: FloatArray
    spacing: tuple[float, float]
    neighbors: NDArray[np.intp]
    contrast: str = ""
    mask: BoolArray | None = None
    classes: Mapping[str, int] = field(default_factory=dict)


class Samples:
    """Cuts samples out of sources.

    Parameters
    ----------
    sources : sequence of Source
    plan : Plan
    seed : int
    """

    def __init__(self, sources: Sequence[Source], plan: Plan, *, seed: int) -> None:
        if not sources:
            raise ValueError("there is nothing to make samples of: the fold holds no usable item")
        self._sources, self._plan, self._seed = sources, plan, seed
        self._places = [(index, plane) for index, source in enumerate(sources) for plane in range(len(source.planes))]
        self._chances = self._drawn_equally()
        self._size = 0
        self.use(plan.input.size_px)

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return self._plan.schedule.steps or math.ceil(len(self._places) / self._plan.schedule.batch_size)

    def __len__(self) -> int:
        """Number of different samples."""
        return len(self._places)

    def use(self, size_px: int) -> None:
        """Make the planes ready for a grid of this many rows, over the same field."""
        if size_px == self._size:
            return
        field_size = self._plan.input.size_px * (self._plan.input.spacing_mm or 1.0)
        self._size, self._step = size_px, field_size / size_px
        self._planes, self._targets = [], []
        for source in self._sources:
            ratios = (self._step / source.spacing[0], self._step / source.spacing[1])
            self._planes.append([smoothed(plane, ratios) for plane in self._scaled(source.planes)])
            self._targets.append(None if source.mask is None else [area_shares(one, ratios) for one in source.mask])

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, changed by the plan's augmentation.

        Yields
        ------
        float32 array (batch, size_px, size_px, channels), dict of float32 array
            Masks: ``mask`` (batch, size_px, size_px, 2), share of the mask and weight of the pixel, and ``mask_2`` ...
            at coarser resolutions. Classes: by output (batch, classes), 1 for the true one.
        """
        size, count = self._plan.schedule.batch_size, len(self._places)
        for step in range(self.steps):
            first = (epoch * self.steps + step) * size
            numbers = range(first, first + size)
            if not self._plan.schedule.steps:  # the samples of an epoch, once each: the last batch may be smaller
                numbers = range(epoch * count + step * size, epoch * count + min((step + 1) * size, count))
            yield self._stacked([self._sample(*self._place(number), number=number) for number in numbers])

    def plain(self, size: int | None = None) -> Iterator[Batch]:
        """All samples once, in order and unchanged, in batches of `size`.

        Yields
        ------
        float32 array (batch, size_px, size_px, channels), dict of float32 array
            As of :meth:`batches`.
        """
        size = size or self._plan.schedule.batch_size
        for first in range(0, len(self._places), size):
            yield self._stacked([self._sample(*place) for place in self._places[first : first + size]])

    def class_shares(self, output: str, classes: int) -> FloatArray:
        """Share of each class among the sources, float32 (classes,)."""
        found = np.bincount([source.classes[output] for source in self._sources], minlength=classes)
        return np.asarray(found / found.sum(), np.float32)

    def mean_mask(self) -> FloatArray:
        """Mean of all masks on the grid of the input.

        Returns
        -------
        float32 array (size_px, size_px)
        """
        self.use(self._plan.input.size_px)
        total = np.zeros((self._size, self._size), np.float64)
        for (index, plane), targets in ((place, self._targets[place[0]]) for place in self._places):
            source = self._sources[index]
            shape = (source.planes.shape[1], source.planes.shape[2])
            if targets is not None:
                total += sampled(targets[plane], source_maps(self._size, self._step, source.spacing, shape))
        return np.asarray(total / len(self._places), np.float32)

    def _place(self, number: int) -> tuple[int, int]:
        turn, rank = divmod(number, len(self._places))
        rng = np.random.default_rng([self._seed, 1, turn])
        count = len(self._places)
        order = rng.permutation(count) if self._chances is None else rng.choice(count, count, p=self._chances)
        return self._places[int(order[rank])]

    def _drawn_equally(self) -> NDArray[np.float64] | None:
        output = self._plan.sampler.oversample
        if not output:
            return None
        classes = np.array([self._sources[index].classes[output] for index, _ in self._places])
        chances = 1.0 / np.bincount(classes)[classes]
        return np.asarray(chances / chances.sum(), np.float64)

    def _scaled(self, planes: FloatArray) -> FloatArray:
        how = self._plan.input.normalization
        if how == "unit":
            return np.asarray(planes / np.float32(255.0), np.float32)
        if how == "percentiles":
            return normalized(planes, PERCENTILES, ceiling=CEILING)
        above = planes[planes > 0]
        return np.asarray(np.maximum(planes, 0.0) / np.float32(np.percentile(above, 99.0) if above.size else 1.0))

    def _sample(self, index: int, plane: int, *, number: int | None = None) -> tuple[FloatArray, dict[str, FloatArray]]:
        source, change = self._sources[index], self._plan.augmentation
        rng = None if number is None else np.random.default_rng([self._seed, 2, number])
        shape = (source.planes.shape[1], source.planes.shape[2])
        maps = source_maps(self._size, self._step, source.spacing, shape, augmentation=change, rng=rng)
        stack = np.stack([sampled(self._planes[index][one], maps) for one in source.neighbors[plane]], axis=-1)
        if rng is not None:
            stack = changed(stack, change, rng)
        how = self._plan.input.normalization
        stack = (
            standardized(stack[None])[0]
            if how == "standardized"
            else np.clip(stack, 0.0, 1.0 if how == "unit" else CEILING)
        )
        shares = self._targets[index]
        target = None if shares is None else sampled(shares[plane], maps)
        return stack, self._answers(source, target)

    def _normalized(self, stack: FloatArray) -> FloatArray:
        if self._plan.input.normalization == "standardized":
            return np.asarray(standardized(stack[None])[0], np.float32)
        ceiling = 1.0 if self._plan.input.normalization == "unit" else CEILING
        return np.asarray(np.clip(stack, 0.0, ceiling), np.float32)

    def _answers(self, source: Source, target: FloatArray | None) -> dict[str, FloatArray]:
        if target is None:
            heads = self._plan.task.heads
            return {h.output: np.eye(len(h.values), dtype=np.float32)[source.classes[h.output]] for h in heads}
        loss = self._plan.loss
        if loss.edge_weight > 0:
            weights = edge_weights(target, self._step, weight=loss.edge_weight, sd=loss.edge_sd)
        else:
            weights = np.ones_like(target)
        finest = np.stack([target, weights], axis=-1)
        return {mask_output(level): _pooled(finest, 2**level) for level in range(len(loss.heads))}

    @staticmethod
    def _stacked(samples: Sequence[tuple[FloatArray, dict[str, FloatArray]]]) -> Batch:
        answers = {key: np.stack([answer[key] for _, answer in samples]) for key in samples[0][1]}
        return np.stack([picture for picture, _ in samples]), answers


def mask_output(level: int) -> str:
    """Name of a network's output at a level: ``mask``, ``mask_2``, ``mask_4``."""
    return f"mask_{2**level}" if level else "mask"


def _pooled(values: FloatArray, factor: int) -> FloatArray:
    rows, columns, channels = values.shape
    blocks = values.reshape(rows // factor, factor, columns // factor, factor, channels)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)
