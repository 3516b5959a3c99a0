"""Classifiers: from pictures to the probability of each class, and where in the picture the evidence for one lies."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from inference.serving.gradcam import ClassActivation
from inference.serving.manifest import Kind, ModelSpec
from inference.serving.networks import Answers, Networks, by_name, combined, misfit
from inference.types import FloatArray


class Classifier(Networks):
    """Networks that judge pictures.

    Parameters
    ----------
    spec : ModelSpec
        ``parameters["explain"]``, where it can be explained: ``layer``, the name of the layer whose features are
        weighed, and ``scores``, by output the name of the layer that gives the score of each class.
    networks : sequence of keras.Model
        From float32 (batch, rows, columns, channels) to probabilities (batch, classes), one output or several by name.
    """

    kind = Kind.CLASSIFIER
    axes = 3
    batch = 16

    def __init__(self, spec: ModelSpec, networks: Sequence[Any]) -> None:
        super().__init__(spec, networks)
        self._activations = {
            output: [self._activation(network, output) for network in self.networks] for output in self.explainable
        }

    @property
    def explainable(self) -> tuple[str, ...]:
        """Names of the outputs whose evidence can be shown."""
        return tuple(self.spec.parameters.get("explain", {}).get("scores", {}))

    def predict(self, pictures: FloatArray) -> tuple[Answers, Answers]:
        """Probability of each class.

        Parameters
        ----------
        pictures : float32 array (n, rows, columns, channels)

        Returns
        -------
        probabilities : dict of str to float32 array (n, classes)
            By output.
        spread : dict of str to float32 array (n, classes)
            How far the networks lie apart; zero for one.
        """
        return by_name(self._members(pictures))

    def activation(self, pictures: FloatArray, output: str, *, class_index: int | tuple[int, ...]) -> FloatArray:
        """Where in each picture the evidence for a class lies; see :mod:`inference.serving.gradcam`.

        Parameters
        ----------
        pictures : float32 array (n, rows, columns, channels)
        output : str
            One of :attr:`explainable`.
        class_index : int or tuple of int
            Of a label of that output; of several labels the log-odds that it is any of them are explained.

        Returns
        -------
        float32 array (n, rows', columns')
            At the resolution of the explained layer, mean over the networks; not negative, not normalized.
        """
        parts = [one(pictures, class_index=class_index) for one in self._activations[output]]
        return combined(parts)[0]

    def warm(self) -> None:
        """Run each network and its gradients once, so that the first study does not wait for their graphs."""
        super().warm()
        for output in self.explainable:
            self.activation(np.zeros((1, *self.spec.input.shape), np.float32), output, class_index=0)

    def _activation(self, network: Any, output: str) -> ClassActivation:
        explain = self.spec.parameters["explain"]
        layer, scores = str(explain.get("layer")), str(explain["scores"][output])
        missing = {layer, scores} - {one.name for one in network.layers}
        if missing or output not in self.spec.outputs:
            raise misfit(self.spec, f"layers {layer} and {scores} for output {output}", f"no {sorted(missing)}")
        return ClassActivation(network, layer=layer, scores=scores)
