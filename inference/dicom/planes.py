"""Planes of any number of files, decoded: here where that is safe, in a process of its own where it is not."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pydicom import uid
from pydicom.filereader import read_file_meta_info

from inference.dicom.file import tolerant
from inference.dicom.isolated import decode_isolated
from inference.dicom.pixels import Decoded, decode_file
from inference.types import ImageHeader


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


def _is_fragile(path: Path) -> bool:
    """True for JPEG streams, whose only decoder here may abort the process on damaged bytes."""
    try:
        with tolerant():
            syntax = read_file_meta_info(path).get("TransferSyntaxUID")
    except Exception:  # noqa: BLE001 - the edge: the reason comes out when the file is opened
        return False
    return syntax in uid.JPEGTransferSyntaxes
