"""Functions of applications that find masks, by the names that plans call them. Loads Keras."""

from collections.abc import Mapping

from training.runs.predictions import Reader
from training.sij_mri.region.read import find_region

READERS: Mapping[str, Reader] = {"sij_mri.region": find_region}
