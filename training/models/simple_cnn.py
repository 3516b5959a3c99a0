"""The published simple network for single slices: 16,870,790 parameters, nearly all of them in its first dense layer.

With ``depth`` it reads a stack of slices by three-dimensional convolutions instead.
"""

import keras
from keras import layers

from training.models.slice_heads import LAST_CONVOLUTION, judged, with_clinical


def simple_cnn(
    size_px: int = 256,
    channels: int = 1,
    *,
    depth: int = 0,
    widths: tuple[int, ...] = (32, 64, 128),
    hidden: int = 128,
    dropout: float = 0.5,
    clinical: tuple[str, ...] = (),
) -> keras.Model:
    """Build the network.

    Parameters
    ----------
    size_px : int
        Rows and columns of the input; a multiple of ``2 ** len(widths)``.
    channels : int
        1: a single slice; more: neighboring slices, the judged one in the middle.
    depth : int
        0: pictures (rows, columns, channels). Else stacks of so many slices (depth, rows, columns, channels), which are
        convolved along the stack too and pooled over it before the dense layer.
    widths : tuple of int
        Channels of each convolution.
    hidden : int
        Width of the dense layer.
    dropout : float
        Before the judgments.
    clinical : tuple of str
        Clinical variables that are read beside the image, keys of :data:`training.models.slice_heads.CLINICAL`.

    Returns
    -------
    keras.Model
        From float32 images in 0 to 1 to a dict of ``as`` (batch, 2) and ``stage`` (batch, 4) probabilities.

    Raises
    ------
    ValueError
        ``size_px`` does not fit the number of convolutions, or a clinical variable is not known.
    """
    if size_px % 2 ** len(widths):
        raise ValueError(f"size_px must be a multiple of {2 ** len(widths)}, received {size_px}")
    inputs = keras.Input(((depth,) if depth else ()) + (size_px, size_px, channels), name="slice")
    x = inputs
    for number, width in enumerate(widths, 1):
        name = LAST_CONVOLUTION if number == len(widths) else None
        convolution = layers.Conv3D if depth else layers.Conv2D
        x = convolution(width, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling3D((1, 2, 2))(x) if depth else layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling1D()(layers.Reshape((depth, -1))(x)) if depth else layers.Flatten()(x)
    x = layers.Dense(hidden, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    inputs, x = with_clinical(inputs, x, clinical)
    return keras.Model(inputs, judged(x), name="simple_cnn")
