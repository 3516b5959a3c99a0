"""The stage network: a small convolutional network for one slice, which shows its evidence before it judges.

Its last convolution keeps a resolution of a quarter. From it an evidence map for each kind of lesion (edema,
erosion, fat, sclerosis, ankylosis) is made, which in training is held against the exact masks of the simulated lesions;
the judgment rests on the strongest evidence of each kind and on the mean and maximum of the features. Only layers of
Keras are used: the saved file loads in safe mode.
"""

from typing import Any

import keras
from keras import layers

EVIDENCE = ("edema", "erosion", "fat", "sclerosis", "ankylosis")
REDUCTION = 4


def stage_cnn(
    size_px: int, channels: int = 3, *, widths: tuple[int, ...] = (16, 32, 56), dropout: float = 0.2
) -> keras.Model:
    """Build the stage network.

    Parameters
    ----------
    size_px : int
        Rows and columns of the input; a multiple of 4.
    channels : int
        Channels of the input.
    widths : tuple of int
        Channels at a half and a quarter of the input's resolution, and of the last layers.
    dropout : float
        Before the judgment.

    Returns
    -------
    keras.Model
        From float32 (batch, size_px, size_px, channels) to a dict: ``as`` (batch, 2) and ``stage`` (batch, 4)
        probabilities, ``evidence`` (batch, size_px / 4, size_px / 4, 5) probabilities.

    Raises
    ------
    ValueError
        ``size_px`` is not a multiple of 4.
    """
    if size_px % REDUCTION:
        raise ValueError(f"size_px must be a multiple of {REDUCTION}, received {size_px}")
    half, quarter, last = widths
    inputs = keras.Input((size_px, size_px, channels), name="slice")
    x = _convolution(inputs, half, size=5, stride=2)
    x = _convolution(x, half)
    x = _residual(_convolution(x, quarter, stride=2), quarter)
    x = _residual(_convolution(x, last), last, dilation=2)
    x = _convolution(x, last, dilation=2)
    x = _convolution(x, last, name="last_convolution")
    evidence_logits = layers.Conv2D(
        len(EVIDENCE), 1, bias_initializer=keras.initializers.Constant(-3.0), dtype="float32", name="evidence_logits"
    )(x)
    pooled = layers.Concatenate(dtype="float32")(
        [
            layers.GlobalAveragePooling2D()(x),
            layers.GlobalMaxPooling2D()(x),
            layers.GlobalMaxPooling2D(dtype="float32")(evidence_logits),
            layers.GlobalAveragePooling2D()(layers.Activation("sigmoid", dtype="float32")(evidence_logits)),
        ]
    )
    pooled = layers.Dropout(dropout)(pooled)
    hidden = layers.Dense(48, activation="relu", dtype="float32")(pooled)
    outputs = {
        "as": layers.Softmax(dtype="float32", name="as")(layers.Dense(2, dtype="float32", name="as_logits")(hidden)),
        "stage": layers.Softmax(dtype="float32", name="stage")(
            layers.Dense(4, dtype="float32", name="stage_logits")(hidden)
        ),
        "evidence": layers.Activation("sigmoid", dtype="float32", name="evidence")(evidence_logits),
    }
    return keras.Model(inputs, outputs, name="stage_cnn")


def deployed(model: keras.Model) -> keras.Model:
    """The same network without the evidence maps among its outputs."""
    outputs = {name: model.get_layer(name).output for name in ("as", "stage")}
    return keras.Model(model.inputs, outputs, name="stage_cnn")


def _convolution(
    x: Any, width: int, *, size: int = 3, stride: int = 1, dilation: int = 1, name: str | None = None
) -> Any:
    x = layers.Conv2D(
        width,
        size,
        strides=stride,
        dilation_rate=dilation,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    x = layers.BatchNormalization(momentum=0.98)(x)
    return layers.Activation("relu", name=name)(x)


def _residual(x: Any, width: int, *, dilation: int = 1) -> Any:
    inner = _convolution(_convolution(x, width, dilation=dilation), width, dilation=dilation)
    return layers.Add()([x, inner])
