"""One series of a simulated study about to be written: what single-frame and enhanced MR share."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from inference.types import FloatArray, Volume
from reporting.uids import derived_uid
from training.phantom.vendors import VENDORS

FULL_SCALE = 4095


@dataclass(frozen=True, slots=True)
class Series:
    """One series about to be written.

    Attributes
    ----------
    kind : str
        A key of vendors.PHYSICS.
    number : int
    volumes : tuple of Volume
        More than one for a localizer, whose planes are not parallel.
    thickness_mm : float
    image_type : tuple of str
    left_out : tuple of int
        Indices of slices that are lost.
    """

    kind: str
    number: int
    volumes: tuple[Volume, ...]
    thickness_mm: float
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "M", "ND")
    left_out: tuple[int, ...] = ()


def series_attributes(series: Series, common: dict[str, Any], vendor: str) -> Dataset:
    """What every instance of one series shares."""
    dataset = Dataset()
    for keyword, value in common.items():
        setattr(dataset, keyword, value)
    name = VENDORS[vendor].names[series.kind]
    dataset.SeriesInstanceUID = derived_uid(dataset.StudyInstanceUID, "series", series.number)
    dataset.SeriesNumber = series.number
    dataset.SeriesDescription = dataset.ProtocolName = name
    minute = f"10{15 + 4 * series.number:02d}00"
    dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = dataset.StudyDate
    dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = minute
    return dataset


def full_scale(series: Series) -> float:
    """Factor from the signal of a series to stored values of 12 bits."""
    return FULL_SCALE / max(float(volume.voxels.max()) for volume in series.volumes)


def stored(plane: FloatArray, scale: float) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Stored values of 12 bits, uint16, of a plane (rows, columns)."""
    values: np.ndarray[Any, np.dtype[np.uint16]] = np.clip(np.rint(plane * scale), 0, FULL_SCALE).astype("<u2")
    return values


def set_pixels(dataset: Dataset, values: np.ndarray[Any, np.dtype[np.uint16]]) -> None:
    """Fill the Image Pixel module with 12-bit values of shape (rows, columns) or (frames, rows, columns)."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = values.tobytes()
    dataset["PixelData"].VR = "OW"


def decimal(value: float) -> str:
    """A decimal string of at most 16 characters."""
    text = f"{value:.9f}"
    return text[:16].rstrip("0").rstrip(".") if "." in text[:16] else text[:16]
