"""The evaluation of heat maps: the area under the curve, and the page."""

import numpy as np
import pytest

from inference.sij_mri import Stage
from training.sij_mri.heat.evaluate import MAPS, HeatScore, Strength, area_under_curve, random_map, scale_plans
from training.sij_mri.heat.page import heat_page


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8], np.float32)
    assert area_under_curve(scores, np.array([False, False, True, True])) == pytest.approx(0.75)
    assert area_under_curve(scores, scores > 0.3) == 1.0
    assert area_under_curve(scores, scores < 0.3) == 0.0
    assert area_under_curve(np.ones(4, np.float32), np.array([True, False, True, False])) == 0.5
    assert np.isnan(area_under_curve(scores, np.zeros(4, bool)))


def test_a_random_map_knows_nothing() -> None:
    truth = np.zeros((4, 60, 60), bool)
    truth[:, 20:40, 20:40] = True
    made = random_map(truth.shape, (1.0, 1.0), seed=3)
    assert np.array_equal(made, random_map(truth.shape, (1.0, 1.0), seed=3))
    assert 0.2 < area_under_curve(made.ravel(), truth.ravel()) < 0.8


def test_the_scale_is_set_on_no_patient_that_judges_the_network() -> None:
    assert {plan.split for plan in scale_plans()} == {"validation"}
    assert {plan.source for plan in scale_plans()} == {"phantom", "requested"}


def test_the_page_counts_patients_and_says_what_lies_below_the_floor() -> None:
    strengths = [Strength(Stage.NORMAL, 0.001), Strength(Stage.NORMAL, 0.009), Strength(Stage.EARLY, 0.02)]
    areas = (dict.fromkeys(MAPS, 0.4), dict.fromkeys(MAPS, 0.6), dict.fromkeys(MAPS, 0.9))
    scores = [HeatScore(name, name[0], area, 12, 0.01) for name, area in zip(("a1", "a2", "b1"), areas, strict=True)]
    page = heat_page(strengths, scores, command="x")
    assert "the heat of 1 of 2 *Normal* lies below it all over, and of 0 of 1 with lesions" in page
    assert "Mean over 2 patients (3 scans)" in page
    assert "plain brightness of the fluid-sensitive series (null model): 0.70 (0.50 to 0.90)" in page
