"""Smooth random fields in the body of a synthetic patient, and where a grid's voxels lie in it."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.types import FloatArray

_STRIDE_PX = 4

Depth = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class BodyPoints:
    """Coordinates of voxels in the frame of the sacrum, in millimeters.

    Attributes
    ----------
    u, v, w : float32 arrays (slices, rows, columns)
        u to the patient's left, v down along the sacrum, w to the back of the sacrum; the origin lies in the midline,
        at the upper edge of the sacral ala, at middle thickness of the first sacral vertebra.
    """

    u: FloatArray
    v: FloatArray
    w: FloatArray


@dataclass(frozen=True, slots=True)
class SmoothField:
    """A random field on a lattice in the body, of zero mean and unit standard deviation.

    Attributes
    ----------
    lattice : float32 array (n, n, n) over (w, v, u)
    spacing_mm : float
        Distance of the lattice points. The field repeats itself beyond the lattice.
    """

    lattice: FloatArray
    spacing_mm: float

    def at(self, points: BodyPoints) -> FloatArray:
        """Values at points, float32 array (slices, rows, columns)."""
        size = self.lattice.shape[0]
        where = np.stack([np.mod(axis / self.spacing_mm, size) for axis in (points.w, points.v, points.u)])
        values: FloatArray = ndimage.map_coordinates(self.lattice, where, order=1, mode="grid-wrap").astype(np.float32)
        return values

    def over(self, points: BodyPoints) -> FloatArray:
        """Values at points, float32 array (slices, rows, columns), for fields smoother than some 6 mm.

        They are read at every fourth pixel and interpolated.
        """
        rows, columns = points.u.shape[1:]
        half = _STRIDE_PX // 2
        coarse = BodyPoints(*(axis[:, half::_STRIDE_PX, half::_STRIDE_PX] for axis in (points.u, points.v, points.w)))
        values = self.at(coarse)
        forward = np.array([[_STRIDE_PX, 0, half], [0, _STRIDE_PX, half]], dtype=np.float64)
        planes = [
            cv2.warpAffine(plane, forward, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for plane in values
        ]
        return np.stack(planes).astype(np.float32, copy=False)


def smooth_field(rng: np.random.Generator, *, correlation_mm: float, size: int = 48) -> SmoothField:
    """Draw a random field whose features are about ``correlation_mm`` wide."""
    spacing_mm = correlation_mm / 2.0
    noise = rng.standard_normal((size, size, size)).astype(np.float32)
    lattice = ndimage.gaussian_filter(noise, 1.2, mode="wrap")
    lattice = (lattice - lattice.mean()) / lattice.std()
    return SmoothField(lattice.astype(np.float32), spacing_mm)


def rotation(axis: int, angle_deg: float) -> NDArray[np.float64]:
    """Right-handed rotation matrix about a coordinate axis (0, 1 or 2)."""
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    matrix = np.eye(3)
    first, second = [(1, 2), (2, 0), (0, 1)][axis]
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix
