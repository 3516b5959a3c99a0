"""How much of a traced joint another series shows: what lies outside it was not seen, and so cannot be absent."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inference.result import Limitation
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.types import Joint
from inference.space import to_index, to_patient
from inference.types import Side, Volume

LEAST_SHARE = 0.9
"""Of the traced surface; less is shown only where a series ends within the joint, in its stack or in its planes."""

UNSURE_PLANES = 1
"""So many traced slices may be without the other series: the trace is least sure at its ends, where it may be a slice
too short or too long (docs/evaluation/joints.md). Two that follow each other would be enough for the ASAS/OMERACT
rule."""

HALF = 0.5 + 1e-6
"""A voxel ends so far from its center, in every direction; the rest is for rounding."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a joint another series shows.

    Attributes
    ----------
    share : float
        Of the traced surface, 0 to 1.
    planes, seen : int
        Slices in which the joint was traced, and those of them of which half of the trace or more is shown.
    """

    share: float
    planes: int
    seen: int

    @property
    def whole(self) -> bool:
        """Whether the joint is shown as far as its trace is sure."""
        return self.share >= LEAST_SHARE and self.planes - self.seen <= UNSURE_PLANES


def cover(joint: Joint, source: Volume, onto: Volume) -> Coverage:
    """Measure how much of a joint lies within another volume.

    Parameters
    ----------
    joint : Joint
        On the grid of `source`, traced in one slice at least.
    source, onto : Volume
        In one frame of reference. A gap between two slices of `onto` counts as shown: reading a series tells of those.
    """
    planes, rows = np.nonzero(np.isfinite(joint.columns_px))
    surface = np.stack([planes, rows, joint.columns_px[planes, rows]], axis=-1)
    place = to_index(onto, to_patient(source, surface))
    shown = np.all((place >= -HALF) & (place <= np.array(onto.shape) - 1 + HALF), axis=-1)
    traced = np.bincount(planes)
    seen = np.bincount(planes, weights=shown, minlength=len(traced))
    return Coverage(float(shown.mean()), int((traced > 0).sum()), int(((traced > 0) & (2 * seen >= traced)).sum()))


def not_covered(joints: tuple[Joint, ...], source: Volume, onto: Volume) -> Mapping[Side, Limitation]:
    """The joints that another series does not show wholly, each with how much it shows."""
    found = {joint.side: cover(joint, source, onto) for joint in joints}
    return {side: _limitation(side, one) for side, one in found.items() if not one.whole}


def _limitation(side: Side, found: Coverage) -> Limitation:
    parameters = {"side": side.value, "share": found.share, "seen": found.seen, "planes": found.planes}
    return Limitation(LimitationCode.JOINT_NOT_COVERED, parameters)
