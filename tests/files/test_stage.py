"""The stage network: its input, its rule for studies, and a training small enough for a test."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from config.errors import BundleError
from inference.serving.classifier import Classifier
from inference.sij_mri.stage.aggregation import Aggregation, aggregate, suspicion
from inference.sij_mri.stage.reader import StageReader, read_stage_spec, stage_spec
from inference.sij_mri.stage.strips import StageInput, StripCutter
from inference.sij_mri.types import STAGES, Joint, SlicePrediction, Stage
from inference.space.surfaces import surface_band
from inference.types import Side, Volume
from training.loop.fit import Schedule
from training.models.stage_cnn import deployed, stage_cnn
from training.sij_mri.lesions.dataset import CACHE_PX, EVIDENCE_STEP, AnatomyPlan, Shard, build, read
from training.sij_mri.lesions.dataset import _write as write_shard
from training.sij_mri.stage import train as stage
from training.sij_mri.stage.evaluate import auc, evaluate_stage
from training.sij_mri.stage.plan import HELD_BACK_PATIENTS, VALIDATION_PATIENTS, stage_plans
from training.sij_mri.stage.samples import batch, gather, plain

RULE = Aggregation(2, {"as": (1.0, 0.0), "moderate": (1.0, 0.0), "advanced": (1.0, 0.0)})


def _slice(index: int, *stages: float) -> SlicePrediction:
    normal, early, moderate, advanced = stages
    return SlicePrediction(index, 1 - normal, (normal, early, moderate, advanced))


def _volume(*, flipped: bool = False) -> Volume:
    sign = -1.0 if flipped else 1.0
    voxels = np.full((4, 80, 100), 10.0, np.float32)
    left = 10 if flipped else 85
    voxels[:, 30:50, left : left + 5] = 90.0
    return Volume(
        voxels=voxels,
        positions_mm=np.stack([np.full(4, -sign * 74.25), sign * 4.0 * np.arange(4), np.full(4, 60.0)], axis=1),
        row_direction=(sign, 0.0, 0.0),
        column_direction=(0.0, 0.0, -1.0),
        pixel_spacing_mm=(1.5, 1.5),
        slice_spacing_mm=4.0,
        frame_of_reference_uid="1.2.3",
    )


def _cut(
    t1: Volume | None, fluid: Volume | None, joints: tuple[Joint, ...], *, slices: tuple[int, ...], size_px: int
) -> StageInput:
    return StripCutter(spacing_mm=1.5, size_px=size_px).cut(t1, fluid, joints, slices)


def _joints(volume: Volume, *, flipped: bool) -> tuple[Joint, Joint]:
    """Upright joints, the bright block lateral of the left one."""
    left, right = (21, 71) if flipped else (78, 28)
    made = []
    for side, column in ((Side.LEFT, left), (Side.RIGHT, right)):
        surface = np.full(volume.shape[:2], np.nan, np.float32)
        surface[:, 25:55] = column
        made.append(Joint(side, surface, surface_band(surface, volume), np.ones(len(surface), np.float32)))
    return made[0], made[1]


class TestAggregation:
    def test_one_suspicious_slice_is_not_drowned_by_many_normal_ones(self) -> None:
        slices = [_slice(n, 0.98, 0.01, 0.005, 0.005) for n in range(10)]
        slices += [_slice(10, 0.02, 0.96, 0.01, 0.01), _slice(11, 0.05, 0.93, 0.01, 0.01)]
        said = aggregate(slices, RULE)
        assert said.as_present
        assert said.stage is Stage.EARLY
        assert said.slices == tuple(slices)

    @pytest.mark.parametrize("seed", range(20))
    def test_probabilities_are_those_of_stages_and_never_contradict(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        said = aggregate([_slice(n, *rng.dirichlet(np.ones(4))) for n in range(5)], RULE)
        assert sum(said.stage_probabilities) == pytest.approx(1.0)
        assert min(said.stage_probabilities) >= 0
        assert said.as_probability == pytest.approx(1 - said.stage_probabilities[0])
        assert said.as_present == (said.stage is not Stage.NORMAL)

    def test_the_rule_survives_the_manifest(self) -> None:
        rule = Aggregation(3, {"as": (1.5, -0.2), "moderate": (0.9, 0.1), "advanced": (2.0, 0.0)}, 0.4)
        assert Aggregation.from_parameters(json.loads(json.dumps(rule.parameters()))) == rule

    def test_more_slices_counted_than_there_are(self) -> None:
        assert suspicion([_slice(0, 0.5, 0.3, 0.1, 0.1)], 5)[0] == pytest.approx(0.0)

    def test_no_slice_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="received none"):
            aggregate([], RULE)


class TestInput:
    @pytest.mark.parametrize("flipped", [False, True])
    def test_right_and_left_joint_lie_as_in_the_reading_habit(self, flipped: bool) -> None:
        """The bright block is on the patient's left, lateral of the left joint: at the right edge of the picture."""
        volume = _volume(flipped=flipped)
        joints = _joints(volume, flipped=flipped)
        given = _cut(volume, None, joints, slices=(2,), size_px=48)
        assert given.images.shape == (1, 48, 48, 3)
        bright = given.images[0, ..., 0] > 1
        assert bright[:, 40:].any()
        assert not bright[:, :40].any()
        assert not given.images[..., 1].any()

    @pytest.mark.parametrize("flipped", [False, True])
    def test_a_slanted_joint_stands_upright_and_comes_back(self, flipped: bool) -> None:
        volume = _volume(flipped=flipped)
        slant = np.full(volume.shape[:2], np.nan, np.float32)
        slant[:, 20:60] = 20 + 0.5 * np.arange(40)
        voxels = np.full(volume.shape, 50.0, np.float32)
        for row in range(20, 60):
            voxels[:, row, int(slant[0, row])] = 5.0
        volume = replace(volume, voxels=voxels)
        side = Side.LEFT if flipped else Side.RIGHT
        joint = Joint(side, slant, surface_band(slant, volume), np.ones(4, np.float32))
        given = _cut(volume, None, (joint,), slices=(1,), size_px=32)
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
        back = replace(other, positions_mm=np.stack([np.full(4, 74.25), 12 - 4.0 * np.arange(4), np.full(4, 60.0)], 1))
        given = _cut(t1, back, _joints(t1, flipped=False), slices=(1,), size_px=48)
        assert given.images[0, 24, 44, 1] > 1.5 * given.images[0, 24, 4, 1]

    def test_another_frame_of_reference_is_not_mixed_in(self) -> None:
        t1, other = _volume(), replace(_volume(), frame_of_reference_uid="1.2.4")
        given = _cut(t1, other, _joints(t1, flipped=False), slices=(1,), size_px=48)
        assert given.images[..., 0].any()
        assert not given.images[..., 1].any()

    def test_without_a_joint_there_is_nothing_to_see(self) -> None:
        volume = _volume()
        one = _cut(volume, volume, _joints(volume, flipped=False)[:1], slices=(1,), size_px=48)
        assert not one.images[0, :, :24].any()
        assert one.images[0, :, 24:, :2].all()
        assert not _cut(volume, volume, (), slices=(1,), size_px=48).images.any()

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


def _shard(split: str, seed: int, *, draws: int = 4, slices: int = 6) -> Shard:
    """Squares of noise in which each stage is a bright block of its own channel and place."""
    rng = np.random.default_rng(seed)
    number = draws * slices
    stages = np.repeat(np.arange(draws) % 4, slices).astype(np.int8)
    images = rng.integers(60, 90, (number, CACHE_PX, CACHE_PX, 3)).astype(np.uint8)
    cells = CACHE_PX // EVIDENCE_STEP
    evidence = np.zeros((number, cells, cells, 5), np.uint8)
    for index, shown in enumerate(stages):
        if shown:
            images[index, 50:75, 20:45, (1, 0, 2)[shown - 1]] = 250
            evidence[index, 12:19, 5:11, shown - 1] = 255
    plan = AnatomyPlan("phantom", str(seed), split, draws)
    patients = np.repeat(np.arange(draws), slices).astype(np.int16)
    return Shard(plan, images, evidence, stages, patients, (np.arange(draws) % 4).astype(np.int8))


class TestTraining:
    def test_no_anatomy_is_in_two_splits(self) -> None:
        plans = stage_plans(("1007", *VALIDATION_PATIENTS, *HELD_BACK_PATIENTS))
        anatomies = [(plan.source, plan.key) for plan in plans]
        assert len(set(anatomies)) == len(anatomies)
        split = {plan.key: plan.split for plan in plans if plan.source == "real"}
        assert split["1007"] == "train"
        assert {split[key] for key in HELD_BACK_PATIENTS} == {"held-back"}

    def test_an_anatomy_in_two_splits_is_refused(self, tmp_path: Path) -> None:
        plans = [AnatomyPlan("phantom", "1", "train", 1), AnatomyPlan("phantom", "1", "held-back", 1)]
        with pytest.raises(ValueError, match="one split only"):
            build(plans, tmp_path, real=None)

    def test_a_phantom_becomes_squares_and_is_not_made_twice(self, tmp_path: Path) -> None:
        plan = AnatomyPlan("phantom", "5", "train", 2)
        build([plan], tmp_path, real=None)
        (shard,) = read(tmp_path, "train")
        made = (tmp_path / f"{plan.name}.npz").stat().st_mtime_ns
        build([plan], tmp_path, real=None)
        assert (tmp_path / f"{plan.name}.npz").stat().st_mtime_ns == made
        assert shard.plan == plan
        assert shard.images.shape[1:] == (CACHE_PX, CACHE_PX, 3)
        assert set(shard.patients) == {0, 1}
        sick = shard.truth[shard.patients] > 0
        shown = shard.evidence.any(axis=(1, 2, 3))
        assert shown[sick].any()
        assert not shown[~sick].any()

    def test_batches_depend_on_their_number_alone(self) -> None:
        samples = gather([_shard("train", 0)])
        first, again = (batch(samples, np.random.default_rng([3, 7]), size_px=96, batch_size=4) for _ in range(2))
        np.testing.assert_array_equal(first[0], again[0])
        assert first[1]["stage"].sum(axis=1).tolist() == [1, 1, 1, 1]
        np.testing.assert_array_equal(first[1]["as"][:, 1] > 0, first[1]["stage"][:, 0] == 0)
        assert first[1]["evidence"].shape == (4, 24, 24, 5)

    def test_training_learns_finishes_and_is_judged(self, tmp_path: Path) -> None:
        simulated, runs = tmp_path / "simulated", tmp_path / "runs"
        simulated.mkdir()
        for number, split in enumerate(("train", "train", "validation", "held-back")):
            shard = _shard(split, number)
            write_shard(simulated / f"{shard.plan.name}.npz", shard)
        schedule = Schedule(steps=24, peak_rate=4e-3, warmup_steps=3, report_every=6, save_every=24)
        training = stage.StageTraining(schedule, batch_size=8, mixed_precision=False)
        stage.train_stage(simulated, runs / stage.TRAIN_FOLDER, training)
        log = [json.loads(line) for line in (runs / stage.TRAIN_FOLDER / "log.jsonl").read_text().splitlines()]
        assert log[-1]["loss"] < 0.9 * log[0]["loss"]
        spec = stage.finish(simulated, runs)
        assert stage.exported(runs) == (runs / stage.MODEL_FILE, spec)
        figures = evaluate_stage(simulated, runs, tmp_path / "stage.md")
        assert figures["groups"]["all"]["patients"] == 4
        assert np.sum(figures["groups"]["all"]["confusion"]) == 4
        text = (tmp_path / "stage.md").read_text(encoding="utf-8")
        assert "RESEARCH ONLY" in text
        said = stage.load_reader(runs).judge(plain(_shard("held-back", 9).images, stage.SIZE_PX), range(24))
        assert len(said) == 24
        for one in said:
            assert sum(one.stage_probabilities) == pytest.approx(1, abs=1e-4)

    def test_the_rule_is_fitted_to_the_patients(self) -> None:
        rng = np.random.default_rng(0)
        patients = []
        for index in range(80):
            truth = index % 4
            odds = np.full(4, 0.02)
            odds[truth] = 1
            slices = tuple(_slice(n, *rng.dirichlet(20 * odds / odds.sum())) for n in range(4))
            patients.append(stage.JudgedPatient("phantom", str(index), STAGES[truth], slices, (truth,) * 4))
        rule = stage.fit_rule(patients)
        right = [aggregate(patient.slices, rule).stage is patient.truth for patient in patients]
        assert np.mean(right) > 0.95


class TestReader:
    def test_a_study_is_classified_slice_by_slice(self) -> None:
        spec = stage_spec(RULE, cutter=StripCutter(spacing_mm=150 / 64, size_px=64))
        reader = StageReader(Classifier(spec, [deployed(stage_cnn(64))]))
        volume = _volume()
        said = reader.predict(reader.prepare(volume, volume, _joints(volume, flipped=False), (1, 3)))
        assert [one.slice_index for one in said.slices] == [1, 3]

    def test_a_network_of_another_shape_is_refused(self) -> None:
        with pytest.raises(BundleError, match="BUNDLE_KIND"):
            Classifier(stage_spec(RULE, cutter=StripCutter(size_px=72)), [deployed(stage_cnn(64))])

    @pytest.mark.parametrize(
        ("name", "value"),
        [("joint_sigma_mm", "3"), ("t1_ceiling", -1.0), ("channels", ["fluid", "T1W", "joint"]), ("size_px", 97)],
    )
    def test_strips_that_this_version_cannot_cut_are_refused(self, name: str, value: object) -> None:
        spec = stage_spec(RULE)
        cutter, rule = read_stage_spec(spec)
        assert (cutter, rule) == (StripCutter(), RULE)
        changed = replace(spec, input=replace(spec.input, parameters={**spec.input.parameters, name: value}))
        with pytest.raises(BundleError, match=name if name != "channels" else "channels") as refused:
            read_stage_spec(changed)
        assert refused.value.code == "BUNDLE_CUTTER"

    @pytest.mark.parametrize("parameters", [{}, {"aggregation": {"top_k": 1}}, {"aggregation": None}])
    def test_a_rule_that_cannot_be_read_is_refused(self, parameters: dict[str, object]) -> None:
        spec = stage_spec(RULE)
        with pytest.raises(BundleError, match="rule") as refused:
            read_stage_spec(replace(spec, parameters={"explain": spec.parameters["explain"], **parameters}))
        assert refused.value.code == "BUNDLE_CUTTER"

    def test_the_cutter_does_what_the_manifest_says(self) -> None:
        volume, joints = _volume(), _joints(_volume(), flipped=False)
        wide, narrow = (StripCutter(spacing_mm=1.5, size_px=48, joint_sigma_mm=mm) for mm in (6.0, 2.0))
        closeness = [cutter.cut(volume, None, joints, (1,)).images[..., 2].sum() for cutter in (wide, narrow)]
        assert closeness[0] > 2 * closeness[1]

    def test_a_size_that_does_not_fit_the_strides_is_refused(self) -> None:
        with pytest.raises(ValueError, match="multiple of 4"):
            stage_cnn(62)


def test_auc_counts_ties_half() -> None:
    assert auc(np.array([True, True, False]), np.array([0.9, 0.1, 0.1])) == pytest.approx(0.75)
