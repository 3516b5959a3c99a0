"""Losses of segmentation."""

import numpy as np
import pytest
from keras import ops

from training.loop.losses import cross_entropy, dice_and_cross_entropy, soft_dice_loss


def masks() -> tuple[np.ndarray, np.ndarray]:
    truth = np.zeros((2, 16, 16, 1), np.float32)
    truth[:, 4:12, 4:12] = 1
    return truth, truth.copy()


def value(tensor: object) -> float:
    return float(ops.convert_to_numpy(tensor))


def test_a_perfect_answer_costs_nothing_and_its_opposite_nearly_all() -> None:
    truth, same = masks()
    assert value(soft_dice_loss(truth, same)) == pytest.approx(0, abs=1e-6)
    assert value(soft_dice_loss(truth, 1 - same)) > 0.98
    assert value(cross_entropy(truth, same)) < 1e-4
    assert value(cross_entropy(truth, 1 - same)) > 10


def test_dice_is_that_of_the_masks() -> None:
    truth, found = masks()
    found[:, 4:8] = 0
    assert value(soft_dice_loss(truth, found)) == pytest.approx(1 - 2 * 32 / (64 + 32), abs=0.01)


def test_each_sample_counts_alike_whatever_its_size() -> None:
    truth, found = masks()
    truth[1] = 0
    truth[1, 0, 0] = 1
    found[1] = truth[1]
    assert value(soft_dice_loss(truth, found)) == pytest.approx(0, abs=1e-6)
    found[1] = 0
    assert value(soft_dice_loss(truth, found)) == pytest.approx(0.25, abs=0.01)


def test_an_empty_truth_is_well_behaved() -> None:
    empty = np.zeros((1, 8, 8, 1), np.float32)
    assert value(soft_dice_loss(empty, empty)) == pytest.approx(0)
    assert np.isfinite(value(dice_and_cross_entropy(empty, np.ones_like(empty))))


def test_the_sum_is_lower_for_the_better_answer() -> None:
    truth, _ = masks()
    close, far = np.where(truth > 0, 0.8, 0.2), np.where(truth > 0, 0.6, 0.4)
    assert value(dice_and_cross_entropy(truth, close)) < value(dice_and_cross_entropy(truth, far))
