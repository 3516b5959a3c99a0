"""From a volume to the grid of a network, and the way back.

The slice plane is kept: slices are never resampled across. In the plane, rows and columns of a volume in the standard
orientation (:mod:`inference.space.orientation`) are brought to the network's spacing, and to its size by a centered
crop or pad.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.space.orientation import check_standard
from inference.types import FloatArray, Volume

Matrix = NDArray[np.float64]

PASSBAND = 0.42
"""Standard deviation of the smoothing before a coarser sampling, in units of ``sqrt(ratio**2 - 1)`` source pixels."""


@dataclass(frozen=True, slots=True)
class PlaneMapping:
    """How the planes of a network's grid lie in those of a source grid.

    Attributes
    ----------
    matrix : float64 array (2, 3)
        From (column, row, 1) of the network grid to (column, row) of the source grid.
    source_shape : (int, int, int)
        Slices, rows, columns of the source.
    size_px : int
        Rows and columns of the network grid.
    """

    matrix: Matrix
    source_shape: tuple[int, int, int]
    size_px: int

    def to_network(self, voxels: FloatArray) -> FloatArray:
        """Sample source planes on the network grid, smoothed first where that is coarser.

        Parameters
        ----------
        voxels : float32 array (slices, rows, columns)

        Returns
        -------
        float32 array (slices, size_px, size_px)
            Zero outside the source.
        """
        ratio_columns, ratio_rows = np.abs(self.matrix[:, :2]).max(axis=1)
        size = (self.size_px, self.size_px)
        out = np.empty((len(voxels), *size), np.float32)
        for index, plane in enumerate(voxels):
            smooth = smoothed(np.ascontiguousarray(plane, np.float32), (ratio_rows, ratio_columns))
            out[index] = cv2.warpAffine(smooth, self.matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return out

    def to_source(self, values: FloatArray) -> FloatArray:
        """Bring values on the network grid back to the source grid.

        Parameters
        ----------
        values : float32 array (slices, size_px, size_px)

        Returns
        -------
        float32 array (slices, rows, columns)
            Linear between network pixels; zero where the network did not look.
        """
        slices, rows, columns = self.source_shape
        out = np.empty((slices, rows, columns), np.float32)
        for index, plane in enumerate(values):
            contiguous = np.ascontiguousarray(plane, np.float32)
            out[index] = cv2.warpAffine(contiguous, self.matrix, (columns, rows), flags=cv2.INTER_LINEAR)
        return out


def smoothed(plane: FloatArray, ratios: tuple[float, float]) -> FloatArray:
    """Smooth a plane before it is sampled more coarsely.

    Parameters
    ----------
    plane : float32 array (rows, columns)
    ratios : (float, float)
        New over old spacing along rows and columns; up to 1 means no smoothing.
    """
    sigma_rows, sigma_columns = (PASSBAND * float(np.sqrt(max(ratio**2 - 1.0, 0.0))) for ratio in ratios)
    if max(sigma_rows, sigma_columns) < 0.05:
        return plane
    return np.asarray(
        cv2.GaussianBlur(plane, (0, 0), sigmaX=max(sigma_columns, 1e-3), sigmaY=max(sigma_rows, 1e-3)), np.float32
    )


def network_mapping(volume: Volume, *, spacing_mm: float, size_px: int) -> PlaneMapping:
    """Map a network grid, centered in the field of view, onto a volume.

    Parameters
    ----------
    volume : Volume
        In the standard orientation.
    spacing_mm : float
        Pixel spacing of the network grid.
    size_px : int
        Rows and columns of the network grid.

    Raises
    ------
    ValueError
        The volume is not in the standard orientation.
    """
    check_standard(volume)
    _, rows, columns = volume.shape
    between_rows, between_columns = volume.pixel_spacing_mm
    linear = np.diag([spacing_mm / between_columns, spacing_mm / between_rows])
    offset = np.array([(columns - 1) / 2, (rows - 1) / 2]) - linear @ np.full(2, (size_px - 1) / 2)
    return PlaneMapping(np.column_stack([linear, offset]).astype(np.float64), volume.shape, size_px)


def normalized(
    values: FloatArray, percentiles: tuple[float, float] = (1.0, 99.0), *, ceiling: float = 1.5
) -> FloatArray:
    """Scale intensities so that two percentiles become 0 and 1.

    Parameters
    ----------
    values : float32 array
        Any shape; exact zeros (outside the source) do not count for the percentiles.
    percentiles : (float, float)
    ceiling : float
        Values are clipped to [0, ceiling].

    Returns
    -------
    float32 array of the same shape; all zero for a constant image.
    """
    counted = values[values > 0] if np.any(values > 0) else values
    low, high = np.percentile(counted, percentiles)
    if high <= low:
        return np.zeros_like(values, np.float32)
    scaled = (values - np.float32(low)) / np.float32(high - low)
    return np.asarray(np.clip(scaled, 0.0, ceiling), np.float32)


def standardized(samples: FloatArray, *, body_share: float = 0.1) -> FloatArray:
    """Shift and scale each sample so that its body has the mean 0 and the standard deviation 1.

    The body is what exceeds a share of the 99th percentile of the sample's pixels above zero, in all channels together.
    What lies outside is shifted and scaled likewise; nothing is clipped.

    Parameters
    ----------
    samples : float32 array (n, rows, columns, channels)
        Not negative.
    body_share : float

    Returns
    -------
    float32 array of the same shape; all zero for a sample without anything above zero.
    """
    out = np.zeros_like(samples, np.float32)
    for index, sample in enumerate(samples):
        above = sample[sample > 0]
        if above.size:
            body = sample[sample > body_share * np.percentile(above, 99.0)]
            mean, spread = float(body.mean(dtype=np.float64)), float(body.std(dtype=np.float64))
            out[index] = (sample - mean) / max(spread, 1e-6)
    return out


def neighbor_indices(positions_mm: NDArray[np.float64], channels: int, step_mm: float) -> NDArray[np.intp]:
    """Which slices go into the channels of each slice's input.

    Parameters
    ----------
    positions_mm : float64 array (slices,)
        Place of each slice along the normal, sorted.
    channels : int
        Odd; the slice itself is in the middle.
    step_mm : float
        Distance of neighboring channels as the network was trained.

    Returns
    -------
    int array (slices, channels)
        The slice nearest to each wanted place; the first and last are repeated beyond the ends.
    """
    offsets_mm = (np.arange(channels) - channels // 2) * step_mm
    wanted = positions_mm[:, None] + offsets_mm
    nearest: NDArray[np.intp] = np.abs(positions_mm[None, None, :] - wanted[:, :, None]).argmin(axis=2)
    return nearest


def slice_places_mm(volume: Volume) -> NDArray[np.float64]:
    """Place of each slice along the volume's normal, float64 array (slices,), ascending; millimeters from the first."""
    places: NDArray[np.float64] = (volume.positions_mm - volume.positions_mm[0]) @ volume.normal
    return places
