"""What the published models are given: a slice in 256 gray levels, padded to a square, resized, divided by 255."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.serving import ModelSpec, cutter_of
from inference.types import FloatArray

CUTTER = "published-slices"
LOW_PERCENT, HIGH_PERCENT = 0.5, 99.5
WHITE = 255.0

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SliceCutter:
    """Makes the input of a model.

    Attributes
    ----------
    size_px : int
        Rows and columns of the square.
    channels : int
        1: the slice; an odd number more: it in the middle of its neighbors, the outermost repeated where they end.

    Raises
    ------
    ValueError
        No such input can be made.
    """

    size_px: int = 256
    channels: int = 1

    def __post_init__(self) -> None:
        if self.size_px < 1 or self.channels < 1 or self.channels % 2 == 0:
            raise ValueError(f"a size of at least 1 and an odd number of channels, received {self}")

    @classmethod
    def of(cls, spec: ModelSpec) -> "SliceCutter":
        """Read it from a manifest.

        Raises
        ------
        BundleError
            ``BUNDLE_CUTTER``: it says what cannot be done.
        """
        return cutter_of(cls, spec)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one sample."""
        return self.size_px, self.size_px, self.channels

    def cut(self, gray: ByteArray) -> FloatArray:
        """The input for each plane, padded with black as :func:`padded` says, so that nothing is stretched.

        Parameters
        ----------
        gray : uint8 array (planes, rows, columns)

        Returns
        -------
        float32 array (planes, size_px, size_px, channels)
            In 0 to 1.
        """
        square = padded(gray)
        how = cv2.INTER_AREA if self.size_px < square.shape[1] else cv2.INTER_LINEAR
        resized = np.stack([cv2.resize(plane, (self.size_px, self.size_px), interpolation=how) for plane in square])
        reach = self.channels // 2
        around = np.arange(len(gray))[:, None] + np.arange(-reach, reach + 1)
        neighbors = resized[np.clip(around, 0, len(gray) - 1)]
        return np.asarray(np.moveaxis(neighbors, 1, -1) / WHITE, np.float32)


def to_gray(voxels: FloatArray) -> ByteArray:
    """A volume, or a plane, of any intensities in 256 gray levels.

    Parameters
    ----------
    voxels : float array (..., rows, columns)

    Returns
    -------
    uint8 array of the same shape
        From its 0.5th percentile, black, to its 99.5th, white; all black where it has one intensity.
    """
    low, high = np.percentile(voxels, (LOW_PERCENT, HIGH_PERCENT))
    if high <= low:
        return np.zeros(voxels.shape, np.uint8)
    return np.asarray(np.rint(np.clip((voxels - low) / (high - low), 0, 1) * WHITE), np.uint8)


def padded(gray: ByteArray) -> ByteArray:
    """Planes with black on both sides of the shorter axis, as curated pictures are made.

    Parameters
    ----------
    gray : uint8 array (planes, rows, columns)

    Returns
    -------
    uint8 array (planes, side, side)
        The longer axis gives the side.
    """
    side = max(gray.shape[1:])
    before = [_before(length, side) for length in gray.shape[1:]]
    after = [side - length - first for length, first in zip(gray.shape[1:], before, strict=True)]
    return np.pad(gray, ((0, 0), (before[0], after[0]), (before[1], after[1])))


def back_to(plane: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """A map (size_px, size_px) on the (rows, columns) of its source, without what was padded, float32."""
    side = max(shape)
    square = cv2.resize(plane, (side, side), interpolation=cv2.INTER_LINEAR)
    top, left = (_before(length, side) for length in shape)
    return np.asarray(square[top : top + shape[0], left : left + shape[1]], np.float32)


def _before(length: int, side: int) -> int:
    return (side - length) // 2
