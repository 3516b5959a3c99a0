"""Pictures: what is drawn lies where it was found, and pages change with what they show."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.result import Analysis, Answer, HeatMap, Images, Limitation, NotAssessable, Place, Site
from inference.sij_mri import HEAT_FLOOR, HEAT_FULL_SCALE, Stage
from inference.space import matching_slice
from inference.types import Side
from reporting.pictures import (
    CORNER_HEIGHT,
    CORNER_WIDTH,
    draw_heat,
    draw_page,
    font,
    gray_levels,
    heat_caption,
    heat_of,
    heat_palette,
    heat_planes,
    look_at,
    make_pictures,
    outline,
    prepare,
    side_letters,
)
from reporting.pictures.heat import letter_size
from reporting.presentation import ByteArray, Presentation
from reporting.sij_mri.heat_words import BRIGHTNESS_AREA, HEAT_AREA, PATIENTS
from reporting.sij_mri.presentation import SacroiliacPresentation
from tests.factories.analysis import as_analysis, make_analysis, make_reading
from tests.factories.foreign import ForeignPresentation, make_images, make_lumbar, make_photo

SACROILIAC, FOREIGN = SacroiliacPresentation(), ForeignPresentation()
ENGLISH = SACROILIAC.terms.language


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("pictures"))


def page(analysis: Analysis, presentation: Presentation = SACROILIAC) -> ByteArray:
    return draw_page(analysis, presentation, presentation.report(analysis), software="test")


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


# --- the sacroiliac summary

TABLE, PICTURES = slice(90, 260), slice(430, 960)


def test_the_summary_shows_what_changed(analysis: Analysis) -> None:
    whole = page(analysis)
    assert whole.shape == (980, 980, 3) and whole.nbytes < 3_000_000
    assert np.array_equal(whole, page(analysis)), "the same analysis gives the same picture"
    fewer = replace(analysis, segments=tuple(one for one in analysis.segments if not one.key.startswith("edema")))
    assert changes(whole, page(fewer))[PICTURES, 500:].any(), "edema is outlined beside the clean picture"
    changed = changes(whole, page(not_assessable(analysis, "asas")))
    assert changed[TABLE].any(), "the rule is in the table"
    said = {page(one)[TABLE].tobytes() for one in (analysis, unmet(analysis), not_assessable(analysis, "asas"))}
    assert len(said) == 3, "met, not met and not assessable differ"


def unmet(analysis: Analysis) -> Analysis:
    evaluations = (replace(one, value=Answer.ABSENT) if one.key == "asas" else one for one in analysis.evaluations)
    return replace(analysis, evaluations=tuple(evaluations))


def test_one_picture_is_clean_and_the_other_has_the_outlines(analysis: Analysis) -> None:
    bare = replace(analysis, traces=(), segments=tuple(one for one in analysis.segments if one.key == "region"))
    colorful = np.ptp(page(analysis)[PICTURES].astype(int), axis=2) > 60
    assert not colorful[60:200, :490].any() and colorful[:, 490:].any()
    assert not (np.ptp(page(bare)[PICTURES].astype(int), axis=2) > 60)[60:200].any()


@pytest.mark.parametrize("missing", ["t1", "fluid"])
def test_the_summary_of_one_series_alone_shows_it_larger(analysis: Analysis, tmp_path: Path, missing: str) -> None:
    alone = make_analysis(tmp_path, with_t1=missing != "t1", with_fluid=missing != "fluid")
    assert len(np.unique(page(alone)[560:800, 40:480])) > 100


# --- the summary that every application has


def test_the_common_summary_shows_values_and_places() -> None:
    lumbar = make_lumbar()
    whole = page(lumbar, FOREIGN)
    assert whole.shape == (980, 980, 3)
    first = lumbar.evaluations[0]
    sure = replace(first, probabilities={"mild": 0.0, "moderate": 1.0, "severe": 0.0})
    changed = changes(whole, page(replace(lumbar, evaluations=(sure, *lumbar.evaluations[1:])), FOREIGN))
    assert changed[:600].any() and not changed[600:].any(), "a probability is in the words, and in no picture"
    elsewhere = replace(first, at=(Place("sag", 1, "point", ((30.0, 50.0),)),))
    changed = changes(whole, page(replace(lumbar, evaluations=(elsewhere, *lumbar.evaluations[1:])), FOREIGN))
    assert changed[:, 490:].any() and not changed[:, :490].any(), "a place is in the second picture alone"


def test_the_common_summary_says_what_is_not_assessable() -> None:
    lumbar = make_lumbar()
    graded = replace(lumbar.evaluations[1], value="mild")
    judged = page(replace(lumbar, evaluations=(lumbar.evaluations[0], graded, lumbar.evaluations[2])), FOREIGN)
    assert changes(page(lumbar, FOREIGN), judged)[86:600].any()


def test_a_picture_without_a_place_is_shown_whole() -> None:
    photo = make_photo()
    images = photo.images[0]
    marked = images.pixels.copy()
    marked[0, :4, :4], marked[0, -4:, -4:] = 5000.0, 5000.0
    shown = page(replace(photo, images=(replace(images, pixels=marked),)), FOREIGN)
    bright = shown[300:, 36:486].min(axis=2) > 250
    rows, columns = np.nonzero(bright)
    height = rows.max() - rows.min()
    assert height / (columns.max() - columns.min()) == pytest.approx(90 / 50, rel=0.1)
    assert side_letters(images) == ("", "")


# --- heat


def heat_map(peak: float, planes: int = 9) -> HeatMap:
    """A spot of that heat in the middle of three planes, of a map whose floor is 1 and whose full scale is 4."""
    values = np.zeros((planes, 64, 64), np.float32)
    values[3:6, 24:40, 24:40] = peak
    return HeatMap("focused", "axspa", Site("joint"), Answer.PRESENT, "T1W", values, full_scale=4.0, floor=1.0)


def drawn(heat: HeatMap, **options: Any) -> ByteArray:
    gray = np.full(heat.values.shape, 120, np.uint8)
    (picture,) = draw_heat(heat, gray, {4: ("Where it looked", "Slice 5")}, language=ENGLISH, **options)
    return picture


def test_heat_has_one_scale_whatever_else_the_study_holds() -> None:
    """The same heat is the same color beside hotter planes; more heat is another."""
    alone = heat_map(2.0)
    beside = replace(alone, values=alone.values.copy())
    beside.values[8] = 40.0
    assert np.array_equal(drawn(alone), drawn(beside))
    assert not np.array_equal(drawn(alone), drawn(heat_map(3.0)))
    assert np.array_equal(drawn(heat_map(4.0)), drawn(heat_map(9.0))), "full is full"


@pytest.mark.parametrize(("peak", "clear"), [(0.0, True), (1.0, True), (1.5, False)])
def test_below_the_floor_the_picture_is_the_clean_one(peak: float, clear: bool) -> None:
    image = drawn(heat_map(peak))[:64, :64]
    assert (image == 120).all() is np.bool_(clear)
    if not clear:
        outside = np.ones((64, 64), bool)
        outside[24:40, 24:40] = False
        assert (image[outside] == 120).all(), "clear where there is nothing"


def test_the_caption_says_where_there_is_no_heat_and_what_was_measured(analysis: Analysis) -> None:
    images, terms = images_of(analysis, "T1W"), SACROILIAC.terms
    shape = (images.shape[0], *images.shape[1:])
    some = np.zeros(shape, np.float32)
    some[4] = 2.0
    warm = replace(heat_map(0.0), values=some)
    here, there = heat_caption(warm, images, 4, terms), heat_caption(warm, images, 5, terms)
    assert terms.say("heat-looked") in here and terms.say("heat-none-in-slice") in there
    assert terms.heat_note in here and here[-1].startswith("Slice 5 of ")
    assert terms.heat_note not in heat_caption(warm, images, 4, FOREIGN.terms)


def test_the_figures_of_the_caption_are_those_of_the_page() -> None:
    text = (Path(__file__).parents[2] / "docs/evaluation/heatmaps.md").read_text(encoding="utf-8")
    assert f"- heat at the joints (what is sent): {HEAT_AREA:.2f} (" in text
    assert f"- plain brightness of the fluid-sensitive series (null model): {BRIGHTNESS_AREA:.2f} (" in text
    assert HEAT_AREA < BRIGHTNESS_AREA, "the caption says that it fits less well"
    assert f"Mean over {PATIENTS} patients" in text
    assert f"Full scale {HEAT_FULL_SCALE:g}:" in text and f"Floor {HEAT_FLOOR:g}," in text


def test_the_class_normal_is_never_explained(tmp_path: Path, analysis: Analysis) -> None:
    """Whatever was concluded: of a study that shows nothing, and of one that shows much, it is the same class."""
    reading = make_reading(tmp_path)
    assert reading.prediction is not None
    nothing = replace(reading.prediction, as_present=False, as_probability=0.03, stage=Stage.NORMAL)
    nothing = replace(nothing, stage_probabilities=(0.97, 0.01, 0.01, 0.01))
    for one in (analysis, as_analysis(replace(reading, prediction=nothing))):
        assert {(heat.of, heat.towards) for heat in one.heatmaps} == {("axspa", Answer.PRESENT)}


def test_heat_planes_are_the_key_slices_then_the_hottest_and_none_where_nothing_is_warm() -> None:
    heat = heat_map(2.0, planes=30)
    heat.values[12:], heat.values[20], heat.values[3] = np.nan, 2.0, 0.0
    warm = [plane for plane in heat.planes if heat.values[plane].max() > heat.floor]
    assert 3 not in warm and 20 in warm
    assert heat_planes(heat, 40) == heat.planes == (*range(12), 20), "all"
    assert heat_planes(heat, 40, first=(3, 25)) == tuple(sorted({3, *warm})), "without heat the key slices alone"
    assert heat_planes(heat, 2, first=(3, 25)) == (3, 20)
    assert heat_planes(heat_map(0.0), 40) == heat_planes(heat_map(0.0), 40, first=(3,)) == ()


@pytest.mark.parametrize("size", [(64, 64), (336, 336), (512, 512), (640, 320)])
def test_a_caption_adds_rows_below_and_no_text_in_the_corners(size: tuple[int, int]) -> None:
    heat = replace(heat_map(0.0), values=np.zeros((5, *size), np.float32))
    gray = np.full(heat.values.shape, 13, np.uint8)
    long = " ".join(["Where the network looked, in a language of long words"] * 2)
    bare, captioned = (
        draw_heat(heat, gray, {4: said}, language=ENGLISH)[0] for said in (("", ""), (long, "Slice 5 of 25 (image 55)"))
    )
    assert captioned.shape[1] == max(size[1], 300) and (captioned[: size[0], : size[1]] == 13).all()
    assert captioned.shape[0] > bare.shape[0] >= size[0]
    rows, columns = captioned.shape[:2]
    ground = captioned[-1, 0]
    high, wide = int(rows * CORNER_HEIGHT), int(columns * CORNER_WIDTH)
    for corner in (np.s_[-high:, :wide], np.s_[-high:, -wide:]):
        assert (captioned[corner] == ground).all()
    assert (captioned[-high:, wide:-wide] != ground).any(), "RESEARCH stands between them"
    letter = font(letter_size(max(rows, columns))).getbbox("H")
    assert (letter[3] - letter[1]) * 512 / max(rows, columns) >= 10


def test_six_planes_of_usual_size_stay_small(analysis: Analysis) -> None:
    """With the summary under 6 MB of the 8 that a default set may have."""
    heat = replace(heat_map(0.0), values=np.zeros((25, 336, 336), np.float32))
    planes = range(6)
    captions = {
        plane: heat_caption(heat, images_of(analysis, "T1W"), min(plane, 5), SACROILIAC.terms) for plane in planes
    }
    made = draw_heat(heat, np.zeros(heat.values.shape, np.uint8), captions, language=ENGLISH)
    assert len(made) == 6 and len({one.shape for one in made}) == 1
    assert 980 * 980 * 3 + sum(one.nbytes for one in made) < 6_000_000


def test_the_legend_has_every_color_from_the_floor_upwards() -> None:
    heat = heat_map(0.0)
    for colormap in ("plasma", "turbo", "jet"):
        picture = drawn(heat, colormap=colormap)[64:].reshape(-1, 3)
        seen = {tuple(color) for color in picture.tolist()}
        for step in (70, 128, 192, 255):
            wanted = heat_palette(colormap)[step].astype(int)
            assert any(np.abs(np.array(one) - wanted).max() <= 4 for one in seen)


def test_heat_is_a_part_of_its_full_scale_and_nothing_where_it_was_not_explained() -> None:
    heatmap = make_lumbar().heatmaps[0]
    assert heat_of(heatmap, 1).max() == pytest.approx(1.0)
    assert not heat_of(heatmap, 0).any()


# --- the window


def test_marrow_is_seen_beside_bright_fluid_and_one_hot_pixel_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.normal(60, 6, (5, 100, 100)).astype(np.float32)
    pixels[:, 30:40], pixels[:, 60:66, 40:60] = 5.0, 900.0
    shown = gray_levels(pixels)
    assert 50 < np.median(shown) < 130 and shown[0, 63, 50] > 220
    assert np.ptp(np.percentile(shown[:, 45:55], (5, 95))) > 10, "marrow keeps its contrast"
    hot = pixels.copy()
    hot[2, 50, 50] = 1e6
    assert np.abs(gray_levels(hot)[0].astype(int) - shown[0]).max() <= 2
    assert (gray_levels(np.zeros((2, 8, 8), np.float32)) == 0).all()


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
    assert index["t1"]["legend"]["heat"]["of"].endswith("pattern suggestive of axial spondyloarthritis")


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
