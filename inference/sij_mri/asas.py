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
from inference.sij_mri.types import AsasResult, Cutoff, Edema, EdemaParts, Lesion
from inference.types import Side, Volume

LESION_MM2 = 20.0  # smaller spots in a slice are not counted
MARROW_SHARE = 0.25
"""A spot counts if this share of it lies beyond the joint space; else it is fluid in the joint and no marrow edema.

Of 0.15, 0.25 and 0.4 at 1.5, 2 and 2.5 mm this is the strictest share at 1.5 mm at which the rule says the same as
without it of the readings that come closest to it, and of seven scans as the node reads them; on simulated patients it
takes away most of what fluid in the joint alone had met (docs/evaluation/conclusion.md)."""


def asas(edema: Edema, fluid: Volume) -> AsasResult:
    """Apply the rule for active sacroiliitis.

    A side meets it where subchondral edema is seen in at least two consecutive slices, or at two places or more in one
    slice. A study meets it where a side does, or where one slice shows edema on both sides. A spot that hardly leaves
    the joint space is fluid in the joint and not counted.

    Parameters
    ----------
    edema : Edema
        Shared out among the joints that are known; a side without one is not judged.
    fluid : Volume
        The volume in which the edema was found.
    """
    found = {cutoff: _lesions(parts, fluid) for cutoff, parts in edema.at.items()}
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


def _lesions(parts: EdemaParts, fluid: Volume) -> dict[Side, list[Lesion]]:
    """Spots of subchondral edema that are large enough, slice by slice, of each side that was judged."""
    pixel_mm2 = fluid.pixel_spacing_mm[0] * fluid.pixel_spacing_mm[1]
    lesions: dict[Side, list[Lesion]] = {side: [] for side in parts.near}
    for side, subchondral in parts.near.items():
        marrow = subchondral & ~parts.in_joint.get(side, np.zeros_like(subchondral))
        for plane in np.flatnonzero(subchondral.any(axis=(1, 2))):
            labels, _ = ndimage.label(subchondral[plane], np.ones((3, 3)))
            pixels = np.bincount(labels.ravel())[1:]
            in_marrow = np.bincount(labels[marrow[plane]], minlength=len(pixels) + 1)[1:]
            for count, beyond, (rows, columns) in zip(pixels, in_marrow, ndimage.find_objects(labels), strict=True):
                area_mm2 = float(count) * pixel_mm2
                if area_mm2 >= LESION_MM2 and beyond >= MARROW_SHARE * count:
                    box = (rows.start, columns.start), (rows.stop - 1, columns.stop - 1)
                    lesions[side].append(Lesion(side, int(plane), round(area_mm2, 1), box))
    return lesions


def _consecutive(lesions: list[Lesion]) -> bool:
    planes = {lesion.plane for lesion in lesions}
    return any(plane + 1 in planes for plane in planes)


def _two_places(lesions: list[Lesion]) -> bool:
    planes = [lesion.plane for lesion in lesions]
    return len(set(planes)) < len(planes)
