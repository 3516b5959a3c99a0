"""Planes of any number of files, decoded: here where that is safe, in a process of its own where it is not."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom import uid
from pydicom.filereader import read_file_meta_info

from config.codes import Code
from config.errors import UnusableInput
from inference.dicom.file import tolerant
from inference.dicom.isolated import decode_isolated
from inference.dicom.pixels import Decoded, decode_file
from inference.types import FloatArray, ImageHeader


def decode_planes(images: Sequence[ImageHeader]) -> list[Decoded]:
    """Decode planes of any number of files.

    Parameters
    ----------
    images : sequence of ImageHeader
        Single-frame instances, or frames of multi-frame ones.

    Returns
    -------
    list
        For each plane (float32 array (row, column) after the Modality LUT, True where MONOCHROME1), or a word on why
        it cannot be read.
    """
    of_file: dict[Path, list[int]] = defaultdict(list)
    for place, image in enumerate(images):
        of_file[image.path].append(place)
    results: dict[int, Decoded] = {}
    fragile: list[int] = []
    for path, places in of_file.items():
        if _is_fragile(path):
            fragile += places
        else:
            results.update(zip(places, decode_file([images[place] for place in places]), strict=True))
    if fragile:
        results.update(zip(fragile, decode_isolated([images[place] for place in fragile]), strict=True))
    return [results[place] for place in range(len(images))]


def load_planes(images: Sequence[ImageHeader]) -> FloatArray:
    """Decode planes of one size that need no place in the patient.

    Parameters
    ----------
    images : sequence of ImageHeader

    Returns
    -------
    float32 array (planes, rows, columns)
        After the Modality LUT; MONOCHROME1 is turned so that bright is bright.

    Raises
    ------
    UnusableInput
        There are none (``NO_IMAGES``), or one of them cannot be read (``PIXELS_DAMAGED``).
    """
    if not images:
        raise UnusableInput(Code.NO_IMAGES, "There are no images to read. Received: 0.")
    planes = []
    for answer in decode_planes(images):
        if isinstance(answer, str):
            raise UnusableInput(Code.PIXELS_DAMAGED, f"An image cannot be decoded. Received: {answer}.")
        pixels, inverted = answer
        planes.append(pixels.max() - pixels if inverted else pixels)
    return np.stack(planes).astype(np.float32)


def _is_fragile(path: Path) -> bool:
    """True for JPEG streams, whose only decoder here may abort the process on damaged bytes."""
    try:
        with tolerant():
            syntax = read_file_meta_info(path).get("TransferSyntaxUID")
    except Exception:  # noqa: BLE001 - the edge: the reason comes out when the file is opened
        return False
    return syntax in uid.JPEGTransferSyntaxes
