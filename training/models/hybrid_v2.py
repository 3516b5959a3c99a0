"""The published second hybrid: EfficientNetB0 and two dense layers. 4,838,319 parameters."""

from pathlib import Path

import keras
from keras import layers

from training.models.efficientnet import efficientnet_features
from training.models.slice_heads import judged, with_clinical


def hybrid_v2(
    size_px: int = 256,
    channels: int = 1,
    *,
    width: float = 1.0,
    weights: str | Path | None = None,
    unfreeze: int | str = 0,
    scale: float = 1.0,
    hidden: tuple[int, int] = (512, 256),
    dropout: tuple[float, float] = (0.4, 0.3),
    clinical: tuple[str, ...] = (),
) -> keras.Model:
    """Build the network.

    Parameters
    ----------
    size_px : int
        Rows and columns of the input.
    channels : int
        1: a single slice; more: neighboring slices, the judged one in the middle.
    width, weights, unfreeze, scale
        Of the backbone, see :func:`training.models.efficientnet.efficientnet_features`; as published nothing of it
        learns.
    hidden, dropout : pair
        Widths of the dense layers, and the rate of dropout after each.
    clinical : tuple of str
        Clinical variables that are read beside the image, keys of :data:`training.models.slice_heads.CLINICAL`.

    Returns
    -------
    keras.Model
        From float32 images in 0 to 1 to a dict of ``as`` (batch, 2) and ``stage`` (batch, 4) probabilities.

    Raises
    ------
    ValueError
        A clinical variable is not known.
    """
    inputs = keras.Input((size_px, size_px, channels), name="slice")
    features = efficientnet_features(inputs, width=width, weights=weights, unfreeze=unfreeze, scale=scale)
    x = layers.GlobalAveragePooling2D()(features)
    for units, rate in zip(hidden, dropout, strict=True):
        x = layers.Dropout(rate)(layers.Dense(units, activation="relu")(x))
    inputs, x = with_clinical(inputs, x, clinical)
    return keras.Model(inputs, judged(x), name="hybrid_v2")
