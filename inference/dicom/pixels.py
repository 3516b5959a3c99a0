"""Pixels of single planes: decoded, turned into the modality's values, bounded in memory.

References
----------
PS3.3 C.7.6.3 (Image Pixel), C.11.1 (Modality LUT); PS3.5 section 8 (encoding of pixels).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels import apply_modality_lut, pixel_array
from pydicom.sequence import Sequence as DicomSequence

from config.codes import Code
from config.errors import UnusableInput
from inference.dicom.codestream import coded_size
from inference.dicom.fields import first, number, whole
from inference.dicom.file import open_with_pixels, tolerant
from inference.types import FloatArray, ImageHeader

Decoded = tuple[FloatArray, bool] | str
"""A plane and whether it is MONOCHROME1, or a word on why it cannot be read."""

MAX_PLANE_PIXELS = 4096 * 4096
_DECODERS = {
    uid.RLELossless: "pylibjpeg",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEGLSNearLossless: "pyjpegls",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "pylibjpeg",
    uid.HTJ2KLosslessRPCL: "pylibjpeg",
    uid.HTJ2K: "pylibjpeg",
}


def decode_file(images: Sequence[ImageHeader]) -> list[Decoded]:
    """Decode planes that all lie in the same file, in this process."""
    try:
        with tolerant():
            dataset = open_with_pixels(images[0].path)
    except UnusableInput as error:
        return [error.code] * len(images)
    except Exception as error:  # noqa: BLE001 - the edge: foreign bytes
        return [type(error).__name__] * len(images)
    return [_decode(dataset, image) for image in images]


def _decode(dataset: FileDataset, image: ImageHeader) -> Decoded:
    try:
        with tolerant():
            _check(dataset, image)
            index = (image.frame or 1) - 1
            stored = np.asarray(pixel_array(dataset, index=index, raw=True, decoding_plugin=_decoder(dataset)))
            if stored.shape != (image.rows, image.columns):
                return f"shape {stored.shape}"
            values = _modality_values(dataset, _unpadded(dataset, stored), index=index)
            if not np.isfinite(values).all():
                return "values that are not finite"
            return values, first(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    except UnusableInput as error:
        return error.code
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the edge: a panic of the RLE decoder is no Exception
        return type(error).__name__


def _decoder(dataset: FileDataset) -> str:
    """The one decoder to use; empty where pydicom may choose (native pixels, JPEG).

    Left alone, pydicom tries one after the other, and GDCM aborts the process on damaged JPEG-LS and JPEG 2000 streams.
    JPEG itself has GDCM alone: see :mod:`inference.dicom.isolated`.
    """
    return _DECODERS.get(str(dataset.file_meta.get("TransferSyntaxUID")), "")


def _check(dataset: FileDataset, image: ImageHeader) -> None:
    """Refuse before decoding what would not fit, or what is no gray plane."""
    rows, columns = whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0
    if not 0 < rows * columns <= MAX_PLANE_PIXELS or (rows, columns) != (image.rows, image.columns):
        raise UnusableInput(Code.PLANE_SIZE, f"The size of the plane is not usable. Received: {rows} by {columns}.")
    if (whole(dataset, "SamplesPerPixel") or 1) != 1:
        raise UnusableInput(Code.NOT_GRAY, "Only gray images are read. Received: a color image.")
    coded = coded_size(dataset, frame=image.frame or 1)
    if coded is not None and coded != (rows, columns):
        raise UnusableInput(Code.CODED_SIZE, f"The coded image has another size than its header. Received: {coded}.")


def _unpadded(dataset: Dataset, stored: NDArray[Any]) -> NDArray[Any]:
    """Padding takes the smallest true value, so that it reads as background."""
    padding = whole(dataset, "PixelPaddingValue")
    if padding is None:
        return stored
    padded = stored == padding
    if not padded.any() or padded.all():
        return stored
    return np.where(padded, stored[~padded].min(), stored)


def _modality_values(dataset: Dataset, stored: NDArray[Any], *, index: int) -> FloatArray:
    for groups in (
        _item(dataset, "PerFrameFunctionalGroupsSequence", index),
        _item(dataset, "SharedFunctionalGroupsSequence", 0),
    ):
        transform = _item(groups, "PixelValueTransformationSequence", 0) if groups is not None else None
        if transform is not None:
            slope, intercept = number(transform, "RescaleSlope"), number(transform, "RescaleIntercept")
            return (stored * (1.0 if slope is None else slope) + (intercept or 0.0)).astype(np.float32)
    return np.asarray(apply_modality_lut(stored, dataset)).astype(np.float32)


def _item(dataset: Dataset, keyword: str, index: int) -> Dataset | None:
    value = dataset.get(keyword)
    return value[index] if isinstance(value, DicomSequence) and index < len(value) else None
