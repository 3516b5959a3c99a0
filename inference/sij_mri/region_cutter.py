"""What the region network sees of a volume: a grid in millimeters on each slice, its neighbors, and gray values."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inference.serving import ModelSpec, cutter_of, unknown_cutter
from inference.space import (
    PlaneMapping,
    neighbor_indices,
    network_mapping,
    normalized,
    slice_places_mm,
    standardized,
)
from inference.types import FloatArray, Volume

IndexArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionGrid:
    """Lays a grid in millimeters about the middle of each slice; neighboring slices are channels.

    Attributes
    ----------
    spacing_mm : float
        Pixel spacing of the grid.
    size_px : int
        Rows and columns of the grid.
    channels : int
        Odd; the judged slice is in the middle.
    channel_step_mm : float
        Distance of the slices in neighboring channels.
    """

    name: ClassVar[str]

    spacing_mm: float
    size_px: int
    channels: int
    channel_step_mm: float = 3.3

    def __post_init__(self) -> None:
        """Refuse what makes no grid."""
        if min(self.spacing_mm, self.size_px, self.channel_step_mm) <= 0 or self.channels % 2 != 1:
            raise ValueError(f"lengths must be positive and channels odd, received {self}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one sample."""
        return self.size_px, self.size_px, self.channels

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """Read a manifest.

        Raises
        ------
        BundleError
            ``BUNDLE_CUTTER``: it says what this cutter cannot do.
        """
        cutter = cutter_of(cls, spec)
        if spec.input.cutter != cls.name or spec.input.shape != cutter.shape or set(spec.thresholds) != {"region"}:
            raise unknown_cutter(spec, f"expected {cls.name} of the shape {cutter.shape} and a threshold of the region")
        return cutter

    def cut(self, volume: Volume) -> tuple[FloatArray, PlaneMapping]:
        """Cut every slice of a volume.

        Parameters
        ----------
        volume : Volume
            Of any spacing, in the standard orientation; slices are not resampled, and no signal is below zero.

        Returns
        -------
        float32 array (slices, size_px, size_px, channels)
        PlaneMapping
            The way back.
        """
        mapping = network_mapping(volume, spacing_mm=self.spacing_mm, size_px=self.size_px)
        neighbors = neighbor_indices(slice_places_mm(volume), self.channels, self.channel_step_mm)
        return self.gray(mapping.to_network(np.maximum(volume.voxels, 0)), neighbors), mapping

    @abstractmethod
    def gray(self, planes: FloatArray, neighbors: IndexArray) -> FloatArray:
        """Samples with the gray values that the network was taught by.

        Parameters
        ----------
        planes : float32 array (slices, size_px, size_px)
            As they are in the volume, not below zero.
        neighbors : int array (slices, channels)
            Which planes make the channels of each sample.

        Returns
        -------
        float32 array (slices, size_px, size_px, channels)
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionCutter(RegionGrid):
    """Gray values between two percentiles of the volume; see :class:`RegionGrid` for the grid.

    Attributes
    ----------
    percentiles : (float, float)
        Intensity percentiles of the volume that become 0 and 1.
    ceiling : float
        Intensities are clipped here after that.
    """

    name: ClassVar[str] = "sij_mri.region"

    spacing_mm: float = 1.35
    size_px: int = 160
    channels: int = 5
    percentiles: tuple[float, float] = (1.0, 99.0)
    ceiling: float = 1.5

    def __post_init__(self) -> None:
        """Refuse what makes no grid or no gray values."""
        super(RegionCutter, self).__post_init__()
        low, high = self.percentiles
        if self.ceiling <= 0:
            raise ValueError(f"the ceiling must be positive, received {self.ceiling}")
        if not 0 <= low < high <= 100:
            raise ValueError(f"percentiles must rise from 0 to 100, received {self.percentiles}")

    def gray(self, planes: FloatArray, neighbors: IndexArray) -> FloatArray:
        """Float32 (slices, size_px, size_px, channels), scaled over the whole volume, then given to the samples."""
        scaled = normalized(planes, self.percentiles, ceiling=self.ceiling)
        return scaled[neighbors].transpose(0, 2, 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardizedRegionCutter(RegionGrid):
    """Gray values of mean 0 and spread 1 in the body, by sample; see :class:`RegionGrid` for the grid.

    Attributes
    ----------
    body_share : float
        The body is what exceeds this share of the 99th percentile of the sample's pixels above zero.
    """

    name: ClassVar[str] = "sij_mri.region_standardized"

    spacing_mm: float = 1.0
    size_px: int = 208
    channels: int = 3
    body_share: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what makes no grid or no body."""
        super(StandardizedRegionCutter, self).__post_init__()
        if not 0 < self.body_share < 1:
            raise ValueError(f"the body must exceed a share between 0 and 1, received {self.body_share}")

    def gray(self, planes: FloatArray, neighbors: IndexArray) -> FloatArray:
        """Float32 (slices, size_px, size_px, channels), each sample by itself: other slices change nothing."""
        return standardized(planes[neighbors].transpose(0, 2, 3, 1), body_share=self.body_share)


CUTTERS: Mapping[str, type[RegionGrid]] = {kind.name: kind for kind in (RegionCutter, StandardizedRegionCutter)}


def region_cutter(spec: ModelSpec) -> RegionGrid:
    """The cutter that a manifest names.

    Raises
    ------
    BundleError
        ``BUNDLE_CUTTER``: there is none of this name, or it cannot do what the manifest says.
    """
    kind = CUTTERS.get(spec.input.cutter)
    if kind is None:
        raise unknown_cutter(spec, f"expected one of {', '.join(CUTTERS)}")
    return kind.of(spec)
