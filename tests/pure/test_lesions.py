"""Painted lesions: where they lie, how they look, and what stage they make."""

from dataclasses import replace

import numpy as np
import pytest

from inference.sij_mri.types import STAGES, Stage
from inference.types import Side
from tests.factories.volumes import volume
from training.sij_mri.lesions.disease import apply, slice_stages, stage_of
from training.sij_mri.lesions.joint_frame import joint_frame
from training.sij_mri.lesions.lesions import Anatomy, Flank, LesionKind, LesionPlan, paint

SLICES, ROWS, COLUMNS = 12, 120, 160
STEP_MM = 3.3
MARROW_T1, MARROW_FLUID = 500.0, 100.0


@pytest.fixture
def anatomy() -> Anatomy:
    """A block of marrow with two upright dark joints 40 pixels from the middle."""
    rng = np.random.default_rng(0)
    region = np.zeros((SLICES, ROWS, COLUMNS), np.bool_)
    region[:, 10:110, 8:152] = True
    t1 = np.where(region, MARROW_T1, 200.0) + rng.normal(0, 10, region.shape)
    fluid = np.where(region, MARROW_FLUID, 120.0) + rng.normal(0, 4, region.shape)
    surfaces = {}
    for side, column in ((Side.LEFT, 120), (Side.RIGHT, 40)):
        t1[:, 20:100, column - 1 : column + 2] = 80.0
        surface = np.full((SLICES, ROWS), np.nan, np.float32)
        surface[1:11, 20:100] = column
        surfaces[side] = surface
    empty = volume(t1, gap_mm=STEP_MM)
    return Anatomy(empty, replace(empty, voxels=fluid.astype(np.float32)), region, surfaces)


def _plan(kind: LesionKind, side: Side = Side.LEFT, flank: Flank = Flank.ILIAC) -> LesionPlan:
    size = (5 * STEP_MM, 40.0, 3.0) if kind is LesionKind.ANKYLOSIS else (2.5 * STEP_MM, 16.0, 11.0)
    return LesionPlan(kind, side, flank, across=0.5, along=0.5, size_mm=size, strength=0.9)


def test_a_volume_whose_left_lies_at_low_columns_is_refused(anatomy: Anatomy) -> None:
    stored = volume(anatomy.t1.voxels, gap_mm=STEP_MM, flipped=True)
    surface = anatomy.surfaces[Side.LEFT]
    assert joint_frame(anatomy.t1, anatomy.region, Side.LEFT, surface) is not None
    with pytest.raises(ValueError, match="standard orientation"):
        joint_frame(stored, anatomy.region, Side.LEFT, surface)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("flank", list(Flank))
def test_a_lesion_lies_on_its_side_and_flank(anatomy: Anatomy, side: Side, flank: Flank) -> None:
    _, (lesion,) = paint(anatomy, [_plan(LesionKind.EDEMA, side, flank)], np.random.default_rng(1))
    assert (lesion.center_mm[0] > 0) == (side is Side.LEFT)
    assert (abs(lesion.center_mm[0]) > 40) == (flank is Flank.ILIAC)
    assert lesion.volume_mm3 == pytest.approx(lesion.mask.sum() * STEP_MM)
    assert np.count_nonzero(lesion.mask.any(axis=(1, 2))) >= 2


@pytest.mark.parametrize(
    ("kind", "t1_sign", "fluid_sign"),
    [(LesionKind.EDEMA, -1, 1), (LesionKind.FAT, 1, -1), (LesionKind.SCLEROSIS, -1, -1), (LesionKind.EROSION, -1, 0)],
)
def test_each_kind_has_its_signal(anatomy: Anatomy, kind: LesionKind, t1_sign: int, fluid_sign: int) -> None:
    painted, (lesion,) = paint(anatomy, [_plan(kind)], np.random.default_rng(2))
    marrow = lesion.mask & (anatomy.t1.voxels > 300)
    change_t1 = float((painted.t1.voxels - anatomy.t1.voxels)[marrow].mean())
    change_fluid = float((painted.fluid.voxels - anatomy.fluid.voxels)[marrow].mean())
    assert change_t1 * t1_sign > 0.1 * MARROW_T1
    if fluid_sign:
        assert change_fluid * fluid_sign > 0.1 * MARROW_FLUID


def test_ankylosis_puts_marrow_where_the_joint_was(anatomy: Anatomy) -> None:
    painted, (lesion,) = paint(anatomy, [_plan(LesionKind.ANKYLOSIS)], np.random.default_rng(3))
    line = lesion.mask & (anatomy.t1.voxels < 120)
    assert line.sum() > 500
    assert np.median(painted.t1.voxels[line]) > 0.8 * MARROW_T1


def test_nothing_changes_outside_the_bone_and_far_from_the_joint(anatomy: Anatomy) -> None:
    plans = [_plan(kind) for kind in (LesionKind.EDEMA, LesionKind.FAT, LesionKind.SCLEROSIS)]
    painted, _ = paint(anatomy, plans, np.random.default_rng(4))
    changed = (painted.t1.voxels != anatomy.t1.voxels) | (painted.fluid.voxels != anatomy.fluid.voxels)
    assert not changed[~anatomy.region].any()
    column = float(np.nanmean(anatomy.surfaces[Side.LEFT]))
    assert np.abs(np.nonzero(changed)[2] - column).max() < 35
    assert np.isfinite(painted.t1.voxels).all()


def test_painting_is_repeatable_and_leaves_the_anatomy_alone(anatomy: Anatomy) -> None:
    before = anatomy.t1.voxels.copy(), anatomy.fluid.voxels.copy()
    first = apply(anatomy, Stage.MODERATE, np.random.default_rng(5))
    again = apply(anatomy, Stage.MODERATE, np.random.default_rng(5))
    np.testing.assert_array_equal(first.anatomy.t1.voxels, again.anatomy.t1.voxels)
    np.testing.assert_array_equal(before[0], anatomy.t1.voxels)
    np.testing.assert_array_equal(before[1], anatomy.fluid.voxels)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("seed", range(4))
def test_a_patient_has_the_stage_that_was_asked_for(anatomy: Anatomy, stage: Stage, seed: int) -> None:
    patient = apply(anatomy, stage, np.random.default_rng(seed))
    assert patient.stage is stage
    assert patient.as_present == (stage is not Stage.NORMAL)
    shown = {one for one in patient.slice_stages if one is not None}
    assert max(STAGES.index(one) for one in shown) <= STAGES.index(stage)
    if stage is not Stage.NORMAL:
        assert stage in shown


def test_stages_follow_from_the_kinds() -> None:
    assert stage_of(set()) is Stage.NORMAL
    assert stage_of({LesionKind.EDEMA}) is Stage.EARLY
    assert stage_of({LesionKind.EDEMA, LesionKind.FAT}) is Stage.MODERATE
    assert stage_of({LesionKind.EDEMA, LesionKind.ANKYLOSIS}) is Stage.ADVANCED


def test_a_speck_of_a_lesion_makes_a_slice_doubtful(anatomy: Anatomy) -> None:
    _, (lesion,) = paint(anatomy, [_plan(LesionKind.EDEMA)], np.random.default_rng(6))
    mask = np.zeros_like(lesion.mask)
    mask[4, 50:52, 130:132] = True
    mask[6, 40:60, 125:135] = True
    stages = slice_stages(anatomy.t1, [replace(lesion, mask=mask)])
    assert stages[4] is None
    assert stages[6] is Stage.EARLY
    assert stages[0] is Stage.NORMAL


def test_both_volumes_must_share_a_grid(anatomy: Anatomy) -> None:
    other = replace(anatomy, fluid=replace(anatomy.fluid, voxels=anatomy.fluid.voxels[:-1]))
    with pytest.raises(ValueError, match="share one grid"):
        paint(other, [], np.random.default_rng(0))
