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

from reporting.checks.outlines import encloses
from reporting.levels import Level
from reporting.objects.outlines import outline


def region(points: np.ndarray) -> Level:
    """Spatial coordinates as they are read back."""
    made = Dataset()
    made.GraphicType, made.GraphicData = "POLYLINE", [float(value) for value in points.ravel()]
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = False, True
    write_dataset(buffer, made)
    return Level.of(read_dataset(BytesIO(buffer.getvalue()), is_implicit_VR=False, is_little_endian=True))


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
def test_whatever_the_shape_the_outline_goes_about_its_largest_part(seed: int, smooth: float) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(24, 31)), smooth)
    mask = noise > np.quantile(noise, 0.6)
    line = outline(mask)
    assert len(line.points_px) >= 7 and np.array_equal(line.points_px[0], line.points_px[-1])
    assert encloses(region(line.points_px), mask)
    assert not encloses(region(line.points_px + 3), mask)
    assert not encloses(region(line.points_px[:-1]), mask)
    labels, _ = ndimage.label(mask)
    assert line.pixels == np.bincount(labels.ravel())[1:].max()
