"""From the slices of a cohort of volumes to the curated layout of pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.types import BoolArray
from training.data.cohort import VOLUMES, Cohort, Item
from training.data.copies import with_copies
from training.data.labeling import SHARE, label
from training.data.picture import REGION, SIZE, Picture
from training.data.pictures import write_pictures
from training.data.quality import Dropped, dropped_lines, good_pictures

WINDOW = (0.5, 99.5)
OWN_LABELS, UNLABELED = "own", "none"


def curate(
    cohort: Cohort,
    out: Path,
    *,
    contrasts: Sequence[str] = ("t1w", "stir"),
    labeling: str = "iteration-2",
    edge_scale: float = SHARE,
    copies: int = 0,
    seed: int = 0,
) -> list[Dropped]:
    """Make a curated data set of every slice of some contrasts.

    Parameters
    ----------
    cohort : Cohort
        Of volumes.
    out : Path
        Folder of the data set, written whole or not at all.
    contrasts : sequence of str
        Taken of every scan that has them.
    labeling : str
        ``iteration-1`` or ``iteration-2`` (:mod:`training.data.labeling`), ``own`` (``AS_status`` and ``stage`` of the
        scan) or ``none``.
    edge_scale : float
    copies : int
        Augmented copies of each picture, beside itself.
    seed : int
        Of the copies.

    Returns
    -------
    list of Dropped
        What was left out.

    Raises
    ------
    ValueError
        The cohort is not one of volumes, or no picture is left.
    """
    if cohort.kind != VOLUMES:
        raise ValueError(f"the cohort {cohort.name} holds {cohort.kind}, not volumes: it is in the layout already")
    kept, dropped = good_pictures(slices_of(cohort, contrasts))
    labeled, how = labeled_pictures(kept, labeling, edge_scale=edge_scale)
    notes = [
        f"Made of: {cohort.name}, SHA-256 {cohort.digest}",
        f"Gray levels: the {WINDOW[0]} to {WINDOW[1]} percentile of each volume",
        how,
        *dropped_lines(dropped),
    ]
    pictures = with_copies(labeled, copies=copies, seed=seed)
    write_pictures(out, pictures, name=out.name, source=cohort.source, terms=cohort.terms, notes=notes)
    return dropped


def labeled_pictures(
    pictures: Sequence[Picture], labeling: str, *, edge_scale: float = SHARE
) -> tuple[list[Picture], str]:
    """Pictures with AS status and stage, and a line that says where these come from.

    Raises
    ------
    ValueError
        The labeling is unknown.
    """
    if labeling == UNLABELED:
        return [replace(one, as_status=None, stage=None) for one in pictures], "Labels: none"
    if labeling == OWN_LABELS:
        return list(pictures), "Labels: as they came with the data"
    made = label([one.pixels for one in pictures], labeling, edge_scale=edge_scale)
    pairs = zip(pictures, made.as_status.tolist(), made.stage.tolist(), strict=True)
    labeled = [replace(one, as_status=status, stage=stage) for one, status, stage in pairs]
    return labeled, f"Labels: {made.how}; no diagnosis. {made.distribution()}"


def slices_of(cohort: Cohort, contrasts: Sequence[str]) -> Iterator[Picture]:
    """Every slice of some contrasts as a picture (256, 256), with the region mask where the scan has one."""
    for item in cohort.items:
        for contrast in contrasts:
            if contrast in item.contrasts:
                yield from _slices(cohort, item, contrast)


def gray_levels(values: NDArray[np.floating], window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """Gray values of any shape to 8 bits, from a low to a high percentile of them, or between two given values."""
    low, high = window or np.percentile(values, WINDOW)
    return np.asarray(np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255 + 0.5, np.uint8)


def squared(values: NDArray[np.uint8], size: int = SIZE) -> NDArray[np.uint8]:
    """A picture (rows, columns) padded to a square with black, so that nothing is stretched, and resized."""
    side = max(values.shape)
    top, left = ((side - length) // 2 for length in values.shape)
    padded = np.zeros((side, side), np.uint8)
    padded[top : top + values.shape[0], left : left + values.shape[1]] = values
    smaller = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(padded, (size, size), interpolation=smaller), np.uint8)


def squared_mask(mask: BoolArray, size: int = SIZE) -> BoolArray:
    """The same for a mask (rows, columns): what is covered by half."""
    return np.asarray(squared(mask.astype(np.uint8) * 255, size) > 127)


def _slices(cohort: Cohort, item: Item, contrast: str) -> Iterator[Picture]:
    volume = cohort.image(item.name, contrast)
    region = cohort.mask(item.name, REGION) if REGION in item.masks else None
    grays = gray_levels(volume)
    numbers = {key: value for key, value in item.labels.items() if key not in ("AS_status", "stage")}
    for index, pixels in enumerate(grays):
        yield Picture(
            pixels=squared(pixels),
            mask=None if region is None else squared_mask(region[index]),
            patient=item.patient,
            center=item.center,
            contrast=contrast,
            origin=f"{item.name} {contrast} slice {index + 1}",
            as_status=_whole(item.labels.get("AS_status")),
            stage=_whole(item.labels.get("stage")),
            labels={**numbers, "scan": item.name, "slice": index},
        )


def _whole(value: str | float | None) -> int | None:
    return None if value is None else int(value)
