"""The start of a data set as it comes over the network, up to and with one element, without what is not asked for.

pydicom makes an object of each element it meets, which for a header costs more than all else that an image needs, and
for a hostile one minutes. Here elements are first stepped over by their lengths, and those that are wanted are handed
to pydicom: it alone says what a value means. Each element counts, those in items too.
"""

import struct
from collections.abc import Collection
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from inference.dicom.file import Unfinished, inflated

MAX_START_BYTES = 16 << 20
MAX_START_ELEMENTS = 20_000  # beyond it a header is made to keep us busy: each costs a microsecond
_MAX_ODD_BYTES = 256 << 10  # of what only pydicom can read, at ten microseconds an element or more
_MAX_VALUE_BYTES = 64 << 10  # no value that places an image is longer

_LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT_VRS = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS"}
    | {b"ST", b"TM", b"UI", b"UL", b"US"}
)
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PAIR = struct.Struct("<HH")
_LONG = struct.Struct("<L")
_SHORT = struct.Struct("<H")


class _Odd(Exception):
    """Only pydicom can make sense of this."""


def read_start(
    data_set: memoryview, *, transfer_syntax_uid: str, last_tag: int, wanted: Collection[int], whole: bool = True
) -> Dataset:
    """Read some elements at the start of a data set.

    Parameters
    ----------
    data_set : memoryview
        The encoded data set, without preamble and file meta, or the start of it.
    transfer_syntax_uid : str
        As negotiated.
    last_tag : int
        Nothing after this tag is looked at.
    wanted : collection of int
        Tags of the elements that are kept, where their values are no longer than 64 KiB.
    whole : bool
        These are all bytes; else only the first ones, and more can be had.

    Raises
    ------
    Unfinished
        More bytes are needed; never where they are all there.
    Exception
        Whatever pydicom raises on damaged bytes; :func:`inference.dicom.file.reading` maps it.

    References
    ----------
    PS3.5 Annex A and section 7. Big endian and implicit VR are the exceptions: every other transfer syntax has explicit
    VR, little endian.
    """
    if transfer_syntax_uid == DeflatedExplicitVRLittleEndian:
        if not whole:
            raise Unfinished
        data_set = memoryview(inflated(data_set, MAX_START_BYTES)[0])
    data_set = data_set[:MAX_START_BYTES]
    implicit = transfer_syntax_uid == ImplicitVRLittleEndian
    if transfer_syntax_uid != ExplicitVRBigEndian:
        try:
            kept = _Skim(data_set, implicit=implicit, whole=whole).elements(last_tag, wanted)
            return read_dataset(BytesIO(kept), implicit, is_little_endian=True)
        except Unfinished:
            if not whole:
                raise
        except _Odd:
            pass
    if not whole:
        raise Unfinished
    return _read_odd(data_set, implicit=implicit, little=transfer_syntax_uid != ExplicitVRBigEndian, last_tag=last_tag)


def _read_odd(data_set: memoryview, *, implicit: bool, little: bool, last_tag: int) -> Dataset:
    """Read what cannot be stepped over; pydicom knows more mistakes of scanners than the standard has rules."""
    passed = False

    def is_behind(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal passed
        passed = int(tag) > last_tag
        return passed

    start = read_dataset(BytesIO(data_set[:_MAX_ODD_BYTES]), implicit, little, stop_when=is_behind)
    if not passed and len(data_set) > _MAX_ODD_BYTES:
        raise ValueError("too long a header of an odd form")
    return start


class _Skim:
    """Steps over the elements of a data set in little endian."""

    def __init__(self, data_set: memoryview, *, implicit: bool, whole: bool) -> None:
        self._bytes = data_set
        self._implicit = implicit
        self._whole = whole
        self._left = MAX_START_ELEMENTS

    def elements(self, last_tag: int, wanted: Collection[int]) -> bytes:
        """The wanted elements as they are encoded, one after the other."""
        kept: list[memoryview] = []
        place = 0
        while place < len(self._bytes):
            tag, value, length = self._head(place)
            if tag > last_tag:
                return b"".join(kept)
            end = self._behind_sequence(value) if length == _UNDEFINED else value + length
            if end > len(self._bytes):
                raise Unfinished
            if tag in wanted and end - place <= _MAX_VALUE_BYTES:
                kept.append(self._bytes[place:end])
            place = end
        if self._whole:
            return b"".join(kept)
        raise Unfinished

    def _head(self, place: int) -> tuple[int, int, int]:
        """Tag, place of the value and length of the element at a place; counts it."""
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many elements")
        if place + 8 > len(self._bytes):
            raise Unfinished
        group, element = _PAIR.unpack_from(self._bytes, place)
        tag = group << 16 | element
        if self._implicit or group == 0xFFFE:
            length: int = _LONG.unpack_from(self._bytes, place + 4)[0]
            return tag, place + 8, length
        vr = self._bytes[place + 4 : place + 6].tobytes()
        if vr in _SHORT_VRS:
            return tag, place + 8, _SHORT.unpack_from(self._bytes, place + 6)[0]
        if vr not in _LONG_VRS:
            raise _Odd
        if place + 12 > len(self._bytes):
            raise Unfinished
        length = _LONG.unpack_from(self._bytes, place + 8)[0]
        if length == _UNDEFINED and vr != b"SQ":
            raise _Odd  # of unknown VR: its items are implicit
        return tag, place + 12, length

    def _behind_sequence(self, place: int) -> int:
        """The place behind a sequence of undefined length, and behind all that is nested in it."""
        depth = [_SEQUENCE_END]  # what ends each of the sequences and items that the place lies in
        while depth:
            tag, value, length = self._head(place)
            place = value
            if tag == depth[-1]:
                depth.pop()
            elif length == _UNDEFINED:
                depth.append(_ITEM_END if tag == _ITEM else _SEQUENCE_END)
            else:
                place += length
        return place
