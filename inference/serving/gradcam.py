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

Activation = Callable[[FloatArray, FloatArray, bool], FloatArray]


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
        self._classes = int(head.outputs[0].shape[-1])

    def __call__(self, pictures: FloatArray, *, class_index: int | tuple[int, ...]) -> FloatArray:
        """Where the evidence for one class, or for any of several, lies.

        Parameters
        ----------
        pictures : float32 array (n, rows, columns, channels)
        class_index : int or tuple of int
            Of several the log-odds that it is one of them are explained, not the score of one.

        Returns
        -------
        float32 array (n, rows', columns')
            At the resolution of the layer; not negative, not normalized.
        """
        several = not isinstance(class_index, int)
        wanted = np.zeros(self._classes, np.float32)
        wanted[np.array(class_index)] = 1.0
        parts = []
        for first in range(0, len(pictures), BATCH):
            part = pictures[first : first + BATCH]
            filled = np.zeros((BATCH, *part.shape[1:]), np.float32)  # one shape, so that one graph serves every study
            filled[: len(part)] = part
            parts.append(np.asarray(self._activation(filled, wanted, several), np.float32)[: len(part)])
        return np.concatenate(parts)


def _by_tensorflow(body: Any, head: Any) -> Activation:
    import tensorflow as tf

    def activation(pictures: Any, wanted: Any, several: Any) -> Any:
        features = body(pictures, training=False)
        with tf.GradientTape() as tape:
            tape.watch(features)
            score = _score(head(features, training=False), wanted, several)
        return _weighed(features, tape.gradient(score, features))

    compiled = tf.function(activation, reduce_retracing=True)
    return lambda pictures, wanted, several: compiled(
        tf.constant(pictures), tf.constant(wanted), tf.constant(several)
    ).numpy()


def _by_jax(body: Any, head: Any) -> Activation:
    import jax

    def activation(pictures: Any, wanted: Any, several: Any) -> Any:
        features = body(pictures, training=False)
        gradient = jax.grad(lambda given: _score(head(given, training=False), wanted, several).sum())(features)
        return _weighed(features, gradient)

    compiled = jax.jit(activation)
    return lambda pictures, wanted, several: np.asarray(compiled(pictures, wanted, several))


def _by_torch(body: Any, head: Any) -> Activation:
    import torch
    from keras import ops

    def activation(pictures: FloatArray, wanted: FloatArray, several: bool) -> FloatArray:
        features = body(ops.convert_to_tensor(pictures), training=False).detach().requires_grad_()
        logits = head(features, training=False)
        score = _score(logits, ops.convert_to_tensor(wanted), several).sum()
        (gradient,) = torch.autograd.grad(score, features)
        return np.asarray(_weighed(features, gradient).detach().cpu().numpy())

    return activation


def _score(logits: Any, wanted: Any, several: Any) -> Any:
    """The score of the wanted class; of several the log-odds, from the scores before a softmax, that it is any."""
    from keras import ops

    far = 1e9
    odds = ops.logsumexp(logits - far * (1 - wanted), axis=1) - ops.logsumexp(logits - far * wanted, axis=1)
    return ops.where(several, odds, ops.sum(logits * wanted, axis=1))


def _weighed(features: Any, gradient: Any) -> Any:
    """Equations 1 and 2: the features, each weighed by the mean of its gradient; what speaks against is dropped."""
    from keras import ops

    weights = ops.mean(gradient, axis=(1, 2), keepdims=True)
    return ops.relu(ops.sum(weights * features, axis=-1))
