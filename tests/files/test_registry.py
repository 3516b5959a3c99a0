"""Architectures by name: known ones are built, what is unknown is said."""

import keras
import numpy as np
import pytest

from training.models.registry import build


def test_the_network_of_the_plan_has_a_head_for_each_resolution() -> None:
    model = build("unet", size_px=16, channels=3, widths=[4, 8, 8], heads=2)
    found = model(np.zeros((1, 16, 16, 3), np.float32))
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "mask": (1, 16, 16, 1),
        "mask_2": (1, 8, 8, 1),
    }


def test_weights_have_the_same_names_however_many_heads() -> None:
    one, two = (build("unet", size_px=None, channels=1, widths=(4, 8, 8), heads=heads) for heads in (1, 2))
    names = [weight.path for weight in one.weights]
    assert set(names) < {weight.path for weight in two.weights}


def test_the_region_network_of_the_recipe_has_its_size() -> None:
    model: keras.Model = build("unet", size_px=208, channels=3)
    assert model.count_params() == 1_228_737


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [
        ("no_such_net", {}, "one of attention_unet, "),
        ("unet", {"size_px": 16, "channels": 1, "depth": 3}, "received depth"),
        ("unet", {"size_px": 16}, "needs channels"),
        ("unet", {"size_px": 30, "channels": 1, "widths": [4, 8, 8]}, "multiple of 4"),
        ("unet", {"size_px": 16, "channels": 1, "widths": [4, 8], "heads": 3}, "heads must be from 1"),
    ],
)
def test_what_cannot_be_built_is_said(name: str, config: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build(name, **config)
