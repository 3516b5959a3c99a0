"""Studies and volumes stored in every legal way, made without the code that turns them."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread

from inference.types import Volume
from tests.factories.volumes import array_otherwise, stored_otherwise
from training.phantom.phantom import Phantom

Way = tuple[str, ...]
WAYS: tuple[Way, ...] = tuple(
    tuple(how for how, wanted in zip(("columns", "rows", "transposed"), choice, strict=True) if wanted)
    for choice in product((False, True), repeat=3)
)
"""The eight ways to lay a picture: each is some of "columns" and "rows" the other way round, and "transposed"."""

HEAD_TO_FEET: Way = ("transposed",)


def volume_stored(given: Volume, way: Way, *, reversed_slices: bool = False) -> Volume:
    """The same patient, stored in another way; slices ascend along ``row x column``, or are numbered backwards."""
    for how in way:
        given = stored_otherwise(given, how)
    if not reversed_slices:
        return given
    return replace(given, voxels=given.voxels[::-1].copy(), positions_mm=given.positions_mm[::-1].copy())


def array_stored(array: NDArray[Any], way: Way, *, reversed_slices: bool = False) -> NDArray[Any]:
    """An array (slices, rows, columns) in the order of :func:`volume_stored`."""
    for how in way:
        array = array_otherwise(array, how)
    return array[::-1].copy() if reversed_slices else array


def phantom_stored(phantom: Phantom, way: Way, *, reversed_slices: bool = False) -> Phantom:
    """A phantom whose images are stored in another way; its truth stays as it was."""
    t1, fluid = (volume_stored(one, way, reversed_slices=reversed_slices) for one in (phantom.t1, phantom.fluid))
    return replace(phantom, t1=t1, fluid=fluid)


def turn_files(paths: list[Path], folder: Path) -> list[Path]:
    """Copies of single-frame files whose rows run as the columns did: transposed, and nothing else changes.

    PS3.3 C.7.6.2.1.1: the first pixel keeps its place, directions and spacings change places.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for path in paths:
        dataset = dcmread(path)
        pixels = np.ascontiguousarray(dataset.pixel_array.T)
        dataset.Rows, dataset.Columns = pixels.shape
        direction = list(dataset.ImageOrientationPatient)
        dataset.ImageOrientationPatient = [*direction[3:], *direction[:3]]
        dataset.PixelSpacing = list(dataset.PixelSpacing)[::-1]
        dataset.PixelData = pixels.tobytes()
        dataset.save_as(folder / path.name, enforce_file_format=True)
        made.append(folder / path.name)
    return made
