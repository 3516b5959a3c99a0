"""Which joint edema belongs to, on masks drawn by hand, and what the gate says of it."""

import numpy as np
import pytest

from inference.sij_mri.edema.bands import SUBCHONDRAL_MM, Surroundings
from inference.sij_mri.edema.find import thresholds_at
from inference.sij_mri.types import Cutoff, EdemaParts, Joint
from inference.space import to_patient
from inference.types import BoolArray, Side, Volume
from reporting.sij_mri.laws import misplaced
from tests.factories.volumes import joint_along, upright_joint, volume

SHAPE = (9, 60, 121)
MIDDLE = 60
TRACED = {"slices": slice(2, 7), "rows": slice(10, 50)}


@pytest.fixture
def fluid() -> Volume:
    return volume(SHAPE)


@pytest.fixture
def joints(fluid: Volume) -> tuple[Joint, ...]:
    return upright_joint(fluid, Side.LEFT, 100, **TRACED), upright_joint(fluid, Side.RIGHT, 20, **TRACED)


def boxes(*corners: tuple[slice, slice, slice]) -> BoolArray:
    mask = np.zeros(SHAPE, np.bool_)
    for corner in corners:
        mask[corner] = True
    return mask


def columns(parts: EdemaParts) -> dict[str, list[tuple[int, int]]]:
    """First and last column of each part that is not empty."""
    named = {f"near {side}": mask for side, mask in parts.near.items()}
    named |= {f"deep {side}": mask for side, mask in parts.deep.items()} | {"elsewhere": parts.elsewhere}
    at = {name: np.flatnonzero(mask.any(axis=(0, 1))) for name, mask in named.items() if mask.any()}
    return {name: [(int(columns[0]), int(columns[-1]))] for name, columns in at.items()}


def test_edema_is_near_as_far_as_the_band_reaches_and_deep_beyond(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    lesion = boxes((slice(3, 5), slice(20, 30), slice(80, 98)))
    parts = Surroundings.of(joints, fluid).share_out(lesion)
    assert columns(parts) == {"near left": [(90, 97)], "deep left": [(80, 89)]}
    assert SUBCHONDRAL_MM == 100 - 90


def test_what_lies_in_the_joint_space_is_told_apart(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    parts = Surroundings.of(joints, fluid).share_out(boxes((slice(3, 5), slice(20, 30), slice(96, 103))))
    at = {side: np.flatnonzero(mask.any(axis=(0, 1))).tolist() for side, mask in parts.in_joint.items()}
    assert at == {Side.LEFT: [99, 100, 101], Side.RIGHT: []}
    assert columns(parts) == {"near left": [(96, 102)]}


def test_what_reaches_no_band_is_elsewhere_on_whichever_half_it_lies(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    lumbar = boxes((slice(3, 5), slice(0, 8), slice(70, 80)), (slice(3, 5), slice(20, 30), slice(40, 50)))
    parts = Surroundings.of(joints, fluid).share_out(lumbar)
    assert columns(parts) == {"elsewhere": [(40, 79)]}
    touching = lumbar | boxes((slice(3, 5), slice(20, 30), slice(28, 41)))
    assert columns(Surroundings.of(joints, fluid).share_out(touching)) == {
        "near right": [(28, 30)],
        "deep right": [(31, 49)],
        "elsewhere": [(70, 79)],
    }


def test_a_lesion_goes_on_through_slices_without_a_joint(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    through = boxes((slice(5, 9), slice(20, 30), slice(95, 99)))
    parts = Surroundings.of(joints, fluid).share_out(through)
    assert np.flatnonzero(parts.near[Side.LEFT].any(axis=(1, 2))).tolist() == [5, 6]
    assert np.flatnonzero(parts.deep[Side.LEFT].any(axis=(1, 2))).tolist() == [7, 8]
    behind = Surroundings.of(joints, fluid).share_out(boxes((slice(7, 9), slice(20, 30), slice(95, 99))))
    assert columns(behind) == {"elsewhere": [(95, 98)]}


def test_each_voxel_is_of_the_nearest_joint_though_one_lesion_reaches_both(
    fluid: Volume, joints: tuple[Joint, ...]
) -> None:
    bridge = boxes((slice(3, 5), slice(20, 30), slice(15, 106)))
    parts = Surroundings.of(joints, fluid).share_out(bridge)
    assert not (parts.deep[Side.LEFT] & parts.deep[Side.RIGHT]).any()
    assert parts.deep[Side.LEFT].any(axis=(0, 1)).nonzero()[0].min() == MIDDLE
    whole = [*parts.near.values(), *parts.deep.values(), parts.elsewhere]
    np.testing.assert_array_equal(np.sum(whole, axis=0), bridge)


def test_a_joint_that_is_not_known_has_no_edema_of_its_own(fluid: Volume, joints: tuple[Joint, ...]) -> None:
    both = boxes((slice(3, 5), slice(20, 30), slice(95, 99)), (slice(3, 5), slice(20, 30), slice(22, 26)))
    parts = Surroundings.of(joints[:1], fluid).share_out(both)
    assert set(parts.near) == set(parts.deep) == {Side.LEFT}
    assert columns(parts) == {"near left": [(95, 98)], "elsewhere": [(22, 25)]}
    nobody = Surroundings.of((), fluid).share_out(both)
    assert (nobody.near, nobody.deep) == ({}, {})
    np.testing.assert_array_equal(nobody.elsewhere, both)


def test_stricter_and_looser_cut_offs_lie_about_those_of_the_bundle() -> None:
    at = thresholds_at({"sure": 0.5, "possible": 0.2})
    assert at[Cutoff.USUAL] == {"sure": 0.5, "possible": 0.2}
    for name in ("sure", "possible"):
        assert 0 < at[Cutoff.LOOSE][name] < at[Cutoff.USUAL][name] < at[Cutoff.STRICT][name] < 1
    assert at[Cutoff.STRICT]["sure"] == pytest.approx(1 - at[Cutoff.LOOSE]["sure"])


TURNED_DEG = 20.0


def turned_joint(on: Volume, side: Side, apart_mm: float = 45.0) -> Joint:
    """One joint of a pelvis that is turned about the axis from feet to head, in square coronal slices."""
    angle = np.deg2rad(TURNED_DEG)
    across = apart_mm if side is Side.LEFT else -apart_mm
    surface = np.full(on.shape[:2], np.nan, np.float32)
    for index, (_, y, _) in enumerate(on.positions_mm):
        along = (y - across * np.sin(angle)) / np.cos(angle)
        if abs(along) <= 18:
            surface[index, 10:50] = (on.shape[2] - 1) / 2 + across * np.cos(angle) - along * np.sin(angle)
    return joint_along(on, side, surface)


def center_mm(mask: BoolArray, on: Volume) -> np.ndarray:
    return np.asarray(to_patient(on, np.argwhere(mask).mean(axis=0).tolist()))


def test_a_turned_pelvis_with_a_lesion_near_the_midline_is_not_held() -> None:
    """The lesion lies across the image's middle column, on the left half of this pelvis."""
    fluid = volume((23, 60, 141), gap_mm=3.0)
    joints = (turned_joint(fluid, Side.LEFT), turned_joint(fluid, Side.RIGHT))
    assert all(np.isfinite(joint.columns_px).any() for joint in joints)
    lesion = np.zeros(fluid.shape, np.bool_)
    slices = np.flatnonzero(np.isfinite(joints[0].columns_px).any(axis=1))
    lesion[slices[-3:], 20:40, 62:116] = True
    parts = Surroundings.of(joints, fluid).share_out(lesion)
    assert parts.near[Side.LEFT].any()
    assert not parts.near[Side.RIGHT].any()
    assert not parts.deep[Side.RIGHT].any()
    places = {("joint", joint.side): center_mm(joint.band, fluid) for joint in joints}
    places["edema", Side.LEFT] = center_mm(parts.near[Side.LEFT] | parts.deep[Side.LEFT], fluid)
    assert not list(misplaced(places))
    places["edema", Side.RIGHT] = places.pop(("edema", Side.LEFT))
    assert {finding.code for finding in misplaced(places)} == {"SIDES_SWAPPED"}


ONE_SIDED = {("region", None): 40.0, ("joint", Side.LEFT): 45.0}  # mm to the patient's left
WHOLE = {("region", None): 0.0, ("joint", Side.LEFT): 50.0}


@pytest.mark.parametrize(
    ("places_mm", "edema_mm", "crosses"),
    [
        (ONE_SIDED, 36.0, False),
        (ONE_SIDED, -20.0, True),
        (WHOLE, 36.0, False),
        (WHOLE, -5.0, True),
        ({("region", None): 0.0, ("joint", Side.LEFT): -50.0}, None, True),
    ],
)
def test_a_joint_alone_is_judged_by_the_region_only_where_that_shows_both_sides(
    places_mm: dict[tuple[str, Side | None], float], edema_mm: float | None, crosses: bool
) -> None:
    """A picture of one half has a region whose middle lies in that half; edema beside the joint does not cross it."""
    for sign, side in ((1.0, Side.LEFT), (-1.0, Side.RIGHT)):
        found = {
            (key, None if of is None else side): np.array([sign * value, 3.0, -8.0])
            for (key, of), value in places_mm.items()
        }
        if edema_mm is not None:
            found["edema", side] = np.array([sign * edema_mm, 0.0, 0.0])
        assert {one.code for one in misplaced(found)} == ({"SIDES_SWAPPED"} if crosses else set())
