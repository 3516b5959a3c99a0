"""The three example applications, without a node: what each says, and what it says when something is missing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.result import NotAssessable
from inference.testing import AXIAL, SAGITTAL, run, write_series
from inference.types import Side

EXAMPLES = Path(__file__).resolve().parents[1] / "applications"


@pytest.fixture(scope="module", autouse=True)
def examples() -> Iterator[None]:
    """The package of the examples, importable."""
    sys.path.insert(0, str(EXAMPLES))
    yield
    sys.path.remove(str(EXAMPLES))


def application(name: str) -> Any:
    """One of them, and its words."""
    module = __import__(f"axspa_examples.{name}", fromlist=[name])
    return getattr(module, name.capitalize())(), getattr(module, f"{name.capitalize()}Words")()


def test_a_threshold_marks_and_measures(tmp_path: Path) -> None:
    pixels = np.full((9, 40, 40), 300)
    pixels[4, 10:20, 10:20] = 3000
    write_series(tmp_path, pixels)
    threshold, words = application("threshold")
    analysis = run(threshold, tmp_path)
    segment = analysis.segment("bright")
    assert segment is not None
    assert segment.mask.sum() == 100
    assert "Volume of bright voxels: 0.4 ml." in words.report(analysis).findings
    assert any("not assessable: No study" in line for line in words.report(analysis).findings)


def test_twenty_five_sites_four_of_five_conditions_name_a_side(tmp_path: Path) -> None:
    write_series(tmp_path, (5, 50, 50), number=1, orientation=SAGITTAL)
    write_series(tmp_path, (5, 50, 50), number=2, orientation=AXIAL)
    levels, words = application("levels")
    analysis = run(levels, tmp_path)
    assert (analysis.scope, len(analysis.evaluations)) == ("full", 25)
    assert sum(one.site.side is not None for one in analysis.evaluations) == 20
    assert not any(isinstance(one.value, NotAssessable) for one in analysis.evaluations)
    assert len(words.report(analysis).findings) == 25


def test_without_the_axial_series_its_ten_sites_are_not_assessable(tmp_path: Path) -> None:
    write_series(tmp_path, (5, 50, 50), number=1, orientation=SAGITTAL)
    levels, words = application("levels")
    analysis = run(levels, tmp_path)
    unknown = [one for one in analysis.evaluations if isinstance(one.value, NotAssessable)]
    assert analysis.scope == "partial"
    assert {(one.key, one.site.side) for one in unknown} == {("recess", Side.LEFT), ("recess", Side.RIGHT)}
    assert len(unknown) == 10
    assert (
        sum("not assessable: The study has no axial series" in line for line in words.report(analysis).findings) == 10
    )


def test_rows_from_head_to_feet_give_the_same_grades_at_the_same_places(tmp_path: Path) -> None:
    pixels = np.random.default_rng(5).integers(0, 1000, (5, 50, 40)) + np.arange(50)[:, None] * 40
    write_series(tmp_path / "usual", pixels, number=1, orientation=SAGITTAL)
    turned = (*SAGITTAL[3:], *SAGITTAL[:3])
    write_series(tmp_path / "turned", pixels.transpose(0, 2, 1), number=1, orientation=turned)
    levels, _ = application("levels")
    usual, found = run(levels, tmp_path / "usual"), run(levels, tmp_path / "turned")
    assert (usual.images[0].shape, found.images[0].shape) == ((5, 50, 40), (5, 40, 50))
    assert [one.value for one in usual.evaluations] == [one.value for one in found.evaluations]
    for one, same in zip(usual.evaluations, found.evaluations, strict=True):
        assert one.probabilities == pytest.approx(same.probabilities)
        assert [place.points_px for place in same.at] == [
            tuple((column, row) for row, column in place.points_px) for place in one.at
        ]
    assert any(one.at for one in usual.evaluations)


def test_a_picture_without_a_place_is_read_and_not_measured(tmp_path: Path) -> None:
    write_series(tmp_path, (1, 30, 20), orientation=None)
    picture, words = application("picture")
    analysis = run(picture, tmp_path)
    width, bright = analysis.measurement("width"), analysis.evaluation("bright")
    assert width is not None
    assert isinstance(width.value, NotAssessable)
    assert bright is not None
    assert not isinstance(bright.value, NotAssessable)
    assert any("Width of the picture: not assessable" in line for line in words.report(analysis).findings)


@pytest.mark.parametrize("name", ["threshold", "levels", "picture"])
def test_a_study_of_another_kind_is_not_read(tmp_path: Path, name: str) -> None:
    write_series(tmp_path, (1, 30, 20), orientation=SAGITTAL if name == "picture" else None)
    made, words = application(name)
    analysis = run(made, tmp_path)
    assert not analysis.applicable
    assert words.report(analysis).headline.startswith("Not analysed")
