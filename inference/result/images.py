"""The images that were read, and the place of their planes in the patient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.types import FloatArray, ImageHeader, Key, Reason, Vector, Volume


@dataclass(frozen=True, slots=True)
class Grid:
    """The place of parallel planes in the patient; the fields are those of :class:`~inference.types.Volume`."""

    positions_mm: NDArray[np.float64]
    row_direction: Vector
    column_direction: Vector
    pixel_spacing_mm: tuple[float, float]
    slice_spacing_mm: float
    frame_of_reference_uid: str = ""


@dataclass(frozen=True, slots=True)
class Images:
    """One series that was read, in the source's own pixels.

    Attributes
    ----------
    role : Key
    pixels : float32 array (planes, rows, columns)
    sources : tuple of ImageHeader
        The source of each plane.
    grid : Grid or None
        None: the images have no place in the patient.
    """

    role: Key
    pixels: FloatArray
    sources: tuple[ImageHeader, ...]
    grid: Grid | None
    series_instance_uid: str
    warnings: tuple[Reason, ...] = ()

    @classmethod
    def of(cls, role: Key, volume: Volume) -> "Images":
        """The images of a volume."""
        grid = Grid(
            volume.positions_mm,
            volume.row_direction,
            volume.column_direction,
            volume.pixel_spacing_mm,
            volume.slice_spacing_mm,
            volume.frame_of_reference_uid,
        )
        return cls(role, volume.voxels, volume.images, grid, volume.series_instance_uid, volume.warnings)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(planes, rows, columns)."""
        planes, rows, columns = self.pixels.shape
        return planes, rows, columns

    @property
    def placed(self) -> bool:
        """True where a segmentation or a point in space can refer to it: it has a grid in a frame of reference."""
        return self.grid is not None and bool(self.grid.frame_of_reference_uid)

    @property
    def pixel_spacing_mm(self) -> tuple[float, float]:
        """Between rows, between columns; 1 by 1 where it is not known."""
        if self.grid is not None:
            return self.grid.pixel_spacing_mm
        return self.sources[0].pixel_spacing_mm or (1.0, 1.0)

    @property
    def volume(self) -> Volume:
        """The images as a volume; the pixels are shared.

        Raises
        ------
        ValueError
            They have no grid.
        """
        if self.grid is None:
            raise ValueError(f"images without a grid are no volume, received the role {self.role}")
        return Volume(
            voxels=self.pixels,
            positions_mm=self.grid.positions_mm,
            row_direction=self.grid.row_direction,
            column_direction=self.grid.column_direction,
            pixel_spacing_mm=self.grid.pixel_spacing_mm,
            slice_spacing_mm=self.grid.slice_spacing_mm,
            series_instance_uid=self.series_instance_uid,
            frame_of_reference_uid=self.grid.frame_of_reference_uid,
            images=self.sources,
            warnings=self.warnings,
        )
