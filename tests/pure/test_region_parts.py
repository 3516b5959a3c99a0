"""Which parts of a region are bone and which are specks, and what a false part far off does to the joints."""

import numpy as np
import pytest

from inference.sij_mri.joints import find_joints
from inference.sij_mri.midline import find_midline
from inference.sij_mri.region import PART_SHARE, large_parts
from inference.types import BoolArray, Side
from tests.factories.phantoms import left_lesion
from training.phantom.phantom import Phantom

SHAPE = (6, 60, 60)
LARGEST = (slice(1, 5), slice(0, 50), slice(0, 20))


def with_part(size: int) -> BoolArray:
    """A large part, and another of so many voxels, in one row."""
    mask = np.zeros(SHAPE, np.bool_)
    mask[LARGEST] = True
    mask[2, 55, 22 : 22 + size] = True
    return mask


def test_a_small_part_that_may_be_bone_is_kept_and_a_speck_is_not() -> None:
    assert with_part(0).sum() * PART_SHARE == 40
    speck, bone = with_part(30), with_part(0)
    bone[2:4, 52:56, 30:36] = True
    assert np.array_equal(large_parts(speck), with_part(0))
    assert np.array_equal(large_parts(bone), bone)


def test_what_touches_at_a_corner_is_one_part() -> None:
    mask = with_part(0)
    mask[5, 50, 20] = True
    assert np.array_equal(large_parts(mask), mask)


@pytest.mark.parametrize("mask", [np.zeros(SHAPE, np.bool_), with_part(0)], ids=["nothing", "one part"])
def test_nothing_and_one_part_stay_as_they_are(mask: BoolArray) -> None:
    assert np.array_equal(large_parts(mask), mask)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return left_lesion()


def blob(phantom: Phantom) -> BoolArray:
    """Something round, far from the right joint, of about a fiftieth of the region; it touches none of it."""
    row_mm, column_mm = phantom.t1.pixel_spacing_mm
    rows, columns = np.indices(phantom.t1.shape[1:])
    center = (0.15 * phantom.t1.shape[1], 0.1 * phantom.t1.shape[2])
    disc = np.hypot((rows - center[0]) * row_mm, (columns - center[1]) * column_mm) < 14.0
    mask = np.zeros(phantom.t1.shape, np.bool_)
    mask[8:16] = disc
    return mask & ~phantom.region


def test_a_false_part_far_off_is_read_as_no_joint(phantom: Phantom) -> None:
    false = blob(phantom)
    assert PART_SHARE * phantom.region.sum() < false.sum() < 0.1 * phantom.region.sum()
    left = phantom.region.copy()
    left[:, :, : round(find_midline(phantom.t1.voxels, phantom.t1.pixel_spacing_mm))] = False
    kept = large_parts(left | false)
    assert (kept & false).any(), "it is too large for a speck"
    assert [joint.side for joint in find_joints(phantom.t1, kept)] == [Side.LEFT]


def test_beside_a_false_part_both_true_joints_are_found_where_they_were(phantom: Phantom) -> None:
    plain = find_joints(phantom.t1, phantom.region)
    beside = find_joints(phantom.t1, large_parts(phantom.region | blob(phantom)))
    assert [joint.side for joint in beside] == [Side.LEFT, Side.RIGHT]
    for one, other in zip(plain, beside, strict=True):
        both = np.isfinite(one.columns_px) & np.isfinite(other.columns_px)
        assert both.sum() > 0.95 * np.isfinite(one.columns_px).sum()
        assert np.abs(one.columns_px - other.columns_px)[both].max() < 1.5
