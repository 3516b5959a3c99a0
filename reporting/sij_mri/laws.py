"""What every sacroiliac result must obey: left lies left of right, and nothing lies across the midline.

The midline is the plane midway between the two joints and square to the line between them, so that it turns with the
pelvis. Of one joint alone, it is the middle of the bone region where that shows both sides, and else lies as far from
the joint as it does in a typical pelvis. What is judged against it are the joints and the edema within their
subchondral bands; edema that reaches deep, or lies elsewhere, may cross it.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.result import Analysis
from inference.sij_mri import TYPICAL_LATERAL_MM
from inference.space import to_patient
from inference.types import Key, Side
from reporting.checks import centroids_mm
from reporting.findings import Checked, GateCode, GateFinding
from reporting.presentation import Terms
from reporting.sij_mri.terms import TERMS

FloatVector = NDArray[np.float64]
Centroids = Mapping[tuple[Key, Side | None], FloatVector]

KINDS: Mapping[Key, str] = {"joint": "seg-joints", "edema": "seg-edema"}
ONE_SIDED_MM = TYPICAL_LATERAL_MM / 2  # a region whose middle is nearer to the joint does not show the other side
_REGION = ("region", None)


def sides(objects: Sequence[Checked], analysis: Analysis, terms: Terms) -> Iterator[GateFinding]:
    """Left and right as the segmentations themselves, read back, hold them; the bone region as the analysis has it."""
    named: dict[str, FloatVector] = {}
    for item in objects:
        if item.kind in KINDS.values():
            named |= centroids_mm(item)
    places = {
        (key, side): named[label]
        for key in KINDS
        for side, label in terms.segments[key].labels.items()
        if label in named
    }
    yield from misplaced(places | _region(analysis))


def _region(analysis: Analysis) -> dict[tuple[Key, Side | None], FloatVector]:
    """The center of the bone region, which is sent on request alone."""
    region = analysis.segment("region")
    images = None if region is None else analysis.of_role(region.role)
    if region is None or images is None or images.grid is None:
        return {}
    return {_REGION: to_patient(images.volume, np.argwhere(region.mask)).mean(axis=0)}


def misplaced(places: Centroids) -> Iterator[GateFinding]:
    """What lies on the wrong side.

    Parameters
    ----------
    places : mapping of (Key, Side or None) to float64 array (3,)
        Center of each segment, LPS millimeters.
    """
    middle, axis = _midline(places)
    for key, kind in KINDS.items():
        labels = TERMS.segments[key].labels
        left, right = places.get((key, Side.LEFT)), places.get((key, Side.RIGHT))
        if left is not None and right is not None and left[0] <= right[0]:
            text = f"{labels[Side.LEFT]} lies to the right of {labels[Side.RIGHT]}."
            yield GateFinding(GateCode.SIDES_SWAPPED, text, kind)
        for side, sign in ((Side.LEFT, 1.0), (Side.RIGHT, -1.0)):
            center = places.get((key, side))
            if center is not None and middle is not None and sign * float((center - middle) @ axis) <= 0:
                yield GateFinding(GateCode.SIDES_SWAPPED, f"{labels[side]} lies across the midline.", kind)


def _midline(places: Centroids) -> tuple[FloatVector | None, FloatVector]:
    """A point of the midline and the direction to the patient's left."""
    towards_left = np.array([1.0, 0.0, 0.0])
    left, right = places.get(("joint", Side.LEFT)), places.get(("joint", Side.RIGHT))
    if left is not None and right is not None:
        axis = left - right
        length = float(np.linalg.norm(axis))
        return (left + right) / 2, axis / length if length else towards_left
    joint, region = left if left is not None else right, places.get(_REGION)
    if joint is None or region is None or abs(joint[0] - region[0]) > ONE_SIDED_MM:
        return region, towards_left
    medially = -towards_left if left is not None else towards_left
    return joint + TYPICAL_LATERAL_MM * medially, towards_left
