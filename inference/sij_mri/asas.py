"""The ASAS/OMERACT rule, which anyone can check by eye.

References
----------
Rudwaleit et al., "Defining active sacroiliitis on MRI for classification of axial spondyloarthritis: a consensual
approach by the ASAS/OMERACT MRI group", Ann Rheum Dis 2009; 68: 1520-1527. Lambert et al., "Defining active
sacroiliitis on MRI for classification of axial spondyloarthritis: update by the ASAS MRI working group",
Ann Rheum Dis 2016; 75: 1958-1963.
"""

import numpy as np
from scipy import ndimage

from inference.sij_mri.types import AsasResult, Edema, Joint, Lesion
from inference.space import surface_distance
from inference.types import BoolArray, Side, Volume

SUBCHONDRAL_MM = 10.0  # marrow this near to the joint surface is subchondral
LESION_MM2 = 20.0  # smaller spots in a slice are not counted


def asas(edema: Edema, joints: tuple[Joint, ...], fluid: Volume) -> AsasResult:
    """Apply the rule for active sacroiliitis.

    A side is positive where subchondral edema is seen in at least two consecutive slices, or at two places or more in
    one slice. A study is positive where a side is, or where one slice shows edema on both sides.

    Parameters
    ----------
    edema : Edema
    joints : tuple of Joint
        On the grid of `edema`.
    fluid : Volume
        The volume in which the edema was found.

    Returns
    -------
    AsasResult
        ``met`` is None where a joint is missing and the rule is not met without it: it was not applied there.
    """
    found = {joint.side: _lesions(edema, joint, fluid) for joint in joints}
    positive = {side: _consecutive(lesions) or _two_places(lesions) for side, lesions in found.items()}
    everything = [lesion for side in Side for lesion in found.get(side, [])]
    met = any(positive.values()) or _two_places(everything)
    return AsasResult(met if met or len(found) == len(Side) else None, positive, tuple(everything))


def _of_side(edema: Edema, side: Side) -> BoolArray:
    return edema.left if side is Side.LEFT else edema.right


def _subchondral(joint: Joint, fluid: Volume) -> BoolArray:
    return np.asarray(surface_distance(joint.columns_px, fluid) <= SUBCHONDRAL_MM, dtype=np.bool_)


def _lesions(edema: Edema, joint: Joint, fluid: Volume) -> list[Lesion]:
    """Spots of subchondral edema that are large enough, slice by slice."""
    pixel_mm2 = fluid.pixel_spacing_mm[0] * fluid.pixel_spacing_mm[1]
    subchondral = _of_side(edema, joint.side) & _subchondral(joint, fluid)
    lesions: list[Lesion] = []
    for plane in np.flatnonzero(subchondral.any(axis=(1, 2))):
        labels, _ = ndimage.label(subchondral[plane], np.ones((3, 3)))
        areas_mm2 = [float(pixels) * pixel_mm2 for pixels in np.bincount(labels.ravel())[1:]]
        for area_mm2, (rows, columns) in zip(areas_mm2, ndimage.find_objects(labels), strict=True):
            if area_mm2 >= LESION_MM2:
                box = (rows.start, columns.start), (rows.stop - 1, columns.stop - 1)
                lesions.append(Lesion(joint.side, int(plane), round(area_mm2, 1), box))
    return lesions


def _consecutive(lesions: list[Lesion]) -> bool:
    planes = {lesion.plane for lesion in lesions}
    return any(plane + 1 in planes for plane in planes)


def _two_places(lesions: list[Lesion]) -> bool:
    planes = [lesion.plane for lesion in lesions]
    return len(set(planes)) < len(planes)
