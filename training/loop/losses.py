"""Losses of segmentation, in ``keras.ops``: they run on any Keras backend.

References
----------
F. Milletari et al., "V-Net: fully convolutional neural networks for volumetric medical image segmentation", 3DV 2016.
"""

from typing import Any

from keras import ops

EPSILON = 1e-5


def soft_dice_loss(truth: Any, predicted: Any) -> Any:
    """1 less the soft Dice coefficient of each sample, averaged.

    Parameters
    ----------
    truth, predicted : tensor (batch, rows, columns, 1)
        Fractions and probabilities in 0 to 1.
    """
    truth, predicted = ops.cast(truth, "float32"), ops.cast(predicted, "float32")
    axes = (1, 2, 3)
    overlap = ops.sum(truth * predicted, axis=axes)
    total = ops.sum(truth * truth, axis=axes) + ops.sum(predicted * predicted, axis=axes)
    return ops.mean(1.0 - (2.0 * overlap + 1.0) / (total + 1.0))


def cross_entropy(truth: Any, predicted: Any) -> Any:
    """Binary cross-entropy of each pixel, averaged; ``truth`` may be a fraction."""
    truth, predicted = ops.cast(truth, "float32"), ops.cast(predicted, "float32")
    predicted = ops.clip(predicted, EPSILON, 1.0 - EPSILON)
    return -ops.mean(truth * ops.log(predicted) + (1.0 - truth) * ops.log(1.0 - predicted))


def dice_and_cross_entropy(truth: Any, predicted: Any) -> Any:
    """Sum of :func:`soft_dice_loss` and :func:`cross_entropy`."""
    return soft_dice_loss(truth, predicted) + cross_entropy(truth, predicted)
