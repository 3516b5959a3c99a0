"""The region as the node finds it, by a network that a plan describes."""

from collections.abc import Mapping

import keras

from inference.serving import Segmenter
from inference.sij_mri import RegionCutter, RegionGrid, RegionReader, StandardizedRegionCutter, region_spec
from inference.types import BoolArray
from training.data import Subject
from training.plans import InputPlan, Plan

CUTTERS: Mapping[str, type[RegionGrid]] = {"percentiles": RegionCutter, "standardized": StandardizedRegionCutter}


def region_cutter(seen: InputPlan) -> RegionGrid:
    """What the node cuts for a network of a plan.

    Raises
    ------
    ValueError
        The node knows no such normalization for the region.
    """
    if seen.normalization not in CUTTERS:
        raise ValueError(
            f"the node's region is normalized by {' or '.join(CUTTERS)}, received input.normalization = "
            f"{seen.normalization!r}"
        )
    return CUTTERS[seen.normalization](
        spacing_mm=seen.spacing_mm,
        size_px=seen.size_px,
        channels=seen.channels,
        channel_step_mm=seen.channel_step_mm,
    )


def find_region(network: keras.Model, plan: Plan, subject: Subject, contrast: str) -> BoolArray:
    """Find the region by the very function that the node calls.

    Parameters
    ----------
    network : keras.Model
        From pictures to the probability of the region.
    plan : Plan
    subject : Subject
    contrast : str

    Returns
    -------
    bool array (slices, rows, columns)
    """
    spec = region_spec(cutter=region_cutter(plan.input), mirrored=False)
    return RegionReader(Segmenter(spec, [network])).read(subject.volume(contrast)).mask
