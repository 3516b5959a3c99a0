"""Batches for the stage network from simulated patients, balanced over sources and stages, augmented."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.types import FloatArray
from training.augment import AugmentSettings, sampling_maps
from training.models.stage_cnn import REDUCTION
from training.simulate.dataset import CACHE_PX, EVIDENCE_PX, SHARPEST_T1, SPACING_MM, Shard

Rng = np.random.Generator
Batch = tuple[FloatArray, dict[str, FloatArray]]

SHAPE = AugmentSettings(
    rotation_deg=8.0,
    scale=(0.88, 1.14),
    stretch=0.05,
    shear=0.05,
    shift_mm=8.0,
    elastic_sd_mm=1.2,
    elastic_nodes=5,
)
STAGE_SHARES = (0.32, 0.26, 0.24, 0.18)
SOURCE_SHARES = {"real": 0.5, "phantom": 0.3, "requested": 0.2}
EVIDENCE_GAIN = 3.0
NO_FLUID, NO_T1, NO_BAND, MISREGISTERED = 0.06, 0.03, 0.05, 0.4


@dataclass(frozen=True, slots=True)
class StageSamples:
    """All slices of some simulated patients in memory.

    Attributes
    ----------
    images : uint8 array (n, 168, 168, 3)
    evidence : uint8 array (n, 42, 42, 3)
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
    """Endless batches; what a batch holds depends on its number and the seed alone."""
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
        ``as`` and ``stage`` one-hot, ``evidence`` (batch_size, size_px / 8, size_px / 8, 3).
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
    """Cached squares as the network sees them, without augmentation: float32 (n, size_px, size_px, 3)."""
    edge = (images.shape[1] - size_px) // 2
    inner = images[:, edge : edge + size_px, edge : edge + size_px]
    return _as_float(inner)


def _as_float(images: NDArray[np.uint8]) -> FloatArray:
    return np.asarray(images * np.array([SHARPEST_T1 / 255, 1 / 255, 1 / 255], np.float32), np.float32)


def _sample(
    rng: Rng, image: NDArray[np.uint8], evidence: NDArray[np.uint8], size_px: int
) -> tuple[FloatArray, FloatArray]:
    edge = (CACHE_PX - size_px) / 2
    maps = sampling_maps(rng, SHAPE, np.array([[1.0, 0, edge], [0, 1.0, edge]]), size_px, SPACING_MM)
    source = _as_float(image)
    planes = [_sampled(source[..., channel], maps) for channel in range(3)]
    if rng.random() < MISREGISTERED:
        shift = rng.normal(0, 1.2, 2) / SPACING_MM
        planes[1] = _sampled(source[..., 1], (maps[0] + np.float32(shift[0]), maps[1] + np.float32(shift[1])))
    planes[0] = _other_scanner(rng, planes[0], SHARPEST_T1)
    planes[1] = _other_scanner(rng, planes[1], 1.0)
    _drop(rng, planes)
    return np.stack(planes, axis=-1), _evidence(evidence, maps)


def _sampled(plane: FloatArray, maps: tuple[FloatArray, FloatArray]) -> FloatArray:
    return np.asarray(cv2.remap(np.ascontiguousarray(plane), maps[0], maps[1], cv2.INTER_LINEAR), np.float32)


def _other_scanner(rng: Rng, plane: FloatArray, ceiling: float) -> FloatArray:
    """Change contrast, brightness, receive field, sharpness and noise."""
    out = np.asarray(cv2.pow(plane, float(np.exp(rng.normal(0, 0.15)))), np.float32)
    coarse = rng.standard_normal((4, 4)).astype(np.float32)
    bias = cv2.resize(coarse, plane.shape[::-1], interpolation=cv2.INTER_CUBIC)
    out = out * np.exp(0.1 * bias) * np.float32(np.exp(rng.normal(0, 0.12))) + np.float32(rng.normal(0, 0.015))
    if rng.random() < 0.2:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 0.9)))
    out = out + np.float32(rng.uniform(0, 0.04)) * rng.standard_normal(plane.shape, np.float32)
    return np.clip(out, 0, ceiling).astype(np.float32)


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
    factor = CACHE_PX / EVIDENCE_PX
    columns, rows = (_cell_means(plane) for plane in maps)
    smooth = cv2.blur(evidence, (2, 2)).astype(np.float32) / 255
    at = ((columns + 0.5) / factor - 0.5, (rows + 0.5) / factor - 0.5)
    out = cv2.remap(smooth, at[0].astype(np.float32), at[1].astype(np.float32), cv2.INTER_LINEAR)
    return np.minimum(EVIDENCE_GAIN * out, 1).astype(np.float32)


def _cell_means(plane: FloatArray) -> FloatArray:
    cells = plane.shape[0] // REDUCTION
    return np.asarray(plane.reshape(cells, REDUCTION, cells, REDUCTION).mean(axis=(1, 3)), np.float32)
