"""The edema network: what it sees, how it is taught, what a bundle says of it, and what a study without T1W does."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import keras
import numpy as np
import pytest

from config.errors import BundleError
from inference.serving.registry import LoadedBundle
from inference.serving.segmenter import Segmenter
from inference.serving.voxels import VoxelClassifier
from inference.sij_mri.crossing import carry_voxels
from inference.sij_mri.edema.features import region_depth
from inference.sij_mri.edema.find import LEAST_CHANCE, best_expected_cutoff, possible_edema
from inference.sij_mri.edema.network import EdemaCutter, EdemaNetwork, edema_network_spec
from inference.sij_mri.edema.pictures import CHANNELS
from inference.sij_mri.edema.shading import Fields, marrow_levels, relative_marrow, sacral_marrow, slow_field
from inference.sij_mri.midline import find_midline
from inference.space import resample
from inference.types import BoolArray, FloatArray, Volume
from tests.factories.phantoms import left_lesion
from training.data import Subject
from training.models.edema_unet import edema_unet
from training.phantom.phantom import Phantom
from training.sij_mri.edema.network import scan_loss, served
from training.sij_mri.edema.painting import Painted, PaintSettings, paint
from training.sij_mri.edema.samples import EdemaSampler, EdemaSource, edema_source

SMALL = EdemaCutter(spacing_mm=4.0, size_px=40)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return left_lesion()


@pytest.fixture(scope="module")
def t1(phantom: Phantom) -> Volume:
    carried = carry_voxels(phantom.t1, phantom.fluid)
    assert carried is not None
    return carried


@pytest.fixture(scope="module")
def middle_px(phantom: Phantom) -> float:
    return find_midline(phantom.fluid.voxels, phantom.fluid.pixel_spacing_mm)


def shading(volume: Volume) -> FloatArray:
    """A coil on one side: more than three times brighter there."""
    _, rows, columns = volume.shape
    right, down = np.linspace(-1, 1, columns)[None, :], np.linspace(-1, 1, rows)[:, None]
    return np.exp(0.6 * right + 0.1 * down)[None].astype(np.float32)


def with_voxels(volume: Volume, gain: FloatArray) -> Volume:
    return replace(volume, voxels=(volume.voxels * gain).astype(np.float32))


class Ratio:
    """Stands where a trained network does: edema is what stands out of the fluid-sensitive series beside T1W."""

    def __init__(self) -> None:
        given = keras.Input(EdemaCutter().shape)
        self.inner = keras.Model(given, keras.layers.Conv2D(1, 1, activation="sigmoid")(given))
        weights = np.zeros((1, 1, len(CHANNELS), 1), np.float32)
        weights[0, 0, CHANNELS.index("ratio here"), 0] = 8.0
        self.inner.set_weights([weights, np.array([-8.0 * np.arcsinh(1.25)], np.float32)])

    def model(self) -> EdemaNetwork:
        return EdemaNetwork(Segmenter(edema_network_spec(share=1.0), [self.inner]))


@pytest.fixture(scope="module")
def network() -> EdemaNetwork:
    return Ratio().model()


def read(network: EdemaNetwork, fluid: Volume, t1: Volume, region: BoolArray, middle_px: float) -> BoolArray:
    chance = network.read(fluid, t1, region, middle_px=middle_px)
    assert chance is not None
    return np.asarray(chance > 0.5, np.bool_)


def test_shading_that_both_series_share_is_no_edema_and_edema_on_a_shaded_scan_still_is(
    network: EdemaNetwork, phantom: Phantom, t1: Volume, middle_px: float
) -> None:
    fluid, region, truth = phantom.fluid, phantom.fluid_region, phantom.lesions[0].mask
    plain = read(network, fluid, t1, region, middle_px)
    shaded = read(network, with_voxels(fluid, shading(fluid)), with_voxels(t1, shading(t1)), region, middle_px)
    assert plain[truth].mean() > 0.6
    assert shaded[truth].mean() > 0.6
    beyond = region & ~truth
    assert shaded[beyond].mean() < plain[beyond].mean() + 0.01
    unequal = read(network, with_voxels(fluid, shading(fluid)), t1, region, middle_px)
    assert unequal[beyond].sum() > 1.5 * shaded[beyond].sum()


def wide(phantom: Phantom, middle_px: float) -> BoolArray:
    """A ball of 30 mm in the right ilium."""
    places = np.argwhere(phantom.fluid_region)
    beyond = places[places[:, 2] < middle_px - 45.0 / phantom.fluid.pixel_spacing_mm[1]]
    middle = np.median(beyond, axis=0)
    spacing = np.array([phantom.fluid.slice_spacing_mm, *phantom.fluid.pixel_spacing_mm])
    index = np.indices(phantom.fluid.shape).reshape(3, -1).T
    away = np.linalg.norm((index - middle) * spacing, axis=1).reshape(phantom.fluid.shape)
    return np.asarray((away < 15.0) & phantom.fluid_region, np.bool_)


def test_wide_edema_is_found_and_fat_is_not(
    network: EdemaNetwork, phantom: Phantom, t1: Volume, middle_px: float
) -> None:
    region, ball = phantom.fluid_region, wide(phantom, middle_px)
    assert ball.sum() > 500
    edema = read(
        network,
        with_voxels(phantom.fluid, np.where(ball, 1.8, 1.0).astype(np.float32)),
        with_voxels(t1, np.where(ball, 0.75, 1.0).astype(np.float32)),
        region,
        middle_px,
    )
    assert edema[ball].mean() > 0.7
    fat = read(network, phantom.fluid, with_voxels(t1, np.where(ball, 1.5, 1.0).astype(np.float32)), region, middle_px)
    plain = read(network, phantom.fluid, t1, region, middle_px)
    assert fat[ball].mean() <= plain[ball].mean() + 0.01


def test_scale_of_intensities_does_not_matter(phantom: Phantom, t1: Volume, middle_px: float) -> None:
    ten = np.float32(10.0)
    one = relative_marrow(phantom.fluid, t1, phantom.fluid_region, middle_px=middle_px)
    other = relative_marrow(
        replace(phantom.fluid, voxels=phantom.fluid.voxels * ten),
        replace(t1, voxels=t1.voxels / ten),
        phantom.fluid_region,
        middle_px=middle_px,
    )
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one.ratio, other.ratio, rtol=1e-3, atol=0.05)
    np.testing.assert_allclose(one.t1_level, other.t1_level, rtol=1e-3, atol=0.01)


def test_without_t1_or_without_network_the_classifier_answers_alone(
    network: EdemaNetwork, phantom: Phantom, t1: Volume, shipped_bundle: LoadedBundle
) -> None:
    classifier = cast(VoxelClassifier, shipped_bundle.models["edema"])
    region = phantom.fluid_region
    plain = possible_edema(phantom.fluid, region, (), classifier=classifier)
    for t1_given, network_given in ((None, network), (t1, None)):
        found = possible_edema(phantom.fluid, region, (), classifier=classifier, t1=t1_given, network=network_given)
        assert plain is not None
        assert found is not None
        assert np.array_equal(plain.chance, found.chance)
        assert found.usual == classifier.spec.thresholds
    both = possible_edema(phantom.fluid, region, (), classifier=classifier, t1=t1, network=network)
    assert both is not None
    assert both.usual["sure"] == both.usual["possible"] == best_expected_cutoff(both.chance)


def test_t1_crosses_to_the_grid_of_the_other_series_unless_its_slices_stand_across(
    phantom: Phantom, t1: Volume
) -> None:
    assert t1.shape == phantom.fluid.shape
    assert np.array_equal(t1.voxels, resample(phantom.t1.voxels, phantom.t1, phantom.fluid))
    across = replace(phantom.t1, row_direction=(0.0, 1.0, 0.0), column_direction=(0.0, 0.0, -1.0))
    assert carry_voxels(across, phantom.fluid) is None


def test_too_little_marrow_is_no_answer(network: EdemaNetwork, phantom: Phantom, t1: Volume, middle_px: float) -> None:
    nothing = np.zeros(phantom.fluid.shape, np.bool_)
    assert network.read(phantom.fluid, t1, nothing, middle_px=middle_px) is None
    dark = replace(phantom.fluid, voxels=np.zeros_like(phantom.fluid.voxels))
    assert network.read(dark, t1, phantom.fluid_region, middle_px=middle_px) is None


@pytest.mark.parametrize(
    ("chance", "cutoff"),
    [([0.9, 0.8, 0.1, 0.05], 0.8), ([0.3, 0.3, 0.28, 0.05], 0.28), ([0.0, 0.01], LEAST_CHANCE)],
)
def test_the_cut_off_of_a_scan_is_where_the_expected_dice_is_largest(chance: list[float], cutoff: float) -> None:
    assert best_expected_cutoff(np.array(chance, np.float32)) == pytest.approx(cutoff)


@pytest.mark.parametrize(
    "changed",
    [
        {"parameters": {"mirrored": True}},
        {"parameters": {"mirrored": True, "share": 1.5}},
        {"thresholds": {"edema": 0.5}},
    ],
)
def test_a_network_of_another_kind_is_refused(changed: dict[str, object]) -> None:
    assert EdemaCutter.of(edema_network_spec()) == EdemaCutter()
    with pytest.raises(BundleError) as refused:
        EdemaCutter.of(replace(edema_network_spec(), **changed))  # type: ignore[arg-type]
    assert refused.value.code == "BUNDLE_CUTTER"


def test_a_network_of_other_channels_is_refused() -> None:
    spec = edema_network_spec()
    given = replace(spec.input, parameters={**spec.input.parameters, "channels": [*CHANNELS[1:], CHANNELS[0]]})
    with pytest.raises(BundleError, match="channels"):
        EdemaCutter.of(replace(spec, input=given))


@pytest.fixture(scope="module")
def source(phantom: Phantom, t1: Volume) -> EdemaSource:
    fluid = phantom.fluid
    subject = Subject(
        subject="phantom",
        patient="phantom",
        images={"t1w": t1.voxels, "stir": fluid.voxels},
        labels={"region": phantom.fluid_region, "inflammation_A": phantom.lesions[0].mask},
        positions_mm=fluid.positions_mm,
        directions=np.array([fluid.row_direction, fluid.column_direction]),
        pixel_spacing_mm=fluid.pixel_spacing_mm,
    )
    return edema_source(subject, SMALL, readings=("A",))


def test_a_batch_depends_on_its_number_alone_and_holds_what_is_painted(source: EdemaSource) -> None:
    sampler = EdemaSampler((source,), SMALL, scans=1, coarse=SMALL)
    pictures, (truth, half) = sampler.batch(3)
    assert pictures.shape == (3, 40, 40, len(CHANNELS))
    assert truth.shape == (3, 40, 40, 2)
    assert half.shape == (3, 20, 20, 2)
    assert np.isfinite(pictures).all()
    again, _ = EdemaSampler((source,), SMALL, scans=1, coarse=SMALL).batch(3)
    assert np.array_equal(pictures, again)


def test_lesions_are_painted_on_a_copy_bright_and_dark_and_lines_are_not_marked(source: EdemaSource) -> None:
    def painted(**changed: object) -> Painted:
        settings = replace(PaintSettings(wide_share=1.0, faint_share=0.0, lines=(0, 0)), **changed)  # type: ignore[arg-type]
        return paint(
            np.random.default_rng(1), settings, source.clean, source.region,
            volume=source.volume, level=source.fluid_level, places=source.places,
        )  # fmt: skip

    before = source.clean.readings.copy()
    lesion = painted()
    new = (lesion.readings & ~before)[0]
    assert new.any()
    assert lesion.wide
    assert not (new & ~source.region).any()
    assert (lesion.fluid[new] > source.clean.fluid[new]).all()
    assert (lesion.t1[new] < source.clean.t1[new]).all()
    assert np.array_equal(source.clean.readings, before)
    line = painted(blobs=(0, 0), lines=(3, 3))
    assert np.array_equal(line.readings, before)
    assert (line.fluid > source.clean.fluid).any()
    assert np.array_equal(line.t1, source.clean.t1)


def test_the_loss_is_least_for_the_truth_and_counts_nothing_outside() -> None:
    rng = np.random.default_rng(0)
    reading = (rng.random((3, 16, 16, 1)) < 0.3).astype(np.float32)
    counted = np.ones_like(reading)
    counted[:, :, 8:] = 0
    truth = np.concatenate([reading, reading, counted], axis=-1)
    loss = scan_loss(3)
    right, wrong = (float(loss(truth, np.clip(given, 0.001, 0.999))) for given in (reading, 1 - reading))
    elsewhere = np.where(counted > 0, reading, 1 - reading)
    assert right < 0.1 < wrong
    assert float(loss(truth, np.clip(elsewhere, 0.001, 0.999))) == pytest.approx(right, abs=1e-4)


def test_what_ships_says_what_was_taught_and_survives_its_file(tmp_path: Path) -> None:
    taught = edema_unet(None, len(CHANNELS), widths=(4, 8), guided=True)
    network = served(taught, SMALL)
    network.save(tmp_path / "edema.keras")
    loaded = keras.saving.load_model(tmp_path / "edema.keras", compile=False, safe_mode=True)
    pictures = np.random.default_rng(0).normal(size=(2, *SMALL.shape)).astype(np.float32)
    np.testing.assert_allclose(loaded.predict_on_batch(pictures), taught.predict_on_batch(pictures)[0], atol=1e-5)
    with pytest.raises(ValueError, match="received 41"):
        edema_unet(41, 3)


def test_levels_are_those_of_the_sacrum(phantom: Phantom, t1: Volume, middle_px: float) -> None:
    marrow = sacral_marrow(phantom.fluid, phantom.fluid_region, middle_px)
    assert marrow.any()
    assert region_depth(phantom.fluid_region, phantom.fluid)[marrow].min() > 0
    field = slow_field(t1, phantom.fluid_region)
    levels = marrow_levels(phantom.fluid, t1, Fields(field, slow_field(phantom.fluid, phantom.fluid_region)), marrow)
    assert levels is not None
    assert levels.fluid == pytest.approx(float(np.median(phantom.fluid.voxels[marrow])), rel=0.15)
