"""What the sacroiliac application says of a reading, and what it leaves unsaid with its reason; each with its twin."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from config.codes import Code as ErrorCode
from inference.dicom import read_study
from inference.result import Analysis, Answer, Key, Limitation, NotAssessable
from inference.series import Candidate, Selection
from inference.sij_mri import application
from inference.sij_mri.edema import Surroundings
from inference.sij_mri.keyslices import choose_key_slices
from inference.sij_mri.limitations import LimitationCode as Code
from inference.sij_mri.types import AsasResult, Cutoff, Edema, Prediction, Reading, Role, Stage
from inference.types import Reason, Side
from tests.factories.analysis import as_analysis, make_reading
from tests.factories.dicom import write_series

Change = Callable[[Reading], Reading]
BY_SIDE = ("joint-volume", "edema-volume", "edema-deep-volume")
OF_MARROW = ("edema-elsewhere-volume", "edema-threshold", "marrow-mean", "marrow-sd")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """Two series, both joints, edema on both sides and above them."""
    return make_reading(tmp_path_factory.mktemp("study"), elsewhere=True)


def reasons(analysis: Analysis) -> dict[tuple[Key, Side | None], Key]:
    """Why each thing was not judged, of what was not."""
    things = [(one.key, one.site.side, one.value) for one in (*analysis.measurements, *analysis.evaluations)]
    return {(key, side): value.because.code for key, side, value in things if isinstance(value, NotAssessable)}


def everything(*keys: Key) -> set[tuple[Key, Side | None]]:
    """Keys with both their sides, or without where they have none."""
    return {(key, side) for key in keys for side in (Side if key in BY_SIDE else (None,))}


RULE: set[tuple[Key, Side | None]] = {("asas", None), ("asas", Side.LEFT), ("asas", Side.RIGHT)}
CLASS: set[tuple[Key, Side | None]] = {("axspa", None), ("stage", None)}
EDEMA = everything("edema-volume", "edema-deep-volume", *OF_MARROW)


def with_limit(reading: Reading, code: Code, **changes: object) -> Reading:
    return replace(reading, limitations=(Limitation(code),), **changes)  # type: ignore[arg-type]


def t1_only(reading: Reading) -> Reading:
    return with_limit(reading, Code.NO_FLUID, fluid=None, joints_on_fluid=(), edema=None, asas=None)


def fluid_only(reading: Reading) -> Reading:
    bare = {"t1": None, "region": None, "joints": (), "joints_on_fluid": (), "prediction": None, "explanation": None}
    return with_limit(reading, Code.NO_T1, **bare, edema=None, asas=None)


def fluid_only_with_region(reading: Reading) -> Reading:
    """A bundle may find the region without a T1-weighted series; joints it never does."""
    assert reading.fluid is not None
    region = np.ones(reading.fluid.shape, np.bool_)
    return replace(without_joints(fluid_only(reading)), region=region, edema=of_joints(reading, ()).edema)


def of_joints(reading: Reading, sides: tuple[Side, ...]) -> Reading:
    """Edema and rule of some joints only."""
    assert reading.fluid is not None
    assert reading.edema is not None
    assert reading.asas is not None
    about = Surroundings.of(tuple(one for one in reading.joints_on_fluid if one.side in sides), reading.fluid)
    found = {}
    for cutoff, parts in reading.edema.at.items():
        masks = (*parts.near.values(), *parts.deep.values(), parts.elsewhere)
        found[cutoff] = about.share_out(np.logical_or.reduce(masks))
    rule = AsasResult(None, {side: reading.asas.by_side[side] for side in sides})
    return replace(reading, edema=replace(reading.edema, at=found), asas=rule)


def without_joints(reading: Reading) -> Reading:
    return replace(reading, joints=(), joints_on_fluid=(), prediction=None, explanation=None)


def one_joint(reading: Reading) -> Reading:
    left = of_joints(reading, (Side.LEFT,))
    joints = {"joints": left.joints[:1], "joints_on_fluid": left.joints_on_fluid[:1]}
    return with_limit(left, Code.NO_RIGHT_JOINT, **joints, asas=AsasResult(None, {Side.LEFT: Answer.ABSENT}))


def not_on_fluid(reading: Reading) -> Reading:
    """The right joint was traced, but the fluid-sensitive series does not reach it."""
    left = of_joints(reading, (Side.LEFT,))
    rule = AsasResult(None, {Side.LEFT: Answer.ABSENT})
    return replace(left, joints_on_fluid=left.joints_on_fluid[:1], asas=rule, uncovered=in_part(Side.RIGHT))


def in_part(*sides: Side) -> dict[Side, Limitation]:
    return {side: Limitation(Code.JOINT_NOT_COVERED, {"side": side.value}) for side in sides}


def other_frame(reading: Reading) -> Reading:
    return with_limit(reading, Code.FRAME_OF_REFERENCE, joints_on_fluid=(), edema=None, asas=None)


def no_marrow(reading: Reading) -> Reading:
    return with_limit(reading, Code.NO_NORMAL_MARROW, edema=None, asas=None)


def no_region(reading: Reading) -> Reading:
    bare = with_limit(reading, Code.NO_REGION, region=None, edema=None, asas=None)
    return without_joints(bare)


def no_slice(reading: Reading) -> Reading:
    return with_limit(reading, Code.NOT_CLASSIFIED, prediction=None, explanation=None)


RIGHT = {(key, Side.RIGHT) for key in ("edema-volume", "edema-deep-volume", "asas")} | {("asas", None)}


@pytest.mark.parametrize(
    ("change", "unsaid"),
    [
        (t1_only, dict.fromkeys(EDEMA | RULE | CLASS, Code.NO_FLUID)),
        (
            fluid_only,
            dict.fromkeys(everything("joint-volume") | CLASS, Code.NO_T1)
            | dict.fromkeys(EDEMA | RULE | {("region-volume", None)}, Code.NO_REGION),
        ),
        (
            fluid_only_with_region,
            dict.fromkeys(
                everything("joint-volume", "edema-volume", "edema-deep-volume")
                | RULE
                | CLASS
                | {("region-volume", None)},
                Code.NO_T1,
            ),
        ),
        (one_joint, dict.fromkeys(RIGHT | CLASS | {("joint-volume", Side.RIGHT)}, Code.NO_RIGHT_JOINT)),
        (not_on_fluid, dict.fromkeys(RIGHT | CLASS, Code.JOINT_NOT_COVERED)),
        (other_frame, dict.fromkeys(EDEMA | RULE | CLASS, Code.FRAME_OF_REFERENCE)),
        (no_marrow, dict.fromkeys(EDEMA | RULE | CLASS, Code.NO_NORMAL_MARROW)),
        (
            no_region,
            dict.fromkeys(EDEMA | RULE | CLASS | everything("region-volume", "joint-volume"), Code.NO_REGION),
        ),
        (no_slice, dict.fromkeys(CLASS, Code.NOT_CLASSIFIED)),
    ],
)
def test_what_was_not_judged_has_its_reason_and_all_else_is_said(
    whole: Reading, change: Change, unsaid: dict[tuple[Key, Side | None], Code]
) -> None:
    partial, full = as_analysis(change(whole)), as_analysis(whole)
    assert reasons(partial) == unsaid
    assert (partial.scope, full.scope) == ("partial", "full")
    assert reasons(full) == {}
    said = {(one.key, one.site.side) for one in (*partial.measurements, *partial.evaluations)}
    assert said == {(one.key, one.site.side) for one in (*full.measurements, *full.evaluations)}


@pytest.mark.parametrize("sides", [(), (Side.RIGHT,), tuple(Side)])
@pytest.mark.parametrize("answer", Answer)
def test_of_a_joint_that_was_seen_in_part_nothing_is_absent(
    whole: Reading, answer: Answer, sides: tuple[Side, ...]
) -> None:
    rule = AsasResult(answer, dict.fromkeys(Side, answer))
    told = as_analysis(replace(whole, asas=rule, uncovered=in_part(*sides)))
    absent = {("asas", side) for side in (None, *sides)} if answer is Answer.ABSENT else set()
    unsaid = absent | CLASS if sides else set()
    assert reasons(told) == dict.fromkeys(unsaid, Code.JOINT_NOT_COVERED)
    assert told.scope == ("partial" if sides else "full") and bool(told.heatmaps) is not bool(sides)
    for side in Side:
        assert isinstance(told.measurement("edema-volume", side).value, float)  # type: ignore[union-attr]
        assert ("asas", side) in absent or told.evaluation("asas", side).value == answer  # type: ignore[union-attr]


def test_a_series_that_cannot_be_decoded_is_not_called_missing(whole: Reading) -> None:
    broken = Limitation(Code.SERIES_UNREADABLE, {"role": Role.FLUID, "reason": Reason("NO_IMAGES")})
    told = reasons(as_analysis(replace(t1_only(whole), limitations=(broken,))))
    assert set(told.values()) == {Code.SERIES_UNREADABLE}
    other = replace(broken, parameters={**broken.parameters, "role": Role.T1W})
    assert set(reasons(as_analysis(replace(t1_only(whole), limitations=(other,)))).values()) == {Code.NO_FLUID}


def test_marrow_without_edema_is_a_measured_zero(tmp_path: Path) -> None:
    said = as_analysis(make_reading(tmp_path, edema=(False, True)))
    left, right = (said.measurement("edema-volume", side) for side in Side)
    assert left is not None
    assert right is not None
    assert (left.value, left.spread) == (0.0, (0.0, 0.0))
    assert right.spread is not None
    assert isinstance(right.value, float)
    assert 0 < right.spread[0] < right.value < right.spread[1]
    assert said.segment("edema", Side.LEFT) is None
    assert said.segment("edema", Side.RIGHT) is not None


def test_edema_near_deep_and_elsewhere_are_three_segments_with_their_volumes(whole: Reading) -> None:
    said = as_analysis(whole)
    for key, side in (
        ("edema", Side.LEFT),
        ("edema-deep", Side.LEFT),
        ("edema", Side.RIGHT),
        ("edema-elsewhere", None),
    ):
        segment, measured = said.segment(key, side), said.measurement(f"{key}-volume", side)
        assert segment is not None
        assert measured is not None
        assert (segment.site, measured.of) == (measured.site, key)
        assert whole.fluid is not None
        assert measured.value == pytest.approx(segment.mask.sum() * whole.fluid.voxel_volume_mm3)
    assert said.segment("edema-elsewhere").site.anatomy == "sacrum-and-ilia"  # type: ignore[union-attr]


def with_rule(reading: Reading, study: Answer, stages: tuple[float, float, float, float]) -> Analysis:
    prediction = Prediction(1 - stages[0] >= 0.5, 1 - stages[0], Stage.NORMAL, stages, ())
    return as_analysis(replace(reading, asas=AsasResult(study, dict.fromkeys(Side, study)), prediction=prediction))


def test_never_normal_where_the_rule_is_met(whole: Reading) -> None:
    sure = (0.97, 0.02, 0.01, 0.0)
    met, unmet = with_rule(whole, Answer.PRESENT, sure), with_rule(whole, Answer.ABSENT, sure)
    told = {name: [str(one.evaluation(key).value) for key in ("asas", "axspa", "stage")]  # type: ignore[union-attr]
            for name, one in (("met", met), ("unmet", unmet))}  # fmt: skip
    assert told == {"met": ["present", "present", "early"], "unmet": ["absent", "absent", "normal"]}
    (differs,) = met.limitations
    assert (differs.code, differs.parameters) == (Code.RULE_AND_NETWORK_DIFFER, {"probability": pytest.approx(0.03)})
    assert unmet.limitations == ()


def test_an_undecided_class_has_an_undecided_stage_and_keeps_its_probabilities(whole: Reading) -> None:
    said = with_rule(whole, Answer.UNDECIDED, (0.6, 0.2, 0.15, 0.05))
    axspa, stage = said.evaluation("axspa"), said.evaluation("stage")
    assert axspa is not None
    assert stage is not None
    assert (axspa.value, stage.value, axspa.basis) == (Answer.UNDECIDED, Answer.UNDECIDED, "joined")
    assert list(axspa.probabilities) == [Answer.PRESENT, Answer.ABSENT]
    assert sum(stage.probabilities.values()) == pytest.approx(1)
    assert said.scope == "full"


def test_pictures_that_show_no_joints_are_not_spoken_of(whole: Reading) -> None:
    why = Limitation("NO_JOINTS_RECOGNIZED")
    said = as_analysis(replace(whole, recognized=False, limitations=(why,)))
    assert (said.scope, said.limitations) == ("none", (why,))
    things = (said.images, said.segments, said.traces, said.measurements, said.evaluations, said.profiles)
    assert not any((*things, said.heatmaps, said.key_slices))
    assert said.selection.chosen
    assert all((*(as_analysis(whole).images, as_analysis(whole).evaluations),))


def test_where_no_class_is_given_nothing_of_the_network_is_shown(whole: Reading) -> None:
    full, partial = as_analysis(whole), as_analysis(t1_only(whole))
    assert full.heatmaps and {"axspa", "joint-visibility"} <= {one.key for one in full.profiles}
    assert not partial.heatmaps and {one.key for one in partial.profiles} == {"joint-visibility"}


def test_each_key_slice_says_why_it_was_chosen(whole: Reading) -> None:
    why = {one.plane: one.why for one in as_analysis(whole).key_slices}
    assert sorted(why.values()) == ["middle-of-joints", "middle-of-joints", "most-edema"]
    without_edema = choose_key_slices(t1_only(whole))
    assert sorted(one for _, one in without_edema) == ["middle-of-joints", "middle-of-joints", "strongest-class"]
    without_class = as_analysis(t1_only(whole)).key_slices
    assert [one.why for one in without_class] == ["middle-of-joints"] * 3
    assert as_analysis(no_region(whole)).key_slices == ()


def test_edema_elsewhere_makes_no_key_slice(whole: Reading) -> None:
    assert whole.edema is not None
    nothing = np.zeros_like(whole.edema.usual.elsewhere)
    everywhere = {cutoff: replace(parts, near=dict.fromkeys(Side, nothing), deep=dict.fromkeys(Side, nothing),
                                  elsewhere=~nothing) for cutoff, parts in whole.edema.at.items()}  # fmt: skip
    said = as_analysis(replace(whole, edema=Edema(everywhere, 1.0, 1.0, 2.0)))
    assert "most-edema" not in {one.why for one in said.key_slices}
    assert set(everywhere) == set(Cutoff)


@pytest.mark.parametrize("broken", [True, False])
def test_a_series_that_cannot_be_loaded_is_said_by_the_code_of_its_error(tmp_path: Path, broken: bool) -> None:
    study = read_study(write_series(tmp_path))
    (series,) = study.series
    whole = Candidate(series.series_instance_uid, 2, "", Role.T1W, 80.0, True, True, images=series.images)
    other = replace(whole, role=Role.FLUID, images=() if broken else series.images)
    notes = application._Notes(lambda step: None)
    t1, fluid = application._load_both(study, Selection((), {Role.T1W: whole, Role.FLUID: other}), notes)
    assert t1 is not None
    assert (fluid is None) is broken
    unread = Limitation(Code.SERIES_UNREADABLE, {"role": Role.FLUID, "reason": Reason(ErrorCode.NO_IMAGES)})
    assert notes.limitations == [unread] * broken
