"""Formulas of judging, against numbers that are known."""

import numpy as np
import pytest
from scipy import stats

from training.judge.calibration import calibration_error, fitted_temperature, tempered
from training.judge.classes import Cutoff, best_cutoff, class_figures, decided
from training.judge.intervals import bootstrap, exact, paired
from training.judge.masks import mask_figures
from training.judge.pairs import delong, mcnemar

RNG = np.random.default_rng(0)


def test_the_exact_interval_is_the_published_one() -> None:
    found = exact(34, 34)
    assert found.value == 1.0 and found.low == pytest.approx(0.025 ** (1 / 34)) and found.high == 1.0
    assert str(exact(0, 10)) == "0.000 (0.000 to 0.308)"
    assert np.isnan(exact(0, 0).value)


def test_pictures_of_one_patient_count_as_one() -> None:
    values = np.repeat(RNG.random(6), 50)
    of_all = bootstrap(lambda at: float(values[at].mean()), [str(n) for n in range(300)])
    by_patient = bootstrap(lambda at: float(values[at].mean()), [str(n // 50) for n in range(300)])
    assert of_all.value == by_patient.value
    assert by_patient.high - by_patient.low > 4 * (of_all.high - of_all.low)
    alone = bootstrap(lambda at: float(values[at].mean()), ["one"] * 300)
    assert alone.value == of_all.value and np.isnan(alone.low)


def test_a_difference_is_taken_in_pairs() -> None:
    first = RNG.random(30)
    found = paired(first, first + 0.1, [str(n) for n in range(30)])
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))


def test_figures_of_classes() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    chances = np.eye(3)[[0, 0, 0, 1, 1, 1, 0, 1]] * 0.8 + 0.2 / 3
    said = decided(chances, Cutoff())
    found = class_figures(truth, chances, said, [str(n) for n in range(8)], ["a", "b", "c"], resamples=50)
    assert found["confusion"] == [[3, 1, 0], [1, 2, 0], [0, 1, 0]]
    assert found["figures"]["accuracy"]["value"] == 5 / 8
    assert [row["support"] for row in found["classes"]] == [4, 3, 1]
    assert found["classes"][2]["recall"]["value"] == 0 and found["classes"][2]["recall"]["high"] == pytest.approx(0.975)
    assert found["figures"]["macro recall"]["value"] == pytest.approx((3 / 4 + 2 / 3 + 0) / 3)


def test_a_cutoff_is_chosen_where_both_kinds_are_told_apart() -> None:
    truth, positive = np.array([0, 0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.35, 0.9])
    chances = np.stack([1 - positive, positive], axis=1)
    cutoff = best_cutoff(truth, chances, chosen_on="three patients")
    assert cutoff == Cutoff(0.35, "three patients")
    assert decided(chances, cutoff).tolist() == truth.tolist()
    assert best_cutoff(truth[:3], chances[:3], chosen_on="three patients") == Cutoff()


def test_a_temperature_mends_what_is_too_sure() -> None:
    logits = RNG.normal(0, 1.5, 4000)
    truth = (RNG.random(4000) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    positive = 1 / (1 + np.exp(-3 * logits))
    chances = np.stack([1 - positive, positive], axis=1)
    temperature = fitted_temperature(truth, chances)
    assert temperature == pytest.approx(3.0, rel=0.1)
    assert calibration_error(truth, tempered(chances, temperature)) < 0.03 < calibration_error(truth, chances)
    assert tempered(chances, 1.0) == pytest.approx(chances, abs=1e-6)


def test_delong_gives_the_areas_and_the_variance_of_their_placements() -> None:
    truth = np.array([1] * 40 + [0] * 60, bool)
    first = truth + RNG.normal(0, 1.0, 100)
    second = truth + RNG.normal(0, 1.0, 100)
    found = delong(truth, first, second)
    places = []
    for scores in (first, second):
        above = (scores[truth][:, None] > scores[~truth][None]).astype(float)
        places.append((above.mean(axis=1), above.mean(axis=0)))
    assert found.first == pytest.approx(places[0][0].mean())
    difference = [places[1][side] - places[0][side] for side in (0, 1)]
    spread = difference[0].var(ddof=1) / 40 + difference[1].var(ddof=1) / 60
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(difference[0].mean()) / np.sqrt(spread)))
    assert np.isnan(delong(truth, first, first).p_value)
    with pytest.raises(ValueError, match="two items of each class"):
        delong(truth[:41], first[:41], second[:41])


def test_mcnemar_is_exact() -> None:
    first = np.array([True] * 10 + [False] * 2 + [True] * 20)
    second = np.array([False] * 10 + [True] * 2 + [True] * 20)
    assert mcnemar(first, second) == pytest.approx(2 * stats.binom.cdf(2, 12, 0.5))
    assert mcnemar(first, first) == 1.0


def test_figures_of_masks_are_in_millimeters() -> None:
    truth = np.zeros((2, 40, 40), np.bool_)
    truth[0, 10:30, 10:30] = True
    found = np.roll(truth, 2, axis=2)
    figures = mask_figures(truth, found, (3.0, 0.5, 0.5))
    assert figures["Dice"] == pytest.approx(0.9) and figures["IoU"] == pytest.approx(0.9 / 1.1)
    assert figures["slice Dice"] == figures["worst slice"] == figures["Dice"]
    assert figures["volume error"] == 0 and figures["95 % surface distance"] == pytest.approx(1.0)
    nothing = mask_figures(truth, np.zeros_like(truth), (3.0, 0.5, 0.5))
    assert nothing["Dice"] == 0 and nothing["volume error"] == -1 and np.isnan(nothing["mean surface distance"])
