"""What the stage network sees: a square about the joints on every slice, with both contrasts and the joint band.

Training and serving share this module, so that nothing differs between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.geometry import resample, same_space
from inference.preprocess import PlaneMapping, crop_about, normalised
from inference.types import FloatArray, Joint, Volume

CHANNELS = ("T1W", "fluid", "joint band")
T1_PERCENTILES = (1.0, 99.0)
FLUID_KNEE = 2.0


@dataclass(frozen=True, slots=True)
class StageInput:
    """Input of the stage network and the way back to the source grid.

    Attributes
    ----------
    images : float32 array (n, size_px, size_px, 3)
        Channels as in CHANNELS, each 0 to 1 (T1W to 1.5); a missing contrast is all zero. Rows to the feet, columns to
        the patient's left.
    slices : tuple of int
        The reference volume's slice of each image.
    mapping : PlaneMapping
        From the network grid to the reference volume.
    """

    images: FloatArray
    slices: tuple[int, ...]
    mapping: PlaneMapping


def stage_input(
    t1: Volume | None,
    fluid: Volume | None,
    joints: tuple[Joint, ...],
    *,
    slices: Sequence[int],
    size_mm: float,
    size_px: int,
    t1_percentiles: tuple[float, float] = T1_PERCENTILES,
) -> StageInput:
    """Cut the squares.

    Parameters
    ----------
    t1, fluid : Volume or None
        At least one; the reference is `t1` if there is one. A fluid-sensitive series in another frame of reference
        counts as missing.
    joints : tuple of Joint
        On the grid of the reference; without any, the square lies about the image's centre and the band is empty.
    slices : sequence of int
        Slices of the reference to show.
    size_mm, size_px
        Edge of the square.
    t1_percentiles : (float, float)
        Percentiles of the T1-weighted squares that become 0 and 1.

    Raises
    ------
    ValueError
        Neither volume is given.
    """
    reference = t1 if t1 is not None else fluid
    if reference is None:
        raise ValueError("a T1-weighted or a fluid-sensitive volume is needed, received neither")
    crop, mapping = crop_about(reference, joints_centre(reference, joints), size_mm=size_mm, size_px=size_px)
    channels = [np.zeros_like(crop) for _ in CHANNELS]
    if t1 is not None:
        channels[0] = normalised(crop, t1_percentiles)
        if fluid is not None and same_space(t1, fluid):
            channels[1] = fluid_scaled(mapping.to_network(resample(fluid.voxels, fluid, t1, order=1)))
    else:
        channels[1] = fluid_scaled(crop)
    for joint in joints:
        channels[2] = np.maximum(channels[2], mapping.to_network(joint.band.astype(np.float32)))
    order = [network_index(mapping, index) for index in slices]
    images = np.stack([channel[order] for channel in channels], axis=-1)
    return StageInput(images.astype(np.float32), tuple(int(index) for index in slices), mapping)


def network_index(mapping: PlaneMapping, index: int) -> int:
    """Place of a source slice in the network's order."""
    return mapping.source_shape[0] - 1 - index if mapping.reversed_slices else index


def joints_centre(volume: Volume, joints: tuple[Joint, ...]) -> tuple[float, float]:
    """Row and column of the middle between the joints.

    With one joint the column is that of the image's centre; without any, so is the row.
    """
    _, rows, columns = volume.shape
    row, column = (rows - 1) / 2, (columns - 1) / 2
    known = [np.isfinite(joint.columns_px) for joint in joints]
    joints = tuple(joint for joint, finite in zip(joints, known, strict=True) if finite.any())
    if joints:
        row = float(np.mean([np.nonzero(np.isfinite(joint.columns_px))[1].mean() for joint in joints]))
    if len(joints) == 2:
        column = float(np.mean([np.nanmean(joint.columns_px) for joint in joints]))
    return row, column


def fluid_scaled(crop: FloatArray) -> FloatArray:
    """Bring a fluid-sensitive crop to 0 to 1 without clipping bright fluid: ``x / (x + 2 m)``, m the crop's median.

    Returns
    -------
    float32 array of the same shape; all zero for an empty image.
    """
    inside = crop[crop > 0]
    if not inside.size:
        return np.zeros_like(crop, np.float32)
    knee = FLUID_KNEE * float(np.median(inside))
    positive = np.maximum(crop, 0)
    return np.asarray(positive / (positive + knee), dtype=np.float32)
