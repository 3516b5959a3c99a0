"""The ASAS/OMERACT rule and the load of oedema, on masks drawn by hand."""

import numpy as np
import pytest

from inference.sij_mri.asas import LESION_MM2, asas, edema_load
from inference.sij_mri.types import Edema, Joint
from inference.types import Side, Volume
from tests.factories.volumes import upright_joint, volume

SHAPE = (6, 60, 100)


@pytest.fixture
def fluid() -> Volume:
    return volume(SHAPE)


@pytest.fixture
def joints(fluid: Volume) -> tuple[Joint, ...]:
    place = {"slices": slice(1, 5), "rows": slice(10, 50)}
    return upright_joint(fluid, Side.LEFT, 75, **place), upright_joint(fluid, Side.RIGHT, 25, **place)


def edema(left: list[tuple[int, int, int]] = (), right: list[tuple[int, int, int]] = (), size: int = 6) -> Edema:  # type: ignore[assignment]
    """Squares of oedema at (slice, row, column)."""
    masks = []
    for squares in (left, right):
        mask = np.zeros(SHAPE, np.bool_)
        for index, row, column in squares:
            mask[index, row : row + size, column : column + size] = True
        masks.append(mask)
    return Edema(masks[0], masks[1], 100.0, 10.0, 130.0, float(masks[0].sum() * 3), float(masks[1].sum() * 3))


def test_two_consecutive_slices_are_positive(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(left=[(2, 20, 78), (3, 30, 66)]), joints, fluid)
    assert (result.positive, result.left_positive, result.right_positive) == (True, True, False)
    assert result.lesions == ((Side.LEFT, 2, 36.0), (Side.LEFT, 3, 36.0))
    assert "left" in result.sentence


def test_slices_that_are_not_neighbours_are_negative(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(right=[(1, 20, 28), (3, 20, 28)]), joints, fluid)
    assert not result.positive
    assert len(result.lesions) == 2


def test_two_places_in_one_slice_are_positive(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(right=[(2, 12, 28), (2, 35, 28)]), joints, fluid)
    assert (result.left_positive, result.right_positive) == (False, True)


def test_both_sides_of_one_slice_are_two_places(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(left=[(2, 20, 78)], right=[(2, 20, 28)]), joints, fluid)
    assert result.positive
    assert not result.left_positive
    assert not result.right_positive
    assert "both sides together" in result.sentence


def test_small_spots_do_not_count(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(left=[(2, 20, 78), (3, 20, 78)], size=int(LESION_MM2**0.5)), joints, fluid)
    assert not result.positive
    assert result.lesions == ()


def test_oedema_far_from_the_joint_does_not_count(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(left=[(2, 20, 92), (3, 20, 92)]), joints, fluid)
    assert not result.positive


def test_without_joints_the_rule_is_not_applied(fluid: Volume) -> None:
    result = asas(edema(left=[(2, 20, 78), (3, 20, 78)]), (), fluid)
    assert not result.positive
    assert "no joint was found" in result.sentence


def test_load_of_each_side(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    region = np.ones(SHAPE, np.bool_)
    left, right = edema_load(edema(left=[(2, 20, 78), (2, 20, 92)]), joints, region, fluid)
    assert (left.side, right.side) == (Side.LEFT, Side.RIGHT)
    assert left.volume_mm3 == pytest.approx(2 * 36 * 3)
    assert left.subchondral_mm3 == pytest.approx(36 * 3)
    near = int((np.abs(np.arange(100) - 75) <= 10).sum())
    assert left.subchondral_fraction is not None
    assert 36 / (4 * 60 * near) < left.subchondral_fraction < 36 / (4 * 40 * near) + 1e-9
    assert (right.volume_mm3, right.subchondral_fraction) == (0.0, 0.0)
    assert edema_load(edema(), (), region, fluid)[0].subchondral_fraction is None
