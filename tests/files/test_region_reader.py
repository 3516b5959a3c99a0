"""The bone region as the wing reads it: cutter, grid of the source, and what the networks dispute."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from scipy import ndimage

from config.errors import BundleError
from inference.serving.registry import LoadedBundle
from inference.serving.segmenter import Segmenter
from inference.sij_mri import application
from inference.sij_mri.region import DISPUTED_SHARE, RegionCutter, RegionReader, large_parts, region_spec
from inference.types import Volume
from tests.factories.phantoms import left_lesion
from tests.factories.volumes import volume
from training.models.attention_unet import attention_unet
from training.sij_mri.region.train import region_reader

CUTTER = RegionCutter(spacing_mm=2.0, size_px=32, channels=3)


def plain() -> Volume:
    return volume(np.random.default_rng(0).random((4, 50, 40)).astype(np.float32))


def test_the_region_lies_on_the_source_grid() -> None:
    network = attention_unet(CUTTER.size_px, CUTTER.channels, widths=(8, 8))
    found = RegionReader(Segmenter(region_spec(cutter=CUTTER, threshold=0.4), [network])).read(plain())

    assert found.probability.shape == (4, 50, 40) and found.probability.dtype == np.float32
    assert found.probability.min() > 0 and found.probability.max() < 1
    assert np.array_equal(found.mask, large_parts(found.probability >= 0.4))
    assert found.disputed == 0


def bright_is_region() -> keras.Model:
    """A network that takes what is bright in the middle slice for the region."""
    picture = keras.Input(CUTTER.shape)
    answer = keras.layers.Conv2D(1, 1, activation="sigmoid")
    network = keras.Model(picture, answer(picture))
    answer.set_weights([np.array([0, 20, 0], np.float32).reshape(1, 1, 3, 1), np.array([-10], np.float32)])
    return network


def test_node_and_evaluation_judge_the_same_mask_without_specks() -> None:
    seen = np.zeros((4, 50, 40), np.float32)
    seen[:, 8:40, 6:30] = seen[1:3, 20:26, 33:38] = seen[1, 43:47, 34:38] = 1.0
    on = volume(seen)
    models = {"region": Segmenter(region_spec(cutter=CUTTER), [bright_is_region()])}
    by_node = application._find_region(on, None, models, application._Notes(lambda step: None))
    evaluated = region_reader(models["region"].networks, CUTTER).read(on)
    assert by_node is not None
    assert np.array_equal(by_node.mask, evaluated.mask)
    assert by_node.mask[1, 22, 35], "a part of a hundredth is bone"
    assert by_node.probability[1, 45, 36] > 0.5 and not by_node.mask[1, 45, 36], "a speck is not"


def test_the_cutter_does_what_the_manifest_says() -> None:
    assert RegionCutter.of(region_spec()) == RegionCutter()
    bright = replace(CUTTER, percentiles=(0.0, 50.0), ceiling=1.2).cut(plain())[0]
    usual = CUTTER.cut(plain())[0]
    assert usual.shape == (4, *CUTTER.shape)
    assert bright.max() == pytest.approx(1.2) and bright.mean() > 1.3 * usual.mean()


@pytest.mark.parametrize(
    ("name", "value"),
    [("channels", 4), ("spacing_mm", 0), ("percentiles", [99.0, 1.0]), ("percentiles", [1.0]), ("ceiling", None)],
)
def test_a_cut_that_this_version_cannot_make_is_refused(name: str, value: Any) -> None:
    spec = region_spec(cutter=CUTTER)
    changed = replace(spec, input=replace(spec.input, parameters={**spec.input.parameters, name: value}))
    with pytest.raises(BundleError) as refused:
        RegionCutter.of(changed)
    assert refused.value.code == "BUNDLE_CUTTER"


def test_a_shape_that_the_cutter_does_not_make_is_refused() -> None:
    spec = region_spec(cutter=CUTTER)
    with pytest.raises(BundleError, match="BUNDLE_CUTTER"):
        RegionCutter.of(replace(spec, input=replace(spec.input, shape=(32, 32, 5))))


def test_networks_dispute_a_blurred_image_and_hardly_a_sharp_one(shipped_bundle: LoadedBundle) -> None:
    segmenter = shipped_bundle.models["region"]
    assert isinstance(segmenter, Segmenter)
    sharp = left_lesion().t1
    blurred = replace(sharp, voxels=ndimage.gaussian_filter(sharp.voxels, (0, 6, 6)))
    reader = RegionReader(segmenter)
    assert reader.read(sharp).disputed < DISPUTED_SHARE / 2
    assert reader.read(blurred).disputed > DISPUTED_SHARE


def test_what_the_networks_dispute_is_noted(shipped_bundle: LoadedBundle) -> None:
    sharp = left_lesion().t1
    blurred = replace(sharp, voxels=ndimage.gaussian_filter(sharp.voxels, (0, 5.5, 5.5)))
    for given, codes in ((sharp, []), (blurred, ["REGION_DISPUTED"])):
        notes = application._Notes(lambda step: None)
        assert application._find_region(given, None, shipped_bundle.models, notes) is not None
        assert [one.code for one in notes.limitations] == codes
