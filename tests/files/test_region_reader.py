"""The bone region as the wing reads it: cutter, grid of the source, and what the networks dispute."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from scipy import ndimage

from config.errors import BundleError
from inference.serving.manifest import InputSpec
from inference.serving.registry import LoadedBundle
from inference.serving.segmenter import Segmenter
from inference.sij_mri import application
from inference.sij_mri.plausible import REGION_ML
from inference.sij_mri.region import DISPUTED_SHARE, RegionReader, large_parts, region_spec
from inference.sij_mri.region_cutter import RegionCutter, StandardizedRegionCutter, region_cutter
from inference.space import network_mapping
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


def test_gray_values_of_a_sample_have_mean_0_and_spread_1_in_the_body_and_do_not_depend_on_other_slices() -> None:
    cutter = StandardizedRegionCutter(spacing_mm=2.0, size_px=32, channels=1)
    seen = plain()
    pictures, _ = cutter.cut(seen)
    planes = network_mapping(seen, spacing_mm=2.0, size_px=32).to_network(seen.voxels)
    for picture, plane in zip(pictures[..., 0], planes, strict=True):
        body = picture[plane > 0.1 * np.percentile(plane[plane > 0], 99)]
        assert body.mean() == pytest.approx(0, abs=1e-5) and body.std() == pytest.approx(1, abs=1e-5)
    brighter = replace(seen, voxels=seen.voxels * np.array([1, 7, 1, 1], np.float32)[:, None, None])
    assert cutter.cut(brighter)[0] == pytest.approx(pictures, abs=1e-4)
    assert not cutter.cut(volume(np.full((4, 50, 40), -1, np.float32)))[0].any(), "no signal is below zero"


def test_a_manifest_names_its_cutter_and_those_of_before_are_still_read() -> None:
    for cutter in (CUTTER, StandardizedRegionCutter(spacing_mm=2.0, size_px=32)):
        assert region_cutter(region_spec(cutter=cutter)) == cutter
    before = {"spacing_mm": 1.35, "size_px": 160, "channels": 5, "channel_step_mm": 3.3, "percentiles": [1, 99]}
    spec = region_spec()
    spec = replace(spec, input=InputSpec((160, 160, 5), "sij_mri.region", {**before, "ceiling": 1.5}))
    assert region_cutter(spec) == RegionCutter()


@pytest.mark.parametrize(
    ("cutter", "changed"),
    [("sij_mri.region", {}), ("sij_mri.unheard", {}), ("sij_mri.region_standardized", {"body_share": 1.0})],
    ids=["of the other gray values", "unknown", "no body"],
)
def test_gray_values_that_this_version_cannot_make_are_refused(cutter: str, changed: dict[str, Any]) -> None:
    spec = region_spec(cutter=StandardizedRegionCutter())
    given = replace(spec.input, cutter=cutter, parameters={**spec.input.parameters, **changed})
    with pytest.raises(BundleError, match="install a bundle that was made for this version"):
        region_cutter(replace(spec, input=given))


def test_a_shape_that_the_cutter_does_not_make_is_refused() -> None:
    spec = region_spec(cutter=CUTTER)
    with pytest.raises(BundleError, match="BUNDLE_CUTTER"):
        RegionCutter.of(replace(spec, input=replace(spec.input, shape=(32, 32, 5))))


def test_the_mirror_image_of_a_sharp_picture_is_read_alike_and_of_a_blurred_one_otherwise(
    shipped_bundle: LoadedBundle,
) -> None:
    segmenter = shipped_bundle.models["region"]
    assert isinstance(segmenter, Segmenter)
    reader = RegionReader(segmenter)
    assert not segmenter.disputes, "one network, one answer: the mirror image is the other"
    assert reader.read(sharp()).disputed < DISPUTED_SHARE
    half_lost = reader.read(blurred(2.5))
    assert half_lost.disputed > DISPUTED_SHARE
    lost = reader.read(blurred(6.0))
    assert np.count_nonzero(lost.mask) * sharp().voxel_volume_mm3 / 1000 < REGION_ML, "no region, so nothing in doubt"


def test_a_region_in_doubt_is_noted(shipped_bundle: LoadedBundle) -> None:
    for given, codes in ((sharp(), []), (blurred(2.0), ["REGION_DISPUTED"])):
        notes = application._Notes(lambda step: None)
        assert application._find_region(given, None, shipped_bundle.models, notes) is not None
        assert [one.code for one in notes.limitations] == codes


def test_a_network_that_knows_left_from_right_is_in_doubt_and_one_that_does_not_is_not() -> None:
    network = keras.Model(*one_sided())
    plain_spec = region_spec(cutter=CUTTER, mirrored=False)
    even = volume(np.ones((12, 50, 40), np.float32))
    assert RegionReader(Segmenter(plain_spec, [network])).read(even).disputed > 0.9
    assert RegionReader(Segmenter(region_spec(cutter=CUTTER), [network])).read(even).disputed > 0.9
    assert RegionReader(Segmenter(plain_spec, [bright_is_region()])).read(even).disputed == 0


def one_sided() -> tuple[Any, Any]:
    """A network that finds everything in the left half of a picture, whatever it shows."""
    picture = keras.Input(CUTTER.shape)
    place = keras.layers.ZeroPadding2D(((0, 0), (0, 16)))(keras.layers.Cropping2D(((0, 0), (0, 16)))(picture))
    answer = keras.layers.Conv2D(1, 1, activation="sigmoid")
    output = answer(place)
    answer.set_weights([np.array([0, 40, 0], np.float32).reshape(1, 1, 3, 1), np.array([-10], np.float32)])
    return picture, output


def sharp() -> Volume:
    return left_lesion().t1


def blurred(pixels: float) -> Volume:
    return replace(sharp(), voxels=ndimage.gaussian_filter(sharp().voxels, (0, pixels, pixels)))
