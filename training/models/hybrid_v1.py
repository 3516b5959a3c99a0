"""The published first hybrid: EfficientNetB0, then two transformer blocks. 16,197,551 parameters.

As published the features are averaged to one token, so that attention has nothing to attend to: its weights are 1.
``tokens="map"`` gives it a token for each place of the feature map instead.

References
----------
Xiong et al., On layer normalization in the transformer architecture. ICML 2020 (pre-norm).
"""

from pathlib import Path
from typing import Any, Literal

import keras
from keras import layers

from training.models.efficientnet import efficientnet_features
from training.models.slice_heads import judged, with_clinical


def hybrid_v1(
    size_px: int = 256,
    channels: int = 1,
    *,
    width: float = 1.0,
    weights: str | Path | None = None,
    unfreeze: int | str = 0,
    scale: float = 1.0,
    tokens: Literal["one", "map"] = "one",
    blocks: int = 2,
    heads: int = 4,
    key_dim: int = 256,
    mlp: int = 256,
    hidden: int = 256,
    dropout: float = 0.3,
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
    tokens : {"one", "map"}
        One token of the averaged features, as published; or one for each place of the feature map.
    blocks, heads, key_dim, mlp : int
        Transformer blocks, attention heads of each, width of a head, width of the layer within a block.
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
        ``tokens`` or a clinical variable is not known.
    """
    if tokens not in ("one", "map"):
        raise ValueError(f"tokens are 'one' or 'map', received {tokens!r}")
    inputs = keras.Input((size_px, size_px, channels), name="slice")
    features = efficientnet_features(inputs, width=width, weights=weights, unfreeze=unfreeze, scale=scale)
    if tokens == "one":
        x = layers.Reshape((1, -1))(layers.GlobalAveragePooling2D()(features))
    else:
        x = layers.Reshape((-1, features.shape[-1]))(features)
    for number in range(1, blocks + 1):
        x = _block(x, heads, key_dim, mlp, number)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dense(hidden, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    inputs, x = with_clinical(inputs, x, clinical)
    return keras.Model(inputs, judged(x), name="hybrid_v1")


def _block(x: Any, heads: int, key_dim: int, mlp: int, number: int) -> Any:
    """Pre-norm: attention and a layer in between, each added to what it was given."""
    normal = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.Add()([x, layers.MultiHeadAttention(heads, key_dim, name=f"attention_{number}")(normal, normal)])
    normal = layers.LayerNormalization(epsilon=1e-6)(x)
    inner = layers.Dense(mlp, activation="gelu")(normal)
    return layers.Add()([x, layers.Dense(x.shape[-1])(inner)])
