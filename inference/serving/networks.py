"""What every kind of predictor has in common: networks of one role, run in batches of one size, and combined."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from config.codes import Code
from config.errors import BundleError
from inference.serving.manifest import Kind, ModelSpec
from inference.types import FloatArray

Answers = dict[str, FloatArray]


class Predictor(Protocol):
    """A model of a bundle: arrays in, arrays out."""

    spec: ModelSpec

    def warm(self) -> None:
        """Run it once, so that the first study does not wait for its graph."""
        ...


class Networks:
    """One network, or several whose answers are averaged.

    Parameters
    ----------
    spec : ModelSpec
    networks : sequence of keras.Model
        From float32 (batch, *spec.input.shape) to one output, or to a dict of the outputs in `spec`.

    Raises
    ------
    BundleError
        ``BUNDLE_KIND``: a network does not fit `spec`.
    """

    kind: ClassVar[Kind]
    axes: ClassVar[int]  # of a sample
    batch: ClassVar[int]

    def __init__(self, spec: ModelSpec, networks: Sequence[Any]) -> None:
        self.spec = spec
        self.networks = tuple(networks)
        if spec.kind is not self.kind or not self.networks:
            raise misfit(spec, f"a {self.kind} of at least one network", f"{len(self.networks)} for a {spec.kind}")
        for network in self.networks:
            self._check(network)

    def warm(self) -> None:
        """Run each network once, so that the first study does not wait for its graph."""
        self._members(np.zeros((1, *self.spec.input.shape), np.float32))

    def _members(self, given: FloatArray) -> list[Answers]:
        """The outputs of each network, by name."""
        return [self._run(network, np.asarray(given, np.float32)) for network in self.networks]

    def _run(self, network: Any, given: FloatArray) -> Answers:
        """In batches that are filled up, so that every study runs the same graph."""
        parts: dict[str, list[FloatArray]] = {name: [] for name in self.spec.outputs}
        for first in range(0, max(1, len(given)), self.batch):
            part = given[first : first + self.batch]
            filled = np.zeros((self.batch, *self.spec.input.shape), np.float32)
            filled[: len(part)] = part
            for name, answer in self._named(network.predict_on_batch(filled)).items():
                parts[name].append(np.asarray(answer, np.float32)[: len(part)])
        return {name: np.concatenate(of) for name, of in parts.items()}

    def _named(self, outputs: Any) -> dict[str, Any]:
        return outputs if isinstance(outputs, dict) else {next(iter(self.spec.outputs)): outputs}

    def _check(self, network: Any) -> None:
        """Shapes of input and outputs are those of the manifest."""
        expected = (None, *self.spec.input.shape)
        if tuple(network.input_shape) != expected or len(self.spec.input.shape) != self.axes:
            raise misfit(self.spec, f"input {expected}, samples of {self.axes} axes", f"{network.input_shape}")
        output = network.output
        if isinstance(output, list):
            raise misfit(self.spec, "one output, or outputs by name", f"{len(output)} without a name")
        shapes = {name: tuple(one.shape) for name, one in self._named(output).items()}
        wanted = {name: (None, *self._cells, len(labels)) for name, labels in self.spec.outputs.items()}
        if shapes != wanted:
            raise misfit(self.spec, f"outputs {wanted}", f"{shapes}")

    @property
    def _cells(self) -> tuple[int, ...]:
        """Axes of an output between the samples and the labels."""
        return ()


def combined(members: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Mean of the answers of several networks, and how far they lie apart (largest less least).

    Parameters
    ----------
    members : sequence of float32 array (n, ...)
        The answer of each network to the same samples, all of one shape.

    Returns
    -------
    mean, spread : float32 array (n, ...)
    """
    total = np.zeros_like(members[0])
    for one in members:
        total += one
    spread = np.max(members, axis=0) - np.min(members, axis=0)
    return np.asarray(total / len(members), np.float32), np.asarray(spread, np.float32)


def by_name(members: Sequence[Answers]) -> tuple[Answers, Answers]:
    """The same for each output, float32 arrays (n, ...) by the name of the output."""
    pairs = {name: combined([member[name] for member in members]) for name in members[0]}
    return {name: mean for name, (mean, _) in pairs.items()}, {name: spread for name, (_, spread) in pairs.items()}


def misfit(spec: ModelSpec, expected: str, received: str) -> BundleError:
    """The error of a network that is not as its manifest says."""
    return BundleError(
        Code.BUNDLE_KIND,
        f"The {spec.role} network does not fit its manifest: expected {expected}, received {received}.",
    )
