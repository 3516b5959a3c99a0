"""A window onto one slice, the same place in the patient for every series, drawn at the size of the page."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.sij_mri import Analysis
from inference.types import BoolArray, FloatArray, Volume
from reporting.pictures.drawing import ByteArray, Colour

MARGIN_MM = 24.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """A rectangle in the slice plane.

    Attributes
    ----------
    centre_mm : float64 array (3,)
        LPS position of its middle; each slice shows the point of its plane nearest to it.
    size_mm : (float, float)
        Width and height.
    size_px : (int, int)
        Width and height of the picture.
    """

    centre_mm: NDArray[np.float64]
    size_mm: tuple[float, float]
    size_px: tuple[int, int]

    def transform(self, volume: Volume, index: int) -> NDArray[np.float64]:
        """Matrix (2, 3) from picture pixels (x, y) to the slice's (column, row)."""
        offset = self.centre_mm - volume.positions_mm[index]
        column = float(offset @ np.asarray(volume.row_direction)) / volume.pixel_spacing_mm[1]
        row = float(offset @ np.asarray(volume.column_direction)) / volume.pixel_spacing_mm[0]
        step_x = self.size_mm[0] / self.size_px[0] / volume.pixel_spacing_mm[1]
        step_y = self.size_mm[1] / self.size_px[1] / volume.pixel_spacing_mm[0]
        return np.array(
            [
                [step_x, 0.0, column - step_x * (self.size_px[0] - 1) / 2],
                [0.0, step_y, row - step_y * (self.size_px[1] - 1) / 2],
            ]
        )

    def cut(
        self, plane: NDArray[np.generic], volume: Volume, index: int, *, smooth: int = cv2.INTER_CUBIC
    ) -> FloatArray:
        """The plane's values in the window (rows, columns of the picture); zero outside the plane."""
        matrix = self.transform(volume, index)
        flags = smooth | cv2.WARP_INVERSE_MAP
        cut: FloatArray = cv2.warpAffine(np.asarray(plane, np.float32), matrix, self.size_px, flags=flags)
        return cut

    def picture(self, plane: ByteArray, volume: Volume, index: int) -> ByteArray:
        """Grey levels of a slice as RGB (rows, columns, 3)."""
        grey = np.clip(self.cut(plane, volume, index), 0, 255).astype(np.uint8)
        rgb: ByteArray = np.repeat(grey[..., None], 3, axis=2)
        return rgb

    def mask(self, plane: BoolArray, volume: Volume, index: int) -> BoolArray:
        """A mask in the window, with smooth edges."""
        inside: BoolArray = self.cut(plane, volume, index, smooth=cv2.INTER_LINEAR) > 0.5
        return inside

    def points(self, columns_px: FloatArray, volume: Volume, index: int) -> NDArray[np.float64]:
        """A joint surface as picture points (n, 2) of x and y."""
        matrix = self.transform(volume, index)
        rows = np.flatnonzero(np.isfinite(columns_px))
        x = (columns_px[rows] - matrix[0, 2]) / matrix[0, 0]
        y = (rows - matrix[1, 2]) / matrix[1, 1]
        return np.stack([x, y], axis=1)


def look_at(analysis: Analysis, size_px: tuple[int, int]) -> Viewport | None:
    """The window about the joints of all slices (the region where there is no joint), kept within the image.

    Parameters
    ----------
    analysis : Analysis
    size_px : (int, int)
        Width and height of the pictures; gives the window its shape.

    Returns
    -------
    Viewport or None
        None where there is no volume.
    """
    volume = analysis.reference
    if volume is None:
        return None
    top, bottom, left, right = _extent(_focus(analysis), volume)
    _, rows, columns = volume.shape
    spacing_y, spacing_x = volume.pixel_spacing_mm
    width = (right - left + 1) * spacing_x + 2 * MARGIN_MM
    height = (bottom - top + 1) * spacing_y + 2 * MARGIN_MM
    aspect = size_px[0] / size_px[1]
    width = min(max(width, height * aspect), columns * spacing_x)
    height = width / aspect
    x = _keep_inside((left + right + 1) / 2 * spacing_x, width, columns * spacing_x)
    y = _keep_inside((top + bottom + 1) / 2 * spacing_y, height, rows * spacing_y)
    centre = (
        volume.positions_mm[volume.shape[0] // 2]
        + np.asarray(volume.row_direction) * (x - spacing_x / 2)
        + np.asarray(volume.column_direction) * (y - spacing_y / 2)
    )
    return Viewport(centre_mm=centre, size_mm=(width, height), size_px=size_px)


def _keep_inside(middle: float, size: float, whole: float) -> float:
    """Move a window that reaches over an edge inwards; centre one that is larger than the whole."""
    if size >= whole:
        return whole / 2
    return min(max(middle, size / 2), whole - size / 2)


def _focus(analysis: Analysis) -> list[BoolArray]:
    bands = [joint.band for joint in analysis.joints if joint.band.any()]
    if len(bands) == 2:
        return bands
    return bands if analysis.region is None else [analysis.region]


def _extent(masks: Iterable[BoolArray], volume: Volume) -> tuple[int, int, int, int]:
    """First and last row and column of all masks together; the whole slice where they are empty."""
    _, rows, columns = volume.shape
    flat = np.zeros((rows, columns), bool)
    for mask in masks:
        flat |= mask.any(axis=0)
    if not flat.any():
        return 0, rows - 1, 0, columns - 1
    row_hits, column_hits = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
    return int(row_hits[0]), int(row_hits[-1]), int(column_hits[0]), int(column_hits[-1])


def draw_contour(rgb: ByteArray, mask: BoolArray, colour: Colour, *, thickness: int = 1) -> None:
    """Draw the edge of a mask into a picture, in place."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(rgb, contours, -1, colour, thickness, cv2.LINE_AA)


def draw_line(rgb: ByteArray, points: NDArray[np.float64], colour: Colour, *, thickness: int = 2) -> None:
    """Draw an open line through points (n, 2) into a picture, in place."""
    if len(points) > 1:
        fixed = np.rint(points * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(rgb, [fixed], False, colour, thickness, cv2.LINE_AA, shift=4)
