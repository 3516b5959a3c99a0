"""The bone region: what the region network sees of a volume, and what it says on the volume's own grid."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from inference.serving import InputSpec, Kind, ModelSpec, Segmenter
from inference.sij_mri.region_cutter import RegionCutter, RegionGrid, region_cutter
from inference.types import BoolArray, FloatArray, Volume

OUTPUTS: Mapping[str, tuple[str, ...]] = {"region": ("Sacroiliac bone region",)}
DISPUTED_SHARE = 0.25
"""A region of which more than this share is disputed is said to be in doubt.

Measured with the shipped networks: between the picture and its mirror image 0.03 to 0.09 on 28 T1-weighted scans and
0.13 to 0.14 on phantoms; about a half where blur had taken half of the region away, 4 pixels on a real scan and 2.5 on
a phantom. Between the two networks of fluid-sensitive series at most 0.17 on eight scans.
"""

MIRROR_EVERY = 5
"""Every so many slices are read in the mirror as well, where one network reads and does not average over it.

A network that finds what it was taught hardly cares for the side; all slices would double the time for nothing else."""

PART_SHARE = 0.01
"""Parts of the region up to this share of the largest are taken for specks.

The hind iliac wings often are parts of their own; a tenth would take 14 to 46 ml of true bone away in six of ten scans,
a hundredth takes none."""


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
        Pixels that one network takes for region and another does not, as a share of the region; of one network, what it
        says of the picture and of its mirror image.
    """

    mask: BoolArray
    probability: FloatArray
    disputed: float


class RegionReader:
    """Finds the region with the model of a bundle.

    Parameters
    ----------
    segmenter : Segmenter
        Whose cutter is a :class:`RegionGrid`.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._cutter = region_cutter(segmenter.spec)

    def read(self, volume: Volume) -> FoundRegion:
        """Find the region in a volume; see :meth:`RegionGrid.cut`."""
        pictures, mapping = self._cutter.cut(volume)
        probabilities, spreads = self._segmenter.predict(pictures)
        probability = mapping.to_source(probabilities[..., 0])
        mask = large_parts(probability >= self._threshold)
        return FoundRegion(mask, probability, self._disputed(pictures, probabilities, spreads))

    @property
    def _threshold(self) -> float:
        return self._segmenter.spec.thresholds["region"]

    def _disputed(self, pictures: FloatArray, probabilities: FloatArray, spreads: FloatArray) -> float:
        """On the grid of the network."""
        if not self._segmenter.disputes:
            some = slice(MIRROR_EVERY // 2, None, MIRROR_EVERY)
            mirrored = self._segmenter.predict(pictures[some][:, :, ::-1])[0][:, :, ::-1]
            spreads = np.abs(probabilities[some] - mirrored)
            probabilities = np.asarray((probabilities[some] + mirrored) / 2, np.float32)
        disputed = np.abs(probabilities - self._threshold) < spreads / 2
        return float(np.count_nonzero(disputed)) / max(1, int(np.count_nonzero(probabilities >= self._threshold)))


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


def region_spec(
    role: str = "region", *, cutter: RegionGrid | None = None, threshold: float = 0.5, mirrored: bool = True
) -> ModelSpec:
    """What a manifest says of the region network.

    Parameters
    ----------
    role : str
    cutter : RegionGrid, optional
    threshold : float
    mirrored : bool
        Whether the mirror image is read as well, in twice the time.
    """
    cutter = cutter or RegionCutter()
    return ModelSpec(
        role=role,
        kind=Kind.SEGMENTER,
        input=InputSpec(cutter.shape, cutter.name, asdict(cutter)),
        outputs=OUTPUTS,
        thresholds={"region": threshold},
        parameters={"mirrored": mirrored},
    )
