"""The ASAS/OMERACT rule, on masks drawn by hand."""

import numpy as np
import pytest

from inference.sij_mri.asas import LESION_MM2, asas
from inference.sij_mri.types import Edema, Joint, Lesion
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
    """Squares of edema at (slice, row, column)."""
    masks = []
    for squares in (left, right):
        mask = np.zeros(SHAPE, np.bool_)
        for index, row, column in squares:
            mask[index, row : row + size, column : column + size] = True
        masks.append(mask)
    return Edema(masks[0], masks[1], 100.0, 10.0, 130.0, float(masks[0].sum() * 3), float(masks[1].sum() * 3))


def test_two_consecutive_slices_are_positive(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(left=[(2, 20, 78), (3, 30, 66)]), joints, fluid)
    assert result.met is True
    assert result.by_side == {Side.LEFT: True, Side.RIGHT: False}
    assert result.lesions == (
        Lesion(Side.LEFT, 2, 36.0, ((20, 78), (25, 83))),
        Lesion(Side.LEFT, 3, 36.0, ((30, 66), (35, 71))),
    )


def test_slices_that_are_not_neighbors_are_negative(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(right=[(1, 20, 28), (3, 20, 28)]), joints, fluid)
    assert result.met is False
    assert len(result.lesions) == 2


def test_two_places_in_one_slice_are_positive(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(right=[(2, 12, 28), (2, 35, 28)]), joints, fluid)
    assert result.by_side == {Side.LEFT: False, Side.RIGHT: True}


def test_both_sides_of_one_slice_are_two_places(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(left=[(2, 20, 78)], right=[(2, 20, 28)]), joints, fluid)
    assert result.met is True
    assert result.by_side == {Side.LEFT: False, Side.RIGHT: False}


def test_small_spots_do_not_count(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(left=[(2, 20, 78), (3, 20, 78)], size=int(LESION_MM2**0.5)), joints, fluid)
    assert result.met is False
    assert result.lesions == ()


def test_edema_far_from_the_joint_does_not_count(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    assert asas(edema(left=[(2, 20, 92), (3, 20, 92)]), joints, fluid).met is False


def test_a_rule_that_could_not_be_applied_is_neither_met_nor_not_met(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    lesion = edema(left=[(2, 20, 78), (3, 20, 78)])
    assert asas(lesion, (), fluid).met is None
    right_only = asas(lesion, joints[1:], fluid)
    assert (right_only.met, right_only.by_side) == (None, {Side.RIGHT: False})


def test_one_joint_is_enough_where_the_rule_is_met_there(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    left_only = asas(edema(left=[(2, 20, 78), (3, 20, 78)]), joints[:1], fluid)
    assert (left_only.met, left_only.by_side) == (True, {Side.LEFT: True})
