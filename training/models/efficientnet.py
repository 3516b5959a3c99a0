"""The backbone of the published hybrids: EfficientNetB0 behind an adapter from gray to three channels.

References
----------
Tan and Le, EfficientNet: rethinking model scaling for convolutional neural networks. ICML 2019.
"""

from pathlib import Path
from typing import Any

import keras
from keras import layers

from training.models.slice_heads import LAST_CONVOLUTION


def efficientnet_features(
    inputs: Any, *, width: float, weights: str | Path | None, unfreeze: int | str, scale: float
) -> Any:
    """Features of a slice.

    Parameters
    ----------
    inputs : tensor (batch, rows, columns, channels)
        In 0 to 1.
    width : float
        1: EfficientNetB0; else the share of its channels.
    weights : path or None
        File of weights for the backbone without its top; None: random ones.
    unfreeze : int or "all"
        How many of the last layers learn; batch normalization among them stays as it is. All: that learns too.
    scale : float
        What the input is multiplied by, for the backbone, which divides by 255 itself: 1 as published, 255 as it
        expects.

    Returns
    -------
    tensor (batch, rows / 32, columns / 32, features)
        Of the layer ``last_convolution``.

    Raises
    ------
    ValueError
        ``unfreeze`` is neither.
    """
    if unfreeze != "all" and not (isinstance(unfreeze, int) and unfreeze >= 0):
        raise ValueError(f"unfreeze is a number of layers or 'all', received {unfreeze!r}")
    adapted = layers.Conv2D(3, 1, name="adapter")(inputs)
    if scale != 1:
        adapted = layers.Rescaling(scale, name="as_expected")(adapted)
    backbone = _backbone(tuple(adapted.shape[1:]), width, weights)
    if isinstance(unfreeze, int):
        _freeze(backbone, unfreeze)
    return layers.Activation("linear", name=LAST_CONVOLUTION)(backbone(adapted))


def _backbone(shape: tuple[int, ...], width: float, weights: str | Path | None) -> Any:
    options = {"include_top": False, "weights": None if weights is None else str(weights), "input_shape": shape}
    if width == 1:
        return keras.applications.EfficientNetB0(**options)
    from keras.src.applications.efficientnet import EfficientNet  # the widths are not public, the builder is this one

    return EfficientNet(width, 1.0, shape[0], name="efficientnet", **options)


def _freeze(backbone: Any, unfreeze: int) -> None:
    learning = backbone.layers[len(backbone.layers) - unfreeze :]
    for layer in backbone.layers:
        layer.trainable = layer in learning and not isinstance(layer, layers.BatchNormalization)
