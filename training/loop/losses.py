"""Losses of segmentation, in ``keras.ops``: they run on any Keras backend.

References
----------
F. Milletari et al., "V-Net: fully convolutional neural networks for volumetric medical image segmentation", 3DV 2016.
"""

from typing import Any

from keras import ops

EPSILON = 1e-5
MASK_EPSILON = 1e-7


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


class MaskLoss:
    """Dice of each sample and weighted cross-entropy of each pixel.

    Parameters
    ----------
    dice, cross_entropy : float
        Weights of the two.
    """

    __name__ = "mask_loss"

    def __init__(self, dice: float = 1.0, cross_entropy: float = 1.0) -> None:
        self._dice, self._cross_entropy = dice, cross_entropy

    def __call__(self, truth: Any, predicted: Any) -> Any:
        """The loss of a batch.

        Parameters
        ----------
        truth : tensor (batch, rows, columns, 2)
            Share of the mask, and weight of the pixel.
        predicted : tensor (batch, rows, columns, 1)
            Probabilities.
        """
        target, weight, chance = truth[..., :1], truth[..., 1:], ops.cast(predicted, "float32")
        overlap = ops.sum(target * chance, axis=(1, 2, 3))
        sizes = ops.sum(target, axis=(1, 2, 3)) + ops.sum(chance, axis=(1, 2, 3))
        dice = ops.mean(1.0 - (2.0 * overlap + 1.0) / (sizes + 1.0))
        chance = ops.clip(chance, MASK_EPSILON, 1.0 - MASK_EPSILON)
        entropy = -(target * ops.log(chance) + (1.0 - target) * ops.log(1.0 - chance))
        return self._dice * dice + self._cross_entropy * ops.mean(weight * entropy)


def mask_dice(truth: Any, predicted: Any) -> Any:
    """Dice of each sample at one half; of two empty masks it is 1.

    Parameters
    ----------
    truth : tensor (batch, rows, columns, 2)
        As of :class:`MaskLoss`.
    predicted : tensor (batch, rows, columns, 1)

    Returns
    -------
    tensor (batch,)
    """
    target, found = ops.cast(truth[..., :1] >= 0.5, "float32"), ops.cast(predicted >= 0.5, "float32")
    overlap = ops.sum(target * found, axis=(1, 2, 3))
    sizes = ops.sum(target, axis=(1, 2, 3)) + ops.sum(found, axis=(1, 2, 3))
    return ops.where(sizes > 0, 2.0 * overlap / ops.maximum(sizes, 1.0), 1.0)
