"""Teaching the edema classifier, and what is counted when it is judged."""

from pathlib import Path

import keras
import numpy as np
import pytest

from inference.sij_mri.edema.features import FEATURES
from inference.types import Side
from training.models.edema_voxels import edema_voxels
from training.sij_mri.edema.cutoffs import STEPS, CutoffScore, held
from training.sij_mri.edema.evaluate import EdemaScore, JudgedScan
from training.sij_mri.edema.page import edema_page
from training.sij_mri.edema.train import LabeledVoxels, fit_edema_classifier, voxel_classifier


def made_up(seed: int) -> LabeledVoxels:
    """Voxels that are marked where the first feature is high and the second low."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(6000, len(FEATURES))).astype(np.float32)
    truth = (features[:, 0] > 0.8) & (features[:, 1] < 0.5)
    readings = np.stack([truth, truth ^ (rng.random(6000) < 0.02)], axis=1).astype(np.float32)
    return LabeledVoxels(f"patient {seed}", features, readings, readings.sum(axis=0))


def test_what_readers_mark_is_learnt() -> None:
    network = fit_edema_classifier([made_up(1), made_up(2)], steps=300, batch=3000, members=1)
    unseen = made_up(3)
    found = voxel_classifier(network).predict(unseen.features)[0] > 0.5
    truth = unseen.readings[:, 0] > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.85


def test_teaching_is_reproducible() -> None:
    first, second = (fit_edema_classifier([made_up(1)], steps=5, batch=500, members=1) for _ in range(2))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_the_network_computes_what_was_taught_and_survives_its_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    count = len(FEATURES)
    mean, sd = rng.normal(size=count).astype(np.float32), rng.uniform(0.2, 3, count).astype(np.float32)
    members = [
        [np.asarray(rng.normal(size=shape), np.float32) for shape in ((count, 8), (8,), (8,), ())] for _ in range(2)
    ]
    features = rng.normal(mean, 2 * sd, (1000, count)).astype(np.float32)
    answers = []
    for first, first_bias, second, second_bias in members:
        logit = np.tanh((features - mean) / sd @ first + first_bias) @ second + second_bias
        answers.append(1 / (1 + np.exp(-logit)))

    edema_voxels(mean, sd, members).save(tmp_path / "edema.keras")
    network = keras.saving.load_model(tmp_path / "edema.keras", compile=False, safe_mode=True)

    said, spread = voxel_classifier(network).predict(features)
    np.testing.assert_allclose(said, np.mean(answers, axis=0), atol=1e-5)
    assert not spread.any()


def score(left: float, right: float, readers_left: float, readers_right: float) -> EdemaScore:
    return EdemaScore(
        "1", (0.4, 0.5, 0.6, 0.5), left, right, readers_left, readers_right, 0.6,
        found_ml=3.0, readings_ml=(2.0, 4.0), others_dice={"brightness": 0.25},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "missed", "larger"),
    [
        (score(2.0, 1.0, 3.0, 1.5), (), True),
        (score(1.0, 2.0, 3.0, 1.5), (), False),
        (score(2.0, 0.1, 3.0, 1.5), (Side.RIGHT,), True),
        (score(0.0, 0.0, 0.9, 0.2), (), None),
    ],
)
def test_sides_are_counted(given: EdemaScore, missed: tuple[Side, ...], larger: bool | None) -> None:
    assert given.missed == missed
    assert given.larger_side_right is larger
    assert given.mean_dice == pytest.approx(0.5)


MET = dict.fromkeys((*map(str, Side), "study"), "present")
UNMET = dict.fromkeys((*map(str, Side), "study"), "absent")
OPEN = dict.fromkeys((*map(str, Side), "study"), "undecided")


def at_cutoffs(width_ml: float = 1.0) -> CutoffScore:
    """A scan whose range grows with the step, four volumes of the readings, and a rule that fluid alone would meet."""
    ranges = {step: (2.0 - width_ml * step, 2.0, 2.0 + width_ml * step) for step in STEPS}
    return CutoffScore(
        subject="1",
        volumes_ml={step: dict.fromkeys(Side, ranges[step]) for step in STEPS},
        rule={step: OPEN if step > 1 else UNMET for step in STEPS},
        rule_with_fluid=MET,
        readers_ml={Side.LEFT: (2.0, 3.4), Side.RIGHT: (0.6, 9.0)},
        readers_rule=(MET, MET),
    )


def test_volumes_of_the_readings_are_counted_within_strict_and_loose() -> None:
    assert [held([at_cutoffs()], step) for step in (0.5, 1.0, 1.5)] == [(1, 4), (1, 4), (3, 4)]


def test_page_has_the_rule_and_every_step_beside_the_readings() -> None:
    page = edema_page({"In some region": [JudgedScan(score(2.0, 0.1, 3.0, 1.5), at_cutoffs())]}, command="x")
    assert "| 1 | ??? | +++ | +++ +++ | 2.00 (0.00 to 4.00) | 2.00, 3.40 | 2.00 (0.00 to 4.00) | 0.60, 9.00 |" in page
    assert "| 1 | 1 of 4 | 2.00 | 0 of 1 | 0 of 2 | 3 of 3 | 0 of 0 |" in page
    assert "| 1.5 | 3 of 4 | 3.00 | 1 of 1 | 2 of 2 | 0 of 3 | 0 of 0 |" in page


def test_page_says_what_was_missed() -> None:
    page = edema_page(
        {"In some region": [JudgedScan(score(2.0, 0.1, 3.0, 1.5), at_cutoffs())]}, command="axspa-train evaluate edema"
    )
    assert "## In some region" in page
    assert "**0.500**" in page
    assert "Sides missed where the readers see more than 1 ml: 1." in page


def test_page_shows_volumes_other_methods_and_the_rule_where_the_readings_agree() -> None:
    page = edema_page(
        {"In some region": [JudgedScan(score(2.0, 0.1, 3.0, 1.5), at_cutoffs())]}, command="x", network=True
    )
    assert "| 3.0 | 2.0 to 4.0 |" in page
    assert "lies within the range of the readings in 1 of 1" in page
    assert "| brightness | 0.250 (95 % CI 0.250 to 0.250) | 0.250 | 0.25 | 0.250 (95 % CI 0.250 to 0.250) |" in page
    assert "| 1 | left | + + | + | ? | undecided |" in page
    assert "Of 2 sides on which all readings agree: right 0, undecided 2, wrong 0." in page
    assert "the mean of both counts" in " ".join(page.split())
