"""The window of a series: from pixel values to gray levels in which marrow is seen beside what is bright.

Where fat is suppressed, marrow is dark and fluid many times brighter: a straight window shows one of them. So the
middle of what lies inside the body is brought to a fixed gray by a power of the intensity, within limits that keep the
picture natural; a T1-weighted series hardly needs it.
"""

from dataclasses import dataclass

import numpy as np

from inference.types import FloatArray
from reporting.presentation import ByteArray

MIDDLE_GRAY = 0.28
GAMMA = (0.45, 1.15)
PERCENTILES = (2.0, 99.7)
CENTRAL = (0.2, 0.8)
"""Rows and columns that are asked: what is looked at lies there; air, and the flare of the coil, do not."""
STEPS = 4096


@dataclass(frozen=True, slots=True)
class Window:
    """Gray is ``((value - low) / (high - low)) ** gamma``, of white."""

    low: float
    high: float
    gamma: float = 1.0

    def levels(self, plane: FloatArray) -> ByteArray:
        """Gray levels of one plane.

        Parameters
        ----------
        plane : float32 array (rows, columns)

        Returns
        -------
        uint8 array (rows, columns)
        """
        scale = (STEPS - 1) / max(self.high - self.low, 1e-6)
        steps = np.clip((plane - self.low) * scale, 0, STEPS - 1).astype(np.uint16)
        levels: ByteArray = self._table()[steps]
        return levels

    def _table(self) -> ByteArray:
        return np.rint(255 * np.linspace(0.0, 1.0, STEPS) ** self.gamma).astype(np.uint8)


def find_window(pixels: FloatArray) -> Window:
    """The window of a series, one for all its planes.

    Parameters
    ----------
    pixels : float32 array (planes, rows, columns)

    Returns
    -------
    Window
        Between percentiles of the middle of the planes. It is robust: a few fluid-filled pixels do not matter.
    """
    _, rows, columns = pixels.shape
    (top, bottom), (left, right) = (
        (int(size * CENTRAL[0]), max(int(size * CENTRAL[1]), 1)) for size in (rows, columns)
    )
    sample = pixels[:, top:bottom:3, left:right:3]
    bright = sample[sample > 0]
    if not bright.size:
        return Window(0.0, 1.0)
    low, high = (float(value) for value in np.percentile(bright, PERCENTILES))
    if high <= low:
        return Window(low, low + 1.0)
    body = bright[bright > low + 0.02 * (high - low)]
    middle = (float(np.median(body)) - low) / (high - low) if body.size else 0.5
    gamma = np.log(MIDDLE_GRAY) / np.log(np.clip(middle, 1e-3, 0.999))
    return Window(low, high, float(np.clip(gamma, *GAMMA)))


def gray_levels(pixels: FloatArray) -> ByteArray:
    """Pixels as gray levels, the same window for all planes.

    Parameters
    ----------
    pixels : float32 array (planes, rows, columns)

    Returns
    -------
    uint8 array (planes, rows, columns)
    """
    window = find_window(pixels)
    levels: ByteArray = np.empty(pixels.shape, np.uint8)
    for index, plane in enumerate(pixels):
        levels[index] = window.levels(plane)
    return levels
