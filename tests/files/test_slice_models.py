"""The networks of the published framework: their sizes, their options, and that the node can load them."""

import numpy as np
import pytest

PUBLISHED = {
    "published_unet": 7_869_572,
    "simple_cnn": 16_870_790,
    "hybrid_v1": 16_197_551,
    "hybrid_v2": 4_838_319,
}
TINY_HYBRID = {"size_px": 32, "width": 0.1, "hidden": 8}
TINY = {
    "simple_cnn": {"size_px": 16, "widths": (2, 3), "hidden": 4},
    "hybrid_v1": {**TINY_HYBRID, "blocks": 1, "heads": 2, "key_dim": 4, "mlp": 4},
    "hybrid_v2": {**TINY_HYBRID, "hidden": (8, 4)},
}


def _builder(name):
    module = __import__(f"training.models.{name}", fromlist=[name])
    return getattr(module, name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_has_the_published_number_of_parameters(name):
    assert _builder(name)().count_params() == PUBLISHED[name]


def test_a_narrow_unet_gives_a_probability_for_each_pixel():
    network = _builder("published_unet")(16, 3, widths=(2, 4), bottleneck=4)
    answer = np.asarray(network(np.zeros((1, 16, 16, 3), np.float32)))
    assert answer.shape == (1, 16, 16, 1)
    assert 0 < answer.min() <= answer.max() < 1


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"multiple of 8, received 20"):
        _builder("published_unet")(20)
    with pytest.raises(ValueError, match=r"multiple of 8, received 20"):
        _builder("simple_cnn")(20)


@pytest.mark.parametrize("name", ["simple_cnn", "hybrid_v2"])
def test_classifiers_read_clinical_values_that_may_be_missing(name, tmp_path):
    import keras

    network = _builder(name)(**TINY[name], clinical=("hla_b27", "crp_mg_l"))
    size = TINY[name]["size_px"]
    given = {
        "slice": np.zeros((2, size, size, 1), np.float32),
        "clinical": np.array([[1.0, 40.0], [np.nan, np.nan]], np.float32),
    }
    answers = network(given)
    assert all(np.isfinite(np.asarray(answers[name])).all() for name in ("as", "stage"))
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(np.asarray(again(given)["as"]), np.asarray(answers["as"]), atol=1e-6)
    with pytest.raises(ValueError, match=r"age_years, sex; received height"):
        _builder(name)(**TINY[name], clinical=("height",))


def test_missing_is_something_else_than_the_usual_value():
    network = _builder("simple_cnn")(**TINY["simple_cnn"], clinical=("crp_mg_l",))
    last = network.get_layer("with_clinical").output
    import keras

    joined = keras.Model(network.inputs, last)
    rows = joined({"slice": np.zeros((2, 16, 16, 1), np.float32), "clinical": np.array([[10.0], [np.nan]])})
    np.testing.assert_allclose(np.asarray(rows)[:, -2:], [[0.0, 0.0], [0.0, 1.0]])


def test_a_stack_of_slices_is_read_in_three_dimensions():
    network = _builder("simple_cnn")(16, depth=3, widths=(2, 3), hidden=4)
    answers = network(np.zeros((1, 3, 16, 16, 1), np.float32))
    assert tuple(answers["stage"].shape) == (1, 4)


def test_neighboring_slices_are_channels():
    assert _builder("simple_cnn")(**TINY["simple_cnn"], channels=3).input_shape == (None, 16, 16, 3)


def test_the_backbone_is_frozen_as_published_and_its_last_layers_can_learn():
    def learning(unfreeze):
        network = _builder("hybrid_v2")(**TINY["hybrid_v2"], unfreeze=unfreeze)
        (backbone,) = (layer for layer in network.layers if layer.name == "efficientnet")
        return [layer.name for layer in backbone.layers if layer.trainable_weights]

    assert learning(0) == []
    some, every = learning(20), learning("all")
    assert 0 < len(some) < len(every)
    assert not any(name.endswith("bn") for name in some)
    assert any(name.endswith("bn") for name in every)
    with pytest.raises(ValueError, match="number of layers"):
        learning(-1)


def test_attention_gets_a_token_for_each_place_of_the_map():
    one = _builder("hybrid_v1")(**TINY["hybrid_v1"])
    sizes = {**TINY["hybrid_v1"], "size_px": 64}
    many = _builder("hybrid_v1")(**sizes, tokens="map")
    assert one.get_layer("attention_1").output.shape[1] == 1
    assert many.get_layer("attention_1").output.shape[1] == 4
    with pytest.raises(ValueError, match="'one' or 'map'"):
        _builder("hybrid_v1")(**sizes, tokens="two")
