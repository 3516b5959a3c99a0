"""Batches for the stage network from simulated patients, balanced over sources and stages, augmented."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.types import FloatArray
from training.models.stage_cnn import REDUCTION
from training.sij_mri.lesions.dataset import CACHE_PX, CUTTER, EVIDENCE_STEP, SPACING_MM, Shard

Rng = np.random.Generator
Batch = tuple[FloatArray, dict[str, FloatArray]]

ROTATION_DEG, SCALE, SHIFT_MM, ELASTIC_MM = 5.0, (0.85, 1.18), (5.0, 1.5), 0.7
FLIP = 0.5
STAGE_SHARES = (0.30, 0.20, 0.34, 0.16)
SOURCE_SHARES = {"real": 0.5, "phantom": 0.3, "requested": 0.2}
EVIDENCE_GAIN = 1.5
NO_FLUID, NO_T1, NO_BAND, MISREGISTERED = 0.06, 0.03, 0.05, 0.4


@dataclass(frozen=True, slots=True)
class StageSamples:
    """All slices of some simulated patients in memory.

    Attributes
    ----------
    images : uint8 array (n, 128, 128, 3)
    evidence : uint8 array (n, 32, 32, 5)
    stages : int8 array (n,)
    shares : float64 array (n,)
        How often each slice is drawn; they sum to 1. Doubtful slices are not.
    """

    images: NDArray[np.uint8]
    evidence: NDArray[np.uint8]
    stages: NDArray[np.int8]
    shares: NDArray[np.float64]


def gather(shards: Sequence[Shard]) -> StageSamples:
    """Put shards together and balance them."""
    sources = np.concatenate([np.full(len(shard.images), shard.plan.source) for shard in shards])
    stages = np.concatenate([shard.stages for shard in shards])
    shares = np.zeros(len(stages))
    for source, source_share in SOURCE_SHARES.items():
        for stage, stage_share in enumerate(STAGE_SHARES):
            group = (sources == source) & (stages == stage)
            if group.any():
                shares[group] = source_share * stage_share / group.sum()
    return StageSamples(
        np.concatenate([shard.images for shard in shards]),
        np.concatenate([shard.evidence for shard in shards]),
        stages,
        shares / shares.sum(),
    )


def batches(samples: StageSamples, *, size_px: int, batch_size: int, seed: int, first: int = 0) -> Iterator[Batch]:
    """Endless batches; what a batch holds depends on its number and the seed alone.

    Parameters
    ----------
    size_px : int
        Rows and columns of an image.
    first : int
        Number of the first batch.

    Yields
    ------
    images : float32 array (batch_size, size_px, size_px, 3)
    targets : dict
        As of :func:`batch`.
    """
    number = first
    while True:
        yield batch(samples, np.random.default_rng([seed, number]), size_px=size_px, batch_size=batch_size)
        number += 1


def batch(samples: StageSamples, rng: Rng, *, size_px: int, batch_size: int) -> Batch:
    """Draw one batch.

    Returns
    -------
    images : float32 array (batch_size, size_px, size_px, 3)
    targets : dict
        ``as`` and ``stage`` one-hot, ``evidence`` (batch_size, size_px / 4, size_px / 4, 5).
    """
    chosen = rng.choice(len(samples.stages), batch_size, p=samples.shares)
    pairs = [_sample(rng, samples.images[index], samples.evidence[index], size_px) for index in chosen]
    stages = samples.stages[chosen]
    targets = {
        "as": np.eye(2, dtype=np.float32)[(stages > 0).astype(np.intp)],
        "stage": np.eye(4, dtype=np.float32)[stages],
        "evidence": np.stack([evidence for _, evidence in pairs]),
    }
    return np.stack([image for image, _ in pairs]), targets


def plain(images: NDArray[np.uint8], size_px: int) -> FloatArray:
    """Cached pictures as the network sees them, without augmentation: float32 (n, size_px, size_px, 3)."""
    edge, half = (images.shape[1] - size_px) // 2, images.shape[2] // 2
    kept = [slice(part * half + edge // 2, (part + 1) * half - edge // 2) for part in (0, 1)]
    inner = np.concatenate([images[:, edge : edge + size_px, columns] for columns in kept], axis=2)
    return _as_float(inner)


def _as_float(images: NDArray[np.uint8]) -> FloatArray:
    return np.asarray(images * np.array([CUTTER.t1_ceiling / 255, 1 / 255, 1 / 255], np.float32), np.float32)


def _sample(
    rng: Rng, image: NDArray[np.uint8], evidence: NDArray[np.uint8], size_px: int
) -> tuple[FloatArray, FloatArray]:
    source = _as_float(image)
    misregistered = rng.normal(0, 1.0, 2) / SPACING_MM if rng.random() < MISREGISTERED else np.zeros(2)
    halves = [_half(rng, source, evidence, part, size_px, misregistered) for part in (0, 1)]
    picture = np.concatenate([half for half, _ in halves], axis=1)
    target = np.concatenate([cells for _, cells in halves], axis=1)
    if rng.random() < FLIP:
        picture, target = picture[:, ::-1], target[:, ::-1]
    planes = [np.ascontiguousarray(picture[..., channel]) for channel in range(3)]
    empty = planes[2].max(axis=0) == 0
    planes[0] = _other_scanner(rng, planes[0], CUTTER.t1_ceiling)
    planes[1] = _other_scanner(rng, planes[1], 1.0)
    for plane in planes[:2]:
        plane[:, empty & (picture[..., 0].max(axis=0) == 0)] = 0
    _drop(rng, planes)
    return np.stack(planes, axis=-1), target


def _half(
    rng: Rng,
    source: FloatArray,
    evidence: NDArray[np.uint8],
    part: int,
    size_px: int,
    misregistered: NDArray[np.float64],
) -> tuple[FloatArray, FloatArray]:
    """One strip, moved and bent a little, and its lesion cells."""
    width = CACHE_PX // 2
    maps = _maps(rng, size_px)
    strip = source[:, part * width : (part + 1) * width]
    moved = (maps[0] + np.float32(misregistered[0]), maps[1] + np.float32(misregistered[1]))
    planes = [_sampled(strip[..., channel], moved if channel == 1 else maps) for channel in range(3)]
    cells = width // EVIDENCE_STEP
    return np.stack(planes, axis=-1), _evidence(evidence[:, part * cells : (part + 1) * cells], maps)


def _maps(rng: Rng, size_px: int) -> tuple[FloatArray, FloatArray]:
    """Columns and rows of the cached strip at which each pixel of the network's strip is read."""
    half = size_px // 2
    columns, rows = np.meshgrid(np.arange(half) - (half - 1) / 2, np.arange(size_px) - (size_px - 1) / 2)
    angle = np.deg2rad(rng.uniform(-1, 1) * ROTATION_DEG)
    low, high = (float(np.log(limit)) for limit in SCALE)
    across, along = np.exp(rng.uniform(low, high, 2))
    shift = rng.uniform(-1, 1, 2) * np.array(SHIFT_MM) / SPACING_MM
    bend = cv2.resize(rng.standard_normal((5, 3, 2)).astype(np.float32), (half, size_px), interpolation=cv2.INTER_CUBIC)
    bend *= np.float32(ELASTIC_MM / SPACING_MM)
    at_columns = columns * across + np.sin(angle) * rows + shift[1] + bend[..., 0] + (CACHE_PX // 2 - 1) / 2
    at_rows = rows * along - np.sin(angle) * columns + shift[0] + bend[..., 1] + (CACHE_PX - 1) / 2
    return at_columns.astype(np.float32), at_rows.astype(np.float32)


def _sampled(plane: FloatArray, maps: tuple[FloatArray, FloatArray]) -> FloatArray:
    return np.asarray(cv2.remap(np.ascontiguousarray(plane), maps[0], maps[1], cv2.INTER_LINEAR), np.float32)


def _other_scanner(rng: Rng, plane: FloatArray, ceiling: float) -> FloatArray:
    """Change contrast, brightness, receive field, sharpness and noise."""
    out = np.asarray(cv2.pow(plane, float(np.exp(rng.normal(0, 0.15)))), np.float32)
    coarse = rng.standard_normal((3, 3)).astype(np.float32)
    bias = cv2.resize(coarse, plane.shape[::-1], interpolation=cv2.INTER_CUBIC)
    out = out * np.exp(0.06 * bias) * np.float32(np.exp(rng.normal(0, 0.12))) + np.float32(rng.normal(0, 0.015))
    if rng.random() < 0.2:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 0.9)))
    out = out + np.float32(rng.uniform(0, 0.04)) * rng.standard_normal(plane.shape, np.float32)
    return np.asarray(np.clip(out, 0, ceiling), np.float32)


def _drop(rng: Rng, planes: list[FloatArray]) -> None:
    """Leave a contrast or the joint band out, as it happens in studies; without T1W no joint is found either."""
    chance = rng.random()
    if chance < NO_FLUID:
        planes[1] = np.zeros_like(planes[1])
    elif chance < NO_FLUID + NO_T1:
        planes[0], planes[2] = np.zeros_like(planes[0]), np.zeros_like(planes[2])
    elif chance < NO_FLUID + NO_T1 + NO_BAND:
        planes[2] = np.zeros_like(planes[2])


def _evidence(evidence: NDArray[np.uint8], maps: tuple[FloatArray, FloatArray]) -> FloatArray:
    """The lesion maps on the grid of the last convolution."""
    columns, rows = (_cell_means(plane) for plane in maps)
    at = tuple(((places + 0.5) / EVIDENCE_STEP - 0.5).astype(np.float32) for places in (columns, rows))
    shares = evidence.astype(np.float32) * np.float32(EVIDENCE_GAIN / 255)
    kinds = [_sampled(shares[..., kind], (at[0], at[1])) for kind in range(shares.shape[2])]
    return np.asarray(np.minimum(np.stack(kinds, axis=-1), 1), np.float32)


def _cell_means(plane: FloatArray) -> FloatArray:
    rows, columns = (length // REDUCTION for length in plane.shape)
    cells = plane.reshape(rows, REDUCTION, columns, REDUCTION)
    return np.asarray(cells.mean(axis=(1, 3)), np.float32)
