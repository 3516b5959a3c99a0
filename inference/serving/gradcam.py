"""Grad-CAM of any classifier, on any Keras backend, by the names of two of its layers.

References
----------
R. R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", ICCV 2017,
equations 1 and 2.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from inference.types import FloatArray

BATCH = 16

Activation = Callable[[FloatArray, int], FloatArray]


class ClassActivation:
    """Shows where in a picture a network finds the evidence for a class.

    Parameters
    ----------
    network : keras.Model
        Of one input.
    layer : str
        Name of the layer whose features (n, rows', columns', features) are weighed; a convolution.
    scores : str
        Name of the layer that gives the score of each class (n, classes), before any softmax.
    """

    def __init__(self, network: Any, *, layer: str, scores: str) -> None:
        import keras

        features = network.get_layer(layer).output
        body = keras.Model(network.inputs[0], features)
        head = keras.Model(features, network.get_layer(scores).output)
        make = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}[keras.backend.backend()]
        self._activation = make(body, head)

    def __call__(self, pictures: FloatArray, *, class_index: int) -> FloatArray:
        """Where the evidence for one class lies.

        Parameters
        ----------
        pictures : float32 array (n, rows, columns, channels)
        class_index : int

        Returns
        -------
        float32 array (n, rows', columns')
            At the resolution of the layer; not negative, not normalized.
        """
        parts = []
        for first in range(0, len(pictures), BATCH):
            part = pictures[first : first + BATCH]
            filled = np.zeros((BATCH, *part.shape[1:]), np.float32)  # one shape, so that one graph serves every study
            filled[: len(part)] = part
            parts.append(np.asarray(self._activation(filled, class_index), np.float32)[: len(part)])
        return np.concatenate(parts)


def _by_tensorflow(body: Any, head: Any) -> Activation:
    import tensorflow as tf

    def activation(pictures: Any, class_index: Any) -> Any:
        features = body(pictures, training=False)
        with tf.GradientTape() as tape:
            tape.watch(features)
            score = tf.gather(head(features, training=False), class_index, axis=1)
        return _weighed(features, tape.gradient(score, features))

    compiled = tf.function(activation, reduce_retracing=True)
    return lambda pictures, index: compiled(tf.constant(pictures), tf.constant(np.int32(index))).numpy()


def _by_jax(body: Any, head: Any) -> Activation:
    import jax

    def activation(pictures: Any, class_index: Any) -> Any:
        features = body(pictures, training=False)
        gradient = jax.grad(lambda given: head(given, training=False)[:, class_index].sum())(features)
        return _weighed(features, gradient)

    compiled = jax.jit(activation)
    return lambda pictures, index: np.asarray(compiled(pictures, np.int32(index)))


def _by_torch(body: Any, head: Any) -> Activation:
    import torch
    from keras import ops

    def activation(pictures: FloatArray, class_index: int) -> FloatArray:
        features = body(ops.convert_to_tensor(pictures), training=False).detach().requires_grad_()
        score = head(features, training=False)[:, class_index].sum()
        (gradient,) = torch.autograd.grad(score, features)
        return np.asarray(_weighed(features, gradient).detach().cpu().numpy())

    return activation


def _weighed(features: Any, gradient: Any) -> Any:
    """Equations 1 and 2: the features, each weighed by the mean of its gradient; what speaks against is dropped."""
    from keras import ops

    weights = ops.mean(gradient, axis=(1, 2), keepdims=True)
    return ops.relu(ops.sum(weights * features, axis=-1))
