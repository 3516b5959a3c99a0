"""What is concluded of whole phantoms, by the node's path and the shipped bundle; of real pairs: tests/proof."""

from dataclasses import replace

import numpy as np
import pytest

from inference.result import Answer, Limitation
from inference.serving.registry import LoadedBundle
from inference.sij_mri import Conclusion, Reading, Role, conclude_reading, read_volumes
from inference.sij_mri.limitations import LimitationCode
from inference.types import Side, Volume
from tests.factories.phantoms import left_lesion
from training.phantom.phantom import Phantom


def in_space(volume: Volume) -> Volume:
    """Both series of a study in one frame of reference."""
    return replace(volume, frame_of_reference_uid="1.2.3")


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    made = left_lesion()
    return replace(made, t1=in_space(made.t1), fluid=in_space(made.fluid))


@pytest.fixture(scope="module")
def reading(phantom: Phantom, shipped_bundle: LoadedBundle) -> Reading:
    return read_volumes(phantom.t1, phantom.fluid, shipped_bundle.models)


def test_a_left_lesion_is_concluded_with_its_side(reading: Reading) -> None:
    concluded = conclude_reading(reading)
    assert isinstance(concluded, Conclusion)
    assert concluded.axspa is Answer.PRESENT
    assert reading.asas is not None
    assert reading.asas.by_side[Side.LEFT] is Answer.PRESENT
    assert reading.asas.by_side[Side.RIGHT] is not Answer.PRESENT
    assert {lesion.side for lesion in reading.asas.lesions if lesion.area_mm2 > 60} == {Side.LEFT}


@pytest.mark.parametrize(("kept", "code"), [(Role.T1W, LimitationCode.NO_FLUID), (Role.FLUID, LimitationCode.NO_T1)])
def test_one_series_gives_no_class(phantom: Phantom, shipped_bundle: LoadedBundle, kept: Role, code: str) -> None:
    t1, fluid = (
        volume if role is kept else None for role, volume in zip(Role, (phantom.t1, phantom.fluid), strict=True)
    )
    half = read_volumes(t1, fluid, shipped_bundle.models)
    concluded = conclude_reading(half)
    assert isinstance(concluded, Limitation)
    assert concluded.code == code
    assert half.asas is None or (half.asas.study, half.asas.by_side) == (None, {})


def test_two_frames_of_reference_give_no_class(phantom: Phantom, shipped_bundle: LoadedBundle) -> None:
    far = replace(phantom.fluid, frame_of_reference_uid="1.2.99", positions_mm=phantom.fluid.positions_mm + 400.0)
    apart = read_volumes(phantom.t1, far, shipped_bundle.models)
    concluded = conclude_reading(apart)
    assert isinstance(concluded, Limitation)
    assert concluded.code == LimitationCode.FRAME_OF_REFERENCE
    assert len(apart.joints) == 2


def test_fluid_slices_that_show_a_part_of_the_joints_give_no_class_and_nothing_absent(
    phantom: Phantom, reading: Reading, shipped_bundle: LoadedBundle
) -> None:
    assert reading.uncovered == {}
    assert not any(one.code == LimitationCode.JOINT_NOT_COVERED for one in reading.limitations)
    first = phantom.fluid.shape[0] // 2 + 2
    kept = phantom.fluid.images[first:] if phantom.fluid.images else phantom.fluid.images
    half = replace(
        phantom.fluid,
        voxels=phantom.fluid.voxels[first:],
        positions_mm=phantom.fluid.positions_mm[first:],
        images=kept,
    )
    read = read_volumes(phantom.t1, half, shipped_bundle.models)
    assert set(read.uncovered) == set(Side) and len(read.joints_on_fluid) == 2
    assert all(one in read.limitations for one in read.uncovered.values())
    for told in read.uncovered.values():
        share = told.parameters["share"]
        assert isinstance(share, float) and 0.0 < share < 0.7
    concluded = conclude_reading(read)
    assert isinstance(concluded, Limitation)
    assert concluded.code == LimitationCode.JOINT_NOT_COVERED
    assert read.edema is not None and read.prediction is None


def test_both_series_cut_alike_give_no_class_and_nothing_absent(
    phantom: Phantom, reading: Reading, shipped_bundle: LoadedBundle
) -> None:
    """Each traced slice is on both series, and yet half of the joints was not seen; the twin is the phantom."""
    assert reading.uncovered == {}
    traced = np.flatnonzero(np.any([np.isfinite(one.columns_px).any(axis=1) for one in reading.joints], axis=0))
    ends_at = phantom.t1.positions_mm[traced[len(traced) // 2]]
    cut = []
    for series in (phantom.t1, phantom.fluid):
        first = int(np.linalg.norm(series.positions_mm - ends_at, axis=1).argmin())
        images = series.images[first:] if series.images else series.images
        kept = {"voxels": series.voxels[first:], "positions_mm": series.positions_mm[first:], "images": images}
        cut.append(replace(series, **kept))
    read = read_volumes(*cut, shipped_bundle.models)
    assert read.joints and {one.code for one in read.uncovered.values()} == {LimitationCode.JOINT_CUT_OFF}
    concluded = conclude_reading(read)
    assert isinstance(concluded, Limitation) and read.prediction is None
    assert set(read.uncovered) == {joint.side for joint in read.joints}


def test_dark_marrow_gives_no_class(phantom: Phantom, shipped_bundle: LoadedBundle) -> None:
    dark = replace(phantom.fluid, voxels=np.zeros_like(phantom.fluid.voxels))
    concluded = conclude_reading(read_volumes(phantom.t1, dark, shipped_bundle.models))
    assert isinstance(concluded, Limitation)
    assert concluded.code == LimitationCode.NO_NORMAL_MARROW
