"""The edema classifier: networks of one hidden layer over the features of a voxel, averaged.

Only layers of Keras are used: the saved file loads in safe mode.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

Member = Sequence[NDArray[Any]]


def edema_voxels(mean: NDArray[Any], sd: NDArray[Any], members: Sequence[Member]) -> keras.Model:
    """Build the classifier of numbers that were taught.

    Parameters
    ----------
    mean, sd : float array (features,)
        The features are standardized by them, in the network.
    members : sequence of (first, first_bias, second, second_bias)
        Weights of each network: float arrays (features, hidden), (hidden,), (hidden,), ().

    Returns
    -------
    keras.Model
        From float32 (batch, features) to probabilities (batch, 1).
    """
    inputs = keras.Input((len(mean),), name="features")
    variance = np.square(np.asarray(sd, np.float64))
    scaled = layers.Normalization(mean=np.asarray(mean, np.float64).tolist(), variance=variance.tolist())(inputs)
    hidden = [
        layers.Dense(len(member[1]), activation="tanh", name=f"hidden_{number}")
        for number, member in enumerate(members, 1)
    ]
    chance = [layers.Dense(1, activation="sigmoid", name=f"chance_{number}") for number, _ in enumerate(members, 1)]
    answers = [last(first(scaled)) for first, last in zip(hidden, chance, strict=True)]
    outputs = layers.Average(name="edema")(answers) if len(answers) > 1 else answers[0]
    model = keras.Model(inputs, outputs, name="edema_voxels")
    for (first, first_bias, second, second_bias), below, above in zip(members, hidden, chance, strict=True):
        below.set_weights([np.asarray(first, np.float32), np.asarray(first_bias, np.float32)])
        above.set_weights([np.asarray(second, np.float32)[:, None], np.asarray(second_bias, np.float32).reshape(1)])
    return model
