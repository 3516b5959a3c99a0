"""The region predictor: from a volume to the probability of bone region on the volume's own grid."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from inference.serving.bundle import InputSpec
from inference.space import neighbour_indices, network_mapping, normalised, slice_places_mm
from inference.types import FloatArray, Volume

BATCH = 16


class RegionPredictor:
    """Networks that look at neighbouring slices, averaged over themselves and over the mirror image.

    Parameters
    ----------
    models : sequence of keras.Model
        From float32 (batch, size_px, size_px, channels) to probabilities (batch, size_px, size_px, 1).
    spec : InputSpec
        How the input is made.
    threshold : float
        Probability from which a voxel belongs to the region.
    """

    def __init__(self, models: Sequence[Any], spec: InputSpec, *, threshold: float = 0.5) -> None:
        self.models = tuple(models)
        self.spec = spec
        self.threshold = threshold

    def predict(self, volume: Volume) -> FloatArray:
        """Find the region.

        Parameters
        ----------
        volume : Volume
            Any spacing and orientation in the plane; slices are not resampled.

        Returns
        -------
        float32 array (slices, rows, columns)
            Probability of region on the volume's grid; zero beyond ``size_px * spacing_mm`` about the centre.
        """
        spec = self.spec
        mapping = network_mapping(volume, spacing_mm=spec.spacing_mm, size_px=spec.size_px)
        planes = normalised(mapping.to_network(volume.voxels), spec.percentiles)
        places = slice_places_mm(volume)
        if mapping.reversed_slices:
            places = places[-1] - places[::-1]
        stacks = planes[neighbour_indices(places, spec.channels, spec.channel_step_mm)].transpose(0, 2, 3, 1)
        return mapping.to_source(self._probabilities(stacks))

    def warm(self) -> None:
        """Run each network once, so that the first study does not wait for its graph."""
        spec = self.spec
        self._probabilities(np.zeros((1, spec.size_px, spec.size_px, spec.channels), np.float32))

    def _probabilities(self, stacks: FloatArray) -> FloatArray:
        """Mean over networks and mirror images: (slices, size_px, size_px)."""
        both = np.concatenate([stacks, stacks[:, :, ::-1]])
        total = np.zeros(both.shape[:3], np.float32)
        for model in self.models:
            for first in range(0, len(both), BATCH):
                total[first : first + BATCH] += self._run(model, both[first : first + BATCH])
        total /= len(self.models)
        straight, mirrored = total[: len(stacks)], total[len(stacks) :, :, ::-1]
        return np.asarray((straight + mirrored) / 2, np.float32)

    @staticmethod
    def _run(model: Any, stacks: FloatArray) -> FloatArray:
        """One batch, filled up to full size so that every call runs the same graph."""
        filled = np.zeros((BATCH, *stacks.shape[1:]), np.float32)
        filled[: len(stacks)] = stacks
        return np.asarray(model.predict_on_batch(filled))[: len(stacks), :, :, 0]
