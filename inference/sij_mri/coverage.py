"""How much of a joint the series show: what lies outside of them was not seen, and so cannot be absent.

A joint is shown where its surface is and the marrow within the subchondral band on both sides of it. The other series
may show a part of what was traced; and the series that it was traced on may itself end within the joint.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inference.result import Limitation
from inference.sij_mri.edema import SUBCHONDRAL_MM
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

GOES_ON_MM = 15.0
"""A line that is still so long in the first or the last plane of a stack goes on beyond it.

Joints taper: on 19 T1-weighted scans of patients (Hepburn et al.) none reaches the first or the last plane at all."""

GOES_ON_SHARE = 0.75
"""So does one that is so long, as a share of its longest line, one plane before: the trace may be a plane too short.

The same scans have at most 0.42 there, the shipped phantom, whose joint is traced a plane or two too far, 0.55."""

EDGE_MM, EDGE_PLANES = 2.0, 2
"""A joint that comes so near to the upper or lower edge of the picture, in so many planes, goes on beyond it."""

HALF = 0.5 + 1e-6
"""A voxel ends so far from its center, in every direction; the rest is for rounding."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a joint another series shows.

    Attributes
    ----------
    share : float
        Of the traced surface, 0 to 1, that is shown with the subchondral band about it.
    planes, seen : int
        Slices in which the joint was traced, and those of them of which half of the trace or more is shown so.
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
    surface, reach = joint.columns_px[planes, rows], SUBCHONDRAL_MM / source.pixel_spacing_mm[1]
    ends = np.stack([np.stack([planes, rows, surface + way], axis=-1) for way in (-reach, reach)])
    place = to_index(onto, to_patient(source, ends.reshape(-1, 3))).reshape(ends.shape)
    within = np.all((place >= -HALF) & (place <= np.array(onto.shape) - 1 + HALF), axis=-1)
    shown = np.all(within, axis=0)
    traced = np.bincount(planes)
    seen = np.bincount(planes, weights=shown, minlength=len(traced))
    return Coverage(float(shown.mean()), int((traced > 0).sum()), int(((traced > 0) & (2 * seen >= traced)).sum()))


def not_covered(joints: tuple[Joint, ...], source: Volume, onto: Volume) -> Mapping[Side, Limitation]:
    """The joints that are not shown wholly: how much the other series shows, or that their own series ends in them."""
    found = {joint.side: _limitation(joint, source, onto) for joint in joints}
    return {side: one for side, one in found.items() if one is not None}


def _limitation(joint: Joint, source: Volume, onto: Volume) -> Limitation | None:
    side, found = joint.side.value, cover(joint, source, onto)
    if not found.whole:
        return Limitation(
            LimitationCode.JOINT_NOT_COVERED,
            {"side": side, "share": found.share, "seen": found.seen, "planes": found.planes},
        )
    return Limitation(LimitationCode.JOINT_CUT_OFF, {"side": side}) if ends_within(joint, source) else None


def ends_within(joint: Joint, source: Volume) -> bool:
    """True where the series on which a joint was traced ends within it: in its stack, or at an edge of its pictures.

    Parameters
    ----------
    joint : Joint
        Traced in one slice at least.
    source : Volume
        On whose grid it was traced.
    """
    known, (row_mm, _) = np.isfinite(joint.columns_px), source.pixel_spacing_mm
    lengths_mm = known.sum(axis=1) * row_mm
    edge = max(1, round(EDGE_MM / row_mm))
    cut = [np.count_nonzero(rows.any(axis=1)) for rows in (known[:, :edge], known[:, -edge:])]
    near_end = max(lengths_mm[: UNSURE_PLANES + 1].max(), lengths_mm[-UNSURE_PLANES - 1 :].max())
    in_stack = max(lengths_mm[0], lengths_mm[-1]) >= GOES_ON_MM or near_end >= GOES_ON_SHARE * lengths_mm.max()
    return bool(in_stack or max(cut) >= EDGE_PLANES or not cover(joint, source, source).whole)
