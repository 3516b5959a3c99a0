"""Builders of real DICOM files for the tests of reading: one known pattern, many ways to store it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

STUDY = "1.2.826.0.1.3680043.8.498.1"
T1 = {"ScanningSequence": "SE", "RepetitionTime": "600", "EchoTime": "9", "EchoTrainLength": "3", "FlipAngle": "150"}
ROW = (1.0, 0.0, 0.0)
TILT = math.radians(40)
COLUMN = (0.0, math.sin(TILT), -math.cos(TILT))
SHAPE = (12, 40, 48)
SPACING = (4.0, 0.7, 0.6)


def pattern(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.uint16]:
    """Voxels that tell every axis and its direction: each differs from its mirror image."""
    slices, rows, columns = np.indices(shape)
    return (100 * (slices + 1) + 3 * rows + columns % 7 + 40 * (columns > shape[2] // 3)).astype(np.uint16)


def position(slice_index: float, *, spacing_mm: float = SPACING[0]) -> tuple[float, float, float]:
    """Position of the first pixel of a slice; the normal is row x column."""
    normal = np.cross(ROW, COLUMN)
    place = np.array([-14.0, -30.0, 20.0]) + slice_index * spacing_mm * normal
    return float(place[0]), float(place[1]), float(place[2])


def plane(
    path: Path,
    pixels: NDArray[Any],
    *,
    number: int,
    place: Sequence[float],
    series: int = 2,
    changes: dict[str, Any] | None = None,
) -> FileDataset:
    """One MR image; ``changes`` sets attributes, None deletes them. Not written to disk."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, f"{STUDY}.{series}"
    dataset.SOPInstanceUID = f"{STUDY}.{series}.{number}"
    dataset.FrameOfReferenceUID = f"{STUDY}.99"
    dataset.PatientName, dataset.PatientID = "Secret^Patient", "SECRET1"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MR", series, number
    dataset.SeriesDescription = "t1_tse_obl_cor ISG"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    dataset.MRAcquisitionType, dataset.SliceThickness = "2D", "3.5"
    dataset.ImagePositionPatient = [f"{v:.6f}" for v in place]
    dataset.ImageOrientationPatient = [f"{v:.8f}" for v in (*ROW, *COLUMN)]
    dataset.PixelSpacing = [str(SPACING[1]), str(SPACING[2])]
    for keyword, value in T1.items():
        setattr(dataset, keyword, value)
    set_pixels(dataset, pixels)
    for keyword, value in (changes or {}).items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    return dataset


def set_pixels(dataset: Dataset, pixels: NDArray[Any]) -> None:
    """Native grey pixels, with the attributes that describe them."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.astype("<i2" if pixels.dtype.kind == "i" else "<u2").tobytes()
    dataset["PixelData"].VR = "OW"


def write_series(
    folder: Path,
    *,
    voxels: NDArray[Any] | None = None,
    places: Sequence[Sequence[float]] | None = None,
    syntax: str | None = None,
    series: int = 2,
    changes: dict[str, Any] | None = None,
) -> list[Path]:
    """A series of single-frame files; ``syntax`` names a transfer syntax UID to compress into."""
    voxels = pattern() if voxels is None else voxels
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, pixels in enumerate(voxels):
        path = folder / f"{series}-{index:03d}.dcm"
        place = position(index) if places is None else places[index]
        dataset = plane(path, pixels, number=index + 1, place=place, series=series, changes=changes)
        if syntax is not None:
            dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def write_enhanced(path: Path, *, voxels: NDArray[Any] | None = None, stir: bool = False) -> Path:
    """The same pattern as one Enhanced MR object, its frames stored from last to first."""
    voxels = pattern() if voxels is None else voxels
    count = len(voxels)
    dataset = plane(path, voxels[::-1], number=1, place=position(0))
    for keyword in (*T1, "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        del dataset[keyword]
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
    dataset.NumberOfFrames, dataset.EchoPulseSequence = count, "SPIN"
    shared = Dataset()
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=[*ROW, *COLUMN])]
    shared.PixelMeasuresSequence = [_item(PixelSpacing=list(SPACING[1:]), SliceThickness=3.5)]
    shared.MRTimingAndRelatedParametersSequence = [
        _item(RepetitionTime=4000.0 if stir else 600.0, FlipAngle=150.0, EchoTrainLength=15 if stir else 3)
    ]
    shared.MREchoSequence = [_item(EffectiveEchoTime=60.0 if stir else 9.0)]
    modifier = _item(InversionRecovery="YES" if stir else "NO", SpectrallySelectedSuppression="NONE")
    if stir:
        modifier.InversionTimes = [150.0]
    shared.MRModifierSequence = [modifier]
    frame_type = _item(FrameType=["ORIGINAL", "PRIMARY", "T1", "NONE"], ComplexImageComponent="MAGNITUDE")
    shared.MRImageFrameTypeSequence = [frame_type]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for index in range(count - 1, -1, -1):
        own = Dataset()
        own.PlanePositionSequence = [_item(ImagePositionPatient=list(position(index)))]
        own.PixelValueTransformationSequence = [_item(RescaleSlope=2.0, RescaleIntercept=-5.0, RescaleType="US")]
        frames.append(own)
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.save_as(path, enforce_file_format=True)
    return path


def _item(**values: Any) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item
