"""The bone region: what the region network sees of a volume, and what it says on the volume's own grid."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from inference.serving import InputSpec, Kind, ModelSpec, Segmenter, cutter_of, unknown_cutter
from inference.space import PlaneMapping, neighbor_indices, network_mapping, normalized, slice_places_mm
from inference.types import BoolArray, FloatArray, Volume

CUTTER = "sij_mri.region"
OUTPUTS: Mapping[str, tuple[str, ...]] = {"region": ("Sacroiliac bone region",)}
DISPUTED_SHARE = 0.25
"""Networks that dispute more than this share of the region are said to disagree.

Measured with the shipped ones: at most 0.09 on ten T1-weighted scans, 0.17 on eight fluid-sensitive ones; 0.52 on a
phantom blurred by 6 pixels, 0.32 on an inverted one.
"""

PART_SHARE = 0.01
"""Parts of the region up to this share of the largest are taken for specks.

The hind iliac wings often are parts of their own; a tenth would take 14 to 46 ml of true bone away in six of ten scans,
a hundredth takes none."""


@dataclass(frozen=True, slots=True)
class RegionCutter:
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
    percentiles : (float, float)
        Intensity percentiles of the volume that become 0 and 1.
    ceiling : float
        Intensities are clipped here after that.
    """

    spacing_mm: float = 1.35
    size_px: int = 160
    channels: int = 5
    channel_step_mm: float = 3.3
    percentiles: tuple[float, float] = (1.0, 99.0)
    ceiling: float = 1.5

    def __post_init__(self) -> None:
        """Refuse what makes no grid."""
        low, high = self.percentiles
        if min(self.spacing_mm, self.size_px, self.channel_step_mm, self.ceiling) <= 0 or self.channels % 2 != 1:
            raise ValueError(f"lengths must be positive and channels odd, received {self}")
        if not 0 <= low < high <= 100:
            raise ValueError(f"percentiles must rise from 0 to 100, received {self.percentiles}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one sample."""
        return self.size_px, self.size_px, self.channels

    @classmethod
    def of(cls, spec: ModelSpec) -> "RegionCutter":
        """Read a manifest.

        Raises
        ------
        BundleError
            ``BUNDLE_CUTTER``: it says what this cutter cannot do.
        """
        cutter = cutter_of(cls, spec)
        if spec.input.cutter != CUTTER or spec.input.shape != cutter.shape or set(spec.thresholds) != {"region"}:
            raise unknown_cutter(spec, f"expected {CUTTER} of the shape {cutter.shape} and a threshold of the region")
        return cutter

    def cut(self, volume: Volume) -> tuple[FloatArray, PlaneMapping]:
        """Cut every slice of a volume.

        Parameters
        ----------
        volume : Volume
            Of any spacing, in the standard orientation; slices are not resampled.

        Returns
        -------
        float32 array (slices, size_px, size_px, channels)
        PlaneMapping
            The way back.
        """
        mapping = network_mapping(volume, spacing_mm=self.spacing_mm, size_px=self.size_px)
        planes = normalized(mapping.to_network(volume.voxels), self.percentiles, ceiling=self.ceiling)
        neighbors = neighbor_indices(slice_places_mm(volume), self.channels, self.channel_step_mm)
        return planes[neighbors].transpose(0, 2, 3, 1), mapping


@dataclass(frozen=True, slots=True)
class FoundRegion:
    """The region on the grid of a volume.

    Attributes
    ----------
    mask : bool array (slices, rows, columns)
        Without specks: :func:`large_parts`.
    probability : float32 array (slices, rows, columns)
        Zero beyond ``size_px * spacing_mm`` about the middle.
    disputed : float
        Voxels of which the networks say different things (some region, some not), as a share of the mask; 0 for one
        network.
    """

    mask: BoolArray
    probability: FloatArray
    disputed: float


class RegionReader:
    """Finds the region with the model of a bundle.

    Parameters
    ----------
    segmenter : Segmenter
        Whose cutter is :class:`RegionCutter`.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._cutter = RegionCutter.of(segmenter.spec)

    def read(self, volume: Volume) -> FoundRegion:
        """Find the region in a volume; see :meth:`RegionCutter.cut`."""
        pictures, mapping = self._cutter.cut(volume)
        probabilities, spreads = self._segmenter.predict(pictures)
        probability, spread = mapping.to_source(probabilities[..., 0]), mapping.to_source(spreads[..., 0])
        threshold = self._segmenter.spec.thresholds["region"]
        mask = large_parts(probability >= threshold)
        disputed = np.abs(probability - threshold) < spread / 2
        share = float(np.count_nonzero(disputed)) / max(1, int(np.count_nonzero(mask)))
        return FoundRegion(mask, probability, share)


def large_parts(mask: BoolArray) -> BoolArray:
    """A mask without specks: its 26-connected parts larger than PART_SHARE of the largest.

    Parameters
    ----------
    mask : bool array (slices, rows, columns)

    Returns
    -------
    bool array of the same shape
    """
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept: BoolArray = (sizes > PART_SHARE * sizes.max())[labels]
    return kept


def region_spec(role: str = "region", *, cutter: RegionCutter | None = None, threshold: float = 0.5) -> ModelSpec:
    """What a manifest says of the region network."""
    cutter = cutter or RegionCutter()
    return ModelSpec(
        role=role,
        kind=Kind.SEGMENTER,
        input=InputSpec(cutter.shape, CUTTER, asdict(cutter)),
        outputs=OUTPUTS,
        thresholds={"region": threshold},
        parameters={"mirrored": True},
    )
