"""Outlines run about the largest part of a mask, midway between its pixels and the others."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from scipy import ndimage

from reporting.checks.outlines import encloses, part_of
from reporting.levels import Level
from reporting.objects.outlines import Outline, edges, outlines, without_outline


def region(points: np.ndarray) -> Level:
    """Spatial coordinates as they are read back."""
    made = Dataset()
    made.GraphicType, made.GraphicData = "POLYLINE", [float(value) for value in points.ravel()]
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = False, True
    write_dataset(buffer, made)
    return Level.of(read_dataset(BytesIO(buffer.getvalue()), is_implicit_VR=False, is_little_endian=True))


def outline(mask: np.ndarray) -> Outline:
    return outlines(mask, least_px=mask.size)[0]


def area(points: np.ndarray) -> float:
    x, y = points.T
    return abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())) / 2


def test_one_pixel_is_followed_along_its_edges() -> None:
    mask = np.zeros((5, 7), bool)
    mask[2, 4] = True
    line = outline(mask)
    assert line.pixels == 1 and area(line.points_px) == 1.0 and len(line.points_px) == 9
    assert line.points_px.min(axis=0).tolist() == [4.0, 2.0] and line.points_px.max(axis=0).tolist() == [5.0, 3.0]


@pytest.mark.parametrize("corner", [(0, 0), (20, 26)])
def test_a_disc_keeps_its_center_and_its_area_to_the_edge_of_the_image(corner: tuple[int, int]) -> None:
    y, x = np.mgrid[0:41, 0:53]
    mask = np.hypot(y - corner[0], x - corner[1]) < 15
    line = outline(mask)
    assert 7 <= len(line.points_px) < 60
    assert area(line.points_px) == pytest.approx(line.pixels, rel=0.03)
    assert line.points_px.min() >= 0 and encloses(region(line.points_px), mask)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), smooth=st.sampled_from([0.0, 1.0, 2.5]))
def test_whatever_the_shape_each_outline_goes_about_its_part(seed: int, smooth: float) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(24, 31)), smooth)
    mask = noise > np.quantile(noise, 0.6)
    lines = outlines(mask)
    labels, count = ndimage.label(mask)
    assert [line.pixels for line in lines] == sorted(np.bincount(labels.ravel())[1:], reverse=True)
    for number, line in enumerate(lines[:3], start=1):
        part = part_of(mask, number)
        assert len(line.points_px) >= 7 and np.array_equal(line.points_px[0], line.points_px[-1])
        assert encloses(region(line.points_px), part)
        assert number > 1 or not encloses(region(line.points_px + 3), part)
        assert not encloses(region(line.points_px[:-1]), part)
    assert not part_of(mask, count + 1).any() and not part_of(mask, 0).any()


def test_small_parts_have_no_outline_and_are_counted() -> None:
    mask = np.zeros((12, 30), bool)
    mask[1:9, 1:9], mask[3:5, 3:5] = True, False
    mask[1:5, 12:15], mask[1:3, 18:20], mask[7, 20] = True, True, True
    assert [line.pixels for line in outlines(mask, least_px=4)] == [60, 12, 4]
    assert without_outline(mask, least_px=4) == 1 and without_outline(mask, least_px=0) == 0
    assert [line.pixels for line in outlines(mask, least_px=100)] == [60], "the largest has one whatever its size"
    assert without_outline(mask, least_px=100) == 3
    assert len(edges(mask)) == 5, "a hole has an edge of its own"
    assert without_outline(np.zeros_like(mask), least_px=4) == 0 and outlines(np.zeros_like(mask)) == []
