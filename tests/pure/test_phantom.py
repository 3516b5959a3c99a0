"""The phantom: its truth is true, its geometry is right, left is left."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.sij_mri.types import Role, Stage
from inference.types import Side, Volume
from training.phantom.phantom import LABELS, Phantom, make_phantom, stage_of
from training.phantom.spec import GridSpec, LesionRequest, PhantomSpec

SMALL = GridSpec(slices=13, rows=112, columns=112, pixel_mm=1.7, step_mm=6.0)
OTHER = GridSpec(slices=12, rows=104, columns=112, pixel_mm=1.8, step_mm=6.5, tilt_deg=3.0, shift_mm=(2.0, -3.0, 4.0))
LEFT_EDEMA = LesionRequest("bme", Side.LEFT, "sacral", radius_mm=16.0)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(5, spec=PhantomSpec(t1=SMALL, fluid=OTHER, lesions=(LEFT_EDEMA,)))


@pytest.fixture(scope="module")
def healthy() -> Phantom:
    return make_phantom(5, spec=PhantomSpec(t1=SMALL, fluid=OTHER))


def lps(volume: Volume, index: NDArray[np.int64]) -> NDArray[np.float64]:
    """Positions of voxels given as (n, 3) indices, by the definition of the plane attributes (PS3.3 C.7.6.2.1.1)."""
    rows = index[:, 1:2] * volume.pixel_spacing_mm[0] * np.asarray(volume.column_direction)
    columns = index[:, 2:3] * volume.pixel_spacing_mm[1] * np.asarray(volume.row_direction)
    positions: NDArray[np.float64] = volume.positions_mm[index[:, 0]] + rows + columns
    return positions


def test_the_same_seed_gives_the_same_patient_and_another_seed_another(healthy: Phantom) -> None:
    again = make_phantom(5, spec=healthy.spec)
    other = make_phantom(6, spec=healthy.spec)
    np.testing.assert_array_equal(again.t1.voxels, healthy.t1.voxels)
    np.testing.assert_array_equal(again.fluid.voxels, healthy.fluid.voxels)
    assert np.abs(other.region.astype(int) - healthy.region).sum() > 0.05 * healthy.region.sum()


def test_slices_are_sorted_along_the_normal_and_run_from_front_to_back(healthy: Phantom) -> None:
    for volume in (healthy.t1, healthy.fluid):
        along = volume.positions_mm @ volume.normal
        np.testing.assert_allclose(np.diff(along), volume.slice_spacing_mm, atol=1e-6)
        assert volume.normal[1] > 0.5, "the back of the patient lies at the last slices"
        assert volume.column_direction[2] < -0.5, "the feet lie at the last rows"
        assert volume.row_direction[0] > 0.9
        np.testing.assert_allclose(np.dot(volume.row_direction, volume.column_direction), 0.0, atol=1e-9)


def test_the_slices_lie_along_the_sacrum_at_the_asked_tilt() -> None:
    spec = PhantomSpec(t1=GridSpec(slices=3, rows=16, columns=16), fluid=GridSpec(slices=3, rows=16, columns=16))
    for tilt_deg in (30.0, 50.0):
        fixed = PhantomSpec(spec.t1, spec.fluid, sacral_tilt_deg=tilt_deg, rotation_deg=(0.0, 0.0))
        volume = make_phantom(1, spec=fixed).t1
        assert np.degrees(np.arccos(volume.normal[1])) == pytest.approx(tilt_deg, abs=1e-6)


def test_left_bones_lie_on_the_left(healthy: Phantom) -> None:
    left, right = (
        lps(healthy.t1, np.argwhere(healthy.labels == LABELS[name]))[:, 0].mean()
        for name in ("left ilium", "right ilium")
    )
    assert left - right > 80.0


def test_the_joint_surface_has_sacrum_medially_and_ilium_laterally(healthy: Phantom) -> None:
    for side, outwards in ((Side.LEFT, 1), (Side.RIGHT, -1)):
        surface = healthy.surfaces[side]
        slices, rows = np.nonzero(np.isfinite(surface))
        assert len(slices) > 100
        columns = surface[slices, rows]
        reach_px = 4  # 7 mm
        medial = healthy.labels[slices, rows, np.rint(columns - outwards * reach_px).astype(int)]
        lateral = healthy.labels[slices, rows, np.rint(columns + outwards * reach_px).astype(int)]
        assert (medial == LABELS["sacrum"]).mean() > 0.85
        assert (lateral == LABELS[f"{side.value} ilium"]).mean() > 0.85


def test_the_joint_is_a_dark_line_between_bright_marrow_on_t1(healthy: Phantom) -> None:
    for surface in healthy.surfaces.values():
        slices, rows = np.nonzero(np.isfinite(surface))
        columns = np.rint(surface[slices, rows]).astype(int)
        line = np.median(healthy.t1.voxels[slices, rows, columns])
        beside = [np.median(healthy.t1.voxels[slices, rows, columns + step]) for step in (-4, 4)]
        assert line < 0.6 * min(beside)


def test_surfaces_lie_inside_the_region_and_left_is_at_higher_columns(healthy: Phantom) -> None:
    for surface in healthy.surfaces.values():
        slices, rows = np.nonzero(np.isfinite(surface))
        assert healthy.region[slices, rows, np.rint(surface[slices, rows]).astype(int)].mean() > 0.97
    both = np.isfinite(healthy.surfaces[Side.LEFT]) & np.isfinite(healthy.surfaces[Side.RIGHT])
    assert (healthy.surfaces[Side.LEFT] > healthy.surfaces[Side.RIGHT])[both].all()


def test_both_grids_show_the_same_body(healthy: Phantom) -> None:
    t1, fluid = (
        lps(volume, np.argwhere(region))
        for volume, region in ((healthy.t1, healthy.region), (healthy.fluid, healthy.fluid_region))
    )
    middle = [points[(np.abs(points - healthy.middle_mm) < 45.0).all(axis=1)] for points in (t1, fluid)]
    np.testing.assert_allclose(middle[0].mean(axis=0), middle[1].mean(axis=0), atol=3.0)


def test_edema_is_bright_on_stir_dark_on_t1_subchondral_and_on_the_asked_side(
    phantom: Phantom, healthy: Phantom
) -> None:
    (lesion,) = phantom.lesions
    assert (lesion.kind, lesion.side, lesion.role) == ("bme", Side.LEFT, Role.FLUID)
    assert lesion.mask.shape == phantom.fluid.shape
    assert lesion.volume_mm3 == pytest.approx(lesion.mask.sum() * phantom.fluid.voxel_volume_mm3)
    assert lesion.volume_mm3 > 1500.0
    assert phantom.fluid.voxels[lesion.mask].mean() > 2.0 * healthy.fluid.voxels[lesion.mask].mean()
    np.testing.assert_allclose(lps(phantom.fluid, np.argwhere(lesion.mask)).mean(axis=0), lesion.center_mm, atol=0.01)
    assert lesion.center_mm[0] > healthy.middle_mm[0] + 20.0
    darker = healthy.t1.voxels - phantom.t1.voxels > 0.2 * healthy.t1.voxels[healthy.labels == 1].mean()
    at = lps(phantom.t1, np.argwhere(darker & healthy.region))
    np.testing.assert_allclose(at.mean(axis=0), lesion.center_mm, atol=4.0)
    slices, rows = np.nonzero(np.isfinite(healthy.surfaces[Side.LEFT]))
    surface = lps(phantom.t1, np.stack([slices, rows, healthy.surfaces[Side.LEFT][slices, rows]], axis=1).astype(int))
    assert np.linalg.norm(surface - np.asarray(lesion.center_mm), axis=1).min() < 10.0


def test_without_a_lesion_nothing_is_changed_outside_it(phantom: Phantom, healthy: Phantom) -> None:
    (lesion,) = phantom.lesions
    same = np.isclose(phantom.fluid.voxels, healthy.fluid.voxels)
    assert same.mean() > 0.97
    assert not same[lesion.mask].any()


@pytest.mark.parametrize(
    ("kinds", "stage"),
    [
        (set(), Stage.NORMAL),
        ({"bme"}, Stage.EARLY),
        ({"bme", "fat"}, Stage.MODERATE),
        ({"sclerosis"}, Stage.MODERATE),
        ({"bme", "erosion", "ankylosis"}, Stage.ADVANCED),
    ],
)
def test_the_stage_follows_from_the_kinds_of_lesions(kinds: set[str], stage: Stage) -> None:
    assert stage_of(kinds) is stage


def test_ankylosis_brings_marrow_into_the_joint_line(healthy: Phantom) -> None:
    request = LesionRequest("ankylosis", Side.RIGHT, "both", radius_mm=20.0)
    fused = make_phantom(5, spec=PhantomSpec(t1=SMALL, fluid=OTHER, lesions=(request,)))
    (lesion,) = fused.lesions
    assert fused.stage is Stage.ADVANCED and lesion.role is Role.T1W
    assert fused.t1.voxels[lesion.mask].mean() > 1.6 * healthy.t1.voxels[lesion.mask].mean()
    assert lesion.center_mm[0] < healthy.middle_mm[0] - 20.0


def test_a_bright_landmark_lies_on_the_right_only(healthy: Phantom) -> None:
    """A swap of left and right shows even without lesions."""
    front = healthy.fluid.voxels[: healthy.fluid.shape[0] // 3]
    brightest = np.argwhere(front > 0.9 * front.max())
    assert (lps(healthy.fluid, brightest)[:, 0] < healthy.middle_mm[0]).mean() > 0.95
