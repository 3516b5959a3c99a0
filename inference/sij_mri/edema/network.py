"""The edema network of a bundle: what its manifest says, and the probability that it gives each voxel."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from inference.serving import InputSpec, Kind, ModelSpec, Segmenter, cutter_of, unknown_cutter
from inference.sij_mri.edema.features import region_depth
from inference.sij_mri.edema.pictures import (
    CHANNELS,
    NEIGHBORS,
    Frame,
    Places,
    picture_mapping,
    picture_planes,
    stacked,
)
from inference.sij_mri.edema.shading import Fields, Levels, marrow_levels, relative_to, sacral_marrow, slow_field
from inference.space import PlaneMapping, neighbor_indices, slice_places_mm
from inference.types import BoolArray, FloatArray, Volume

CUTTER = "sij_mri.edema"
OUTPUTS: Mapping[str, tuple[str, ...]] = {"edema": ("Bone marrow edema",)}
SHARE = 0.5
NEAR_MM = 1.8  # edema may reach this far out of the region


@dataclass(frozen=True, slots=True)
class EdemaCutter:
    """Lays a grid in millimeters about the middle of the region; see :mod:`inference.sij_mri.edema.pictures`.

    Attributes
    ----------
    spacing_mm : float
        Pixel spacing of the grid.
    size_px : int
        Rows and columns of the grid.
    channels : tuple of str
        CHANNELS.
    channel_step_mm : float
        Distance of neighboring slices.
    """

    spacing_mm: float = 1.2
    size_px: int = 144
    channels: tuple[str, ...] = CHANNELS
    channel_step_mm: float = 3.3

    def __post_init__(self) -> None:
        """Refuse what the code does not do."""
        if min(self.spacing_mm, self.size_px, self.channel_step_mm) <= 0:
            raise ValueError(f"lengths must be positive, received {self}")
        if self.channels != CHANNELS:
            raise ValueError(f"expected {len(CHANNELS)} channels that this version knows, received {self.channels}")

    @property
    def neighbors(self) -> int:
        """Slices of the first channels."""
        return NEIGHBORS

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one sample."""
        return self.size_px, self.size_px, len(self.channels)

    @classmethod
    def of(cls, spec: ModelSpec) -> "EdemaCutter":
        """Read a manifest.

        Raises
        ------
        BundleError
            ``BUNDLE_CUTTER``: it says what this cutter cannot do.
        """
        cutter = cutter_of(cls, spec)
        if spec.input.cutter != CUTTER or spec.input.shape != cutter.shape or spec.thresholds:
            raise unknown_cutter(spec, f"expected {CUTTER} of the shape {cutter.shape} and no thresholds")
        share_of(spec)
        return cutter

    def cut(
        self, fluid: Volume, t1: Volume, edge_mm: FloatArray, fields: Fields, levels: Levels, *, middle_px: float
    ) -> tuple[FloatArray, PlaneMapping, NDArray[np.intp]]:
        """Cut the slices that show the region.

        Parameters
        ----------
        fluid, t1 : Volume
            On one grid.
        edge_mm : float32 array (slices, rows, columns)
            Depth within the region, which is not empty; negative outside.
        fields : Fields
        levels : Levels
        middle_px : float
            Column of the midline.

        Returns
        -------
        float32 array (pictures, size_px, size_px, channels)
        PlaneMapping
            The way back.
        int array (pictures,)
            The slice of each picture.
        """
        region = np.asarray(edge_mm > 0, dtype=np.bool_)
        frame = Frame.of(fluid, region, middle_px)
        mapping = picture_mapping(fluid, frame, spacing_mm=self.spacing_mm, size_px=self.size_px)
        near = mapping.to_network
        here = Fields(near(fields.t1), near(fields.fluid))
        relative = relative_to(near(fluid.voxels), near(t1.voxels), here, levels)
        places_mm = slice_places_mm(fluid)
        planes = picture_planes(relative, near(edge_mm), places_mm, Places.of(mapping, fluid), frame)
        shown = np.flatnonzero(region.any(axis=(1, 2)))
        order = neighbor_indices(places_mm, self.neighbors, self.channel_step_mm)[shown]
        return stacked(planes, order), mapping, shown


class EdemaNetwork:
    """Finds edema with the network of a bundle, free of coil shading.

    Parameters
    ----------
    segmenter : Segmenter
        Whose cutter is :class:`EdemaCutter`.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._cutter = EdemaCutter.of(segmenter.spec)

    @property
    def share(self) -> float:
        """What it weighs in the mean with the voxel classifier, 0 to 1."""
        return share_of(self._segmenter.spec)

    def read(self, fluid: Volume, t1: Volume, region: BoolArray, *, middle_px: float) -> FloatArray | None:
        """Probability of edema in each voxel.

        Parameters
        ----------
        fluid, t1 : Volume
            On one grid, in the standard orientation.
        region : bool array (slices, rows, columns)
            Sacrum and ilia, on that grid.
        middle_px : float
            Column of the midline.

        Returns
        -------
        float32 array (slices, rows, columns) or None
            0 farther out of the region than NEAR_MM; None where there is too little sacral marrow, or no signal in it.
        """
        fields = Fields(slow_field(t1, region), slow_field(fluid, region))
        levels = marrow_levels(fluid, t1, fields, sacral_marrow(fluid, region, middle_px))
        if levels is None:
            return None
        edge_mm = region_depth(region, fluid)
        pictures, mapping, shown = self._cutter.cut(fluid, t1, edge_mm, fields, levels, middle_px=middle_px)
        found, _ = self._segmenter.predict(pictures)
        chance = np.zeros(fluid.shape, np.float32)
        chance[shown] = mapping.to_source(found[..., 0])
        chance[edge_mm <= -NEAR_MM] = 0.0
        return chance


def share_of(spec: ModelSpec) -> float:
    """What a manifest says that the network weighs beside the voxel classifier.

    Raises
    ------
    BundleError
        ``BUNDLE_CUTTER``: it says nothing, or no share.
    """
    share = spec.parameters.get("share")
    if not isinstance(share, int | float) or not 0 < share <= 1:
        raise unknown_cutter(spec, f"expected a share above 0 and up to 1, received {share!r}")
    return float(share)


def edema_network_spec(*, cutter: EdemaCutter | None = None, share: float = SHARE) -> ModelSpec:
    """What a manifest says of the edema network."""
    cutter = cutter or EdemaCutter()
    return ModelSpec(
        role="edema_network",
        kind=Kind.SEGMENTER,
        input=InputSpec(cutter.shape, CUTTER, asdict(cutter)),
        outputs=OUTPUTS,
        parameters={"mirrored": True, "share": share},
    )
