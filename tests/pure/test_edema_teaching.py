"""Teaching the oedema classifier, and what is counted when it is judged."""

import numpy as np
import pytest

from inference.sij_mri.edema.features import FEATURES
from inference.types import Side
from training.sij_mri.edema.evaluate import EdemaScore, edema_page
from training.sij_mri.edema.train import LabelledVoxels, fit_edema_classifier


def made_up(seed: int) -> LabelledVoxels:
    """Voxels that are marked where the first feature is high and the second low."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(6000, len(FEATURES))).astype(np.float32)
    truth = (features[:, 0] > 0.8) & (features[:, 1] < 0.5)
    readings = np.stack([truth, truth ^ (rng.random(6000) < 0.02)], axis=1).astype(np.float32)
    return LabelledVoxels(f"patient {seed}", features, readings, readings.sum(axis=0))


def test_what_readers_mark_is_learnt() -> None:
    classifier = fit_edema_classifier([made_up(1), made_up(2)], steps=300, batch=3000, members=1)
    unseen = made_up(3)
    found = classifier.predict(unseen.features) > 0.5
    truth = unseen.readings[:, 0] > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.85


def test_teaching_is_reproducible() -> None:
    first, second = (fit_edema_classifier([made_up(1)], steps=5, batch=500, members=1) for _ in range(2))
    assert np.array_equal(first.first, second.first)


def score(left: float, right: float, readers_left: float, readers_right: float) -> EdemaScore:
    return EdemaScore("1", (0.4, 0.5, 0.6, 0.5), left, right, readers_left, readers_right, 0.6)


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


def test_page_says_what_was_missed() -> None:
    page = edema_page({"In some region": [score(2.0, 0.1, 3.0, 1.5)]}, command="axspa-train evaluate edema")
    assert "## In some region" in page
    assert "**0.500**" in page
    assert "Sides missed where the readers see more than 1 ml: 1." in page
