"""Pictures: what is drawn lies where it was found, and pages change with what they show."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.result import Analysis, Answer, Images, Limitation, NotAssessable, Place
from inference.space import matching_slice
from inference.types import Side
from reporting.objects.capture import heat_picture, heat_planes
from reporting.pictures import (
    CARD,
    blend_heat,
    draw_page,
    heat_alpha,
    heat_of,
    look_at,
    make_pictures,
    outline,
    prepare,
    side_letters,
)
from reporting.presentation import ByteArray, Presentation
from reporting.sij_mri.presentation import SacroiliacPresentation
from tests.factories.analysis import make_analysis
from tests.factories.foreign import ForeignPresentation, make_images, make_lumbar, make_photo

SACROILIAC, FOREIGN = SacroiliacPresentation(), ForeignPresentation()


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("pictures"))


def page(analysis: Analysis, presentation: Presentation = SACROILIAC) -> ByteArray:
    report = presentation.report(analysis)
    return draw_page(analysis, presentation, report, prepare(analysis), software="test")


def images_of(analysis: Analysis, role: str) -> Images:
    images = analysis.of_role(role)
    assert images is not None
    return images


def changes(one: ByteArray, other: ByteArray) -> Any:
    """Where two pages of one size differ."""
    return np.abs(one.astype(int) - other).max(axis=2) > 0


def not_assessable(analysis: Analysis, *keys: str) -> Analysis:
    """The same analysis, but these evaluations and measurements could not be judged, and their segments are gone."""
    because = NotAssessable(Limitation("NO_NORMAL_MARROW"))
    return replace(
        analysis,
        evaluations=tuple(
            replace(one, value=because, probabilities={}, at=()) if one.key in keys else one
            for one in analysis.evaluations
        ),
        measurements=tuple(replace(one, value=because) if one.key in keys else one for one in analysis.measurements),
        segments=tuple(one for one in analysis.segments if f"{one.key}-volume" not in keys),
    )


# --- the sacroiliac page


def test_the_page_shows_what_changed(analysis: Analysis) -> None:
    whole = page(analysis)
    assert whole.shape == (1200, 1600, 3)
    assert np.array_equal(whole, page(analysis)), "the same analysis gives the same page"
    changed = changes(whole, page(not_assessable(analysis, "edema-volume")))
    assert changed[456:740, 482:].any(), "edema is drawn in the row of the fluid-sensitive series"
    changed = changes(whole, page(not_assessable(analysis, "asas")))
    assert changed[108:444, 40:450].any(), "the rule is in the panel"
    assert not changed[86:1060, 482:].any(), "and in no picture"


def test_the_page_says_not_assessable_instead_of_not_met(analysis: Analysis) -> None:
    unmet = replace(
        analysis,
        evaluations=tuple(
            replace(one, value=Answer.ABSENT) if one.key == "asas" else one for one in analysis.evaluations
        ),
    )
    card = (slice(108, 444), slice(40, 450))
    said = {name: page(one)[card].tobytes() for name, one in (
        ("met", analysis), ("not met", unmet), ("not assessable", not_assessable(analysis, "asas")),
    )}  # fmt: skip
    assert len(set(said.values())) == 3


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


# --- the page that every application has


def test_the_common_page_shows_values_places_and_heat() -> None:
    lumbar = make_lumbar()
    whole = page(lumbar, FOREIGN)
    assert whole.shape[1] == 1600 and whole.shape[0] >= 1200
    left, right = (slice(86, 1080), slice(0, 620)), (slice(86, 1080), slice(632, 1560))
    first = lumbar.evaluations[0]
    sure = replace(first, probabilities={"mild": 0.0, "moderate": 1.0, "severe": 0.0})
    changed = changes(whole, page(replace(lumbar, evaluations=(sure, *lumbar.evaluations[1:])), FOREIGN))
    assert changed[left].any() and not changed[right].any(), "a probability is a bar, and in no picture"
    elsewhere = replace(first, at=(Place("sag", 1, "point", ((30.0, 50.0),)),))
    changed = changes(whole, page(replace(lumbar, evaluations=(elsewhere, *lumbar.evaluations[1:])), FOREIGN))
    assert changed[right].any() and not changed[left].any(), "a place is in the picture alone"
    assert changes(whole, page(replace(lumbar, segments=()), FOREIGN))[right].any()
    cool = replace(lumbar.heatmaps[0], values=np.zeros_like(lumbar.heatmaps[0].values))
    assert changes(whole, page(replace(lumbar, heatmaps=(cool,)), FOREIGN))[right].any()


def test_the_common_page_says_what_is_not_assessable() -> None:
    lumbar = make_lumbar()
    graded = replace(lumbar.evaluations[1], value="mild")
    judged = page(replace(lumbar, evaluations=(lumbar.evaluations[0], graded, lumbar.evaluations[2])), FOREIGN)
    assert changes(page(lumbar, FOREIGN), judged)[86:700, :620].any()


def test_the_common_page_grows_with_what_there_is_to_say() -> None:
    lumbar = make_lumbar()
    sites = [replace(lumbar.evaluations[0].site, level=f"L{number}") for number in range(40)]
    many = tuple(replace(lumbar.evaluations[0], site=site) for site in sites)
    terms = replace(FOREIGN.terms, levels={})
    presentation = ForeignPresentation()
    presentation.terms = terms
    taller = page(replace(lumbar, evaluations=many), presentation)
    assert taller.shape[0] > 1200
    foot = taller[-118:].max(axis=2)
    assert (foot > 200).any(), "limitations and statement stay at the foot"


def test_a_picture_without_a_place_is_shown_whole() -> None:
    photo = make_photo()
    images = photo.images[0]
    marked = images.pixels.copy()
    marked[0, :4, :4], marked[0, -4:, -4:] = 5000.0, 5000.0
    shown = page(replace(photo, images=(replace(images, pixels=marked),)), FOREIGN)
    bright = shown[120:1080, 632:].min(axis=2) > 240
    rows, columns = np.nonzero(bright)
    height = rows.max() - rows.min()
    assert height > 400 and height / (columns.max() - columns.min()) == pytest.approx(90 / 50, rel=0.1)
    assert side_letters(images) == ("", "")


# --- heat


def test_heat_is_clear_where_there_is_none() -> None:
    gray = np.full((8, 8, 3), 120, np.uint8)
    heat = np.zeros((8, 8), np.float32)
    heat[2:4, 2:4] = 1.0
    mixed = blend_heat(gray, heat)
    assert np.array_equal(mixed[5:], gray[5:])
    assert (mixed[2:4, 2:4] != 120).any()
    assert heat_alpha(heat).max() == pytest.approx(0.4)


def test_heat_is_a_part_of_its_full_scale_and_nothing_where_it_was_not_explained() -> None:
    heatmap = make_lumbar().heatmaps[0]
    assert heat_of(heatmap, 1).max() == pytest.approx(1.0)
    assert not heat_of(heatmap, 0).any()


def test_heat_pictures_differ_by_slice_and_say_research(analysis: Analysis) -> None:
    heatmap = analysis.heatmaps[0]
    images, levels = images_of(analysis, heatmap.role), prepare(analysis).levels[heatmap.role]
    first, second = heat_planes(heatmap, 16)[:2]
    a, b = (heat_picture(heatmap, "Where it looked", images, levels[plane], plane) for plane in (first, second))
    amber = a[..., 0].astype(int) - a[..., 2] > 60
    assert amber[:12].any(), "RESEARCH is burned in at the top"
    assert not np.array_equal(a, b)


def test_at_most_sixteen_heat_slices(analysis: Analysis) -> None:
    many = replace(analysis.heatmaps[0], values=np.ones((40, 4, 4), np.float32))
    chosen = heat_planes(many, 16)
    assert len(chosen) == 16 and chosen[0] == 0 and chosen[-1] == 39


# --- where things lie


def test_outline_is_the_rim_alone() -> None:
    mask = np.zeros((9, 9), bool)
    mask[2:7, 2:7] = True
    rim = outline(mask)
    assert rim.sum() == 16 and not rim[4, 4] and not (rim & ~mask).any()


def test_the_viewport_stays_within_the_image_and_holds_both_joints(analysis: Analysis) -> None:
    images = images_of(analysis, "T1W")
    joints = [one.mask for one in analysis.segments if one.key == "joint"]
    viewport = look_at(images, joints, (350, 272))
    plane = images.shape[0] // 2
    matrix = viewport.transform(images, plane)
    corners = [matrix @ [x, y, 1] for x, y in ((0, 0), (349, 271))]
    assert all(-0.51 <= c <= images.shape[2] - 0.49 for c, _ in corners)
    assert len(joints) == 2
    for joint in joints:
        shown = viewport.mask(joint[plane], images, plane).mean() * viewport.size_mm[0] * viewport.size_mm[1]
        area = joint[plane].sum() * images.pixel_spacing_mm[0] * images.pixel_spacing_mm[1]
        assert shown == pytest.approx(area, rel=0.05)


def test_a_large_image_is_shrunk_by_means() -> None:
    """A checkerboard of single pixels becomes gray, not a pattern; what is large stays where it was."""
    images = make_images("photo", planes=1, size=(1200, 1600), placed=False)
    board = (np.indices((1200, 1600)).sum(axis=0) % 2 * 200).astype(np.float32)
    board[600:, :] = 50.0
    shown = look_at(images, (), (160, 120)).cut(board, images, 0)
    assert np.abs(shown[2:58, 2:-2] - 100).max() < 3
    assert np.abs(shown[62:118, 2:-2] - 50).max() < 1


def test_key_slices_hold_the_edema_and_joints(analysis: Analysis) -> None:
    chosen = [one.plane for one in analysis.key_slices]
    assert 1 <= len(chosen) <= 3 and chosen == sorted(set(chosen))
    left, edema = analysis.segment("joint", Side.LEFT), analysis.segment("edema", Side.LEFT)
    assert left is not None and edema is not None
    assert all(left.mask[plane].any() for plane in chosen)
    t1, fluid = images_of(analysis, "T1W").volume, images_of(analysis, edema.role).volume
    matches = [matching_slice(t1, plane, fluid) for plane in chosen]
    assert any(match is not None and edema.mask[match].any() for match in matches)


def test_matching_slices_lie_at_the_same_place(analysis: Analysis) -> None:
    t1, fluid = (images.volume for images in analysis.images)
    index = t1.shape[0] // 2
    match = matching_slice(t1, index, fluid)
    assert match is not None
    center = t1.shape[0] // 2 - (t1.shape[0] - 1) / 2
    distance = abs(center * t1.slice_spacing_mm - (match - (fluid.shape[0] - 1) / 2) * fluid.slice_spacing_mm)
    assert distance <= fluid.slice_spacing_mm / 2 + 1e-6
    assert matching_slice(t1, index, replace(fluid, frame_of_reference_uid="2.25.5")) is None


# --- layers for the panel


def made(analysis: Analysis, presentation: Presentation) -> tuple[dict[str, Any], dict[str, Any]]:
    """RGBA of each picture by name, and the index."""
    pictures, index = make_pictures(analysis, presentation, prepare(analysis))
    return {one.name: np.asarray(Image.open(io.BytesIO(one.data)).convert("RGBA")) for one in pictures}, index


def test_the_sacroiliac_layers_keep_their_names_and_lie_where_things_were_found(analysis: Analysis) -> None:
    pictures, index = made(analysis, SACROILIAC)
    assert set(index) == {"t1", "fluid"}
    assert set(index["t1"]["layers"]) == {"base", "region", "joints", "heat", "gradcam"}
    assert set(index["fluid"]["layers"]) == {"base", "joints", "edema"}
    for side in Side:
        segment = analysis.segment("edema", side)
        assert segment is not None
        for plane, name in enumerate(index["fluid"]["layers"]["edema"]):
            color = SACROILIAC.terms.segments["edema"].rgb[side]
            drawn = np.zeros(segment.mask.shape[1:], bool)
            if name is not None:
                drawn = (pictures[name][..., :3] == color).all(axis=2) & (pictures[name][..., 3] > 0)
            assert np.array_equal(drawn, segment.mask[plane])
    assert index["t1"]["legend"]["joints"]["shown"] and index["fluid"]["legend"]["edema"]["shown"]
    assert not index["t1"]["legend"]["region"]["shown"]
    assert index["t1"]["legend"]["heat"]["of"] == "Stage: Early"


def test_both_series_move_together_and_other_frames_of_reference_do_not(analysis: Analysis) -> None:
    _, index = made(analysis, SACROILIAC)
    assert index["t1"]["matches"]["fluid"] == index["t1"]["other"]
    assert any(match is not None for match in index["t1"]["other"])
    t1, fluid = analysis.images
    assert fluid.grid is not None
    apart = replace(fluid, grid=replace(fluid.grid, frame_of_reference_uid="2.25.5"))
    _, index = made(replace(analysis, images=(t1, apart)), SACROILIAC)
    assert index["t1"]["matches"] == {} and set(index["t1"]["other"]) == {None}


def test_layers_of_any_application_are_by_the_names_of_its_terms() -> None:
    pictures, index = made(make_lumbar(), FOREIGN)
    pane = index["sagittal"]
    assert pane["layers"]["cysts"] == [None, "sagittal/cysts/001.png", None]
    assert pane["layers"]["grad"] == [None, "sagittal/grad/001.png", None]
    assert pane["first"] == 1 and pane["letters"] == {"left_edge": "", "right_edge": ""}
    assert pane["legend"]["cysts"]["marked"] and pane["legend"]["cysts"]["colors"][0]["rgb"] == [200, 60, 40]
    inside = pictures["sagittal/cysts/001.png"][18, 25]
    assert tuple(inside[:3]) == (200, 60, 40) and inside[3] == 100, "filled as its layer says"


def test_several_heat_maps_of_one_method_are_a_layer_each() -> None:
    lumbar = make_lumbar()
    second = replace(lumbar.heatmaps[0], site=replace(lumbar.heatmaps[0].site, level="L5"))
    _, index = made(replace(lumbar, heatmaps=(*lumbar.heatmaps, second)), FOREIGN)
    legend = index["sagittal"]["legend"]
    assert {"grad", "grad-2"} <= set(legend)
    assert "L4/L5" in legend["grad"]["words"] and "L5/S1" in legend["grad-2"]["words"]


def test_an_application_without_a_place_in_the_patient_has_pictures_too() -> None:
    pictures, index = made(make_photo(), FOREIGN)
    assert list(pictures) == ["photo/base/000.jpg"]
    assert index["photo"]["matches"] == {} and index["photo"]["legend"] == {}
