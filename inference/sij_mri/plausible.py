"""Is there a sacroiliac joint in the picture at all?

The finders always answer: a network finds some region in noise, a surface of least cost runs through any region. What
they found is a joint only where it looks like one. The limits are few, named, and in millimeters and milliliters.

Where they come from: they were set by hand between what real scans (Hepburn et al.), phantoms and pictures of something
else measure. ``python -m tests.recognition`` measures all of them again and writes docs/evaluation/recognition.md: the
extremes of each group beside each limit, and what is read, by halves of the people. Pictures of both halves were
looked at while the limits were chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from inference.result import Limitation
from inference.sij_mri.joints import joint_slices
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.region import DISPUTED_SHARE, FoundRegion
from inference.sij_mri.types import Joint, Role
from inference.types import Parameter, Side, Volume

REGION_ML = 100.0
"""A smaller region is none: less than half of the smallest that was measured on a whole pelvis."""

DISPUTED = 0.5
"""A region of which more than this share is disputed, among networks or with the mirror image, is none.

The shipped T1W network rather finds nothing: REGION_ML decides where a picture is blurred, inverted or noise."""

SEEN = 0.1
"""A line counts where it is seen at all: a tenth of the contrast that is fully visible, the mean over its rows.

A joint is two cortices with cartilage between them, dark on T1W beside marrow. Where a joint lies beyond the picture,
the marrow of one bone may lie on both sides of where it is sought; there is no line."""

TRACED_MM = 20.0
"""A joint is traced and seen over at least this depth, front to back: six sevenths of the least of real patients."""

BAND_ML = 18.0
"""The band about a joint has at least this volume; the least of real patients is 19 ml."""

JAGGED = 1.4
"""Upper quartile of how much the surface turns from plane to plane, millimeters per millimeter of spacing.

Above that of real patients, with every other plane left out as well. Most of what is traced where no joint is jumps
further; what does not is not seen (SEEN)."""

SMOOTHED_MM = 3.0
UNLIKE_NEXT = 0.7
"""Planes that differ from the next ones by more than this share of what distant planes differ by are no stack.

It needs no network: noise fails here, whatever networks make of it."""

RIM_MM = 4.0
BRIGHTER = 0.05
"""On T1W, disputed marrow is brighter than what lies within 4 mm about it by this share of the range of intensities.

Fat in marrow is bright on T1W, cortical bone and muscle about it are dark. Of undisputed marrow only the sign counts:
with bright and dark exchanged there is no region, or the difference is negative, or small in a disputed region."""

HALF_BRIGHT = 0.5
"""The median of a fluid-sensitive picture lies below this share of its range (1st to 99th percentile).

Fat, bone and air are dark there, and only fluid is bright; exchanged, most of the picture is bright."""

NOT_FOUND = {Side.LEFT: LimitationCode.NO_LEFT_JOINT, Side.RIGHT: LimitationCode.NO_RIGHT_JOINT}


@dataclass(frozen=True, slots=True)
class Measured:
    """A traced joint in numbers.

    Attributes
    ----------
    side : Side
    traced_mm : float
        Depth, from front to back, over which the line spans at least 15 mm and is seen.
    band_ml : float
    jagged : float
        Upper quartile of the second difference of the surface from plane to plane, over their spacing; infinite where
        fewer than three planes in a row show it.
    """

    side: Side
    traced_mm: float
    band_ml: float
    jagged: float

    @classmethod
    def of(cls, joint: Joint, volume: Volume) -> "Measured":
        """Measure one joint on the grid of `volume`."""
        seen = replace(joint, columns_px=np.where(joint.visibility[:, None] >= SEEN, joint.columns_px, np.nan))
        depth = len(joint_slices((seen,), volume)) * volume.slice_spacing_mm
        turns = np.abs(np.diff(joint.columns_px, n=2, axis=0)) * volume.pixel_spacing_mm[1] / volume.slice_spacing_mm
        known = turns[np.isfinite(turns)]
        jagged = float(np.percentile(known, 75)) if known.size else float("inf")
        return cls(joint.side, depth, float(joint.band.sum()) * volume.voxel_volume_mm3 / 1000, jagged)

    @property
    def plausible(self) -> bool:
        """True where this looks like a sacroiliac joint."""
        return self.traced_mm >= TRACED_MM and self.band_ml >= BAND_ML and self.jagged <= JAGGED


@dataclass(frozen=True, slots=True)
class Recognized:
    """What of the findings is what it is taken for.

    Attributes
    ----------
    joints : tuple of Joint
        The plausible ones.
    limitations : tuple of Limitation
        Why something is left out; ``NO_JOINTS_RECOGNIZED`` where nothing is left to be read.
    """

    joints: tuple[Joint, ...] = ()
    limitations: tuple[Limitation, ...] = ()

    @property
    def anything(self) -> bool:
        """False where the picture does not show what is read."""
        return all(limitation.code is not LimitationCode.NO_JOINTS_RECOGNIZED for limitation in self.limitations)


def plausible_region(found: FoundRegion, volume: Volume, *, role: Role = Role.T1W) -> bool:
    """True where the planes are those of one body, and the region looks like the sacrum with its ilia.

    Parameters
    ----------
    found : FoundRegion
        On the grid of `volume`.
    volume : Volume
    role : Role
        Of the series: what is bright on it.
    """
    whole = _region_ml(found, volume) >= REGION_ML and found.disputed <= DISPUTED
    return whole and unlike_next(volume) <= UNLIKE_NEXT and _bright_as_it_should(found, volume, role)


def _bright_as_it_should(found: FoundRegion, volume: Volume, role: Role) -> bool:
    if role is Role.FLUID:
        return half_bright(volume) <= HALF_BRIGHT
    return brighter(found, volume) >= (BRIGHTER if found.disputed > DISPUTED_SHARE else 0.0)


def brighter(found: FoundRegion, volume: Volume) -> float:
    """How much brighter the inside of a region is than its rim.

    Parameters
    ----------
    found : FoundRegion
        On the grid of `volume`.
    volume : Volume

    Returns
    -------
    float
        Median more than 4 mm inside less the median up to 4 mm outside, in the plane, as a share of the range of
        intensities (1st to 99th percentile); 0 where there is no inside or no rim.
    """
    reach = [1, *(2 * round(RIM_MM / size) + 1 for size in volume.pixel_spacing_mm)]
    inside = ndimage.minimum_filter(found.mask, reach)
    rim = ndimage.maximum_filter(found.mask, reach) & ~found.mask
    if not inside.any() or not rim.any():
        return 0.0
    low, high = np.percentile(volume.voxels, [1, 99])
    return float(np.median(volume.voxels[inside]) - np.median(volume.voxels[rim])) / max(float(high - low), 1e-6)


def half_bright(volume: Volume) -> float:
    """Where the median of a volume lies in its range.

    Parameters
    ----------
    volume : Volume

    Returns
    -------
    float
        0 at the 1st, 1 at the 99th percentile of intensities.
    """
    low, middle, high = (float(one) for one in np.percentile(volume.voxels, [1, 50, 99]))
    return (middle - low) / max(high - low, 1e-6)


def unlike_next(volume: Volume) -> float:
    """How much a plane differs from the next, as a share of how much planes a third of the stack apart differ.

    Parameters
    ----------
    volume : Volume

    Returns
    -------
    float
        0 to about 1 (no order at all); differences are 1 minus the correlation of planes averaged to about 3 mm.
    """
    rows, columns = (max(1, round(SMOOTHED_MM / size)) for size in volume.pixel_spacing_mm)
    smooth = ndimage.uniform_filter(volume.voxels, (0, rows, columns))[:, ::rows, ::columns]
    planes = smooth.reshape(len(smooth), -1)
    planes = planes - planes.mean(axis=1, keepdims=True)
    planes /= np.linalg.norm(planes, axis=1, keepdims=True) + 1e-6
    apart = np.abs(np.subtract.outer(np.arange(len(planes)), np.arange(len(planes))))
    differs = 1.0 - planes @ planes.T
    distant = apart >= max(2, len(planes) // 3)
    if not distant.any():
        return 1.0
    return float(differs[apart == 1].mean() / max(float(differs[distant].mean()), 1e-6))


def recognize(volume: Volume, found: FoundRegion, joints: Sequence[Joint]) -> Recognized:
    """Judge what was found in a T1-weighted volume.

    Parameters
    ----------
    volume : Volume
    found : FoundRegion
        On the grid of `volume`.
    joints : sequence of Joint
        On the same grid; at most one of each side.

    Returns
    -------
    Recognized
        Two joints, one with the reason why the other is missing, or none with what was measured.
    """
    measured = {joint.side: Measured.of(joint, volume) for joint in joints}
    kept = tuple(joint for joint in joints if measured[joint.side].plausible)
    if not kept or not plausible_region(found, volume):
        return Recognized((), (unrecognized(volume, found, tuple(measured.values())),))
    sides = {joint.side for joint in kept}
    return Recognized(kept, tuple(Limitation(code) for side, code in NOT_FOUND.items() if side not in sides))


def unrecognized(
    volume: Volume, found: FoundRegion, joints: Sequence[Measured] = (), *, role: Role = Role.T1W
) -> Limitation:
    """Why nothing is read of a volume, with what was measured there."""
    return Limitation(LimitationCode.NO_JOINTS_RECOGNIZED, measures(volume, found, joints, role=role))


def measures(
    volume: Volume, found: FoundRegion, joints: Sequence[Measured] = (), *, role: Role = Role.T1W
) -> dict[str, Parameter]:
    """Everything that has a limit, by name.

    Parameters
    ----------
    volume : Volume
    found : FoundRegion
        On the grid of `volume`.
    joints : sequence of Measured
        Those traced, if any were.
    role : Role
        Of the series.
    """
    numbers: dict[str, Parameter] = {
        "region_ml": round(_region_ml(found, volume), 1),
        "disputed": round(min(found.disputed, 1.0), 2),
        "unlike_next": round(unlike_next(volume), 2),
    }
    if role is Role.FLUID:
        numbers["half_bright"] = round(half_bright(volume), 3)
    else:
        numbers["brighter"] = round(brighter(found, volume), 3)
    for one in joints:
        numbers |= {f"{one.side}_mm": round(one.traced_mm, 1), f"{one.side}_ml": round(one.band_ml, 1)}
        if np.isfinite(one.jagged):
            numbers[f"{one.side}_jagged"] = round(one.jagged, 2)
    return numbers


def _region_ml(found: FoundRegion, volume: Volume) -> float:
    return float(np.count_nonzero(found.mask)) * volume.voxel_volume_mm3 / 1000
