"""Voxel classifiers: from the features of voxels to a probability for each voxel."""

from inference.serving.manifest import Kind
from inference.serving.networks import Networks, combined, misfit
from inference.types import FloatArray


class VoxelClassifier(Networks):
    """Networks that judge single voxels by their features.

    Parameters
    ----------
    spec : ModelSpec
        Of one output with one label.
    networks : sequence of keras.Model
        From float32 (batch, features), as the cutter gives them, to probabilities (batch, 1); what standardizes the
        features is in the network.
    """

    kind = Kind.VOXELS
    axes = 1
    batch = 32_768

    def predict(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probability for each voxel.

        Parameters
        ----------
        features : float32 array (voxels, features)

        Returns
        -------
        probabilities : float32 array (voxels,)
        spread : float32 array (voxels,)
            How far the networks lie apart; zero for one.
        """
        (name,) = self.spec.outputs
        mean, spread = combined([answers[name][:, 0] for answers in self._members(features)])
        return mean, spread

    def _check(self, network: object) -> None:
        if [len(labels) for labels in self.spec.outputs.values()] != [1]:
            raise misfit(self.spec, "one output with one label", f"{dict(self.spec.outputs)}")
        super()._check(network)
