"""The two labeling iterations, on 900 pictures, and by hand on a few."""

import numpy as np
import pytest

from training.data.labeling import brightness_figures, first_iteration, label, second_iteration


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """900 pictures of different brightness, spread and edges."""
    random = np.random.default_rng(0)
    made = []
    for _ in range(900):
        noise = random.normal(random.uniform(40, 180), random.uniform(5, 60), (48, 48))
        made.append(np.clip(noise, 0, 255).astype(np.uint8))
    return made


def test_the_second_iteration_gives_the_published_distribution(pictures: list[np.ndarray]) -> None:
    made = label(pictures, "iteration-2")
    assert np.bincount(made.as_status).tolist() == [468, 432]
    assert np.bincount(made.stage).tolist() == [540, 90, 135, 135]
    assert made.distribution() == ("AS-positive 432, AS-negative 468; Normal 540, Early 90, Moderate 135, Advanced 135")


def test_the_first_iteration_takes_dark_pictures_of_wide_spread(pictures: list[np.ndarray]) -> None:
    figures = brightness_figures(pictures)
    made = first_iteration(figures)
    mean, spread = figures[:, 0], figures[:, 1]
    expected = (mean < np.percentile(mean, 45)) & (spread > np.percentile(spread, 55))
    assert np.array_equal(made.as_status, expected)
    assert np.bincount(made.stage) == pytest.approx([270, 180, 180, 270], abs=15)  # edge densities have ties


def test_the_figures_are_those_of_the_rule() -> None:
    picture = np.zeros((64, 64), np.uint8)
    picture[32:] = 100
    ((mean, spread, lower, edges),) = brightness_figures([picture])
    assert (mean, spread, lower) == (50, 50, 100)
    assert edges == pytest.approx(1 / 64)
    assert brightness_figures([picture], edge_scale=255)[0, 3] == pytest.approx(255 / 64)


def test_the_score_is_the_published_sum() -> None:
    figures = np.array([[100, 10, 100, 0], [0, 80, 0, 0], [0, 0, 0, 1.0], [0, 0, 0, 0]])
    # scores 34, 32, 0.3, 0
    made = second_iteration(figures)
    assert made.as_status.tolist() == [1, 1, 0, 0]
    assert made.stage.tolist() == [3, 1, 0, 0]


def test_it_is_said_which_scale_was_taken(pictures: list[np.ndarray]) -> None:
    assert "edge density from 0 to 100" in label(pictures[:5], "iteration-1", edge_scale=100).how
    assert "'linear'" in label(pictures[:5], "iteration-2").how


def test_another_labeling_is_refused(pictures: list[np.ndarray]) -> None:
    with pytest.raises(ValueError, match="iteration-1 or iteration-2"):
        label(pictures, "iteration-3")
    with pytest.raises(ValueError, match="and 0 pictures"):
        label([], "iteration-1")
