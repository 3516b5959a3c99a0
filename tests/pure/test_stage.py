"""The stage network's input and its rule for studies."""

import json
from dataclasses import replace

import numpy as np
import pytest

from config.errors import BundleError
from inference.sij_mri.stage.aggregation import Aggregation, aggregate, suspicion
from inference.sij_mri.stage.reader import read_stage_spec, stage_spec
from inference.sij_mri.stage.strips import StageInput, StripCutter
from inference.sij_mri.types import Joint, Stage
from inference.types import Side, Volume
from tests.factories.analysis import slice_prediction
from tests.factories.volumes import joint_along, upright_joint, volume

RULE = Aggregation(2, {"as": (1.0, 0.0), "moderate": (1.0, 0.0), "advanced": (1.0, 0.0)})


def _volume(*, flipped: bool = False, frame: str = "1.2.3") -> Volume:
    """A bright block on the patient's left; flipped, it lies at low columns."""
    voxels = np.full((4, 80, 100), 10.0, np.float32)
    left = 10 if flipped else 85
    voxels[:, 30:50, left : left + 5] = 90.0
    return volume(voxels, spacing_mm=(1.5, 1.5), gap_mm=4.0, flipped=flipped, frame=frame)


def _joints(on: Volume) -> tuple[Joint, Joint]:
    """Upright joints, the bright block lateral of the left one."""
    rows = slice(25, 55)
    return upright_joint(on, Side.LEFT, 78, rows=rows), upright_joint(on, Side.RIGHT, 28, rows=rows)


def _cut(
    t1: Volume | None, fluid: Volume | None, joints: tuple[Joint, ...], *, slices: tuple[int, ...], size_px: int
) -> StageInput:
    return StripCutter(spacing_mm=1.5, size_px=size_px).cut(t1, fluid, joints, slices)


class TestAggregation:
    def test_one_suspicious_slice_is_not_drowned_by_many_normal_ones(self) -> None:
        slices = [slice_prediction(n, 0.98, 0.01, 0.005, 0.005) for n in range(10)]
        slices += [slice_prediction(10, 0.02, 0.96, 0.01, 0.01), slice_prediction(11, 0.05, 0.93, 0.01, 0.01)]
        said = aggregate(slices, RULE)
        assert said.as_present
        assert said.stage is Stage.EARLY
        assert said.slices == tuple(slices)

    @pytest.mark.parametrize("seed", range(20))
    def test_probabilities_are_those_of_stages_and_never_contradict(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        said = aggregate([slice_prediction(n, *rng.dirichlet(np.ones(4))) for n in range(5)], RULE)
        assert sum(said.stage_probabilities) == pytest.approx(1.0)
        assert min(said.stage_probabilities) >= 0
        assert said.as_probability == pytest.approx(1 - said.stage_probabilities[0])
        assert said.as_present == (said.stage is not Stage.NORMAL)

    def test_the_rule_survives_the_manifest(self) -> None:
        rule = Aggregation(3, {"as": (1.5, -0.2), "moderate": (0.9, 0.1), "advanced": (2.0, 0.0)}, 0.4)
        assert Aggregation.from_parameters(json.loads(json.dumps(rule.parameters()))) == rule

    def test_more_slices_counted_than_there_are(self) -> None:
        assert suspicion([slice_prediction(0, 0.5, 0.3, 0.1, 0.1)], 5)[0] == pytest.approx(0.0)

    def test_no_slice_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="received none"):
            aggregate([], RULE)


class TestInput:
    def test_right_and_left_joint_lie_as_in_the_reading_habit(self) -> None:
        """The bright block is on the patient's left, lateral of the left joint: at the right edge of the picture."""
        one = _volume()
        joints = _joints(one)
        given = _cut(one, None, joints, slices=(2,), size_px=48)
        assert given.images.shape == (1, 48, 48, 3)
        bright = given.images[0, ..., 0] > 1
        assert bright[:, 40:].any()
        assert not bright[:, :40].any()
        assert not given.images[..., 1].any()

    def test_a_volume_in_another_orientation_is_refused(self) -> None:
        other = _volume(flipped=True)
        with pytest.raises(ValueError, match="standard orientation"):
            _cut(other, None, _joints(other), slices=(2,), size_px=48)

    @pytest.mark.parametrize("side", list(Side))
    def test_a_slanted_joint_stands_upright_and_comes_back(self, side: Side) -> None:
        plain = _volume()
        slant = np.full(plain.shape[:2], np.nan, np.float32)
        slant[:, 20:60] = 20 + 0.5 * np.arange(40)
        voxels = np.full(plain.shape, 50.0, np.float32)
        for row in range(20, 60):
            voxels[:, row, int(slant[0, row])] = 5.0
        joint = joint_along(plain, side, slant)
        given = _cut(replace(plain, voxels=voxels), None, (joint,), slices=(1,), size_px=32)
        half = given.images[0, :, 16:, 0] if side is Side.LEFT else given.images[0, :, :16, 0]
        assert set(half.argmin(axis=1)) <= {7, 8}
        dark = (given.images[0, ..., 0] < 0.3) & (given.images[0, ..., 2] > 0)
        back = given.grid.to_source(dark.astype(np.float32), 1)
        rows, columns = np.nonzero(back > 0.6)
        assert len(rows) > 20
        assert np.abs(columns - slant[1, rows]).max() <= 2
        assert not given.grid.to_source(np.ones((32, 32), np.float32), 1)[:, 70:].any()

    def test_a_fluid_series_on_another_grid_meets_t1(self) -> None:
        t1, other = _volume(), _volume(flipped=True)
        given = _cut(t1, other, _joints(t1), slices=(1,), size_px=48)
        assert given.images[0, 24, 44, 1] > 1.5 * given.images[0, 24, 4, 1]

    def test_another_frame_of_reference_is_not_mixed_in(self) -> None:
        t1, other = _volume(), _volume(frame="1.2.4")
        given = _cut(t1, other, _joints(t1), slices=(1,), size_px=48)
        assert given.images[..., 0].any()
        assert not given.images[..., 1].any()

    def test_without_a_joint_there_is_nothing_to_see(self) -> None:
        both = _volume()
        one = _cut(both, both, _joints(both)[:1], slices=(1,), size_px=48)
        assert not one.images[0, :, :24].any()
        assert one.images[0, :, 24:, :2].all()
        assert not _cut(both, both, (), slices=(1,), size_px=48).images.any()

    def test_neither_volume_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="received neither"):
            _cut(None, None, (), slices=(0,), size_px=48)

    def test_intensities_are_scaled_by_their_median(self) -> None:
        given = np.array([[[0, 100, 100, 100, 5000]]], np.float32)
        cutter = StripCutter(fluid_knee=2.0, t1_marrow=0.5, t1_ceiling=1.5)
        for scaled in (cutter.fluid_scaled, cutter.t1_scaled):
            np.testing.assert_allclose(scaled(given), scaled(given * 7), rtol=1e-5)
            assert not scaled(np.zeros_like(given)).any()
        assert 0.9 < cutter.fluid_scaled(given).max() < 1
        assert cutter.t1_scaled(given).max() == 1.5
        assert cutter.t1_scaled(given)[0, 0, 1] == 0.5


class TestManifest:
    @pytest.mark.parametrize(
        ("name", "value"),
        [("joint_sigma_mm", "3"), ("t1_ceiling", -1.0), ("channels", ["fluid", "T1W", "joint"]), ("size_px", 97)],
    )
    def test_strips_that_this_version_cannot_cut_are_refused(self, name: str, value: object) -> None:
        spec = stage_spec(RULE)
        cutter, rule = read_stage_spec(spec)
        assert (cutter, rule) == (StripCutter(), RULE)
        changed = replace(spec, input=replace(spec.input, parameters={**spec.input.parameters, name: value}))
        with pytest.raises(BundleError, match=name) as refused:
            read_stage_spec(changed)
        assert refused.value.code == "BUNDLE_CUTTER"

    @pytest.mark.parametrize("parameters", [{}, {"aggregation": {"top_k": 1}}, {"aggregation": None}])
    def test_a_rule_that_cannot_be_read_is_refused(self, parameters: dict[str, object]) -> None:
        spec = stage_spec(RULE)
        with pytest.raises(BundleError, match="rule") as refused:
            read_stage_spec(replace(spec, parameters={"explain": spec.parameters["explain"], **parameters}))
        assert refused.value.code == "BUNDLE_CUTTER"

    def test_the_cutter_does_what_the_manifest_says(self) -> None:
        one = _volume()
        joints = _joints(one)
        wide, narrow = (StripCutter(spacing_mm=1.5, size_px=48, joint_sigma_mm=mm) for mm in (6.0, 2.0))
        closeness = [cutter.cut(one, None, joints, (1,)).images[..., 2].sum() for cutter in (wide, narrow)]
        assert closeness[0] > 2 * closeness[1]
