"""What the stage network sees of a slice: its two joints, straightened, side by side.

Each row of a slice is shifted so that the joint surface stands upright; what is left of the slice is a strip about each
joint. The patient's right joint makes the left half of the picture, the left joint the right half, as in the reading
habit: ilium, joint, sacrum, sacrum, joint, ilium. Lesions of the joint so have one place whatever the patient's shape.
Training and serving share this module, so that nothing differs between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.serving import ModelSpec, cutter_of, unknown_cutter
from inference.sij_mri.types import Joint
from inference.space import check_standard, resample, same_space
from inference.types import FloatArray, Side, Volume

CUTTER = "sij_mri.strips"
CHANNELS = ("T1W", "fluid", "joint")
HALVES = {Side.RIGHT: 0, Side.LEFT: 1}


@dataclass(frozen=True, slots=True)
class Strip:
    """Where one half of a picture comes from.

    Attributes
    ----------
    columns_px : float64 array (rows,)
        Column of the joint surface in each row of the source slice, extended beyond its ends.
    extent_px : (int, int)
        First and last row of the joint.
    """

    columns_px: NDArray[np.float64]
    extent_px: tuple[int, int]

    @property
    def middle_px(self) -> float:
        """Row of the middle of the joint."""
        return (self.extent_px[0] + self.extent_px[1]) / 2


@dataclass(frozen=True, slots=True)
class StripGrid:
    """The grid of the pictures, and the way back.

    Attributes
    ----------
    volume : Volume
        The reference, in the standard orientation.
    spacing_mm : float
        Pixel spacing of the pictures.
    size_px : int
        Rows and columns of a picture; each half has ``size_px / 2`` columns.
    strips : dict of (int, Side) to Strip
        By source slice and side; a half without a joint is missing.
    """

    volume: Volume
    spacing_mm: float
    size_px: int
    strips: dict[tuple[int, Side], Strip] = field(default_factory=dict)

    @property
    def _steps(self) -> tuple[float, float]:
        """Source rows and columns per picture pixel."""
        row_mm, column_mm = self.volume.pixel_spacing_mm
        return self.spacing_mm / row_mm, self.spacing_mm / column_mm

    def sample(self, plane: FloatArray, index: int) -> FloatArray:
        """A picture of one source slice: float32 (size_px, size_px) of a plane (rows, columns); 0 without a joint."""
        half = self.size_px // 2
        down, left = self._steps
        ratio = max(down, left)
        smooth = cv2.GaussianBlur(plane, (0, 0), 0.42 * np.sqrt(ratio**2 - 1)) if ratio > 1.1 else plane
        out = np.zeros((self.size_px, self.size_px), np.float32)
        for side, part in HALVES.items():
            strip = self.strips.get((index, side))
            if strip is None:
                continue
            rows = strip.middle_px + (np.arange(self.size_px) - (self.size_px - 1) / 2) * down
            surface = np.interp(rows, np.arange(len(strip.columns_px)), strip.columns_px)
            columns = surface[:, None] + ((np.arange(half) - (half - 1) / 2) * left)[None, :]
            row_map = np.broadcast_to(rows[:, None], columns.shape).astype(np.float32)
            sampled = cv2.remap(np.ascontiguousarray(smooth), columns.astype(np.float32), row_map, cv2.INTER_LINEAR)
            out[:, part * half : (part + 1) * half] = sampled
        return out

    def to_source(self, picture: FloatArray, index: int) -> FloatArray:
        """The way back: float32 (rows, columns) of the source from a picture (size_px, size_px).

        Zero where the network did not look.
        """
        _, height, width = self.volume.shape
        half = self.size_px // 2
        down, left = self._steps
        out = np.zeros((height, width), np.float32)
        for side, part in HALVES.items():
            strip = self.strips.get((index, side))
            if strip is None:
                continue
            rows = (np.arange(height) - strip.middle_px) / down + (self.size_px - 1) / 2
            columns = (np.arange(width)[None, :] - strip.columns_px[:, None]) / left + (half - 1) / 2
            row_map = np.broadcast_to(rows[:, None], columns.shape).astype(np.float32)
            mine = np.ascontiguousarray(picture[:, part * half : (part + 1) * half])
            out += cv2.remap(mine, columns.astype(np.float32), row_map, cv2.INTER_LINEAR)
        return out


@dataclass(frozen=True, slots=True)
class StageInput:
    """Input of the stage network.

    Attributes
    ----------
    images : float32 array (n, size_px, size_px, 3)
        Channels as in CHANNELS: T1W (typical marrow at ``t1_marrow``), fluid (0 to 1, typical marrow at 1/3 for a knee
        of 2), and the closeness to the joint surface (0 to 1). A missing contrast is all zero. Rows to the feet,
        columns to the patient's left.
    slices : tuple of int
        The reference volume's slice of each image.
    grid : StripGrid
    """

    images: FloatArray
    slices: tuple[int, ...]
    grid: StripGrid


@dataclass(frozen=True, slots=True)
class StripCutter:
    """Straightens the joints of slices; see the module.

    Attributes
    ----------
    spacing_mm : float
        Pixel spacing of the pictures.
    size_px : int
        Rows and columns of a picture; even.
    channels : tuple of str
        CHANNELS.
    t1_marrow, t1_ceiling : float
        What the median of T1W pictures becomes, and where they are clipped.
    fluid_knee : float
        Fluid-sensitive pictures become ``x / (x + fluid_knee * median)``.
    joint_sigma_mm : float
        How fast the closeness to the joint surface falls.
    """

    spacing_mm: float = 0.8
    size_px: int = 96
    channels: tuple[str, ...] = CHANNELS
    t1_marrow: float = 0.5
    t1_ceiling: float = 1.5
    fluid_knee: float = 2.0
    joint_sigma_mm: float = 3.0

    def __post_init__(self) -> None:
        """Refuse what makes no picture."""
        lengths = (self.spacing_mm, self.t1_marrow, self.t1_ceiling, self.fluid_knee, self.joint_sigma_mm)
        if min(lengths) <= 0 or self.size_px < 2 or self.size_px % 2:
            raise ValueError(f"lengths must be positive and the size even, received {self}")
        if self.channels != CHANNELS:
            raise ValueError(f"the channels must be {CHANNELS}, received {self.channels}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one sample."""
        return self.size_px, self.size_px, len(CHANNELS)

    @classmethod
    def of(cls, spec: ModelSpec) -> "StripCutter":
        """Read a manifest.

        Raises
        ------
        BundleError
            ``BUNDLE_CUTTER``: it says what this cutter cannot do.
        """
        cutter = cutter_of(cls, spec)
        if spec.input.cutter != CUTTER or spec.input.shape != cutter.shape:
            raise unknown_cutter(spec, f"expected {CUTTER} of the shape {cutter.shape}")
        return cutter

    def cut(
        self, t1: Volume | None, fluid: Volume | None, joints: tuple[Joint, ...], slices: Sequence[int]
    ) -> StageInput:
        """Straighten the joints of some slices.

        Parameters
        ----------
        t1, fluid : Volume or None
            At least one, in the standard orientation; the reference is `t1` if there is one. A fluid-sensitive series
            in another frame of reference counts as missing.
        joints : tuple of Joint
            On the grid of the reference; a slice without any gives an empty picture.
        slices : sequence of int
            Slices of the reference to show.

        Raises
        ------
        ValueError
            Neither volume is given, or the reference is not in the standard orientation.
        """
        reference = t1 if t1 is not None else fluid
        if reference is None:
            raise ValueError("a T1-weighted or a fluid-sensitive volume is needed, received neither")
        check_standard(reference)
        grid = StripGrid(reference, self.spacing_mm, self.size_px, strips_of(joints))
        t1_pictures = fluid_pictures = np.zeros((len(slices), self.size_px, self.size_px), np.float32)
        if t1 is not None:
            t1_pictures = self.t1_scaled(pictures(grid, t1.voxels, slices))
        on_reference = _fluid_on(reference, fluid)
        if on_reference is not None:
            fluid_pictures = self.fluid_scaled(pictures(grid, on_reference, slices))
        closeness = np.stack([self._closeness(grid, index) for index in slices])
        images = np.stack([t1_pictures, fluid_pictures, closeness], axis=-1)
        return StageInput(images.astype(np.float32), tuple(int(index) for index in slices), grid)

    def t1_scaled(self, given: FloatArray) -> FloatArray:
        """Scale T1W pictures (n, rows, columns) so that their median, which is marrow, becomes ``t1_marrow``."""
        inside = given[given > 0]
        if not inside.size:
            return np.zeros_like(given, np.float32)
        return np.asarray(np.clip(self.t1_marrow * given / float(np.median(inside)), 0, self.t1_ceiling), np.float32)

    def fluid_scaled(self, given: FloatArray) -> FloatArray:
        """Scale fluid-sensitive pictures (n, rows, columns) to 0 to 1, without clipping what is bright."""
        inside = given[given > 0]
        if not inside.size:
            return np.zeros_like(given, np.float32)
        knee = self.fluid_knee * float(np.median(inside))
        positive = np.maximum(given, 0)
        return np.asarray(positive / (positive + knee), dtype=np.float32)

    def _closeness(self, grid: StripGrid, index: int) -> FloatArray:
        """1 on the joint surface, falling to both sides; 0 beyond the ends of the joint."""
        half, size = grid.size_px // 2, grid.size_px
        offset_mm = (np.arange(half) - (half - 1) / 2) * grid.spacing_mm
        profile = np.exp(-0.5 * (offset_mm / self.joint_sigma_mm) ** 2)
        along_mm = np.abs(np.arange(size) - (size - 1) / 2) * grid.spacing_mm
        out = np.zeros((size, size), np.float32)
        for side, part in HALVES.items():
            strip = grid.strips.get((index, side))
            if strip is not None:
                length_mm = (strip.extent_px[1] - strip.extent_px[0]) * grid.volume.pixel_spacing_mm[0]
                out[:, part * half : (part + 1) * half] = np.outer(along_mm <= length_mm / 2, profile)
        return out


def pictures(grid: StripGrid, voxels: FloatArray, slices: Sequence[int]) -> FloatArray:
    """Straightened pictures of some slices of an array on the reference grid: float32 (n, size_px, size_px)."""
    return np.stack([grid.sample(np.ascontiguousarray(voxels[index], np.float32), index) for index in slices])


def strips_of(joints: tuple[Joint, ...]) -> dict[tuple[int, Side], Strip]:
    """The strip of every slice and side that has a joint."""
    strips = {}
    for joint in joints:
        for index, line in enumerate(joint.columns_px):
            known = np.flatnonzero(np.isfinite(line))
            if len(known) > 1:
                columns = np.interp(np.arange(len(line)), known, line[known]).astype(np.float64)
                strips[index, joint.side] = Strip(columns, (int(known[0]), int(known[-1])))
    return strips


def _fluid_on(reference: Volume, fluid: Volume | None) -> FloatArray | None:
    if fluid is None or fluid is reference:
        return None if fluid is None else fluid.voxels
    return resample(fluid.voxels, fluid, reference, order=1) if same_space(fluid, reference) else None
