"""Which joint edema belongs to: in its subchondral band, continuous with that, or elsewhere.

There is one distance: from the traced surface of a joint, in the slice plane, as the ASAS/OMERACT rule is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from inference.sij_mri.types import EdemaParts, Joint
from inference.space import surface_distance
from inference.types import BoolArray, FloatArray, Side, Volume

SUBCHONDRAL_MM = 10.0
"""Marrow this near to the traced surface is subchondral: edema that reaches 1 cm from the surface is deep in the SPARCC
score (Maksymowych et al., Arthritis Rheum 2005; 53: 703-709)."""

JOINT_SPACE_MM = 1.5
"""What lies this near to the traced surface is taken for the joint space: half of 2 mm, below which a joint space was
uniformly narrow in 2 % of people without complaints (Vogler et al., Radiology 1984; 151: 433-437), and some 0.5 mm for
the trace (docs/evaluation/joints.md: 0.36 mm on phantoms)."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies about the joints of a fluid-sensitive volume; each side whose joint is known has an entry.

    Attributes
    ----------
    bands : mapping of Side to bool array (slices, rows, columns)
        The subchondral bands.
    spaces : mapping of Side to bool array (slices, rows, columns)
        Of each band, the joint space.
    nearest : mapping of Side to bool array (slices, rows, columns)
        The voxels whose nearest joint it is. In a slice where no surface is traced, that of the nearest slice counts.
    """

    bands: Mapping[Side, BoolArray]
    spaces: Mapping[Side, BoolArray]
    nearest: Mapping[Side, BoolArray]

    @classmethod
    def of(cls, joints: tuple[Joint, ...], fluid: Volume) -> "Surroundings":
        """Measure about some joints.

        Parameters
        ----------
        joints : tuple of Joint
            On the grid of `fluid`; may be empty.
        fluid : Volume
            Gives the grid.
        """
        away = {joint.side: surface_distance(_continued(joint.columns_px), fluid) for joint in joints}
        least = np.minimum.reduce(list(away.values())) if away else None
        nearest = {side: np.asarray(distance == least, dtype=np.bool_) for side, distance in away.items()}
        if len(nearest) == len(Side):
            nearest[Side.RIGHT] = nearest[Side.RIGHT] & ~nearest[Side.LEFT]
        bands = {}
        for joint in joints:
            band = np.asarray((away[joint.side] <= SUBCHONDRAL_MM) & nearest[joint.side], dtype=np.bool_)
            band[~np.isfinite(joint.columns_px).any(axis=1)] = False
            bands[joint.side] = band
        spaces = {side: band & (away[side] <= JOINT_SPACE_MM) for side, band in bands.items()}
        return cls(bands, spaces, nearest)

    def share_out(self, edema: BoolArray) -> EdemaParts:
        """Share edema out among the joints.

        Parameters
        ----------
        edema : bool array (slices, rows, columns)

        Returns
        -------
        EdemaParts
            A lesion is a connected component of `edema` in 3D. What of it lies in a band is near; what else of it is
            nearest to a joint whose band it reaches is deep; the rest, and every other lesion, is elsewhere.
        """
        lesions, _ = ndimage.label(edema, np.ones((3, 3, 3)))
        near = {side: edema & band for side, band in self.bands.items()}
        deep = {}
        elsewhere = edema.copy()
        for side, mine in near.items():
            reaching = np.isin(lesions, np.unique(lesions[mine]))
            deep[side] = np.asarray(edema & reaching & self.nearest[side] & ~mine, dtype=np.bool_)
            elsewhere &= ~(mine | deep[side])
        return EdemaParts(near, deep, elsewhere, {side: edema & space for side, space in self.spaces.items()})


def _continued(surface: FloatArray) -> FloatArray:
    """A surface that goes on, before and behind it and through its gaps, as in the nearest slice where it is traced."""
    traced = np.flatnonzero(np.isfinite(surface).any(axis=1))
    places = np.arange(len(surface))
    nearest = traced[np.abs(places[:, None] - traced[None, :]).argmin(axis=1)]
    return np.asarray(surface[nearest], dtype=np.float32)
