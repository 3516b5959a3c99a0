"""The stage network: a training small enough for a test, and what is made of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from config.errors import BundleError
from inference.serving.classifier import Classifier
from inference.sij_mri.stage.aggregation import Aggregation, aggregate
from inference.sij_mri.stage.reader import StageReader, stage_spec
from inference.sij_mri.stage.strips import StripCutter
from inference.sij_mri.types import STAGES
from inference.types import Side
from tests.factories.analysis import slice_prediction
from tests.factories.volumes import upright_joint, volume
from training.loop.fit import Schedule
from training.models.stage_cnn import deployed, stage_cnn
from training.sij_mri.lesions.dataset import CACHE_PX, EVIDENCE_STEP, AnatomyPlan, Shard, build, read
from training.sij_mri.lesions.dataset import _write as write_shard
from training.sij_mri.stage import train as stage
from training.sij_mri.stage.evaluate import auc, evaluate_stage
from training.sij_mri.stage.plan import HELD_BACK_PATIENTS, VALIDATION_PATIENTS, stage_plans
from training.sij_mri.stage.samples import batch, gather, plain

RULE = Aggregation(2, {"as": (1.0, 0.0), "moderate": (1.0, 0.0), "advanced": (1.0, 0.0)})


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
        schedule = Schedule(steps=16, peak_rate=4e-3, warmup_steps=2, report_every=4, save_every=16)
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
            slices = tuple(slice_prediction(n, *rng.dirichlet(20 * odds / odds.sum())) for n in range(4))
            patients.append(stage.JudgedPatient("phantom", str(index), STAGES[truth], slices, (truth,) * 4))
        rule = stage.fit_rule(patients)
        right = [aggregate(patient.slices, rule).stage is patient.truth for patient in patients]
        assert np.mean(right) > 0.95


class TestReader:
    def test_a_study_is_classified_slice_by_slice(self) -> None:
        spec = stage_spec(RULE, cutter=StripCutter(spacing_mm=150 / 64, size_px=64))
        reader = StageReader(Classifier(spec, [deployed(stage_cnn(64))]))
        both = volume((4, 80, 100), spacing_mm=(1.5, 1.5), gap_mm=4.0)
        joints = tuple(
            upright_joint(both, side, at, rows=slice(25, 55)) for side, at in zip(Side, (78, 28), strict=True)
        )
        said = reader.predict(reader.prepare(both, both, joints, (1, 3)))
        assert [one.slice_index for one in said.slices] == [1, 3]

    def test_a_network_of_another_shape_is_refused(self) -> None:
        with pytest.raises(BundleError, match="BUNDLE_KIND"):
            Classifier(stage_spec(RULE, cutter=StripCutter(size_px=72)), [deployed(stage_cnn(64))])

    def test_a_size_that_does_not_fit_the_strides_is_refused(self) -> None:
        with pytest.raises(ValueError, match="multiple of 4"):
            stage_cnn(62)


def test_auc_counts_ties_half() -> None:
    assert auc(np.array([True, True, False]), np.array([0.9, 0.1, 0.1])) == pytest.approx(0.75)
