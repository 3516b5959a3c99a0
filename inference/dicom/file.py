"""The one reader of DICOM headers, from a file or from bytes: bounded in size, in number of elements and when inflated.

Scanners, gateways and attackers write what no standard allows. There is one tolerance for all of it
(:func:`tolerant`), and one way to turn a value into text (:func:`text_of`). Nothing is imported here but pydicom: the
receiver, which must stay small, reads with it too.
"""

import contextlib
import logging
import threading
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import pydicom
from pydicom.config import disable_value_validation
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import read_dataset, read_file_meta_info
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from config.codes import Code
from config.errors import AxspaError, UnusableInput

MAX_FILE_BYTES = 1 << 30
MAX_INFLATED_BYTES = 512 << 20
_PREAMBLE_BYTES = 128
_TEXT_VRS = frozenset({"AE", "CS", "DA", "LO", "PN", "SH", "TM", "UI"})
_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)

Keyword: TypeAlias = str | int


class Unfinished(Exception):
    """The bytes end before the element that was asked for, and more can be had."""


class _Quiet:
    """What pydicom is told while anybody reads; it is told to a whole process, so the last to leave takes it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._settings = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._readers += 1
            if self._readers > 1:
                return
            logger = logging.getLogger("pydicom")
            self._settings.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.CRITICAL)
            self._settings.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            self._settings.enter_context(disable_value_validation())

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                self._settings.close()


_quiet = _Quiet()


@contextmanager
def tolerant() -> Iterator[None]:
    """Within this context pydicom neither validates values nor warns about them, in any thread.

    Its warnings quote values, and values may be patient data. It converts a value when it is first asked for, so what
    asks for values belongs in here too.
    """
    with _quiet:
        yield


@contextmanager
def reading() -> Iterator[None]:
    """The edge to foreign bytes: tolerant, and whatever pydicom raises on them is an :class:`UnusableInput`.

    Raises
    ------
    UnusableInput
        The bytes are damaged (code ``HEADER_DAMAGED``), or a file cannot be opened (``FILE_UNREADABLE``).
    """
    try:
        with tolerant():
            yield
    except (AxspaError, Unfinished):
        raise
    except OSError as error:
        reason = error.strerror or "no reason"
        raise UnusableInput(Code.FILE_UNREADABLE, f"The file cannot be opened. Received: {reason}.") from None
    except Exception as error:  # noqa: BLE001 - the edge: hostile bytes make pydicom raise almost anything
        raise UnusableInput(
            Code.HEADER_DAMAGED, f"The header is damaged and cannot be read. Received: {type(error).__name__}."
        ) from None


def text_of(dataset: Dataset, keyword: Keyword, *, limit: int | None = None) -> str:
    """The value of an element as printable text, several values joined by backslashes as DICOM writes them.

    Parameters
    ----------
    dataset : Dataset
    keyword : str or int
        Keyword, or tag of a private element.
    limit : int, optional
        No more signs than this are looked at.

    Returns
    -------
    str
        Without padding. Empty where there is no value, or none that is text. What cannot be decoded shows replacement
        characters.
    """
    if keyword not in dataset:
        return ""
    text = _plain(dataset.get_item(keyword))
    if text is None:
        text = _converted(dataset, keyword)[:limit]
        text = "".join(sign for sign in text if sign.isprintable())
    return text[:limit].strip()


def _plain(element: Any) -> str | None:
    """One value of printable ASCII, which is the same in every character set; None where it takes pydicom to tell."""
    if not isinstance(element, RawDataElement) or not isinstance(element.value, bytes) or b"\\" in element.value:
        return None
    vr = element.VR or (dictionary_VR(element.tag) if dictionary_has_tag(element.tag) else "")
    if vr not in _TEXT_VRS or not element.value.isascii():
        return None
    text = element.value.decode("ascii").rstrip("\0 ")
    return text if text.isprintable() else None


def _converted(dataset: Dataset, keyword: Keyword) -> str:
    try:
        with tolerant():
            element = dataset[keyword]
            values = element.value if isinstance(element.value, MultiValue | list | tuple) else [element.value]
            return "" if element.VR == "SQ" else "\\".join(map(_as_text, values))
    except Exception:  # noqa: BLE001 - the edge: an odd value or character set must not keep an image out
        stored = getattr(dataset.get_item(keyword), "value", b"")
        return stored.decode("utf-8", errors="replace") if isinstance(stored, bytes) else ""


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("latin-1")
    return str(value)


def open_header(path: Path, *, keywords: Sequence[str] | None = None) -> tuple[FileDataset, bool]:
    """Read all elements before the pixels.

    Parameters
    ----------
    path : Path
        A file in DICOM format (PS3.10), or a bare little-endian dataset.
    keywords : sequence of str, optional
        Keep these elements alone (and the character set).

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
        Whatever pydicom raises on damaged bytes; :func:`reading` maps it.
    """
    _check_size(path)
    bare = _is_bare(path)
    wanted = None if keywords is None else [Tag(keyword) for keyword in keywords]
    inflated = None if bare else _inflate(path)
    if inflated is not None:
        has_pixels = any(tag in inflated for tag in _PIXEL_TAGS)
        _reduce(inflated, wanted)
        return inflated, has_pixels
    with path.open("rb") as file:
        dataset = pydicom.dcmread(file, stop_before_pixels=True, force=bare, specific_tags=wanted)
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
        plain, whole = inflated(file.read(), MAX_INFLATED_BYTES)
    if not whole:
        raise UnusableInput(
            Code.DEFLATE_TOO_LARGE,
            f"The file inflates to more than the bound. Received: over {MAX_INFLATED_BYTES} bytes.",
        )
    dataset = read_dataset(BytesIO(plain), is_implicit_VR=False, is_little_endian=True)
    return FileDataset(str(path), dataset, file_meta=meta, is_implicit_VR=False, is_little_endian=True)


def inflated(deflated: bytes | memoryview, limit: int) -> tuple[bytes, bool]:
    """At most ``limit`` bytes of what was deflated, and whether that is all."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(deflated, limit)
    return plain, not inflater.unconsumed_tail


def _reduce(dataset: Dataset, wanted: Sequence[BaseTag] | None) -> None:
    """Drop the pixels, and what is not wanted."""
    for tag in list(dataset.keys()):
        if tag in _PIXEL_TAGS or (wanted is not None and tag not in wanted and tag != Tag("SpecificCharacterSet")):
            del dataset[tag]
