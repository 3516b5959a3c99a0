"""Take the edema out of real scans, so that lesions of known place can be painted in.

What cannot be taken out stays: structural lesions that a patient has on T1W are part of the anatomy of every simulated
patient made from that scan, and blur the border between Normal and Moderate there.
"""

import numpy as np
from scipy import ndimage

from inference.types import BoolArray, FloatArray
from training.data import Subject

ABOVE_NORMAL_SD = 2.5
GROW_PX = 2
SOFT_PX = 1.5
LOCAL_PX = 14.0


def heal(subject: Subject) -> tuple[FloatArray, FloatArray]:
    """T1-weighted and fluid-sensitive voxels with normal marrow where edema was.

    Edema is what any reader marked, and what is brighter than the sampled normal sacral marrow by 2.5 standard
    deviations, inside the region.

    Parameters
    ----------
    subject : Subject
        With ``t1w`` and ``stir``, and the labels ``region`` and ``normal_marrow``.

    Returns
    -------
    t1, fluid : float32 arrays (slices, rows, columns)
    """
    t1, fluid = subject.images["t1w"], subject.images["stir"]
    region, sample = subject.labels["region"], subject.labels["normal_marrow"]
    mean, deviation = float(fluid[sample].mean()), float(fluid[sample].std())
    sick = region & (fluid > mean + ABOVE_NORMAL_SD * deviation)
    for name, mask in subject.labels.items():
        if name.startswith("inflammation"):
            sick |= mask & region
    sick = ndimage.binary_dilation(sick, np.ones((1, 3, 3)), iterations=GROW_PX) & region
    weight = ndimage.gaussian_filter(sick.astype(np.float32), (0, SOFT_PX, SOFT_PX))
    weight = np.minimum(2 * weight, 1) * region
    healthy = region & ~sick
    rng = np.random.default_rng(0)
    grain = ndimage.gaussian_filter(rng.standard_normal(fluid.shape).astype(np.float32), (0, 0.7, 0.7))
    grain *= deviation / grain.std()
    fluid_level = np.minimum(_local(fluid, healthy, mean), mean + deviation)
    t1_level = _local(t1, healthy, float(np.median(t1[healthy])))
    t1_here = ndimage.gaussian_filter(t1, (0, 3, 3))
    lift = np.clip(t1_level / np.maximum(t1_here, 1), 1.0, 1.5)
    bone = t1_here > 0.55 * t1_level  # the dark line of the joint stays dark
    healed_t1 = t1 * (1 + weight * (lift - 1) * bone)
    healed_fluid = fluid + weight * (np.minimum(fluid_level + grain, fluid) - fluid)
    return healed_t1.astype(np.float32), np.maximum(healed_fluid, 0).astype(np.float32)


def _local(voxels: FloatArray, mask: BoolArray, typical: float) -> FloatArray:
    """Mean of the masked voxels in the neighborhood, drawn to the typical value where there are few."""
    weight = mask.astype(np.float32)
    sigma = (0.7, LOCAL_PX, LOCAL_PX)
    total = ndimage.gaussian_filter(voxels * weight, sigma, truncate=2.0)
    count = ndimage.gaussian_filter(weight, sigma, truncate=2.0)
    return np.asarray((total + 0.05 * typical) / (count + 0.05), dtype=np.float32)
