"""The ASAS/OMERACT rule, which anyone can check by eye.

It is applied at three cut-offs of edema: those of the bundle, stricter and looser ones. Met at all three it is present,
met at none absent; else it depends on where edema is taken to begin, and is undecided.

References
----------
Rudwaleit et al., "Defining active sacroiliitis on MRI for classification of axial spondyloarthritis: a consensual
approach by the ASAS/OMERACT MRI group", Ann Rheum Dis 2009; 68: 1520-1527. Lambert et al., "Defining active
sacroiliitis on MRI for classification of axial spondyloarthritis: update by the ASAS MRI working group",
Ann Rheum Dis 2016; 75: 1958-1963.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from scipy import ndimage

from inference.result import Answer
from inference.sij_mri.types import AsasResult, Cutoff, Edema, Lesion
from inference.types import BoolArray, Side, Volume

LESION_MM2 = 20.0  # smaller spots in a slice are not counted


def asas(edema: Edema, fluid: Volume) -> AsasResult:
    """Apply the rule for active sacroiliitis.

    A side meets it where subchondral edema is seen in at least two consecutive slices, or at two places or more in one
    slice. A study meets it where a side does, or where one slice shows edema on both sides.

    Parameters
    ----------
    edema : Edema
        Shared out among the joints that are known; a side without one is not judged.
    fluid : Volume
        The volume in which the edema was found.
    """
    found = {cutoff: _lesions(parts.near, fluid) for cutoff, parts in edema.at.items()}
    by_side = {side: _answer(_met(lesions[side]) for lesions in found.values()) for side in edema.usual.near}
    study: Answer | None = _answer(_study_met(lesions) for lesions in found.values())
    if study is Answer.ABSENT and len(by_side) < len(Side):
        study = None
    counted = found[Cutoff.USUAL]
    return AsasResult(study, by_side, tuple(lesion for side in Side for lesion in counted.get(side, [])))


def _answer(met: Iterable[bool]) -> Answer:
    every = list(met)
    if all(every):
        return Answer.PRESENT
    return Answer.UNDECIDED if any(every) else Answer.ABSENT


def _study_met(lesions: Mapping[Side, list[Lesion]]) -> bool:
    everything = [lesion for one in lesions.values() for lesion in one]
    return any(_met(one) for one in lesions.values()) or _two_places(everything)


def _met(lesions: list[Lesion]) -> bool:
    return _consecutive(lesions) or _two_places(lesions)


def _lesions(near: Mapping[Side, BoolArray], fluid: Volume) -> dict[Side, list[Lesion]]:
    """Spots of subchondral edema that are large enough, slice by slice, of each side that was judged."""
    pixel_mm2 = fluid.pixel_spacing_mm[0] * fluid.pixel_spacing_mm[1]
    lesions: dict[Side, list[Lesion]] = {side: [] for side in near}
    for side, subchondral in near.items():
        for plane in np.flatnonzero(subchondral.any(axis=(1, 2))):
            labels, _ = ndimage.label(subchondral[plane], np.ones((3, 3)))
            areas_mm2 = [float(pixels) * pixel_mm2 for pixels in np.bincount(labels.ravel())[1:]]
            for area_mm2, (rows, columns) in zip(areas_mm2, ndimage.find_objects(labels), strict=True):
                if area_mm2 >= LESION_MM2:
                    box = (rows.start, columns.start), (rows.stop - 1, columns.stop - 1)
                    lesions[side].append(Lesion(side, int(plane), round(area_mm2, 1), box))
    return lesions


def _consecutive(lesions: list[Lesion]) -> bool:
    planes = {lesion.plane for lesion in lesions}
    return any(plane + 1 in planes for plane in planes)


def _two_places(lesions: list[Lesion]) -> bool:
    planes = [lesion.plane for lesion in lesions]
    return len(set(planes)) < len(planes)
