"""Joints cross between grids by patient coordinates."""

from dataclasses import replace

import numpy as np
import pytest

from inference.sij_mri.coverage import cover, ends_within, not_covered
from inference.sij_mri.crossing import carry_joints
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.types import Joint
from inference.space import grids
from inference.space.surfaces import surface_band
from inference.types import Side, Volume
from tests.factories.volumes import volume


def part(whole: Volume, *, slices: slice = slice(None), columns: slice = slice(None)) -> Volume:
    """Slices, and columns from the first on, of a volume."""
    images = whole.images[slices] if whole.images else whole.images
    return replace(
        whole, voxels=whole.voxels[slices, :, columns], positions_mm=whole.positions_mm[slices], images=images
    )


def grid(
    *, slices: int = 12, size: int = 80, pixel_mm: float = 1.0, step_mm: float = 4.0, tilt_deg: float = 30.0,
    flipped: bool = False,
) -> Volume:  # fmt: skip
    """A semicoronal stack about the origin."""
    tilt = np.deg2rad(tilt_deg)
    feet = (0.0, np.sin(tilt), -np.cos(tilt))
    shape = (slices, size, size)
    return volume(shape, spacing_mm=(pixel_mm, pixel_mm), gap_mm=step_mm, column=feet, flipped=flipped)


def plane_joint(volume: Volume, x_mm: float) -> Joint:
    """The joint whose surface is the sagittal plane at this x, in the middle rows and slices."""
    slices, rows, columns = volume.shape
    surface = np.full((slices, rows), np.nan, np.float32)
    for k in range(2, slices - 2):
        for r in range(10, rows - 10):
            points = grids.to_patient(volume, [[k, r, c] for c in range(columns)])
            surface[k, r] = np.interp(
                x_mm * volume.row_direction[0], points[:, 0] * volume.row_direction[0], range(columns)
            )
    return Joint(Side.LEFT, surface, surface_band(surface, volume), np.linspace(0, 1, slices, dtype=np.float32))


@pytest.mark.parametrize(
    "target",
    [
        {"pixel_mm": 0.8, "size": 100},
        {"step_mm": 3.0, "slices": 17},
        {"tilt_deg": 34.0},
        {"flipped": True},
        {"flipped": True, "pixel_mm": 1.3, "tilt_deg": 27.0, "step_mm": 5.0},
    ],
)
def test_a_surface_keeps_its_place_in_the_patient(target: dict[str, float]) -> None:
    source, onto = grid(), grid(**target)  # type: ignore[arg-type]
    (carried,) = carry_joints((plane_joint(source, 22.0),), source, onto)
    k, r = np.nonzero(np.isfinite(carried.columns_px))
    points = grids.to_patient(onto, np.stack([k, r, carried.columns_px[k, r]], axis=-1))
    assert len(k) > 100
    assert np.abs(points[:, 0] - 22.0).max() < 0.05
    assert carried.side is Side.LEFT
    assert carried.band.shape == onto.shape


def test_on_the_same_grid_nothing_changes() -> None:
    source = grid()
    joint = plane_joint(source, -15.0)
    assert carry_joints((joint,), source, grid()) == (joint,)


def test_a_joint_outside_the_other_stack_is_left_out() -> None:
    source = grid()
    assert carry_joints((plane_joint(source, 30.0),), source, grid(size=20)) == ()


@pytest.mark.parametrize(
    ("slices", "columns", "seen", "whole"),
    [
        (slice(None), slice(None), 8, True),
        (slice(2, 10), slice(None), 8, True),  # just the slices that were traced
        (slice(3, 12), slice(None), 7, False),  # an eighth of the surface is missing
        (slice(6, 12), slice(None), 4, False),
        (slice(0, 6), slice(None), 4, False),
        (slice(None), slice(0, 40), 0, False),  # the joint lies beyond the columns
    ],
)
def test_how_much_of_a_joint_another_series_shows(slices: slice, columns: slice, seen: int, whole: bool) -> None:
    source = grid()
    joint = plane_joint(source, 22.0)
    found = cover(joint, source, part(source, slices=slices, columns=columns))
    assert (found.planes, found.seen, found.whole) == (8, seen, whole)
    assert found.share == pytest.approx(seen / 8)
    told = not_covered((joint,), source, part(source, slices=slices, columns=columns))
    assert set(told) == (set() if whole else {Side.LEFT})


def test_one_slice_at_the_end_of_a_long_trace_may_be_missing_and_two_may_not() -> None:
    source = grid(slices=34)
    joint = plane_joint(source, 22.0)  # in the slices 2 to 31, of which two are less than a tenth
    one, two = (cover(joint, source, part(source, slices=slice(first, None))) for first in (3, 4))
    assert (one.seen, one.whole) == (29, True)
    assert (two.seen, two.whole) == (28, False)
    assert two.share > 0.9


@pytest.mark.parametrize(("beyond_mm", "whole"), [(12, True), (8, False)])
def test_a_field_without_the_subchondral_band_does_not_show_the_joint(beyond_mm: int, whole: bool) -> None:
    source = grid()
    joint = plane_joint(source, 22.0)
    column = round(float(np.nanmean(joint.columns_px)))
    toward = slice(0, column + beyond_mm + 1)
    narrow = part(source, columns=toward)
    assert cover(joint, source, narrow).whole is whole
    assert (Side.LEFT in not_covered((joint,), source, narrow)) is not whole
    cropped = replace(joint, columns_px=joint.columns_px, band=joint.band[:, :, toward])
    assert ends_within(cropped, narrow) is not whole, "the series on which it was traced may be too narrow as well"


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize(("first", "length", "whole"), [(2, 60, True), (2, 12, True), (3, 60, False), (6, 60, False)])
def test_a_series_that_ends_within_the_joint_does_not_show_it(
    first: int, length: int, whole: bool, alike: bool
) -> None:
    """The joint is traced in the slices 2 to 9; both series end alike, or the other one goes on."""
    source = grid()
    joint = plane_joint(source, 22.0)
    rows = np.arange(80) < 10 + length
    surface = np.where(rows, joint.columns_px, np.nan).astype(np.float32)
    first = 0 if first == 2 else first  # two slices before the joint, so that its end is seen
    kept = part(source, slices=slice(first, None))
    cut = replace(joint, columns_px=surface[first:], band=joint.band[first:], visibility=joint.visibility[first:])
    told = not_covered((cut,), kept, kept if alike else source)
    assert {one.code for one in told.values()} == (set() if whole else {LimitationCode.JOINT_CUT_OFF})


def test_a_short_line_in_the_last_slice_is_the_end_of_the_joint_and_a_long_one_is_not() -> None:
    source = grid()
    joint = plane_joint(source, 22.0)
    kept = part(source, slices=slice(2, None))
    surface = joint.columns_px[2:].copy()
    cut = replace(joint, columns_px=surface, band=joint.band[2:], visibility=joint.visibility[2:])
    assert ends_within(cut, kept)
    surface[0, 24:], surface[1, 38:] = np.nan, np.nan  # 14 and 28 mm are left of 60
    assert not ends_within(replace(cut, columns_px=surface), kept)


@pytest.mark.parametrize(("length_mm", "whole"), [(33, True), (50, False)])
def test_a_plane_before_the_end_most_of_the_longest_line_is_too_much(length_mm: int, whole: bool) -> None:
    """The trace may be a plane too short; of 60 mm, 55 % is how joints taper and 83 % is a joint that goes on."""
    source = grid()
    joint = plane_joint(source, 22.0)
    surface = joint.columns_px[2:].copy()
    surface[0], surface[1, 10 + length_mm :] = np.nan, np.nan
    kept = part(source, slices=slice(2, None))
    cut = replace(joint, columns_px=surface, band=joint.band[2:], visibility=joint.visibility[2:])
    assert ends_within(cut, kept) is not whole


@pytest.mark.parametrize(("top", "whole"), [(4, True), (10, False), (30, False)])
def test_pictures_that_end_within_the_joint_do_not_show_it(top: int, whole: bool) -> None:
    source = grid()
    joint = plane_joint(source, 22.0)  # in the rows 10 to 69
    kept = replace(source, voxels=source.voxels[:, top:])
    cut = replace(joint, columns_px=joint.columns_px[:, top:], band=joint.band[:, top:])
    assert ends_within(cut, kept) is not whole
