"""A U-Net that keeps the resolution of its input and may be held to the truth at several resolutions.

Two 3 x 3 convolutions a level, max-pooling, nearest up-sampling. Only layers of Keras are used: the saved file loads in
safe mode.

References
----------
O. Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015.
C.-Y. Lee et al., "Deeply-supervised nets", AISTATS 2015.
"""

from typing import Any

import keras
from keras import layers


def unet(
    size_px: int | None,
    channels: int,
    *,
    widths: tuple[int, ...] = (16, 32, 64, 128, 128),
    heads: int = 1,
    momentum: float = 0.9,
) -> keras.Model:
    """Build the network.

    Parameters
    ----------
    size_px : int or None
        Rows and columns of the input, a multiple of ``2 ** (len(widths) - 1)``; None: of any size.
    channels : int
        Channels of the input.
    widths : tuple of int
        Channels of each level, the finest first.
    heads : int
        Levels that are held to the truth; more than one for training alone.
    momentum : float
        Of the batch normalization.

    Returns
    -------
    keras.Model
        From float32 (batch, size_px, size_px, channels) to a dict of float32 probabilities: ``mask`` (batch, size_px,
        size_px, 1), and ``mask_2``, ``mask_4`` ... at a half, a quarter of the resolution where `heads` asks for them.
        Weights have the same names however many heads there are.

    Raises
    ------
    ValueError
        ``size_px`` or ``heads`` does not fit the number of levels.
    """
    step = 2 ** (len(widths) - 1)
    if size_px is not None and size_px % step:
        raise ValueError(f"size_px must be a multiple of {step}, received {size_px}")
    if not 1 <= heads < max(2, len(widths)):
        raise ValueError(f"heads must be from 1 to {max(1, len(widths) - 1)}, received {heads}")
    x = picture = keras.Input((size_px, size_px, channels), name="picture")
    skips, outputs = [], {}
    for level, width in enumerate(widths):
        if level:
            skips.append(x)
            x = layers.MaxPooling2D(name=f"pool{level - 1}")(x)
        x = _two_convolutions(x, width, f"down{level}", momentum)
    for level in reversed(range(len(widths) - 1)):
        x = layers.UpSampling2D(interpolation="nearest", name=f"grow{level}")(x)
        x = layers.Concatenate(name=f"skip{level}")([x, skips[level]])
        x = _two_convolutions(x, widths[level], f"up{level}", momentum)
        if level < heads:
            name = f"mask_{2**level}" if level else "mask"
            outputs[name] = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name=name)(x)
    return keras.Model(picture, outputs, name="unet")


def _two_convolutions(x: Any, width: int, name: str, momentum: float) -> Any:
    for part in "ab":
        x = layers.Conv2D(
            width, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}{part}_conv"
        )(x)
        x = layers.BatchNormalization(momentum=momentum, name=f"{name}{part}_norm")(x)
        x = layers.Activation("relu", name=f"{name}{part}_relu")(x)
    return x
