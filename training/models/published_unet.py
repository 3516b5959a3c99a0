"""The published attention U-Net for single slices: 7,869,572 parameters at its published widths and size.

Two 3x3 convolutions with ReLU a level; up by repetition and a 2x2 convolution; the skip connection is weighed by
``sigmoid(1x1(relu(1x1(skip) + 1x1(up))))`` with as many inner channels as the level. No normalization, as published.

References
----------
Oktay et al., Attention U-Net: learning where to look for the pancreas. MIDL 2018.
"""

from typing import Any

import keras
from keras import layers


def published_unet(
    size_px: int = 256, channels: int = 1, *, widths: tuple[int, ...] = (64, 128, 256), bottleneck: int = 512
) -> keras.Model:
    """Build the network.

    Parameters
    ----------
    size_px : int
        Rows and columns of the input; a multiple of ``2 ** len(widths)``.
    channels : int
        1: a single slice; more: neighboring slices, the judged one in the middle.
    widths : tuple of int
        Channels of each level, the finest first.
    bottleneck : int
        Channels of the coarsest level.

    Returns
    -------
    keras.Model
        From float32 (batch, size_px, size_px, channels) in 0 to 1 to float32 probabilities (batch, size_px, size_px,
        1).

    Raises
    ------
    ValueError
        ``size_px`` does not fit the number of levels.
    """
    if size_px % 2 ** len(widths):
        raise ValueError(f"size_px must be a multiple of {2 ** len(widths)}, received {size_px}")
    inputs = keras.Input((size_px, size_px, channels), name="slice")
    x, skips = inputs, []
    for width in widths:
        skips.append(_two_convolutions(x, width))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = _two_convolutions(x, bottleneck)
    for width, skip in zip(reversed(widths), reversed(skips), strict=True):
        x = layers.Conv2D(width, 2, padding="same", activation="relu")(layers.UpSampling2D(2)(x))
        x = layers.Concatenate()([_gate(skip, x, width), x])
        x = _two_convolutions(x, width)
    outputs = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="region")(x)
    return keras.Model(inputs, outputs, name="published_unet")


def _two_convolutions(x: Any, width: int) -> Any:
    for _ in range(2):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    return x


def _gate(skip: Any, gating: Any, width: int) -> Any:
    joined = layers.Add()([layers.Conv2D(width, 1)(skip), layers.Conv2D(width, 1)(gating)])
    weight = layers.Conv2D(1, 1, activation="sigmoid")(layers.Activation("relu")(joined))
    return layers.Multiply()([skip, weight])
