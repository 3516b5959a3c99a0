"""Pictures that teach nothing are dropped, each with its reason: corrupt, blank, or twice in the data."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.picture import Picture

BLANK_STD = 2.0
HASH_SIDE = 16
SAME_BITS = 2


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was left out, and why."""

    what: str
    reason: str


def read_gray(path: Path) -> NDArray[np.float32]:
    """Read a picture of any depth as gray values, whole.

    Parameters
    ----------
    path : Path
        PNG, JPEG or another format of Pillow, or ``.npy`` of two axes (or three, of which the middle slice is taken).

    Returns
    -------
    float32 array (rows, columns)
        As stored: 0 to 255 of 8 bits, 0 to 65535 of 16.

    Raises
    ------
    ValueError
        The file cannot be read, is no picture of two axes, or holds values that are no numbers.
    """
    try:
        pixels = _array(path) if path.suffix == ".npy" else _decoded(path)
    except (OSError, SyntaxError, EOFError, ValueError) as error:
        raise ValueError(f"corrupt: {path.name} cannot be read ({type(error).__name__})") from error
    if pixels.ndim == 3:
        pixels = pixels[len(pixels) // 2]
    if pixels.ndim != 2 or min(pixels.shape) < 2:
        raise ValueError(f"corrupt: {path.name} has the shape {pixels.shape}, which is no picture")
    if not np.isfinite(pixels).all():
        raise ValueError(f"corrupt: {path.name} holds values that are no numbers")
    return pixels


def is_blank(pixels: NDArray[np.uint8]) -> bool:
    """True where next to nothing varies, in pixels of any shape."""
    return bool(pixels.std() < BLANK_STD)


def good_pictures(pictures: Iterable[Picture]) -> tuple[list[Picture], list[Dropped]]:
    """Leave out blank pictures, and those that are there already.

    Two pictures are the same where their perceptual hashes (256 bits of the cosine transform, after Zauner 2010) differ
    in at most two bits; the first one stays.

    Parameters
    ----------
    pictures : iterable of Picture

    Returns
    -------
    kept : list of Picture
    dropped : list of Dropped
    """
    kept: list[Picture] = []
    dropped: list[Dropped] = []
    hashes = np.zeros((0, HASH_SIDE * HASH_SIDE), np.bool_)
    for picture in pictures:
        if is_blank(picture.pixels):
            dropped.append(Dropped(picture.origin, f"blank: gray levels vary by less than {BLANK_STD:g}"))
            continue
        code = perceptual_hash(picture.pixels)
        distances = (hashes != code).sum(1)
        if len(distances) and distances.min() <= SAME_BITS:
            other = kept[int(distances.argmin())].origin
            reason = f"duplicate of {other}: {int(distances.min())} of {code.size} bits differ"
            dropped.append(Dropped(picture.origin, reason))
            continue
        kept.append(picture)
        hashes = np.vstack([hashes, code])
    return kept, dropped


def perceptual_hash(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """256 bits, bool array (256,), that alike pictures (rows, columns) share.

    References
    ----------
    Zauner C. Implementation and benchmarking of perceptual image hash functions. 2010.
    """
    import imagehash
    from PIL import Image

    return np.asarray(imagehash.phash(Image.fromarray(pixels), hash_size=HASH_SIDE).hash, np.bool_).reshape(-1)


def dropped_lines(dropped: Sequence[Dropped]) -> list[str]:
    """A line for each, for people to read."""
    return [f"left out: {one.what}: {one.reason}" for one in dropped]


def _array(path: Path) -> NDArray[np.float32]:
    return np.asarray(np.load(path, allow_pickle=False), np.float32)


def _decoded(path: Path) -> NDArray[np.float32]:
    from PIL import Image

    with Image.open(io.BytesIO(path.read_bytes())) as image:
        image.load()
        deep = image.mode.startswith(("I", "F"))
        return np.asarray(image if deep else image.convert("L"), np.float32)
