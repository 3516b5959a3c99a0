"""The sacroiliac joints inside the region: two surfaces through the slices of a T1-weighted volume.

On T1-weighted images a joint is the dark line (two cortices and the cartilage between them) with marrow medial (sacrum)
and lateral (ilium) of it. The line is sought as a surface, column = f(slice, row), of least cost: dark ridge, marrow on
both sides, usual place, and neighboring rows and slices that agree.

References
----------
Y. Sato et al., "Three-dimensional multi-scale line filter", Medical Image Analysis 1998, 2(2).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.sij_mri.midline import find_midline
from inference.sij_mri.types import Joint
from inference.space import Steps, check_standard, least_surface, surface_band
from inference.types import BoolArray, FloatArray, Side, Volume

GRID_MM = 1.0
REACH_MM = 100  # farthest lateral distance from the midline at which a joint is sought
NEAREST_MM = 14  # a joint is never nearer to the midline
RIDGE_SIGMAS_MM = (1.2, 2.2)
FLANK_MM = (3, 11)  # marrow is sought at these distances on both sides of the line
MARROW_FRACTION = 0.55  # of the typical marrow intensity: what is darker is not marrow on T1W
FLANK_MINIMUM = 0.45
TYPICAL_LATERAL_MM = 54.0  # distance of a joint from the midline; it hardly varies between adults
TYPICAL_SLOPE = -0.27  # change of that distance per millimeter downwards
TYPICAL_DRIFT = -0.25  # change of that distance per millimeter backwards
SHORTEST_MM = 12  # shorter lines are no joint
SEEN_MINIMUM = 0.35  # visibility that alone proves a joint, where no sacrum is seen beside it
BLIND_CONTRAST = 0.05  # a line fainter than this, and than this share of the clearest in its slice,
BLIND_SHARE = 0.2  # is no longer followed at its ends
BACK_MINIMUM = 0.25  # visibility asked of the hindmost slice: behind the joint ilium and sacrum still touch
BACK_SLICES_MM = 14.0  # no more than this is cut away for it
SACRUM_WITHIN_MM = 32  # sacrum reaches at least this near to the midline
SACRUM_ROWS_MM = 8
SMALLEST_REGION_MM3 = 20_000.0
CLEAR_CONTRAST = 0.30  # ridge contrast that counts as fully visible


@dataclass(frozen=True, slots=True)
class _SideGrid:
    """One half of the volume on a 1 mm grid, columns running from the midline outwards."""

    voxels: FloatArray  # typical marrow is 1
    region: FloatArray  # 0 to 1
    backwards_mm: float  # how far one slice lies behind the one before it; negative: in front of it


def find_joints(t1: Volume, region: BoolArray) -> tuple[Joint, ...]:
    """Find the sacroiliac joints.

    Parameters
    ----------
    t1 : Volume
        T1-weighted, semicoronal, in the standard orientation.
    region : bool array (slices, rows, columns)
        Sacrum, ilia and the joints between them, on the grid of `t1`.

    Returns
    -------
    tuple of Joint
        None, one or two, the patient's left first. A joint whose line is lost over some slices keeps its surface there,
        bridged from its neighbors, with a low visibility.

    Raises
    ------
    ValueError
        If `region` is not on the grid of `t1`, or `t1` not in the standard orientation.
    """
    if region.shape != t1.shape:
        raise ValueError(f"the region must lie on the grid of the volume {t1.shape}, received {region.shape}")
    check_standard(t1)
    if float(region.sum()) * t1.voxel_volume_mm3 < SMALLEST_REGION_MM3:
        return ()
    middle_px = find_midline(t1.voxels, t1.pixel_spacing_mm)
    joints = []
    for side in (Side.LEFT, Side.RIGHT):
        outwards = 1 if side is Side.LEFT else -1
        surface, visibility = _find_surface(_side_grid(t1, region, middle_px, outwards=outwards))
        if np.isfinite(surface).any():
            joints.append(_as_joint(t1, side, surface, visibility, middle_px, outwards))
    return tuple(joints)


def joint_slices(joints: tuple[Joint, ...], volume: Volume, *, shortest_mm: float = 15.0) -> tuple[int, ...]:
    """Slices that show a joint.

    Parameters
    ----------
    joints : tuple of Joint
    volume : Volume
        The volume in which they were found.
    shortest_mm : float
        A slice counts where the line of at least one joint spans this many millimeters of rows.

    Returns
    -------
    tuple of int
        Slice indices, ascending.
    """
    found: set[int] = set()
    for joint in joints:
        lengths_mm = np.isfinite(joint.columns_px).sum(axis=1) * volume.pixel_spacing_mm[0]
        found.update(int(index) for index in np.flatnonzero(lengths_mm >= shortest_mm))
    return tuple(sorted(found))


def _side_grid(t1: Volume, region: BoolArray, middle_px: float, *, outwards: int) -> _SideGrid:
    """Resample one half to 1 mm, columns from the midline outwards, intensities so that typical marrow is 1."""
    row_mm, column_mm = t1.pixel_spacing_mm
    height = max(1, round(t1.shape[1] * row_mm / GRID_MM))
    rows = (np.arange(height) * GRID_MM / row_mm).astype(np.float32)
    columns = (middle_px + outwards * np.arange(REACH_MM) * GRID_MM / column_mm).astype(np.float32)
    columns_map, rows_map = np.meshgrid(columns, rows)

    def resample(planes: FloatArray) -> FloatArray:
        mapped = [cv2.remap(plane, columns_map, rows_map, cv2.INTER_LINEAR) for plane in planes]
        return np.stack(mapped).astype(np.float32)

    scale = float(np.percentile(t1.voxels[region], 60)) or 1.0
    backwards_mm = t1.slice_spacing_mm * float(np.sign(t1.normal[1]))
    return _SideGrid(resample(t1.voxels / np.float32(scale)), resample(region.astype(np.float32)), backwards_mm)


def _find_surface(grid: _SideGrid) -> tuple[FloatArray, FloatArray]:
    """Lateral distance of the joint (slices, rows at 1 mm), NaN where there is none, and each slice's visibility."""
    nowhere = np.full(grid.voxels.shape[:2], np.nan, dtype=np.float32)
    if grid.region.sum() * GRID_MM < SMALLEST_REGION_MM3 / 10:
        return nowhere, np.zeros(len(nowhere), np.float32)
    contrast = _dark_ridge(grid)
    marrow = _flanks(grid.region * (grid.voxels > MARROW_FRACTION * _local_marrow(grid)))
    lateral_mm = np.arange(REACH_MM, dtype=np.float32)
    cost = -contrast * (0.4 + marrow) + 0.2 * (1 - marrow) + 0.02 * ((lateral_mm - TYPICAL_LATERAL_MM) / 8) ** 2
    cost[:, :, :NEAREST_MM] += 1.0
    surface = least_surface(
        cost - cost.min(), down=Steps(0.03, 2, TYPICAL_SLOPE), across=Steps(0.012, 5, TYPICAL_DRIFT * grid.backwards_mm)
    )
    visibility, extent = _judge(grid, contrast, np.rint(surface).astype(np.intp))
    return np.where(extent, surface, np.nan).astype(np.float32), visibility


def _judge(grid: _SideGrid, contrast: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, BoolArray]:
    """Where along a surface there is a joint, and how clearly it is seen in each slice."""
    at = np.clip(at, 0, REACH_MM - 1)[:, :, None]
    flanked = np.take_along_axis(_flanks(grid.region), at, axis=2)[:, :, 0]
    seen = np.take_along_axis(contrast, at, axis=2)[:, :, 0]
    extent = _in_one_piece(flanked)
    visibility = np.where(extent, seen, 0).sum(axis=1) / np.maximum(extent.sum(axis=1), 1) / CLEAR_CONTRAST
    sacrum = (_touches_sacrum(grid.region, at[:, :, 0]) & extent).sum(axis=1) * GRID_MM >= SACRUM_ROWS_MM
    extent[~_longest_run(sacrum | (visibility > SEEN_MINIMUM))] = False
    extent[_behind(visibility, np.any(extent, axis=1), grid.backwards_mm)] = False
    extent = np.where((visibility > SEEN_MINIMUM)[:, None], _without_blind_ends(extent, seen), extent)
    extent[extent.sum(axis=1) * GRID_MM < SHORTEST_MM] = False
    return np.where(extent.any(axis=1), np.clip(visibility, 0, 1), 0).astype(np.float32), extent


def _touches_sacrum(region: FloatArray, at: NDArray[np.intp]) -> BoolArray:
    """Rows in which bone runs from the surface to the middle of the sacrum (gaps of a joint's width allowed)."""
    bone = ndimage.uniform_filter1d(region, 7, axis=2) > 0.15
    bone[:, :, :SACRUM_WITHIN_MM] = True
    lateral = np.arange(region.shape[2])
    needed = (lateral >= SACRUM_WITHIN_MM) & (lateral <= at[:, :, None])
    return np.asarray((bone | ~needed).all(axis=2) & (region[:, :, SACRUM_WITHIN_MM] > 0.5), dtype=np.bool_)


def _without_blind_ends(extent: BoolArray, seen: FloatArray) -> BoolArray:
    """Cut the rows above the first and below the last clear stretch of a line."""
    smooth = ndimage.gaussian_filter1d(np.where(extent, seen, 0), 3.0 / GRID_MM, axis=1)
    clear = extent & (smooth > BLIND_SHARE * smooth.max(axis=1, keepdims=True)) & (smooth > BLIND_CONTRAST)
    before = np.maximum.accumulate(clear, axis=1)
    after = np.maximum.accumulate(clear[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(extent & before & after, dtype=np.bool_)


def _behind(visibility: FloatArray, present: NDArray[np.bool_], backwards_mm: float) -> NDArray[np.intp]:
    """The hindmost slices in which no line is seen."""
    order = np.flatnonzero(present)[:: -1 if backwards_mm > 0 else 1]
    most = int(BACK_SLICES_MM / abs(backwards_mm)) if backwards_mm else 0
    seen = np.flatnonzero(visibility[order] >= BACK_MINIMUM)
    unseen = int(seen[0]) if len(seen) else 0
    return np.asarray(order[: min(unseen, most)], dtype=np.intp)


def _longest_run(flags: BoolArray) -> BoolArray:
    """The longest run of true values; single gaps are bridged."""
    bridged = ndimage.binary_closing(np.pad(flags, 2), np.ones(3))[2:-2]
    runs, number = ndimage.label(bridged)
    if not number:
        return np.zeros_like(flags)
    return np.asarray(runs == 1 + int(np.bincount(runs)[1:].argmax()), dtype=np.bool_)


def _local_marrow(grid: _SideGrid) -> FloatArray:
    """Typical intensity of bright marrow about each voxel, so that a surface coil's falloff does not matter."""
    weight = grid.region * (grid.voxels > 0.4)
    size = (0, 15, 15)
    total = ndimage.gaussian_filter(grid.voxels * weight, size, truncate=2)
    count = ndimage.gaussian_filter(weight, size, truncate=2)
    return np.asarray((total + 0.05) / (count + 0.05), dtype=np.float32)


def _dark_ridge(grid: _SideGrid) -> FloatArray:
    """Contrast of dark, roughly vertical lines as a fraction of the marrow about them; 0 elsewhere."""
    best = np.zeros_like(grid.voxels)
    for sigma in RIDGE_SIGMAS_MM:
        across = ndimage.gaussian_filter(grid.voxels, (0, sigma, sigma), order=(0, 0, 2))
        along = ndimage.gaussian_filter(grid.voxels, (0, sigma, sigma), order=(0, 2, 0))
        mixed = ndimage.gaussian_filter(grid.voxels, (0, sigma, sigma), order=(0, 1, 1))
        half = (across - along) / 2
        root = np.sqrt(half**2 + mixed**2) + 1e-6
        largest = (across + along) / 2 + root
        upright = (1 + half / root) / 2  # squared cosine of the angle between the line's normal and the row
        np.maximum(best, sigma**2 * largest * upright, out=best)
    best /= _local_marrow(grid)
    return np.asarray(ndimage.correlate1d(best, [0.25, 0.5, 0.25], axis=0), dtype=np.float32)


def _flanks(marrow: FloatArray) -> FloatArray:
    """Share of marrow on the poorer of the two sides of each voxel, 0 to 1."""
    near, far = FLANK_MM
    width = far - near
    box = ndimage.uniform_filter1d(marrow.astype(np.float32), width, axis=2, mode="constant")
    shift = near + width // 2
    medial, lateral = np.zeros_like(box), np.zeros_like(box)
    medial[:, :, shift:] = box[:, :, :-shift]
    lateral[:, :, :-shift] = box[:, :, shift:]
    return np.asarray(np.minimum(medial, lateral), dtype=np.float32)


def _in_one_piece(flanked: FloatArray) -> BoolArray:
    """Where along the surface there is a joint: marrow on both sides, in one piece, one run of rows in each slice."""
    smooth = ndimage.gaussian_filter(flanked, (0.6, 4.0))
    present = ndimage.binary_closing(smooth > FLANK_MINIMUM, np.ones((3, 9)))
    labels, count = ndimage.label(present, np.ones((3, 3)))
    if count == 0:
        return np.zeros(flanked.shape, dtype=np.bool_)
    sizes = np.bincount(labels.ravel())[1:]
    present = labels == 1 + int(sizes.argmax())
    out = np.zeros_like(present)
    for index, rows in enumerate(present):
        runs, number = ndimage.label(rows)
        if number:
            longest = 1 + int(np.bincount(runs)[1:].argmax())
            out[index] = (runs == longest) & ((runs == longest).sum() * GRID_MM >= SHORTEST_MM)
    return np.asarray(out, dtype=np.bool_)


def _as_joint(
    t1: Volume, side: Side, surface_mm: FloatArray, visibility: FloatArray, middle_px: float, outwards: int
) -> Joint:
    """Bring a surface back to the grid of the volume and lay the band about it."""
    row_mm, column_mm = t1.pixel_spacing_mm
    slices, rows, columns = t1.shape
    at_mm = np.arange(rows) * row_mm / GRID_MM
    columns_px = np.full((slices, rows), np.nan, dtype=np.float32)
    known_mm = np.arange(surface_mm.shape[1])
    for index, line in enumerate(surface_mm):
        known = np.isfinite(line)
        if known.any():
            smooth = ndimage.gaussian_filter1d(line[known], 1.5, mode="nearest")
            lateral = np.interp(at_mm, known_mm[known], smooth, left=np.nan, right=np.nan)
            columns_px[index] = middle_px + outwards * lateral * GRID_MM / column_mm
    columns_px[(columns_px < 0) | (columns_px > columns - 1)] = np.nan
    return Joint(side, columns_px, surface_band(columns_px, t1), visibility)
