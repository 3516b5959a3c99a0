"""A study that shows one joint alone: what that joint shows is said, nothing of the other, and no class."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from inference.result import Analysis, NotAssessable
from inference.serving import LoadedBundle
from inference.sij_mri import SacroiliacMri
from inference.testing import run
from inference.types import Side
from tests.recognition.twins import voided
from training.phantom.dicom import write_study
from training.phantom.phantom import Phantom, make_phantom
from training.phantom.spec import GridSpec, LesionRequest, PhantomSpec

SHOWN = 0.55
"""Of the columns, from the patient's right; the left joint lies at about 0.7."""
EDEMA_MM3 = 500.0
"""Less than a third of what is found of a lesion of this size."""


def patient() -> Phantom:
    """Edema on both sides, in few voxels."""
    grid = GridSpec(slices=12, rows=112, columns=128, pixel_mm=1.7, step_mm=5.0)
    lesions = tuple(LesionRequest("bme", side, "sacral", height=0.5, depth=0.5, radius_mm=14.0) for side in Side)
    return make_phantom(12, spec=PhantomSpec(t1=grid, fluid=grid, lesions=lesions))


def right_half(whole: Phantom) -> Phantom:
    """The patient's right half and a little more."""
    t1, fluid = (
        replace(one, voxels=one.voxels[:, :, : round(SHOWN * one.shape[2])].copy()) for one in (whole.t1, whole.fluid)
    )
    return replace(whole, t1=t1, fluid=fluid)


def no_signal_on_the_left(whole: Phantom) -> Phantom:
    """Metal takes the signal about the left joint."""
    return voided(whole, Side.LEFT, radius_mm=34.0)


@pytest.fixture(scope="module")
def read(shipped_bundle: LoadedBundle, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Phantom], Analysis]:
    """A function from a phantom, as DICOM files, to what is said of it."""

    def reading(phantom: Phantom) -> Analysis:
        folder = tmp_path_factory.mktemp("study")
        write_study(phantom, folder)
        return run(SacroiliacMri(), folder, shipped_bundle.models)

    return reading


def values(analysis: Analysis, side: Side) -> dict[str, object]:
    """What is said of one side."""
    said = (*analysis.measurements, *analysis.evaluations)
    return {one.key: one.value for one in said if one.site.side is side}


def of_study(analysis: Analysis) -> dict[str, object]:
    """What is said of both joints together."""
    return {one.key: one.value for one in analysis.evaluations if one.site.side is None}


def test_the_joint_that_is_shown_is_judged_and_nothing_is_said_of_the_other(
    read: Callable[[Phantom], Analysis],
) -> None:
    analysis = read(no_signal_on_the_left(patient()))
    assert analysis.scope == "partial"
    assert "NO_LEFT_JOINT" in {str(one.code) for one in analysis.limitations}
    right, left = values(analysis, Side.RIGHT), values(analysis, Side.LEFT)
    assert isinstance(right["edema-volume"], float)
    assert right["edema-volume"] > EDEMA_MM3
    assert right["asas"] == "present"
    assert right.keys() == left.keys()
    for key, value in left.items():
        assert isinstance(value, NotAssessable), key
        assert str(value.because.code) == "NO_LEFT_JOINT", key
    assert {one.site.side for one in analysis.segments} == {None, Side.RIGHT}
    together = of_study(analysis)
    assert together.pop("asas") == "present", "the rule is met by one side"
    assert set(together) == {"axspa", "stage"}
    for key, value in together.items():
        assert isinstance(value, NotAssessable), key
        assert str(value.because.code) == "NO_LEFT_JOINT", key


def test_where_no_line_is_seen_nothing_is_said_of_either_joint(read: Callable[[Phantom], Analysis]) -> None:
    analysis = read(right_half(patient()))  # cut off beside the middle, so that the joint is sought beside its line
    assert analysis.scope == "none"
    assert [str(one.code) for one in analysis.limitations] == ["NO_JOINTS_RECOGNIZED"]
    assert not (analysis.segments or analysis.measurements or analysis.evaluations)


def test_with_both_joints_both_are_judged_and_there_is_a_class(read: Callable[[Phantom], Analysis]) -> None:
    analysis = read(patient())
    assert analysis.scope == "full"
    assert "NO_LEFT_JOINT" not in {str(one.code) for one in analysis.limitations}
    for side in Side:
        said = values(analysis, side)
        assert isinstance(said["edema-volume"], float)
        assert said["edema-volume"] > EDEMA_MM3
        assert said["asas"] == "present"
    assert {one.site.side for one in analysis.segments} == {None, *Side}
    assert not any(isinstance(value, NotAssessable) for value in of_study(analysis).values())
