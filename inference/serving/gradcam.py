"""Grad-CAM of any classifier, on any Keras backend, by the names of two of its layers.

References
----------
R. R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", ICCV 2017,
equations 1 and 2.
"""

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from inference.types import FloatArray

BATCH = 16

Activation = Callable[[FloatArray, int], FloatArray]
_COMPILED: "weakref.WeakKeyDictionary[Any, dict[tuple[str, str], Activation]]" = weakref.WeakKeyDictionary()


def class_activation(model: Any, images: FloatArray, *, layer: str, scores: str, class_index: int) -> FloatArray:
    """Where in each image the evidence for one class lies.

    Parameters
    ----------
    model : keras.Model
    images : float32 array (n, rows, columns, channels)
    layer : str
        Name of the layer whose features (n, rows', columns', features) are weighed; a convolution.
    scores : str
        Name of the layer that gives the score of each class (n, classes), before any softmax.
    class_index : int

    Returns
    -------
    float32 array (n, rows', columns')
        At the resolution of `layer`; not negative, not normalized.
    """
    known = _COMPILED.setdefault(model, {})
    if (layer, scores) not in known:
        known[layer, scores] = _activation(model, layer, scores)
    parts = []
    for first in range(0, len(images), BATCH):
        part = images[first : first + BATCH]
        filled = np.zeros((BATCH, *part.shape[1:]), np.float32)  # one shape, so that one graph serves every study
        filled[: len(part)] = part
        parts.append(np.asarray(known[layer, scores](filled, class_index), np.float32)[: len(part)])
    return np.concatenate(parts)


def _activation(model: Any, layer: str, scores: str) -> Activation:
    """A function from images and class to activation, on the backend that Keras runs on."""
    import keras

    features = model.get_layer(layer).output
    body = keras.Model(model.inputs, features)
    head = keras.Model(features, model.get_layer(scores).output)
    return {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}[keras.backend.backend()](body, head)


def _by_tensorflow(body: Any, head: Any) -> Activation:
    import tensorflow as tf

    def activation(images: Any, class_index: Any) -> Any:
        features = body(images, training=False)
        with tf.GradientTape() as tape:
            tape.watch(features)
            score = tf.gather(head(features, training=False), class_index, axis=1)
        return _weighed(features, tape.gradient(score, features))

    compiled = tf.function(activation, reduce_retracing=True)
    return lambda images, index: compiled(tf.constant(images), tf.constant(np.int32(index))).numpy()


def _by_jax(body: Any, head: Any) -> Activation:
    import jax

    def activation(images: FloatArray, class_index: int) -> FloatArray:
        features = body(images, training=False)
        gradient = jax.grad(lambda given: head(given, training=False)[:, class_index].sum())(features)
        return np.asarray(_weighed(features, gradient))

    return activation


def _by_torch(body: Any, head: Any) -> Activation:
    import torch

    def activation(images: FloatArray, class_index: int) -> FloatArray:
        features = body(images, training=False).detach().requires_grad_()
        score = head(features, training=False)[:, class_index].sum()
        (gradient,) = torch.autograd.grad(score, features)
        return np.asarray(_weighed(features, gradient).detach().cpu().numpy())

    return activation


def _weighed(features: Any, gradient: Any) -> Any:
    """Equations 1 and 2: the features, each weighed by the mean of its gradient; what speaks against is dropped."""
    from keras import ops

    weights = ops.mean(gradient, axis=(1, 2), keepdims=True)
    return ops.relu(ops.sum(weights * features, axis=-1))
