"""Pictures that are no DICOM: PNG, JPEG and what else Pillow reads, in 256 gray levels."""

from pathlib import Path

import numpy as np
from PIL import Image

from config.codes import Code
from config.errors import UnusableInput
from inference.mri_slices.cutter import ByteArray, to_gray

FORMATS = ("PNG", "JPEG")
SMALLEST_PX, MAX_PIXELS = 16, 64 << 20


def load_picture(path: Path) -> ByteArray:
    """Read a picture.

    Parameters
    ----------
    path : Path
        PNG or JPEG; color becomes gray, more than 8 bits become 8.

    Returns
    -------
    uint8 array (rows, columns)

    Raises
    ------
    UnusableInput
        ``PICTURE_UNREADABLE``: it is no such picture, is damaged, too small or too large.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if min(width, height) < SMALLEST_PX or width * height > MAX_PIXELS:
                raise _unreadable(f"{width} by {height} pixels")
            if picture.mode.startswith(("I", "F")):
                return to_gray(np.asarray(picture, np.float32))
            return np.array(picture.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unreadable(type(error).__name__) from error


def _unreadable(received: str) -> UnusableInput:
    return UnusableInput(
        Code.PICTURE_UNREADABLE,
        f"A picture is a PNG or JPEG file of at least {SMALLEST_PX} by {SMALLEST_PX} and at most {MAX_PIXELS} pixels; "
        f"take another one. Received: {received}.",
    )
