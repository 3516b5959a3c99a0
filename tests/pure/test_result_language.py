"""The language of results: what it refuses to say, and that the same can be said when it is true."""

from dataclasses import replace

import numpy as np
import pytest

from inference.result import (
    Analysis,
    Answer,
    Evaluation,
    HeatMap,
    Images,
    Limitation,
    Measurement,
    NotAssessable,
    Place,
    Profile,
    Segment,
    Site,
)
from inference.series import Selection
from inference.types import ModelIdentity, Side
from tests.factories.volumes import volume

SHAPE = (3, 8, 10)
SITE = Site("knee", Side.LEFT)
MASK = np.ones(SHAPE, bool)
POINT = Place("coronal", 1, "point", ((2.0, 3.0),))
UNKNOWN = NotAssessable(Limitation("NO_PICTURE"))


@pytest.fixture
def analysis() -> Analysis:
    """Everything that can be said, said once."""
    return Analysis(
        application="knees",
        application_version="1",
        study_instance_uid="1.2.3",
        scope="full",
        selection=Selection((), {}),
        bundle=ModelIdentity("", "", ""),
        images=(Images.of("coronal", volume(SHAPE)),),
        segments=(Segment("fluid", SITE, "coronal", MASK),),
        measurements=(Measurement("volume", SITE, 3.0), Measurement("volume", Site("knee", Side.RIGHT), UNKNOWN)),
        evaluations=(
            Evaluation("tear", SITE, Answer.PRESENT, "network", {Answer.PRESENT: 0.7, Answer.ABSENT: 0.3}),
            Evaluation("tear", Site("knee", Side.RIGHT), UNKNOWN, "network"),
            Evaluation(
                "grade", Site("knee", level="medial"), "2", "rule", at=(Place("coronal", 1, "point", ((2.0, 3.0),)),)
            ),
        ),
        profiles=(Profile("sharpness", SITE, "coronal", np.array([0.1, np.nan, 0.3], np.float32)),),
    )


def test_what_is_true_can_be_said(analysis: Analysis) -> None:
    assert analysis.applicable
    assert analysis.measurement("volume", Side.RIGHT) == Measurement("volume", Site("knee", Side.RIGHT), UNKNOWN)
    assert analysis.evaluation("tear", Side.LEFT) is analysis.evaluations[0]
    assert analysis.evaluation("tear") is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"segments": (Segment("fluid", SITE, "coronal", ~MASK),)}, "empty"),
        ({"segments": (Segment("fluid", SITE, "coronal", MASK[:2]),)}, "shape"),
        ({"segments": (Segment("fluid", SITE, "sagittal", MASK),)}, "no images"),
        ({"measurements": (Measurement("volume", SITE, 1.0), Measurement("volume", SITE, 2.0))}, "comes 2 times"),
        ({"evaluations": (Evaluation("tear", SITE, "torn", "network", {"whole": 1.0}),)}, "not among"),
        ({"evaluations": (Evaluation("tear", SITE, "a", "network", {"a": 0.5, "b": 0.4}),)}, "probabilities"),
        ({"evaluations": (Evaluation("tear", SITE, "a", "network", {"a": 1.5, "b": -0.5}),)}, "probabilities"),
        ({"evaluations": (Evaluation("tear", SITE, "a", "network", {"a": float("nan")}),)}, "probabilities"),
        ({"profiles": (Profile("sharpness", SITE, "coronal", np.zeros(2, np.float32)),)}, "shape"),
        ({"evaluations": (Evaluation("g", SITE, "a", "rule", at=(Place("axial", 0, "point", ((0, 0),)),)),)}, "axial"),
        ({"scope": "none"}, "scope none"),
        ({"images": (), "segments": (), "profiles": (), "evaluations": ()}, "scope full"),
    ],
)
def test_contradictions_are_refused(analysis: Analysis, wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(analysis, **wrong)


def test_the_same_side_of_two_levels_is_two_sites(analysis: Analysis) -> None:
    both = tuple(Measurement("height", Site("disc", level=level), 9.0) for level in ("L4/L5", "L5/S1"))
    assert replace(analysis, measurements=both).measurements == both


def test_planes_that_were_not_explained_are_told_from_those_without_heat() -> None:
    values = np.zeros(SHAPE, np.float32)
    values[1] = np.nan
    assert HeatMap("cam", "tear", SITE, Answer.PRESENT, "coronal", values).planes == (0, 2)


def test_images_without_a_place_are_no_volume() -> None:
    flat = Images("picture", np.zeros(SHAPE, np.float32), Images.of("a", volume(SHAPE)).sources, None, "1.2.3")
    assert not flat.placed
    with pytest.raises(ValueError, match="without a grid"):
        _ = flat.volume
    assert Images.of("a", volume(SHAPE)).volume.shape == SHAPE
