"""From a volume to a network's grid and back: places, orientation, scale."""

import numpy as np
import pytest

from inference.space.network_grid import (
    neighbor_indices,
    network_mapping,
    normalized,
    slice_places_mm,
)
from inference.space.orientation import standard
from inference.types import FloatArray, Vector, Volume
from tests.factories.volumes import stored_otherwise
from tests.factories.volumes import volume as make_volume

FEET: Vector = (0.0, 0.6, -0.8)


def smooth_voxels(shape: tuple[int, int, int]) -> FloatArray:
    """An asymmetric pattern without sharp edges: one bright blob to the left and the head."""
    _, rows, columns = np.meshgrid(*(np.linspace(0, 1, n) for n in shape), indexing="ij")
    return (1000 * np.exp(-((rows - 0.3) ** 2 + (columns - 0.65) ** 2) / 0.02)).astype(np.float32)


def volume(
    shape: tuple[int, int, int] = (5, 120, 100), *, spacing_mm: tuple[float, float] = (0.6, 0.6), gap_mm: float = 3.3
) -> Volume:
    place = {"column": FEET, "middle_mm": (40.0, -20.0, 40.0)}
    return make_volume(smooth_voxels(shape), spacing_mm=spacing_mm, gap_mm=gap_mm, **place)


@pytest.mark.parametrize("spacing_mm", [(0.3, 0.3), (0.6, 0.6), (0.8, 0.5), (1.35, 1.35), (2.0, 2.0)])
def test_there_and_back_again_keeps_a_smooth_image(spacing_mm: tuple[float, float]) -> None:
    given = volume(spacing_mm=spacing_mm)
    mapping = network_mapping(given, spacing_mm=1.35, size_px=160)

    back = mapping.to_source(mapping.to_network(given.voxels))

    inner = (slice(None), slice(5, -5), slice(5, -5))
    assert back.shape == given.shape
    assert np.abs(back[inner] - given.voxels[inner]).max() < 80


@pytest.mark.parametrize("how", ["columns", "rows", "transposed"])
def test_the_network_sees_the_same_picture_however_the_volume_is_stored(how: str) -> None:
    given = volume()
    expected = network_mapping(given, spacing_mm=1.0, size_px=128).to_network(given.voxels)
    stored = stored_otherwise(given, how)
    with pytest.raises(ValueError, match="standard orientation"):
        network_mapping(stored, spacing_mm=1.0, size_px=128)

    other, turn = standard(stored)
    mapping = network_mapping(other, spacing_mm=1.0, size_px=128)

    assert np.abs(mapping.to_network(other.voxels) - expected).max() < 0.5
    assert np.abs(turn.back.array(mapping.to_source(expected)) - stored.voxels).max() < 80


def test_left_is_at_high_columns_and_feet_at_high_rows() -> None:
    given, _ = standard(stored_otherwise(volume(), "columns"))

    picture = network_mapping(given, spacing_mm=1.0, size_px=128).to_network(given.voxels)[2]

    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert column > 64 + 5
    assert row < 64 - 5


def test_distances_are_kept_in_millimeters() -> None:
    given = volume((3, 200, 200), spacing_mm=(0.5, 1.0))
    mapping = network_mapping(given, spacing_mm=1.25, size_px=160)

    center = mapping.matrix @ np.array([79.5, 79.5, 1.0])
    aside = mapping.matrix @ np.array([79.5 + 8, 79.5 + 8, 1.0])

    assert center == pytest.approx([99.5, 99.5])
    assert (aside - center) == pytest.approx([10.0 / 1.0, 10.0 / 0.5])


def test_what_lies_beyond_the_image_is_zero() -> None:
    given = volume((1, 50, 50), spacing_mm=(1.0, 1.0))
    picture = network_mapping(given, spacing_mm=1.0, size_px=160).to_network(given.voxels + 1)

    assert not picture[0, :50].any()
    assert picture[0, 80, 80] > 0


def test_normalization_ignores_the_empty_margin_and_bounds_the_bright() -> None:
    values = np.zeros((2, 40, 40), np.float32)
    values[:, 10:30, 10:30] = np.linspace(100, 200, 20, dtype=np.float32)
    values[0, 20, 20] = 1e6

    scaled = normalized(values)

    assert scaled.dtype == np.float32
    assert scaled.min() == 0 and scaled.max() == 1.5
    assert scaled[1, 15, 29] == pytest.approx(1.0, abs=0.02)
    assert not normalized(np.full((1, 4, 4), 7, np.float32)).any()


def test_scaled_intensities_do_not_depend_on_the_scanners_units() -> None:
    values = smooth_voxels((2, 30, 30)) + 5

    assert normalized(values) == pytest.approx(normalized(values * 37.0), abs=1e-4)


def test_neighbors_are_chosen_by_distance_and_repeated_at_the_ends() -> None:
    thick = neighbor_indices(np.arange(4) * 3.3, 5, 3.3)
    thin = neighbor_indices(np.arange(20) * 1.1, 3, 3.3)

    assert thick.tolist() == [[0, 0, 0, 1, 2], [0, 0, 1, 2, 3], [0, 1, 2, 3, 3], [1, 2, 3, 3, 3]]
    assert thin[10].tolist() == [7, 10, 13]


def test_places_ascend_from_zero() -> None:
    assert slice_places_mm(volume(gap_mm=4.0)) == pytest.approx([0, 4, 8, 12, 16])
