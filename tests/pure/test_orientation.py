"""Volumes are turned to one orientation without a loss, and everything finds its way back."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from inference.result import (
    Analysis,
    Evaluation,
    HeatMap,
    Images,
    KeySlice,
    Measurement,
    Place,
    Profile,
    Segment,
    Site,
    Trace,
)
from inference.series import Selection
from inference.space import to_patient
from inference.space.grids import Points
from inference.space.orientation import Turn, check_standard, standard
from inference.turned import turn_back
from inference.types import FloatArray, ImageHeader, ModelIdentity, Vector, Volume
from reporting.pictures import side_letters, upright
from reporting.pictures.layers import trace_pixels
from tests.factories.orientations import WAYS, Way, array_stored, volume_stored
from tests.factories.volumes import FEET, LEFT
from tests.factories.volumes import volume as make_volume

SHAPE = (4, 7, 5)
BACK: Vector = (0.0, 1.0, 0.0)
TURNS = tuple(
    Turn(SHAPE, transposed, (slices, rows, columns))
    for transposed, slices, rows, columns in product((False, True), repeat=4)
)
SITE = Site("knee")
every_turn = pytest.mark.parametrize("turn", TURNS, ids=str)
every_way = pytest.mark.parametrize(
    ("way", "reversed_slices"),
    [
        pytest.param(way, backwards, id=" ".join((*way, "backwards" if backwards else "")).strip() or "as usual")
        for way, backwards in product(WAYS, (False, True))
    ],
)


def numbered(**options: Any) -> Volume:
    """A semicoronal volume with oblong pixels, in which every voxel has its own value and every slice its own name."""
    voxels = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
    place: dict[str, Any] = {"spacing_mm": (0.9, 0.7), "gap_mm": (3.0, 4.0, 3.5), "column": (0.0, 0.6, -0.8)}
    made = make_volume(voxels, **{**place, **options})
    return replace(made, images=tuple(ImageHeader(Path("one.dcm"), "", f"1.2.{n}") for n in range(SHAPE[0])))


def places(volume: Volume) -> NDArray[np.float64]:
    """Where in the patient each voxel lies, in the order of their values."""
    slices, rows, columns = np.indices(volume.shape).reshape(3, -1)
    points = (
        volume.positions_mm[slices]
        + rows[:, None] * volume.pixel_spacing_mm[0] * np.array(volume.column_direction)
        + columns[:, None] * volume.pixel_spacing_mm[1] * np.array(volume.row_direction)
    )
    ordered: NDArray[np.float64] = points[np.argsort(volume.voxels.ravel())]
    return ordered


@every_turn
def test_a_turn_and_its_way_back_give_the_same_array(turn: Turn) -> None:
    values = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    turned = turn.array(values)
    assert turned.shape == turn.turned_shape == turn.back.shape
    np.testing.assert_array_equal(turn.back.array(turned), values)
    assert turn.back.back == turn
    assert np.array_equal(turned, values) == turn.nothing
    with pytest.raises(ValueError, match="shape"):
        turn.array(values[:, :-1])


@every_turn
def test_points_planes_and_profiles_go_where_the_voxels_go(turn: Turn) -> None:
    values = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    turned, profile = turn.array(values), turn.profile(np.arange(SHAPE[0]))
    for plane, row, column in [(0, 0, 0), (1, 6, 2), (3, 2, 4)]:
        ((there_row, there_column),) = turn.points([(row, column)]).astype(int)
        there = turn.plane(plane)
        assert turned[there, there_row, there_column] == values[plane, row, column]
        assert profile[there] == plane
        assert turn.back.points(turn.points((row, column))) == pytest.approx((row, column))
    assert turn.points(np.zeros((0, 2))).shape == (0, 2)


@every_way
def test_every_voxel_keeps_its_place_in_the_patient(way: Way, reversed_slices: bool) -> None:
    usual = numbered()
    stored = volume_stored(usual, way, reversed_slices=reversed_slices)
    found, turn = standard(stored)
    np.testing.assert_array_equal(found.voxels, usual.voxels)
    assert found.positions_mm == pytest.approx(usual.positions_mm)
    assert found.row_direction == pytest.approx(usual.row_direction)
    assert found.column_direction == pytest.approx(usual.column_direction)
    assert found.pixel_spacing_mm == usual.pixel_spacing_mm
    assert (found is stored) == turn.nothing == (not way and not reversed_slices)
    check_standard(found)
    again = turn.back.volume(found)
    np.testing.assert_array_equal(again.voxels, stored.voxels)
    assert again.positions_mm == pytest.approx(stored.positions_mm)
    assert [one.sop_instance_uid for one in again.images] == [one.sop_instance_uid for one in stored.images]


@every_way
def test_what_could_swap_left_and_right_is_refused(way: Way, reversed_slices: bool) -> None:
    stored = volume_stored(numbered(), way, reversed_slices=reversed_slices)
    if not way and not reversed_slices:
        check_standard(stored)
        return
    with pytest.raises(ValueError, match="standard orientation"):
        check_standard(stored)


@settings(max_examples=80, deadline=None)
@given(angles=st.tuples(*[st.floats(-180, 180)] * 3), shear=st.floats(-1, 1))
def test_any_orientation_becomes_a_standard_one_and_nothing_moves(
    angles: tuple[float, float, float], shear: float
) -> None:
    turn = Rotation.from_euler("xyz", angles, degrees=True)
    stored = numbered(row=turn.apply(LEFT), column=turn.apply(FEET), shear_mm=shear)
    found, way = standard(stored)
    assert places(found) == pytest.approx(places(stored), abs=1e-9)
    assert standard(found)[1].nothing
    assert np.all(np.diff(found.positions_mm @ found.normal) > 0)
    assert [one.sop_instance_uid for one in found.images] == list(
        way.profile(tuple(one.sop_instance_uid for one in stored.images))
    )


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (LEFT, FEET),  # coronal
        (LEFT, (0.0, 0.6, -0.8)),  # semicoronal, along the sacrum
        (LEFT, BACK),  # axial
        (LEFT, (0.0, 0.98, 0.199)),  # axial, a little oblique
        ((0.9, 0.43589, 0.0), FEET),  # turned about the long axis: stays oblique
        (BACK, FEET),  # sagittal
    ],
)
def test_pictures_as_people_look_at_them_stay_as_they_are(row: Vector, column: Vector) -> None:
    usual = numbered(row=row, column=column)
    assert standard(usual)[0] is usual
    for way in WAYS:
        np.testing.assert_array_equal(standard(volume_stored(usual, way))[0].voxels, usual.voxels)


def everything(images: Volume) -> Analysis:
    """An analysis with one of each thing in the volume of the role "seen", and one in another role."""
    mask = images.voxels % 3 == 0
    line = np.full(images.shape[:2], np.nan, np.float32)
    line[1, 1:4] = (0.0, 2.0, 3.0)
    values = np.arange(images.shape[0], dtype=np.float32)
    point = Place("other", 0, "point", ((1.0, 2.0),))
    box = Place("seen", 2, "box", ((1.0, 0.0), (3.0, 2.0)), area_mm2=4.0)
    return Analysis(
        application="knees",
        application_version="1",
        study_instance_uid="1.2.3",
        scope="full",
        selection=Selection((), {}),
        bundle=ModelIdentity("", "", ""),
        images=(Images.of("seen", images), Images.of("other", numbered())),
        segments=(Segment("fluid", SITE, "seen", mask),),
        traces=(Trace.across_rows("cartilage", SITE, "seen", line),),
        measurements=(Measurement("volume", SITE, 3.0, at=(box,)),),
        evaluations=(Evaluation("tear", SITE, "torn", "rule", at=(point, replace(box, plane=0))),),
        profiles=(Profile("sharpness", SITE, "seen", values),),
        heatmaps=(HeatMap("cam", "tear", SITE, "torn", "seen", images.voxels),),
        key_slices=(KeySlice("seen", 3, "most"), KeySlice("other", 3, "most")),
    )


@every_way
def test_what_is_said_lies_on_the_sources_own_pixels(way: Way, reversed_slices: bool) -> None:
    stored = volume_stored(numbered(), way, reversed_slices=reversed_slices)
    read, turn = standard(stored)
    said = everything(read)
    back = turn_back(said, {"seen": turn})
    assert (back is said) == turn.nothing
    images, before = back.images[0], said.images[0]
    np.testing.assert_array_equal(images.pixels, stored.voxels)
    assert [one.sop_instance_uid for one in images.sources] == [one.sop_instance_uid for one in stored.images]
    assert images.grid is not None and images.grid.positions_mm == pytest.approx(stored.positions_mm)
    assert back.images[1] is said.images[1]
    for array in (back.segments[0].mask, back.heatmaps[0].values % 3 == 0):
        np.testing.assert_array_equal(array, array_stored(said.segments[0].mask, way, reversed_slices=reversed_slices))
    assert back.evaluations[0].at[0] == said.evaluations[0].at[0]
    assert back.key_slices[1] == said.key_slices[1]
    assert images.sources[back.key_slices[0].plane] is before.sources[said.key_slices[0].plane]
    assert back.measurements[0].at[0].area_mm2 == 4.0
    for one, other in (
        (back.measurements[0].at[0], said.measurements[0].at[0]),
        (back.evaluations[0].at[1], said.evaluations[0].at[1]),
    ):
        assert one.points_px == tuple(sorted(one.points_px)), "a box is its first and its last corner"
        assert corners_mm(images, one) == corners_mm(before, other)
    for plane, line in enumerate(said.traces[0].lines_px):
        there = turn.back.plane(plane)
        assert line_mm(images, there, back.traces[0].lines_px[there]) == pytest.approx(line_mm(before, plane, line))
        assert back.profiles[0].values[there] == plane


@every_way
def test_pages_show_every_picture_upright_and_number_slices_as_the_source_does(way: Way, reversed_slices: bool) -> None:
    stored = volume_stored(numbered(), way, reversed_slices=reversed_slices)
    read, turn = standard(stored)
    said = turn_back(everything(read), {"seen": turn})
    shown = upright(said)
    assert (shown is said) == (not way)
    order = turn.back.profile(np.arange(SHAPE[0]))
    np.testing.assert_array_equal(shown.images[0].pixels, numbered().voxels[order])
    np.testing.assert_array_equal(shown.segments[0].mask, (numbered().voxels % 3 == 0)[order])
    assert shown.images[0].sources == said.images[0].sources
    assert shown.key_slices == said.key_slices
    assert side_letters(shown.images[0]) == ("R", "L")


@every_way
def test_a_line_is_drawn_through_the_pixels_that_it_crosses(way: Way, reversed_slices: bool) -> None:
    stored = volume_stored(numbered(), way, reversed_slices=reversed_slices)
    read, turn = standard(stored)
    said = everything(read)
    there = turn_back(said, {"seen": turn}).traces[0].lines_px
    drawn = np.stack([trace_pixels(line, stored.shape[1:]) for line in there])
    usual = np.stack([trace_pixels(line, SHAPE[1:]) for line in said.traces[0].lines_px])
    assert usual.sum() == 3
    np.testing.assert_array_equal(drawn, array_stored(usual, way, reversed_slices=reversed_slices))


def corners_mm(images: Images, box: Place) -> set[tuple[float, ...]]:
    """The four corners of a box in the patient."""
    rows, columns = zip(*box.points_px, strict=True)
    points = to_patient(images.volume, [(box.plane, *corner) for corner in product(rows, columns)])
    return {tuple(point) for point in np.round(points, 6) + 0.0}


def line_mm(images: Images, plane: int, line_px: FloatArray) -> Points:
    """The points of a line in the patient."""
    return to_patient(images.volume, np.column_stack([np.full(len(line_px), plane), line_px]))
