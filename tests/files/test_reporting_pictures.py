"""Pictures: what is drawn lies where it was found, and pages change with what they show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.sij_mri.types import Analysis
from inference.types import Side
from reporting.objects.capture import heat_picture, heat_slices
from reporting.pictures.drawing import blend_heat, heat_alpha, outline, prepare
from reporting.pictures.viewport import look_at
from reporting.sij_mri.keyslices import choose_key_slices, matching_slice
from reporting.sij_mri.page import CARD, draw_page
from reporting.sij_mri.report import describe
from tests.factories.analysis import make_analysis


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("pictures"))


def page(analysis: Analysis) -> np.ndarray:
    return draw_page(analysis, describe(analysis), plates=prepare(analysis), software="test")


def test_the_page_shows_what_changed(analysis: Analysis) -> None:
    whole = page(analysis)
    assert whole.shape == (1200, 1600, 3)
    assert np.array_equal(whole, page(analysis)), "the same analysis gives the same page"
    without = page(replace(analysis, edema=None, asas=None))
    changed = np.abs(whole.astype(int) - without).max(axis=2) > 0
    assert changed[560:720, 482:].any(), "edema is drawn in the row of the fluid-sensitive series"
    rule = page(replace(analysis, asas=None))
    changed = np.abs(whole.astype(int) - rule).max(axis=2) > 0
    assert changed[540:740, 40:450].any(), "the rule is in the panel"
    assert not changed[86:1060, 482:].any(), "and in no picture"


T1_ROW, FLUID_ROW = (slice(140, 400), slice(482, 1560)), (slice(456, 716), slice(482, 1560))


@pytest.mark.parametrize("missing", ["t1", "fluid"])
def test_the_page_of_one_series_alone_shows_it_and_says_that_the_other_is_missing(
    analysis: Analysis, tmp_path: Path, missing: str
) -> None:
    whole = page(analysis)
    alone = page(make_analysis(tmp_path, with_t1=missing != "t1", with_fluid=missing != "fluid"))
    empty, shown = (T1_ROW, FLUID_ROW) if missing == "t1" else (FLUID_ROW, T1_ROW)
    assert len(np.unique(whole[empty])) > 100, "the whole page has a picture in both rows"
    assert (alone[empty] == CARD).all(axis=2).mean() > 0.9, "an empty cell and a few words"
    assert (alone[empty].min(axis=2) > 100).any(), "which say that it is missing"
    assert len(np.unique(alone[shown])) > 100


def test_heat_is_clear_where_there_is_none(analysis: Analysis) -> None:
    grey = np.full((8, 8, 3), 120, np.uint8)
    heat = np.zeros((8, 8), np.float32)
    heat[2:4, 2:4] = 1.0
    mixed = blend_heat(grey, heat)
    assert np.array_equal(mixed[5:], grey[5:])
    assert (mixed[2:4, 2:4] != 120).any()
    assert heat_alpha(heat).max() == pytest.approx(0.4)


def test_heat_pictures_differ_by_slice_and_say_research(analysis: Analysis) -> None:
    plates = prepare(analysis)
    first, second = heat_slices(analysis)[:2]
    a = heat_picture(analysis, plates.levels["t1"][first], first)
    b = heat_picture(analysis, plates.levels["t1"][second], second)
    amber = a[..., 0].astype(int) - a[..., 2] > 60
    assert amber[:12].any(), "RESEARCH is burned in at the top"
    assert not np.array_equal(a, b)


def test_at_most_sixteen_heat_slices(analysis: Analysis) -> None:
    source = ("joint",) * 40
    many = replace(analysis, explanation=replace(analysis.explanation, focus_source=source))
    chosen = heat_slices(many)
    assert len(chosen) == 16 and chosen[0] == 0 and chosen[-1] == 39


def test_outline_is_the_rim_alone() -> None:
    mask = np.zeros((9, 9), bool)
    mask[2:7, 2:7] = True
    rim = outline(mask)
    assert rim.sum() == 16 and not rim[4, 4] and not (rim & ~mask).any()


def test_the_viewport_stays_within_the_image_and_holds_both_joints(analysis: Analysis) -> None:
    viewport = look_at(analysis, (350, 272))
    volume = analysis.t1
    index = volume.shape[0] // 2
    matrix = viewport.transform(volume, index)
    corners = [matrix @ [x, y, 1] for x, y in ((0, 0), (349, 271))]
    assert all(-0.51 <= c <= volume.shape[2] - 0.49 for c, _ in corners)
    for joint in analysis.joints:
        shown = viewport.mask(joint.band[index], volume, index).mean() * viewport.size_mm[0] * viewport.size_mm[1]
        area = joint.band[index].sum() * volume.pixel_spacing_mm[0] * volume.pixel_spacing_mm[1]
        assert shown == pytest.approx(area, rel=0.05)


def test_key_slices_hold_the_edema_and_joints(analysis: Analysis) -> None:
    chosen = choose_key_slices(analysis)
    assert 1 <= len(chosen) <= 3 and list(chosen) == sorted(set(chosen))
    left = analysis.joint(Side.LEFT)
    assert all(left.band[index].any() for index in chosen)
    matches = [matching_slice(analysis.t1, index, analysis.fluid) for index in chosen]
    assert any(match is not None and analysis.edema.left[match].any() for match in matches)


def test_matching_slices_lie_at_the_same_place(analysis: Analysis) -> None:
    t1, fluid = analysis.t1, analysis.fluid
    index = t1.shape[0] // 2
    match = matching_slice(t1, index, fluid)
    centre = t1.shape[0] // 2 - (t1.shape[0] - 1) / 2
    distance = abs(centre * t1.slice_spacing_mm - (match - (fluid.shape[0] - 1) / 2) * fluid.slice_spacing_mm)
    assert distance <= fluid.slice_spacing_mm / 2 + 1e-6
    assert matching_slice(t1, index, replace(fluid, frame_of_reference_uid="2.25.5")) is None
