"""The region network: an attention U-Net that sees neighboring slices as channels.

The first convolution has stride 2, so that the width goes where it pays on two CPU cores; a transposed convolution
brings the output back to the input grid. Only layers of Keras are used: the saved file loads in safe mode.

References
----------
Oktay et al., Attention U-Net: learning where to look for the pancreas. MIDL 2018.
Wu and He, Group normalization. ECCV 2018.
"""

from typing import Any

import keras
from keras import layers

GROUP_SIZE = 16


def attention_unet(
    size_px: int,
    channels: int,
    *,
    widths: tuple[int, ...] = (16, 32, 64, 128, 128),
    norm: str = "group",
    dropout: float = 0.1,
) -> keras.Model:
    """Build the region network.

    Parameters
    ----------
    size_px : int
        Rows and columns of the input; a multiple of ``2 ** len(widths)``.
    channels : int
        Neighboring slices in the input, the judged one in the middle.
    widths : tuple of int
        Channels of each level, the finest (half the input's resolution) first.
    norm : {"group", "batch"}
        Normalization after each convolution.
    dropout : float
        Rate of spatial dropout at the coarsest level.

    Returns
    -------
    keras.Model
        From float32 (batch, size_px, size_px, channels) to float32 probabilities (batch, size_px, size_px, 1).

    Raises
    ------
    ValueError
        ``size_px`` does not fit the number of levels.
    """
    if size_px % 2 ** len(widths):
        raise ValueError(f"size_px must be a multiple of {2 ** len(widths)}, received {size_px}")
    inputs = keras.Input((size_px, size_px, channels), name="slices")
    x = layers.Conv2D(widths[0], 5, strides=2, padding="same", use_bias=False, name="stem")(inputs)
    x = _activated(x, norm)
    skips = []
    for level, width in enumerate(widths):
        if level:
            x = layers.MaxPooling2D(2)(x)
        x = _two_convolutions(x, width, norm)
        skips.append(x)
    x = layers.SpatialDropout2D(dropout)(skips.pop())
    for width in reversed(widths[:-1]):
        x = _up(x, width, norm)
        skip = _gate(skips.pop(), x, width)
        x = layers.Concatenate()([skip, x])
        x = _two_convolutions(x, width, norm)
    logits = layers.Conv2DTranspose(1, 4, strides=2, padding="same", dtype="float32", name="logits")(x)
    outputs = layers.Activation("sigmoid", dtype="float32", name="region")(logits)
    return keras.Model(inputs, outputs, name="attention_unet")


def _activated(x: Any, norm: str) -> Any:
    if norm == "batch":
        x = layers.BatchNormalization(momentum=0.98)(x)
    else:
        x = layers.GroupNormalization(groups=max(1, x.shape[-1] // GROUP_SIZE))(x)
    return layers.Activation("relu")(x)


def _two_convolutions(x: Any, width: int, norm: str) -> Any:
    for _ in range(2):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
        x = _activated(x, norm)
    return x


def _up(x: Any, width: int, norm: str) -> Any:
    x = layers.Conv2DTranspose(width, 2, strides=2, use_bias=False, kernel_initializer="he_normal")(x)
    return _activated(x, norm)


def _gate(skip: Any, gating: Any, width: int) -> Any:
    """Weight the skip connection by what the coarser level asks for."""
    joined = layers.Add()([layers.Conv2D(width // 2, 1)(skip), layers.Conv2D(width // 2, 1)(gating)])
    weight = layers.Conv2D(1, 1, activation="sigmoid")(layers.Activation("relu")(joined))
    return layers.Multiply()([skip, weight])
