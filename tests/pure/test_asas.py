"""The ASAS/OMERACT rule, on masks drawn by hand."""

from dataclasses import replace

import numpy as np
import pytest

from inference.result import Answer
from inference.sij_mri.asas import LESION_MM2, MARROW_SHARE, asas
from inference.sij_mri.edema import Surroundings
from inference.sij_mri.types import Cutoff, Edema, Joint, Lesion
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


Squares = list[tuple[int, int, int]]  # of edema, at (slice, row, column)
PRESENT, ABSENT, UNDECIDED = Answer.PRESENT, Answer.ABSENT, Answer.UNDECIDED


def edema(
    fluid: Volume, joints: tuple[Joint, ...], usual: Squares, *, strict: Squares | None = None,
    loose: Squares | None = None, size: int = 6,
) -> Edema:  # fmt: skip
    """Squares of edema at three cut-offs; the same at all where not said."""
    about = Surroundings.of(joints, fluid)
    found = {}
    for cutoff, squares in ((Cutoff.STRICT, strict), (Cutoff.USUAL, usual), (Cutoff.LOOSE, loose)):
        mask = np.zeros(SHAPE, np.bool_)
        for index, row, column in usual if squares is None else squares:
            mask[index, row : row + size, column : column + size] = True
        found[cutoff] = about.share_out(mask)
    return Edema(found, 100.0, 10.0, 130.0)


def test_two_consecutive_slices_are_positive(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(fluid, joints, [(2, 20, 78), (3, 30, 66)]), fluid)
    assert result.study is PRESENT
    assert result.by_side == {Side.LEFT: PRESENT, Side.RIGHT: ABSENT}
    assert result.lesions == (
        Lesion(Side.LEFT, 2, 36.0, ((20, 78), (25, 83))),
        Lesion(Side.LEFT, 3, 36.0, ((30, 66), (35, 71))),
    )


def test_slices_that_are_not_neighbors_are_negative(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(fluid, joints, [(1, 20, 28), (3, 20, 28)]), fluid)
    assert result.study is ABSENT
    assert len(result.lesions) == 2


def test_two_places_in_one_slice_are_positive(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(fluid, joints, [(2, 12, 28), (2, 35, 28)]), fluid)
    assert result.by_side == {Side.LEFT: ABSENT, Side.RIGHT: PRESENT}


def test_fluid_that_hardly_leaves_the_joint_space_is_not_counted_and_the_same_in_marrow_is(
    fluid: Volume, joints: tuple[Joint, ...]
) -> None:
    fluid_like = [(index, row, 74) for index in (2, 3) for row in range(12, 42, 3)]
    result = asas(edema(fluid, joints, fluid_like, size=3), fluid)
    assert (result.study, result.lesions) == (ABSENT, ())
    moved = asas(edema(fluid, joints, [(index, row, 76) for index, row, _ in fluid_like], size=3), fluid)
    assert moved.by_side == {Side.LEFT: PRESENT, Side.RIGHT: ABSENT}


def test_a_spot_counts_from_a_quarter_of_it_in_marrow_on(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    squares = [(index, row, 73) for index in (2, 3) for row in range(12, 42, 3)]
    spot = edema(fluid, joints, squares, size=4)
    near, inside = spot.usual.near[Side.LEFT], spot.usual.in_joint[Side.LEFT]
    assert 1 - inside.sum() / near.sum() == MARROW_SHARE
    assert asas(spot, fluid).study is PRESENT
    narrower = {cutoff: replace(parts, in_joint={Side.LEFT: near}) for cutoff, parts in spot.at.items()}
    assert asas(replace(spot, at=narrower), fluid).study is ABSENT


def test_both_sides_of_one_slice_are_two_places(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(fluid, joints, [(2, 20, 78), (2, 20, 28)]), fluid)
    assert result.study is PRESENT
    assert result.by_side == {Side.LEFT: ABSENT, Side.RIGHT: ABSENT}


def test_small_spots_do_not_count(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    result = asas(edema(fluid, joints, [(2, 20, 78), (3, 20, 78)], size=int(LESION_MM2**0.5)), fluid)
    assert result.study is ABSENT
    assert result.lesions == ()


def test_edema_far_from_the_joint_does_not_count(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    assert asas(edema(fluid, joints, [(2, 20, 92), (3, 20, 92)]), fluid).study is ABSENT


def test_what_depends_on_the_cut_off_is_undecided(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    one, two = [(2, 20, 78)], [(2, 20, 78), (3, 20, 78)]
    for strict, usual, loose in ((one, one, two), (one, two, two), ([], two, two)):
        result = asas(edema(fluid, joints, usual, strict=strict, loose=loose), fluid)
        assert (result.study, result.by_side) == (UNDECIDED, {Side.LEFT: UNDECIDED, Side.RIGHT: ABSENT})
        assert len(result.lesions) == len(usual)
    assert asas(edema(fluid, joints, two, strict=two, loose=two), fluid).study is PRESENT
    assert asas(edema(fluid, joints, one, strict=[], loose=one), fluid).study is ABSENT


def test_a_side_whose_joint_is_not_known_is_not_judged(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    lesion = [(2, 20, 78), (3, 20, 78)]
    unknown = asas(edema(fluid, (), lesion), fluid)
    assert (unknown.study, unknown.by_side, unknown.lesions) == (None, {}, ())
    right_only = asas(edema(fluid, joints[1:], lesion), fluid)
    assert (right_only.study, right_only.by_side) == (None, {Side.RIGHT: ABSENT})
    both = asas(edema(fluid, joints, []), fluid)
    assert (both.study, both.by_side) == (ABSENT, {Side.LEFT: ABSENT, Side.RIGHT: ABSENT})


def test_one_joint_is_enough_where_the_rule_is_met_or_undecided_there(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    lesion = [(2, 20, 78), (3, 20, 78)]
    met = asas(edema(fluid, joints[:1], lesion), fluid)
    assert (met.study, met.by_side) == (PRESENT, {Side.LEFT: PRESENT})
    assert asas(edema(fluid, joints[:1], lesion, strict=[]), fluid).study is UNDECIDED
