"""Between voxel indices and the patient: round trips, and left stays left in any orientation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from inference.space.grids import resample, same_grid, same_space, to_index, to_patient
from inference.types import Volume
from tests.factories.volumes import FEET, LEFT
from tests.factories.volumes import volume as make_volume

angles = st.tuples(*[st.floats(-180, 180)] * 3)


def volume(shape: tuple[int, int, int] = (9, 30, 34), *, rotation: Rotation | None = None, **options: Any) -> Volume:
    """A volume anywhere; by default coronal, 3 mm apart, with oblong pixels."""
    turn = rotation or Rotation.identity()
    options = {"spacing_mm": (0.9, 0.7), "frame": "1.2", **options}
    return make_volume(shape, row=turn.apply(LEFT), column=turn.apply(FEET), **options)


@settings(max_examples=60, deadline=None)
@given(
    angles=angles,
    gaps=st.lists(st.floats(0.5, 9.0), min_size=8, max_size=8),
    shear=st.floats(-1, 1),
    index=st.tuples(st.floats(-3, 12), st.floats(-9, 40), st.floats(-9, 40)),
)
def test_there_and_back(
    angles: tuple[float, ...], gaps: list[float], shear: float, index: tuple[float, float, float]
) -> None:
    rotation = Rotation.from_euler("xyz", angles, degrees=True)
    place = volume(rotation=rotation, gap_mm=gaps, shear_mm=shear)
    assert to_index(place, to_patient(place, index)) == pytest.approx(index, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(angles=angles, index=st.tuples(st.integers(0, 8), st.integers(0, 29), st.integers(0, 33)))
def test_indices_mean_what_dicom_says(angles: tuple[float, ...], index: tuple[int, int, int]) -> None:
    """PS3.3 C.7.6.2.1.1: position + row direction x column spacing x column + column direction x row spacing x row."""
    place = volume(rotation=Rotation.from_euler("xyz", angles, degrees=True))
    expected = (
        place.positions_mm[index[0]]
        + np.array(place.row_direction) * 0.7 * index[2]
        + np.array(place.column_direction) * 0.9 * index[1]
    )
    assert to_patient(place, index) == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(angles=angles, flips=st.tuples(st.booleans(), st.booleans()))
def test_left_stays_left_in_any_orientation(angles: tuple[float, ...], flips: tuple[bool, bool]) -> None:
    """A blob on the patient's left, drawn on one grid, lies at the same place of the patient on any other."""
    source = volume((13, 41, 41))
    blob = np.zeros(source.shape, np.float32)
    blob[4:8, 10:20, 25:33] = 1
    truth = to_patient(source, np.argwhere(blob)).mean(axis=0)
    turn = Rotation.from_euler("xyz", angles, degrees=True) * Rotation.from_euler(
        "zx", [180 * flips[0], 180 * flips[1]], degrees=True
    )
    onto = volume((30, 60, 60), rotation=turn, gap_mm=1.5, spacing_mm=(1.0, 1.0))
    middle = to_patient(onto, [14.5, 29.5, 29.5])
    onto = replace(onto, positions_mm=onto.positions_mm + (truth - middle))
    found = resample(blob, source, onto)
    weights = found[found > 0]
    center = (to_patient(onto, np.argwhere(found > 0)) * weights[:, None]).sum(axis=0) / weights.sum()
    assert center == pytest.approx(truth, abs=0.5)
    assert truth[0] > 0
    assert center[0] > 0


def test_the_same_grid_is_copied() -> None:
    place = volume()
    array = np.arange(9 * 30 * 34).reshape(place.shape)
    found = resample(array, place, replace(place, voxels=place.voxels + 1))
    assert same_grid(place, replace(place))
    assert np.array_equal(found, array)
    assert found is not array
    assert not same_grid(place, replace(place, positions_mm=place.positions_mm + 0.01))


def test_a_shift_by_whole_voxels_moves_whole_voxels() -> None:
    place = volume()
    shift = 2 * 0.7 * np.array(place.row_direction) + 3.0 * np.array(place.normal)
    onto = replace(place, positions_mm=place.positions_mm + shift)
    array = np.random.default_rng(1).random(place.shape).astype(np.float32)
    found = resample(array, place, onto)
    assert found[:-1, :, :-2] == pytest.approx(array[1:, :, 2:], abs=1e-5)
    assert not found[-1].any()
    assert not found[:, :, -2:].any()


def test_masks_stay_masks_and_outside_is_false() -> None:
    place = volume()
    onto = replace(place, positions_mm=place.positions_mm + np.array([0.2, 1.0, 0.3]))
    mask = np.ones(place.shape, bool)
    for order in (0, 1):
        found = resample(mask, place, onto, order=order)
        assert found.dtype == np.bool_
        assert found.all()  # within half a voxel everywhere
    far = replace(place, positions_mm=place.positions_mm + 500)
    assert not resample(mask, place, far, order=0).any()


def test_labels_are_never_mixed() -> None:
    place = volume()
    labels = np.where(np.indices(place.shape)[2] > 15, 7, 3).astype(np.uint8)
    onto = volume(rotation=Rotation.from_euler("y", 7, degrees=True))
    found = resample(labels, place, onto, order=0)
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 3, 7}


def test_unequal_slices_are_interpolated_by_distance() -> None:
    source = volume((3, 8, 8), gap_mm=(3.0, 9.0))
    array = np.zeros(source.shape, np.float32)
    array[:] = np.array([0.0, 3.0, 12.0])[:, None, None]  # the value is the distance in millimeters
    onto = volume((13, 8, 8), gap_mm=1.0)
    assert resample(array, source, onto)[:, 4, 4] == pytest.approx(np.arange(13), abs=1e-4)


def test_a_single_slice_has_a_thickness() -> None:
    source = volume((1, 8, 8))
    onto = volume((5, 8, 8), gap_mm=1.0)
    found = resample(np.ones((1, 8, 8), np.float32), source, onto)
    assert [bool(plane.any()) for plane in found] == [False, True, True, True, False]


def test_only_one_frame_of_reference_is_one_space() -> None:
    place = volume()
    assert same_space(place, replace(place))
    assert not same_space(place, replace(place, frame_of_reference_uid="1.3"))
    assert not same_space(replace(place, frame_of_reference_uid=""), replace(place, frame_of_reference_uid=""))


def test_an_array_of_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="received"):
        resample(np.zeros((2, 2, 2)), volume(), volume())
