"""Grad-CAM of the stage network's last convolution, and Grad-CAM focused on the joints, on the source grid.

Both explain a pattern of axial spondyloarthritis (the log-odds of any stage but Normal), whatever was concluded: the
class Normal would glow over healthy joints. Both keep the scale of the network, one for all studies, so that a study
with little evidence stays cool. The network sees strips about the joints; where it did not look there is no heat.

References
----------
R. R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", ICCV 2017,
equations 1 and 2.
"""

import cv2
import numpy as np

from inference.sij_mri.stage.reader import StageReader
from inference.sij_mri.stage.strips import StageInput
from inference.sij_mri.types import Explanation, Joint
from inference.space import network_mapping
from inference.types import BoolArray, FloatArray, Volume

BOX_ROWS = (0.5, 0.9)
BOX_COLUMNS = (0.3, 0.7)
SOFT_EDGE_MM = 2.5
FULL_SCALE, FLOOR = 0.02, 0.005
"""Of every heat map of the shipped network, in its log-odds per cell of the last convolution: what is shown as the
most, and below what nothing is shown. On synthetic patients nine in ten of those with lesions stay below about the
former, and the Normal below the latter (docs/evaluation/heatmaps.md, made by ``axspa-train evaluate heatmaps``)."""


def explain(reader: StageReader, given: StageInput, *, joints: tuple[Joint, ...]) -> Explanation:
    """Show where in each classified slice the evidence for a pattern of axial spondyloarthritis lies.

    Parameters
    ----------
    reader : StageReader
    given : StageInput
        What was classified.
    joints : tuple of Joint
        On the grid of the reference volume.

    Returns
    -------
    Explanation
        On the grid of the reference volume (`t1` if there is one). The focus of a slice is the band of its joints, or,
        where it has none, the published box: rows 0.5 to 0.9 and columns 0.3 to 0.7 of the image, seen in the reading
        habit.
    """
    reference, size = given.grid.volume, given.grid.size_px
    small = reader.activation(given.images)
    heat = np.zeros(reference.shape, np.float32)
    for index, plane in zip(given.slices, small, strict=True):
        large = cv2.resize(plane, (size, size), interpolation=cv2.INTER_LINEAR)
        heat[index] = given.grid.to_source(large, index)
    focus, sources = _focus(reference, joints, given.slices)
    return Explanation(heat, heat * focus, sources)


def _focus(reference: Volume, joints: tuple[Joint, ...], slices: tuple[int, ...]) -> tuple[FloatArray, tuple[str, ...]]:
    """Weight 0 to 1 of each voxel, and where it comes from in each slice."""
    focus = np.zeros(reference.shape, np.float32)
    sources = [""] * reference.shape[0]
    box: FloatArray | None = None
    for index in slices:
        band = np.zeros(reference.shape[1:], np.bool_)
        for joint in joints:
            band |= joint.band[index]
        if band.any():
            focus[index], sources[index] = _softened(band, reference.pixel_spacing_mm), "joint"
        else:
            box = _published_box(reference) if box is None else box
            focus[index], sources[index] = box, "box"
    return focus, tuple(sources)


def _softened(band: BoolArray, spacing_mm: tuple[float, float]) -> FloatArray:
    """The band, with an edge that fades over some millimeters outside it."""
    solid = band.astype(np.float32)
    sigmas = [SOFT_EDGE_MM / spacing for spacing in spacing_mm]
    blurred = cv2.GaussianBlur(solid, (0, 0), sigmaX=sigmas[1], sigmaY=sigmas[0])
    return np.asarray(np.maximum(solid, np.minimum(2 * blurred, 1)), np.float32)


def _published_box(reference: Volume) -> FloatArray:
    """The fixed box, laid in the reading habit and brought to the source grid."""
    _, rows, columns = reference.shape
    size = 100
    extent_mm = max(rows * reference.pixel_spacing_mm[0], columns * reference.pixel_spacing_mm[1])
    mapping = network_mapping(reference, spacing_mm=extent_mm / size, size_px=size)
    plane = np.zeros((1, size, size), np.float32)
    (top, bottom), (first, last) = ((int(low * size), int(high * size)) for low, high in (BOX_ROWS, BOX_COLUMNS))
    plane[0, top:bottom, first:last] = 1
    return np.asarray(mapping.to_source(np.repeat(plane, reference.shape[0], axis=0))[0], np.float32)
