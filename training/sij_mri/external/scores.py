"""What can be said of straightened joint tiles: scores of a patient, each the higher the more inflammation.

A tile has no header. Its scale is taken to be 0.25 mm a pixel (a joint of some 64 mm from end to end), the middle
column to be the joint, and the gray values to be in one unit for all patients, as their authors normalized them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.serving import VoxelClassifier
from inference.sij_mri import Joint
from inference.sij_mri.edema import candidate_voxels, voxel_features
from inference.types import BoolArray, FloatArray, Side, Volume
from training.sij_mri.importing import Mosaic

PIXEL_MM = 0.25
SLICE_MM = 4.0
SMOOTH_MM = 2.0
SHARE = 0.02
SPOT_MM = 1.0
EVERY_PX = 4
SMOOTHINGS_MM, SHARES = (0.5, 1.0, 1.5, 2.0, 2.5), (0.005, 0.01, 0.02, 0.04)

Score = Callable[[Mosaic], float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A score, and what it is.

    Attributes
    ----------
    name, meaning : str
    score : callable
        From a mosaic to a number.
    """

    name: str
    meaning: str
    score: Score


def marrow_excess(mosaic: Mosaic) -> float:
    """How far the brightest part of the bone lies above normal marrow, in gray levels.

    Each tile is smoothed, and the level of its own marrow (mean of the bulk of its gray values) taken off, as a surface
    coil makes whole tiles brighter; of all that is left the value which the given share of all pixels exceeds.

    Parameters
    ----------
    mosaic : Mosaic
    """
    return marrow_excesses(mosaic, [SMOOTH_MM], [SHARE])[SMOOTH_MM, SHARE]


def marrow_excesses(
    mosaic: Mosaic, smoothings_mm: Sequence[float] = SMOOTHINGS_MM, shares: Sequence[float] = SHARES
) -> dict[tuple[float, float], float]:
    """:func:`marrow_excess` by smoothing (SD of the Gaussian, mm) and by the share of all pixels that exceed it."""
    tiles = mosaic.tiles.astype(np.float32)
    levels = np.array([_bulk(tile)[0] for tile in tiles], np.float32)[:, None, None]
    found: dict[tuple[float, float], float] = {}
    for smoothing in smoothings_mm:
        sigma = smoothing / PIXEL_MM
        above = np.stack([cv2.GaussianBlur(tile, (0, 0), sigma) for tile in tiles]) - levels
        values = np.percentile(above, [100 * (1 - share) for share in shares])
        found |= {(smoothing, share): float(value) for share, value in zip(shares, values, strict=True)}
    return found


def brightest_spot(mosaic: Mosaic) -> float:
    """The largest gray value after smoothing, whatever the marrow about it."""
    sigma = SPOT_MM / PIXEL_MM
    return max(float(cv2.GaussianBlur(tile, (0, 0), sigma).max()) for tile in mosaic.tiles.astype(np.float32))


def edema_share(mosaic: Mosaic, classifier: VoxelClassifier, *, threshold: float) -> float:
    """Share of the bone that the bundle's edema classifier calls possible edema.

    Parameters
    ----------
    mosaic : Mosaic
    classifier : VoxelClassifier
        In the role ``edema`` of a bundle.
    threshold : float
        Its cut-off of possible edema.
    """
    found = [_probabilities(mosaic.tiles[side::2].astype(np.float32), classifier) for side in range(2)]
    return float(np.mean(np.concatenate(found) > threshold))


def candidates(models: Mapping[str, Any]) -> list[Candidate]:
    """Every score that is judged: three null models, the rule of marrow excess, and the bundle's edema classifier.

    Parameters
    ----------
    models : mapping
        Of a bundle, by role.
    """
    made = [
        Candidate("mean brightness", "null model: mean of all gray values", lambda one: float(one.tiles.mean())),
        Candidate(
            "brightest pixels",
            "null model: the gray value that 1 % of all pixels exceed",
            lambda one: float(np.percentile(one.tiles, 99)),
        ),
        Candidate("brightest spot", f"null model: the largest gray value, smoothed by {SPOT_MM:g} mm", brightest_spot),
        Candidate(
            "marrow excess",
            f"gray levels above the marrow of the same tile, smoothed by {SMOOTH_MM:g} mm, that {SHARE:.0%} of the "
            "bone exceed; a rule, no network",
            marrow_excess,
        ),
    ]
    classifier = models.get("edema")
    if isinstance(classifier, VoxelClassifier):
        threshold = min(classifier.spec.thresholds.values())
        made.append(
            Candidate(
                "edema classifier",
                f"share of the bone that the bundle's edema classifier calls possible edema (above {threshold:g})",
                lambda one: edema_share(one, classifier, threshold=threshold),
            )
        )
    return made


def _probabilities(tiles: FloatArray, classifier: VoxelClassifier) -> NDArray[np.floating]:
    """Of every fourth pixel of one joint (slices, rows, columns); 0 where nothing near is bright."""
    volume = _volume(tiles)
    levels = np.array([_bulk(tile) for tile in tiles], np.float32)
    deviations = (tiles - levels[:, :1, None]) / np.maximum(levels[:, 1:, None], 0.12 * levels[:, :1, None])
    bone = np.ones(tiles.shape, np.bool_)
    bone[:, :, [0, -1]] = False
    surface = np.full(tiles.shape[:2], (tiles.shape[2] - 1) / 2, np.float32)
    joint = Joint(Side.LEFT, surface, bone, np.ones(len(tiles), np.float32))
    looked_at: BoolArray = np.zeros(tiles.shape, np.bool_)
    looked_at[:, EVERY_PX // 2 :: EVERY_PX, EVERY_PX // 2 :: EVERY_PX] = True
    at = looked_at & candidate_voxels(deviations, bone, volume)
    chance = np.zeros(tiles.shape, np.float32)
    if at.any():
        chance[at], _ = classifier.predict(voxel_features(deviations, bone, (joint,), volume, at=at))
    return chance[looked_at]


def _bulk(tile: NDArray[np.floating]) -> tuple[float, float]:
    """Level and SD of the commonest tissue, here marrow: cortex, lesions and vessels are cut off."""
    values = tile.ravel()
    middle = float(np.median(values))
    for _ in range(5):
        spread = 1.4826 * float(np.median(np.abs(values - middle)))
        kept = values[np.abs(values - middle) <= 2.5 * spread]
        if len(kept) in (0, len(values)):
            break
        values, middle = kept, float(np.median(kept))
    return middle, max(float(values.std()), 1.0)


def _volume(tiles: FloatArray) -> Volume:
    """The tiles of one joint as a coronal stack: only spacings are read of it."""
    positions = np.zeros((len(tiles), 3))
    positions[:, 1] = np.arange(len(tiles)) * SLICE_MM
    return Volume(
        voxels=tiles,
        positions_mm=positions,
        row_direction=(1.0, 0.0, 0.0),
        column_direction=(0.0, 0.0, -1.0),
        pixel_spacing_mm=(PIXEL_MM, PIXEL_MM),
        slice_spacing_mm=SLICE_MM,
    )
