"""A window onto one plane, the same place in the patient for every series, drawn at the size of the page."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.result import Grid, Images
from inference.types import BoolArray, FloatArray
from reporting.presentation import ByteArray, Rgb

MARGIN_MM = 24.0
HALO: Rgb = (0, 0, 0)
OUTLINE_PX = 1
"""Thin, so that nothing is hidden; a dark halo of one pixel on each side lets it be seen on every ground."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """A rectangle in the plane of the images.

    Attributes
    ----------
    center_mm : float64 array (3,)
        LPS position of its middle; each plane shows the point nearest to it.
    size_mm : (float, float)
        Width and height.
    size_px : (int, int)
        Width and height of the picture.
    """

    center_mm: NDArray[np.float64]
    size_mm: tuple[float, float]
    size_px: tuple[int, int]

    def transform(self, images: Images, plane: int) -> NDArray[np.float64]:
        """Matrix (2, 3) from picture pixels (x, y) to the plane's (column, row)."""
        grid = _grid(images)
        offset = self.center_mm - grid.positions_mm[plane]
        column = float(offset @ np.asarray(grid.row_direction)) / grid.pixel_spacing_mm[1]
        row = float(offset @ np.asarray(grid.column_direction)) / grid.pixel_spacing_mm[0]
        step_x = self.size_mm[0] / self.size_px[0] / grid.pixel_spacing_mm[1]
        step_y = self.size_mm[1] / self.size_px[1] / grid.pixel_spacing_mm[0]
        return np.array(
            [
                [step_x, 0.0, column - step_x * (self.size_px[0] - 1) / 2],
                [0.0, step_y, row - step_y * (self.size_px[1] - 1) / 2],
            ]
        )

    def cut(
        self, pixels: NDArray[np.generic], images: Images, plane: int, *, smooth: int = cv2.INTER_CUBIC
    ) -> FloatArray:
        """The plane's values in the window.

        Parameters
        ----------
        pixels : array (rows, columns)
            Of the plane.
        images : Images
            Those that the plane is one of.
        plane : int
            Its index.
        smooth : int
            Interpolation, one of OpenCV's.

        Returns
        -------
        float32 array (height, width) of the picture
            Zero outside the plane.
        """
        matrix = self.transform(images, plane)
        source = np.asarray(pixels, np.float32)
        shrink = int(min(matrix[0, 0], matrix[1, 1]))
        if shrink > 1:  # a large image: means of its pixels, since single ones would flicker
            source = cv2.resize(source, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
            matrix = matrix / shrink
            matrix[:, 2] += 0.5 / shrink - 0.5
        cut: FloatArray = cv2.warpAffine(source, matrix, self.size_px, flags=smooth | cv2.WARP_INVERSE_MAP)
        return cut

    def picture(self, levels: ByteArray, images: Images, plane: int) -> ByteArray:
        """Gray levels of a plane (rows, columns) in the window, as RGB (height, width, 3)."""
        gray = np.clip(self.cut(levels, images, plane), 0, 255).astype(np.uint8)
        rgb: ByteArray = np.repeat(gray[..., None], 3, axis=2)
        return rgb

    def mask(self, mask: BoolArray, images: Images, plane: int) -> BoolArray:
        """A plane of a mask (rows, columns) in the window (height, width), with smooth edges."""
        inside: BoolArray = self.cut(mask, images, plane, smooth=cv2.INTER_LINEAR) > 0.5
        return inside

    def points(self, line_px: FloatArray, images: Images, plane: int) -> NDArray[np.float64]:
        """A plane's line, points (n, 2) of row and column, as picture points (n, 2) of x and y."""
        return self.project(line_px[:, ::-1].astype(np.float64), images, plane)

    def project(self, places_px: NDArray[np.float64], images: Images, plane: int) -> NDArray[np.float64]:
        """Picture points (n, 2) of x and y from a plane's columns and rows (n, 2)."""
        matrix = self.transform(images, plane)
        x = (places_px[:, 0] - matrix[0, 2]) / matrix[0, 0]
        y = (places_px[:, 1] - matrix[1, 2]) / matrix[1, 1]
        return np.stack([x, y], axis=1)


def look_at(images: Images, masks: Iterable[BoolArray], size_px: tuple[int, int]) -> Viewport:
    """The window about masks over all planes, kept within the images.

    Parameters
    ----------
    images : Images
    masks : iterable of bool array (planes, rows, columns)
    size_px : (int, int)
        Width and height of the pictures; gives the window its shape.

    Returns
    -------
    Viewport
        The whole images where no mask has a pixel, or where the images have no place in the patient.
    """
    grid = _grid(images)
    planes, rows, columns = images.shape
    spacing_y, spacing_x = grid.pixel_spacing_mm
    aspect = size_px[0] / size_px[1]
    extent = None if images.grid is None else _extent(masks, (rows, columns))
    if extent is None:
        width = max(columns * spacing_x, rows * spacing_y * aspect)
        return Viewport(
            _center(grid, planes, columns * spacing_x / 2, rows * spacing_y / 2), (width, width / aspect), size_px
        )
    top, bottom, left, right = extent
    width = (right - left + 1) * spacing_x + 2 * MARGIN_MM
    height = (bottom - top + 1) * spacing_y + 2 * MARGIN_MM
    width = min(max(width, height * aspect), columns * spacing_x)
    height = width / aspect
    x = _keep_inside((left + right + 1) / 2 * spacing_x, width, columns * spacing_x)
    y = _keep_inside((top + bottom + 1) / 2 * spacing_y, height, rows * spacing_y)
    return Viewport(_center(grid, planes, x, y), (width, height), size_px)


def _grid(images: Images) -> Grid:
    """The place of the planes; for images without one, a place of their own for drawing alone."""
    if images.grid is not None:
        return images.grid
    positions = np.zeros((images.shape[0], 3))
    return Grid(positions, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), images.pixel_spacing_mm, 1.0)


def _center(grid: Grid, planes: int, x_mm: float, y_mm: float) -> NDArray[np.float64]:
    """Place in the patient of a point of the middle plane, given from the outer corner of its first pixel."""
    center: NDArray[np.float64] = (
        grid.positions_mm[planes // 2]
        + np.asarray(grid.row_direction) * (x_mm - grid.pixel_spacing_mm[1] / 2)
        + np.asarray(grid.column_direction) * (y_mm - grid.pixel_spacing_mm[0] / 2)
    )
    return center


def _keep_inside(middle: float, size: float, whole: float) -> float:
    """Move a window that reaches over an edge inwards; center one that is larger than the whole."""
    if size >= whole:
        return whole / 2
    return min(max(middle, size / 2), whole - size / 2)


def _extent(masks: Iterable[BoolArray], shape: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """First and last row and column of all masks together; None where they are empty."""
    flat = np.zeros(shape, bool)
    for mask in masks:
        flat |= mask.any(axis=0)
    if not flat.any():
        return None
    row_hits, column_hits = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
    return int(row_hits[0]), int(row_hits[-1]), int(column_hits[0]), int(column_hits[-1])


def draw_contour(rgb: ByteArray, mask: BoolArray, color: Rgb, *, thickness: int = OUTLINE_PX) -> None:
    """Draw the edge of a mask (height, width) into a picture (height, width, 3), with a dark halo, in place."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(rgb, contours, -1, HALO, thickness + 2, cv2.LINE_AA)
    cv2.drawContours(rgb, contours, -1, color, thickness)


def draw_line(rgb: ByteArray, points: NDArray[np.float64], color: Rgb, *, thickness: int = OUTLINE_PX) -> None:
    """Draw an open line through points (n, 2) of x and y into a picture (height, width, 3), with a halo, in place."""
    if len(points) > 1:
        fixed = np.rint(points * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(rgb, [fixed], False, HALO, thickness + 2, cv2.LINE_AA, shift=4)
        cv2.polylines(rgb, [fixed], False, color, thickness, cv2.LINE_8, shift=4)
