"""The joints inside the region, judged on a phantom whose joint surfaces are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from inference.sij_mri.crossing import carry_joints
from inference.sij_mri.joints import find_joints, joint_slices
from inference.sij_mri.midline import find_midline
from inference.sij_mri.types import Joint
from inference.space.grids import to_index, to_patient
from inference.space.orientation import standard
from inference.types import BoolArray, Side, Volume
from tests.factories.phantoms import left_lesion
from tests.factories.volumes import array_otherwise, stored_otherwise, volume
from training.phantom.phantom import Phantom


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return left_lesion()


@pytest.fixture(scope="module")
def joints(phantom: Phantom) -> tuple[Joint, ...]:
    return find_joints(phantom.t1, phantom.region)


def distances_mm(joint: Joint, phantom: Phantom) -> np.ndarray:
    """Distance to the true surface along the row, wherever both are known."""
    return np.abs(joint.columns_px - phantom.surfaces[joint.side]) * phantom.t1.pixel_spacing_mm[1]


def points_mm(joint: Joint, volume: Volume) -> np.ndarray:
    slices, rows = np.nonzero(np.isfinite(joint.columns_px))
    return to_patient(volume, np.stack([slices, rows, joint.columns_px[slices, rows]], axis=1))


def test_surfaces_lie_on_the_true_ones(phantom: Phantom, joints: tuple[Joint, ...]) -> None:
    assert [joint.side for joint in joints] == [Side.LEFT, Side.RIGHT]
    for joint in joints:
        distance = distances_mm(joint, phantom)
        assert np.nanmean(distance) < 1.5
        truth = np.isfinite(phantom.surfaces[joint.side])
        assert np.isfinite(distance)[truth].mean() > 0.7
        assert joint.visibility[truth.any(axis=1)].max() > 0.3


def test_left_is_the_patients_left(phantom: Phantom, joints: tuple[Joint, ...]) -> None:
    left, right = (points_mm(joint, phantom.t1)[:, 0] for joint in joints)
    assert left.min() > right.max()


@pytest.mark.parametrize("how", ["columns", "rows", "transposed"])
def test_array_order_does_not_matter(phantom: Phantom, joints: tuple[Joint, ...], how: str) -> None:
    stored, region = stored_otherwise(phantom.t1, how), array_otherwise(phantom.region, how)
    with pytest.raises(ValueError, match="standard orientation"):
        find_joints(stored, region)
    t1, turn = standard(stored)
    found = find_joints(t1, turn.array(region))
    assert [joint.side for joint in found] == [Side.LEFT, Side.RIGHT]
    for joint, same in zip(joints, found, strict=True):
        np.testing.assert_array_equal(same.columns_px, joint.columns_px)


def test_a_rough_region_is_good_enough(phantom: Phantom) -> None:
    rng = np.random.default_rng(0)
    noise = ndimage.gaussian_filter(rng.standard_normal(phantom.region.shape), (0, 3, 3))
    depth = ndimage.distance_transform_edt(phantom.region, (100, 1, 1)) - ndimage.distance_transform_edt(
        ~phantom.region, (100, 1, 1)
    )
    rough: BoolArray = depth > 1.0 + 3.0 * noise / noise.std()
    dice = 2 * (rough & phantom.region).sum() / (rough.sum() + phantom.region.sum())
    assert dice < 0.95
    joints = find_joints(phantom.t1, rough)
    assert len(joints) == 2
    for joint in joints:
        assert np.nanmean(distances_mm(joint, phantom)) < 1.5


def test_a_lost_line_is_bridged_and_shown_as_hardly_visible(phantom: Phantom, joints: tuple[Joint, ...]) -> None:
    """Two slices in the middle of the left joint are painted over with marrow, as ankylosis does."""
    joint = joints[0]
    middle = int(np.median(np.flatnonzero(np.isfinite(joint.columns_px).any(axis=1))))
    lost = (middle, middle + 1)
    voxels = phantom.t1.voxels.copy()
    marrow = np.median(voxels[phantom.region])
    for index in lost:
        band = joint.band[index] & phantom.region[index]
        voxels[index][band] = marrow
    fused = find_joints(replace(phantom.t1, voxels=voxels), phantom.region)[0]
    assert fused.side is Side.LEFT
    for index in lost:
        assert np.nanmean(distances_mm(fused, phantom)[index]) < 3.0
        assert fused.visibility[index] < 0.6 * joint.visibility[index]


def test_one_side_only(phantom: Phantom) -> None:
    half = phantom.region.copy()
    middle = round(find_midline(phantom.t1.voxels, phantom.t1.pixel_spacing_mm))
    half[:, :, middle:] = False
    assert [joint.side for joint in find_joints(phantom.t1, half)] == [Side.RIGHT]


def test_no_or_tiny_region_has_no_joint(phantom: Phantom) -> None:
    region = np.zeros(phantom.t1.shape, dtype=np.bool_)
    assert find_joints(phantom.t1, region) == ()
    region[10, 90:100, 90:100] = True
    assert find_joints(phantom.t1, region) == ()


def test_region_without_any_image_gives_no_exception(phantom: Phantom) -> None:
    dark = replace(phantom.t1, voxels=np.zeros_like(phantom.t1.voxels))
    for joint in find_joints(dark, phantom.region):
        assert joint.visibility.max() < 0.01


def test_region_of_another_grid_is_refused(phantom: Phantom) -> None:
    with pytest.raises(ValueError, match="received"):
        find_joints(phantom.t1, phantom.region[:, :-1])


def test_band_follows_the_surface(phantom: Phantom, joints: tuple[Joint, ...]) -> None:
    spacing = phantom.t1.pixel_spacing_mm[1]
    for joint in joints:
        known = np.isfinite(joint.columns_px)
        assert joint.band.any(axis=(1, 2)).tolist() == known.any(axis=1).tolist()
        for index, row in list(zip(*np.nonzero(known), strict=True))[::50]:
            columns = np.flatnonzero(joint.band[index, row])
            assert columns.min() <= joint.columns_px[index, row] <= columns.max()
            assert (columns.max() - columns.min()) * spacing >= 12.0


def test_joint_slices_are_those_with_a_line(phantom: Phantom, joints: tuple[Joint, ...]) -> None:
    shown = joint_slices(joints, phantom.t1)
    truth = [index for index, line in enumerate(phantom.surfaces[Side.LEFT]) if np.isfinite(line).sum() > 30]
    assert set(truth[1:-1]) <= set(shown)
    assert joint_slices((), phantom.t1) == ()


def test_joints_are_carried_by_patient_coordinates(phantom: Phantom, joints: tuple[Joint, ...]) -> None:
    t1 = phantom.t1
    assert carry_joints(joints, t1, t1) == joints
    middle_mm = to_patient(t1, (np.array(t1.shape) - 1) / 2) + np.array([3.0, -2.0, 4.0])
    coarse = volume(
        (14, 150, 160), spacing_mm=(1.3, 1.3), gap_mm=5.0, row=t1.row_direction, column=t1.column_direction,
        middle_mm=middle_mm,
    )  # fmt: skip
    for joint, moved in zip(joints, carry_joints(joints, t1, coarse), strict=True):
        assert moved.side is joint.side
        back = to_index(t1, points_mm(moved, coarse))
        slices, rows = np.rint(back[:, :2]).astype(int).T
        inside = (slices >= 0) & (slices < t1.shape[0])
        off_mm = np.abs(joint.columns_px[slices[inside], rows[inside]] - back[inside, 2]) * t1.pixel_spacing_mm[1]
        assert np.nanmean(off_mm) < 1.0
        assert moved.visibility.max() > 0.2
        assert moved.band.any()


def test_joints_outside_a_grid_are_left_out(phantom: Phantom, joints: tuple[Joint, ...]) -> None:
    elsewhere = replace(phantom.t1, positions_mm=phantom.t1.positions_mm + 500.0 * phantom.t1.normal)
    assert carry_joints(joints, phantom.t1, elsewhere) == ()
