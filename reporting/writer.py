"""Result objects to bytes and files."""

from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from inference.dicom import tolerant


@tolerant()  # what it would say of values of the source quotes them
def encode(dataset: Dataset) -> bytes:
    """The object as a DICOM file with preamble, prefix and complete file meta information (PS3.10)."""
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def write(dataset: Dataset, path: Path) -> None:
    """Write an object to a file that is whole or absent.

    Parameters
    ----------
    dataset : Dataset
    path : Path
        Its folder must exist.
    """
    write_encoded(encode(dataset), path)


def write_encoded(content: bytes, path: Path) -> None:
    """The same of an object that is encoded already."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
