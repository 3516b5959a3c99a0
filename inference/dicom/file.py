"""Opening one DICOM file safely: bounded in size, bounded when inflated, and quiet about header oddities."""

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.config import disable_value_validation
from pydicom.dataset import FileDataset
from pydicom.filereader import read_dataset, read_file_meta_info
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from config.codes import Code
from config.errors import UnusableInput

MAX_FILE_BYTES = 1 << 30
MAX_INFLATED_BYTES = 512 << 20
_PREAMBLE_BYTES = 128
_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)


@contextmanager
def tolerant() -> Iterator[None]:
    """Within this context pydicom neither validates values nor warns about them.

    Its warnings quote values, and values may be patient data.
    """
    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), disable_value_validation():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def open_header(path: Path) -> tuple[FileDataset, bool]:
    """Read all elements before the pixels.

    Parameters
    ----------
    path : Path
        A file in DICOM format (PS3.10), or a bare little-endian dataset.

    Returns
    -------
    dataset : FileDataset
    has_pixels : bool
        True where a pixel data element follows.

    Raises
    ------
    UnusableInput
        The file is empty, too large, not DICOM, or inflates beyond the bound.
    Exception
        Whatever pydicom raises on damaged bytes; callers at the edge map it.
    """
    _check_size(path)
    bare = _is_bare(path)
    inflated = None if bare else _inflate(path)
    if inflated is not None:
        return inflated, any(tag in inflated for tag in _PIXEL_TAGS)
    with path.open("rb") as file:
        dataset = pydicom.dcmread(file, stop_before_pixels=True, force=bare)
        tag = file.read(4)
    return dataset, tag[:4] in _PIXEL_MARKS


def open_with_pixels(path: Path) -> FileDataset:
    """Read the whole file, pixel data undecoded. Raises as :func:`open_header` does."""
    _check_size(path)
    bare = _is_bare(path)
    inflated = None if bare else _inflate(path)
    return inflated if inflated is not None else pydicom.dcmread(path, force=bare)


def _marks() -> frozenset[bytes]:
    words = [(tag >> 16, tag & 0xFFFF) for tag in _PIXEL_TAGS]
    little = [group.to_bytes(2, "little") + element.to_bytes(2, "little") for group, element in words]
    big = [group.to_bytes(2, "big") + element.to_bytes(2, "big") for group, element in words]
    return frozenset(little + big)


_PIXEL_MARKS = _marks()


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size == 0:
        raise UnusableInput(Code.FILE_EMPTY, "The file is empty; send it again. Received: 0 bytes.")
    if size > MAX_FILE_BYTES:
        raise UnusableInput(
            Code.FILE_TOO_LARGE, f"The file is larger than {MAX_FILE_BYTES} bytes. Received: {size} bytes."
        )


def _is_bare(path: Path) -> bool:
    """True for a dataset without preamble that starts with a plausible group 0008 element.

    File meta information without a preamble is refused: its transfer syntax might be a deflated one, see below.
    """
    with path.open("rb") as file:
        head = file.read(_PREAMBLE_BYTES + 4)
    if head[_PREAMBLE_BYTES:] == b"DICM":
        return False
    group, element = int.from_bytes(head[:2], "little"), int.from_bytes(head[2:4], "little")
    if len(head) >= 8 and group == 0x0008 and element <= 0x0070:
        return True
    raise UnusableInput(
        Code.NOT_DICOM, f"The file does not start as a DICOM file does (PS3.10). Received: {path.stat().st_size} bytes."
    )


def _inflate(path: Path) -> FileDataset | None:
    """A deflated dataset, inflated within the bound; None for any other transfer syntax.

    pydicom inflates without a bound, so a small hostile file could fill the memory.
    """
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return None
    start = _PREAMBLE_BYTES + 4 + 12 + int(meta.FileMetaInformationGroupLength)
    with path.open("rb") as file:
        file.seek(start)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        plain = inflater.decompress(file.read(), MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise UnusableInput(
            Code.DEFLATE_TOO_LARGE,
            f"The file inflates to more than the bound. Received: over {MAX_INFLATED_BYTES} bytes.",
        )
    dataset = read_dataset(BytesIO(plain), is_implicit_VR=False, is_little_endian=True)
    return FileDataset(str(path), dataset, file_meta=meta, is_implicit_VR=False, is_little_endian=True)


def pixel_data_tag(dataset: FileDataset) -> BaseTag | None:
    """The tag of the element that holds the pixels, or None."""
    return next((BaseTag(tag) for tag in _PIXEL_TAGS if tag in dataset), None)
