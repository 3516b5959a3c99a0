"""The edema network: a small U-Net with a second, coarser answer that guides its learning.

Only layers of Keras are used: the saved file loads in safe mode.

References
----------
Ronneberger et al., U-Net: convolutional networks for biomedical image segmentation. MICCAI 2015.
Lee et al., Deeply-supervised nets. AISTATS 2015.
"""

from typing import Any

import keras
from keras import layers

WIDTHS = (12, 24, 48, 96)


def edema_unet(
    size_px: int | None,
    channels: int,
    *,
    widths: tuple[int, ...] = WIDTHS,
    dropout: float = 0.2,
    guided: bool = False,
) -> keras.Model:
    """Build the edema network.

    Parameters
    ----------
    size_px : int or None
        Rows and columns of the input, a multiple of ``2 ** (len(widths) - 1)``; None for any such size.
    channels : int
        Of the input.
    widths : tuple of int
        Channels of each level, the finest first.
    dropout : float
        Rate of spatial dropout at the coarsest level.
    guided : bool
        With the coarser answer, as it is taught.

    Returns
    -------
    keras.Model
        From float32 (batch, rows, columns, channels) to float32 probabilities (batch, rows, columns, 1); guided, to
        these and those at half the resolution. Both have the same weights in the same order, those of the coarser
        answer last.

    Raises
    ------
    ValueError
        ``size_px`` does not fit the number of levels.
    """
    if size_px is not None and size_px % 2 ** (len(widths) - 1):
        raise ValueError(f"size_px must be a multiple of {2 ** (len(widths) - 1)}, received {size_px}")
    inputs = keras.Input((size_px, size_px, channels), name="slices")
    x: Any = inputs
    skips = []
    for level, width in enumerate(widths):
        x = layers.MaxPooling2D(2)(x) if level else x
        x = _convolved(_convolved(x, width), width)
        skips.append(x)
    x = layers.SpatialDropout2D(dropout)(skips.pop())
    coarser = x
    for width in reversed(widths[:-1]):
        coarser = x
        x = layers.Concatenate()([skips.pop(), layers.Conv2DTranspose(width, 2, strides=2)(x)])
        x = _convolved(_convolved(x, width), width)
    answers = [_answer(x, "edema")]
    if guided:
        answers.append(_answer(coarser, "coarser"))
    return keras.Model(inputs, answers if guided else answers[0], name="edema_unet")


def _convolved(x: Any, width: int) -> Any:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.95)(x))


def _answer(x: Any, name: str) -> Any:
    start = keras.initializers.Constant(-3.0)  # edema is rare
    logits = layers.Conv2D(1, 1, dtype="float32", bias_initializer=start, name=f"{name}_logits")(x)
    return layers.Activation("sigmoid", dtype="float32", name=name)(logits)
