"""What rules without any learning find on the same scans: the null models beside every figure."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import ndimage

from inference.sij_mri import find_midline
from inference.sij_mri.edema import relative_marrow, smooth
from inference.types import BoolArray, Volume

NOISE_MM = 0.8
SMALLEST_MM3 = 20.0
FLUID_SD, RATIO_SD = 2.0, 4.0

Rule = Callable[[Volume, Volume, BoolArray], BoolArray]


def bright(fluid: Volume, t1: Volume, region: BoolArray) -> BoolArray:
    """Marrow brighter on the fluid-sensitive series than normal sacral marrow by FLUID_SD standard deviations.

    Parameters
    ----------
    fluid, t1 : Volume
        On one grid.
    region : bool array (slices, rows, columns)

    Returns
    -------
    bool array (slices, rows, columns)
    """
    relative = relative_marrow(fluid, t1, region, middle_px=find_midline(fluid.voxels, fluid.pixel_spacing_mm))
    return np.zeros_like(region) if relative is None else region & (relative.fluid_level > FLUID_SD)


def bright_beside_t1(fluid: Volume, t1: Volume, region: BoolArray) -> BoolArray:
    """Marrow whose signal over the slow field of T1W is above that of normal marrow by RATIO_SD standard deviations.

    Parameters
    ----------
    fluid, t1, region
        As of :func:`bright`.

    Returns
    -------
    bool array (slices, rows, columns)
        Parts of less than SMALLEST_MM3 are left out.
    """
    relative = relative_marrow(fluid, t1, region, middle_px=find_midline(fluid.voxels, fluid.pixel_spacing_mm))
    if relative is None:
        return np.zeros_like(region)
    found = region & (smooth(relative.ratio, fluid, NOISE_MM) > RATIO_SD)
    labels, count = ndimage.label(found, np.ones((3, 3, 3)))
    keep = np.bincount(labels.ravel(), minlength=count + 1) * fluid.voxel_volume_mm3 >= SMALLEST_MM3
    keep[0] = False
    return np.asarray(keep[labels], dtype=np.bool_)


NULLS: Mapping[str, Rule] = {
    f"signal above mean + {FLUID_SD:g} SD of normal marrow": bright,
    f"signal over the slow field of T1W above mean + {RATIO_SD:g} SD": bright_beside_t1,
}
"""By what a page calls them."""
