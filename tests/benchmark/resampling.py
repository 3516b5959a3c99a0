"""How long a stack takes to be carried onto the grid of another."""

import time

import numpy as np
from scipy.spatial.transform import Rotation

from inference.space.grids import resample
from tests.factories.volumes import volume


def resample_figure() -> float:
    """Processor seconds for 25 slices of 336 x 336 pixels onto an oblique grid of the same size."""
    place = Rotation.from_euler("xyz", [4, 2, 1], degrees=True)
    source = volume((25, 336, 336), spacing_mm=(0.6, 0.6))
    onto = volume(
        source.shape, spacing_mm=(0.6, 0.6), row=place.apply(source.row_direction),
        column=place.apply(source.column_direction),
    )  # fmt: skip
    array = np.random.default_rng(1).random(source.shape).astype(np.float32)
    start = time.process_time()
    resample(array, source, onto)
    return round(time.process_time() - start, 2)
