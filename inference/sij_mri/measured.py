"""What was measured at the sacroiliac joints, in the language of results: volumes, and the marrow they rest on.

What was not judged has its reason; only what was judged and not found is 0.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from inference.result import Key, Limitation, Measurement, NotAssessable, Site
from inference.sij_mri.missing import missing_bones, missing_edema, missing_edema_of, missing_joint
from inference.sij_mri.types import EdemaParts, Reading
from inference.types import BoolArray, Side, Volume

JOINT, REGION, MARROW = "sacroiliac-joint", "sacrum-and-ilia", "sacral-marrow"


def measurements(reading: Reading) -> Iterator[Measurement]:
    """Every number of a reading, measured or not."""
    grid = reading.reference
    yield _volume("region", Site(REGION), grid, missing_bones(reading) or [reading.region])
    for side in Side:
        joint = reading.joint(side)
        band = None if joint is None else joint.band
        yield _volume("joint", Site(JOINT, side), grid, missing_joint(reading, side) or [band])
    for side in Side:
        missing = missing_edema_of(reading, side)
        for key in ("edema", "edema-deep"):
            yield _volume(key, Site(JOINT, side), reading.fluid, missing or _masks(reading, key, side))
    missing = missing_edema(reading)
    yield _volume("edema-elsewhere", Site(REGION), reading.fluid, missing or _masks(reading, "edema-elsewhere", None))
    yield from _marrow(reading)


def edema_mask(parts: EdemaParts, key: Key, side: Side | None) -> BoolArray | None:
    """The mask of one of the three segments of edema.

    Returns
    -------
    bool array (slices, rows, columns) or None
        On the grid of the fluid-sensitive volume; None of a side that was not judged.
    """
    if side is None:
        return parts.elsewhere
    return (parts.near if key == "edema" else parts.deep).get(side)


def _masks(reading: Reading, key: Key, side: Side | None) -> list[BoolArray | None]:
    """One segment of edema at the usual cut-offs, then at all of them."""
    edema = reading.edema
    return [] if edema is None else [edema_mask(parts, key, side) for parts in (edema.usual, *edema.at.values())]


def _volume(key: Key, site: Site, grid: Volume | None, judged: Limitation | Sequence[BoolArray | None]) -> Measurement:
    """The volume of the first mask, and the range of all where there are several; or why there is none."""
    if isinstance(judged, Limitation):
        return Measurement(f"{key}-volume", site, NotAssessable(judged), of=key)
    voxel_mm3 = 0.0 if grid is None else grid.voxel_volume_mm3
    sizes = [float(np.count_nonzero(mask)) * voxel_mm3 for mask in judged if mask is not None]
    spread = (min(sizes), max(sizes)) if len(sizes) > 1 else None
    return Measurement(f"{key}-volume", site, sizes[0], of=key, spread=spread)


def _marrow(reading: Reading) -> Iterator[Measurement]:
    edema, missing = reading.edema, missing_edema(reading)
    for key, name in (("edema-threshold", "threshold"), ("marrow-mean", "normal_mean"), ("marrow-sd", "normal_sd")):
        yield Measurement(key, Site(MARROW), NotAssessable(missing) if missing else float(getattr(edema, name)))
