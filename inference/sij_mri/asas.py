"""Numbers that anyone can check by eye: the ASAS/OMERACT rule and the load of oedema.

References
----------
Rudwaleit et al., "Defining active sacroiliitis on MRI for classification of axial spondyloarthritis: a consensual
approach by the ASAS/OMERACT MRI group", Ann Rheum Dis 2009; 68: 1520-1527. Lambert et al., "Defining active
sacroiliitis on MRI for classification of axial spondyloarthritis: update by the ASAS MRI working group",
Ann Rheum Dis 2016; 75: 1958-1963.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from inference.sij_mri.types import AsasResult, Edema, Joint
from inference.space import surface_distance
from inference.types import BoolArray, Side, Volume

SUBCHONDRAL_MM = 10.0  # marrow this near to the joint surface is subchondral
LESION_MM2 = 20.0  # smaller spots in a slice are not counted

Lesion = tuple[Side, int, float]


@dataclass(frozen=True, slots=True)
class EdemaLoad:
    """Oedema of one side, measured.

    Attributes
    ----------
    side : Side
    volume_mm3 : float
        Volume of hyperintense inflammation (VHI): all oedema of this side.
    subchondral_mm3 : float
        The part of it within SUBCHONDRAL_MM of the joint surface.
    subchondral_fraction : float or None
        `subchondral_mm3` as a fraction of all bone within SUBCHONDRAL_MM; None where no joint was found.
    """

    side: Side
    volume_mm3: float
    subchondral_mm3: float
    subchondral_fraction: float | None


def asas(edema: Edema, joints: tuple[Joint, ...], fluid: Volume) -> AsasResult:
    """Apply the rule for active sacroiliitis.

    A side is positive where subchondral oedema is seen in at least two consecutive slices, or at two places or more in
    one slice. A study is positive where a side is, or where one slice shows oedema on both sides.

    Parameters
    ----------
    edema : Edema
    joints : tuple of Joint
        On the grid of `edema`.
    fluid : Volume
        The volume in which the oedema was found.

    Returns
    -------
    AsasResult
        Negative, saying why, where no joint is known.
    """
    found = {joint.side: _lesions(edema, joint, fluid) for joint in joints}
    positive = {side: _consecutive(lesions) or _two_places(lesions) for side, lesions in found.items()}
    everything = [lesion for side in Side for lesion in found.get(side, [])]
    met = any(positive.values()) or _two_places(everything)
    return AsasResult(
        positive=met,
        left_positive=positive.get(Side.LEFT, False),
        right_positive=positive.get(Side.RIGHT, False),
        sentence=_sentence(found, positive, met=met),
        lesions=tuple(everything),
    )


def edema_load(
    edema: Edema, joints: tuple[Joint, ...], region: BoolArray, fluid: Volume
) -> tuple[EdemaLoad, EdemaLoad]:
    """Measure the oedema of both sides, left first.

    Parameters
    ----------
    edema : Edema
    joints : tuple of Joint
        On the grid of `edema`.
    region : bool array (slices, rows, columns)
        Sacrum and ilia, on the same grid.
    fluid : Volume
        Gives the grid.
    """
    return _load(edema, Side.LEFT, joints, region, fluid), _load(edema, Side.RIGHT, joints, region, fluid)


def _load(edema: Edema, side: Side, joints: tuple[Joint, ...], region: BoolArray, fluid: Volume) -> EdemaLoad:
    mask = _of_side(edema, side)
    volume_mm3 = float(np.count_nonzero(mask)) * fluid.voxel_volume_mm3
    joint = next((joint for joint in joints if joint.side == side), None)
    if joint is None:
        return EdemaLoad(side, volume_mm3, 0.0, None)
    near = _subchondral(joint, fluid)
    bone = np.count_nonzero(near & region)
    inside = np.count_nonzero(near & mask)
    fraction = float(np.count_nonzero(near & mask & region) / bone) if bone else None
    return EdemaLoad(side, volume_mm3, float(inside) * fluid.voxel_volume_mm3, fraction)


def _of_side(edema: Edema, side: Side) -> BoolArray:
    return edema.left if side is Side.LEFT else edema.right


def _subchondral(joint: Joint, fluid: Volume) -> BoolArray:
    return np.asarray(surface_distance(joint.columns_px, fluid) <= SUBCHONDRAL_MM, dtype=np.bool_)


def _lesions(edema: Edema, joint: Joint, fluid: Volume) -> list[Lesion]:
    """Spots of subchondral oedema that are large enough, slice by slice."""
    pixel_mm2 = fluid.pixel_spacing_mm[0] * fluid.pixel_spacing_mm[1]
    subchondral = _of_side(edema, joint.side) & _subchondral(joint, fluid)
    lesions: list[Lesion] = []
    for index in np.flatnonzero(subchondral.any(axis=(1, 2))):
        labels, _ = ndimage.label(subchondral[index], np.ones((3, 3)))
        areas_mm2 = [float(pixels) * pixel_mm2 for pixels in np.bincount(labels.ravel())[1:]]
        lesions += [(joint.side, int(index), round(area, 1)) for area in areas_mm2 if area >= LESION_MM2]
    return lesions


def _consecutive(lesions: list[Lesion]) -> bool:
    slices = {index for _, index, _ in lesions}
    return any(index + 1 in slices for index in slices)


def _two_places(lesions: list[Lesion]) -> bool:
    slices = [index for _, index, _ in lesions]
    return len(set(slices)) < len(slices)


def _sentence(found: dict[Side, list[Lesion]], positive: dict[Side, bool], *, met: bool) -> str:
    rule = (
        f"subchondral bone marrow oedema (within {SUBCHONDRAL_MM:.0f} mm of the joint, at least {LESION_MM2:.0f} mm2 "
        "in a slice) in two consecutive slices or at two places in one slice"
    )
    if not found:
        return f"The ASAS/OMERACT rule could not be applied, since no joint was found; it asks for {rule}."
    if met:
        sides = " and ".join(side.value for side in Side if positive.get(side)) or "both sides together"
        return f"The ASAS/OMERACT rule for active sacroiliitis is met ({sides}): {rule}."
    return f"The ASAS/OMERACT rule for active sacroiliitis is not met: no {rule}."
