"""What the published classifiers of single slices have in common: two judgments, and clinical values beside the image.

Only layers and operations of Keras are used: the saved files load in safe mode.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers, ops

AS_LABELS = ("absent", "present")
STAGE_LABELS = ("normal", "early", "moderate", "advanced")
LAST_CONVOLUTION = "last_convolution"
"""Name of the layer whose features Grad-CAM weighs."""

CLINICAL: Mapping[str, tuple[float, float]] = {
    "hla_b27": (0.5, 0.5),  # 0 negative, 1 positive
    "crp_mg_l": (10.0, 15.0),
    "age_years": (45.0, 15.0),
    "sex": (0.5, 0.5),  # 0 female, 1 male
}
"""Clinical variables, and about which value and by which spread they are scaled."""


def judged(features: Any) -> dict[str, Any]:
    """The two judgments of a slice.

    Parameters
    ----------
    features : tensor (batch, features)

    Returns
    -------
    dict of str to tensor
        ``as`` (batch, 2) and ``stage`` (batch, 4): probabilities. The layers ``as_logits`` and ``stage_logits`` give
        the scores before the softmax.
    """
    labels = {"as": AS_LABELS, "stage": STAGE_LABELS}
    return {
        name: layers.Softmax(dtype="float32", name=name)(
            layers.Dense(len(of), dtype="float32", name=f"{name}_logits")(features)
        )
        for name, of in labels.items()
    }


def with_clinical(inputs: Any, features: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """Join clinical values to the features of an image; a value that is missing (NaN) is joined as such.

    Parameters
    ----------
    inputs : tensor
        The images.
    features : tensor (batch, features)
    names : sequence of str
        Keys of :data:`CLINICAL`; none: nothing is joined.

    Returns
    -------
    inputs, features
        The inputs of the network: the images alone, or a dict of ``slice`` and ``clinical`` (batch, names).

    Raises
    ------
    ValueError
        One of the names is not known.
    """
    if not names:
        return inputs, features
    unknown = [name for name in names if name not in CLINICAL]
    if unknown:
        raise ValueError(f"clinical variables are {', '.join(CLINICAL)}; received {', '.join(unknown)}")
    given = keras.Input((len(names),), name="clinical")
    center, spread = zip(*(CLINICAL[name] for name in names), strict=True)
    missing = ops.cast(ops.isnan(given), "float32")
    scaled = layers.Normalization(mean=list(center), variance=[value**2 for value in spread])(
        ops.where(ops.isnan(given), ops.convert_to_tensor(list(center), "float32"), given)
    )
    joined = layers.Concatenate(name="with_clinical")([features, scaled, missing])
    return {"slice": inputs, "clinical": given}, joined
