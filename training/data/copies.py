"""Augmented copies of pictures on disk: turned, mirrored, brighter or darker, noisier; the mask goes with them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.types import BoolArray
from training.data.pictures import Picture

TURN_DEG = 15.0
GAIN = (0.8, 1.2)
OFFSET = 15.0
NOISE_SD = 5.0
COPY_OF = "copy_of"


def with_copies(pictures: Sequence[Picture], *, copies: int, seed: int = 0) -> Iterator[Picture]:
    """Every picture, and after all of them their copies; two copies make the data three times as large.

    Copies keep patient, labels and center, and say in the label ``copy_of`` whose copy they are: a split keeps them
    with their patient, and judges none of them. Labels that were computed from brightness stay those of the original.

    Parameters
    ----------
    pictures : sequence of Picture
    copies : int
        Of each picture.
    seed : int

    Raises
    ------
    ValueError
        A negative number of copies.
    """
    if copies < 0:
        raise ValueError(f"the number of copies must be 0 or more, received {copies}")
    yield from pictures
    for round_number in range(copies):
        for number, picture in enumerate(pictures):
            yield augmented(picture, number, np.random.default_rng((seed, round_number, number)))


def augmented(picture: Picture, number: int, random: np.random.Generator) -> Picture:
    """One copy: turned by up to 15 degrees, mirrored or not, gain 0.8 to 1.2, offset and noise of some gray levels.

    Parameters
    ----------
    picture : Picture
    number : int
        Of the picture in its data set.
    random : numpy.random.Generator
    """
    angle, mirrored = random.uniform(-TURN_DEG, TURN_DEG), random.random() < 0.5
    pixels = _moved(picture.pixels, angle, mirrored=mirrored, interpolation=cv2.INTER_LINEAR)
    bright = pixels * random.uniform(*GAIN) + random.uniform(-OFFSET, OFFSET)
    noisy = bright + random.normal(0.0, NOISE_SD, pixels.shape)
    mask: BoolArray | None = None
    if picture.mask is not None:
        moved = _moved(picture.mask.astype(np.uint8), angle, mirrored=mirrored, interpolation=cv2.INTER_NEAREST)
        mask = moved > 0
    return replace(
        picture,
        pixels=np.asarray(np.clip(noisy + 0.5, 0, 255), np.uint8),
        mask=mask,
        origin=f"copy of {picture.origin}",
        labels={**picture.labels, COPY_OF: f"img_{number:04d}"},
    )


def _moved(pixels: NDArray[np.uint8], angle: float, *, mirrored: bool, interpolation: int) -> NDArray[np.uint8]:
    rows, columns = pixels.shape
    turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), angle, 1.0)
    turned = cv2.warpAffine(pixels, turn, (columns, rows), flags=interpolation)
    return np.asarray(turned[:, ::-1] if mirrored else turned, np.uint8)
