"""The size that a compressed frame claims, read from its first bytes, before a decoder allocates memory for it."""

from pydicom.dataset import FileDataset
from pydicom.encaps import get_frame

_SIZE_MARKERS = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def coded_size(dataset: FileDataset, *, frame: int) -> tuple[int, int] | None:
    """Rows and columns in the codestream of one frame.

    Parameters
    ----------
    dataset : FileDataset
        With its pixel data.
    frame : int
        1-based.

    Returns
    -------
    (int, int) or None
        None for native and RLE pixels, which carry no size of their own, and for streams without a size marker.

    References
    ----------
    ITU-T T.81 B.2.2 (JPEG SOF), T.87 C.2.2 (JPEG-LS), T.800 A.5.1 (JPEG 2000 SIZ).
    """
    syntax = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    if syntax is None or not getattr(syntax, "is_compressed", False) or not getattr(syntax, "is_encapsulated", False):
        return None
    frames = int(dataset.get("NumberOfFrames") or 1)
    return stream_size(get_frame(dataset.PixelData, frame - 1, number_of_frames=frames))


def stream_size(stream: bytes) -> tuple[int, int] | None:
    """Rows and columns of a JPEG, JPEG-LS or JPEG 2000 stream, or None.

    >>> stream_size(bytes.fromhex("ffd8ffc3000b0c015001f401011100"))
    (336, 500)
    """
    start = stream.find(b"\xff\x4f\xff\x51")
    if start >= 0:  # JPEG 2000: size of the reference grid less the image's offset in it
        width, height, left, top = (int.from_bytes(stream[start + i : start + i + 4], "big") for i in (8, 12, 16, 20))
        return height - top, width - left
    if not stream.startswith(b"\xff\xd8"):
        return None
    place = 2
    while place + 9 <= len(stream) and stream[place] == 0xFF:
        marker = stream[place + 1]
        if marker in _SIZE_MARKERS:
            return int.from_bytes(stream[place + 5 : place + 7], "big"), int.from_bytes(
                stream[place + 7 : place + 9], "big"
            )
        place += (
            1
            if marker == 0xFF
            else 2
            if marker in _STANDALONE
            else 2 + int.from_bytes(stream[place + 2 : place + 4], "big")
        )
    return None
