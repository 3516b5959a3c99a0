"""Segmenters: from pictures to the probability of each label in each pixel."""

import numpy as np

from inference.serving.manifest import Kind
from inference.serving.networks import Networks, combined
from inference.types import FloatArray


class Segmenter(Networks):
    """Networks averaged over themselves and, with the parameter ``mirrored``, over the mirror image.

    Parameters
    ----------
    spec : ModelSpec
        Of one output.
    networks : sequence of keras.Model
        From float32 (batch, rows, columns, channels) to probabilities (batch, rows, columns, labels).
    """

    kind = Kind.SEGMENTER
    axes = 3
    batch = 5

    @property
    def disputes(self) -> bool:
        """Whether there is more than one answer to a picture, so that they can lie apart."""
        return len(self.networks) > 1 or self._mirrored

    @property
    def _mirrored(self) -> bool:
        return bool(self.spec.parameters.get("mirrored", False))

    def predict(self, pictures: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probability of each label in each pixel.

        Parameters
        ----------
        pictures : float32 array (n, rows, columns, channels)

        Returns
        -------
        probabilities : float32 array (n, rows, columns, labels)
        spread : float32 array of the same shape
            How far the networks lie apart; of one network, its answers to the picture and to the mirror image; zero
            where there is one answer alone.
        """
        (name,) = self.spec.outputs
        if not self._mirrored:
            return combined([answers[name] for answers in self._members(pictures)])
        count = len(pictures)
        both = np.concatenate([pictures, pictures[:, :, ::-1]])
        members = [answers[name] for answers in self._members(both)]
        mean, _ = combined(members)
        answers = [_straightened(one, count) for one in members]
        if len(members) == 1:
            answers = [members[0][:count], members[0][count:, :, ::-1]]
        return _straightened(mean, count), combined(answers)[1]

    @property
    def _cells(self) -> tuple[int, ...]:
        return self.spec.input.shape[:2]


def _straightened(values: FloatArray, count: int) -> FloatArray:
    """Mean of the answers to pictures and of those to their mirror images, which follow them."""
    return np.asarray((values[:count] + values[count:, :, ::-1]) / 2, np.float32)
