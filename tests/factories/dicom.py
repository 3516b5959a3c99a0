"""DICOM files by hand: one image, a series of a known pattern, the same as an enhanced object."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian

from inference.dicom.headers import read_study
from inference.dicom.volume import load_volume
from inference.types import Volume

MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
STUDY = "1.2.826.0.1.3680043.8.498.1"
T1 = {"ScanningSequence": "SE", "RepetitionTime": "600", "EchoTime": "9", "EchoTrainLength": "3", "FlipAngle": "150"}
SECRET = {"PatientName": "Secret^Patient", "PatientID": "SECRET1"}
ROW = (1.0, 0.0, 0.0)
TILT = math.radians(40)
COLUMN = (0.0, math.sin(TILT), -math.cos(TILT))
SHAPE = (12, 40, 48)
SPACING = (4.0, 0.7, 0.6)


def uid(*parts: object) -> str:
    """A UID that follows from its parts alone."""
    return f"2.25.{int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:15])}"


def image(
    number: int = 1, *, study: str = "1.2.826.7", series: int = 1, pixels: NDArray[Any] | None = None, **values: Any
) -> FileDataset:
    """A small MR image in memory, without a place in the patient.

    Parameters
    ----------
    number : int
        Of the instance; its UIDs follow from study, series and number.
    study : str
        Study Instance UID.
    series : int
    pixels : array (rows, columns) or (frames, rows, columns), optional
        int16 or uint16.
    **values
        Attributes by keyword; None removes one.
    """
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = MR, f"{study}.{series}.{number}"
    made.StudyInstanceUID, made.SeriesInstanceUID = study, f"{study}.{series}"
    made.Modality, made.PatientID, made.PatientName = "MR", "P-1", "Test^Patient"
    made.StudyDate, made.AccessionNumber, made.StudyDescription = "20260301", "A-1", "SI joints"
    made.SeriesNumber, made.InstanceNumber = series, number
    set_pixels(made, np.arange(16, dtype=np.uint16).reshape(4, 4) if pixels is None else pixels)
    return change(made, **values)


def change(dataset: FileDataset, **values: Any) -> FileDataset:
    """Set attributes of a data set by keyword; None removes one that is there."""
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            del dataset[keyword]
    return dataset


def set_pixels(dataset: Dataset, pixels: NDArray[Any]) -> None:
    """Native gray pixels, with the attributes that describe them."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, int(pixels.dtype.kind == "i")
    set_bytes(dataset, pixels.astype("<i2" if pixels.dtype.kind == "i" else "<u2").tobytes())


def set_bytes(dataset: Dataset, content: bytes) -> None:
    """Pixel data of any length, whatever the other attributes say."""
    dataset.PixelData = content
    dataset["PixelData"].VR = "OW"


def set_place(
    dataset: Dataset, place_mm: Iterable[float], row: Iterable[float], column: Iterable[float], spacing_mm: Any
) -> None:
    """Where the first pixel lies (LPS, mm), which way rows and columns run, and how far apart they are."""
    dataset.ImagePositionPatient = [f"{value:.6f}" for value in place_mm]
    dataset.ImageOrientationPatient = [f"{value:.10f}" for value in (*row, *column)]
    dataset.PixelSpacing = [f"{value:.6f}" for value in spacing_mm]


def save(dataset: FileDataset, path: Path) -> Path:
    """Write a data set as a DICOM file."""
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_images(folder: Path, numbers: Iterable[int], **options: Any) -> list[Path]:
    """Small MR images as files; ``options`` as of :func:`image`."""
    folder.mkdir(parents=True, exist_ok=True)
    return [save(image(number, **options), folder / f"{number:04d}.dcm") for number in numbers]


def copied(files: Sequence[Path], folder: Path, name: object) -> list[Path]:
    """The same study under UIDs that follow from a name, as files of the same order."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for index, file in enumerate(files):
        dataset = dcmread(file)
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
            if keyword in dataset:
                dataset[keyword].value = uid(name, dataset[keyword].value)
        dataset.StudyID = str(name)[:16]
        made.append(save(dataset, folder / f"{index:04d}.dcm"))
    return made


def as_file(dataset: FileDataset) -> bytes:
    """A data set as the bytes of a DICOM file."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def encode(dataset: Dataset, *, implicit: bool = False, little: bool = True) -> bytes:
    """The bytes of a data set, without preamble and file meta, as they go over the network."""
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = implicit, little
    write_dataset(stream, dataset)
    return stream.getvalue()


def pattern(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.uint16]:
    """Voxels that tell every axis and its direction: each differs from its mirror image."""
    slices, rows, columns = np.indices(shape)
    return (100 * (slices + 1) + 3 * rows + columns % 7 + 40 * (columns > shape[2] // 3)).astype(np.uint16)


def position(slice_index: float, *, spacing_mm: float = SPACING[0]) -> tuple[float, float, float]:
    """Position of the first pixel of a slice; the normal is row x column."""
    normal = np.cross(ROW, COLUMN)
    place = np.array([-14.0, -30.0, 20.0]) + slice_index * spacing_mm * normal
    return float(place[0]), float(place[1]), float(place[2])


def plane(pixels: NDArray[Any], *, number: int, place: Sequence[float], series: int = 2, **values: Any) -> FileDataset:
    """One T1-weighted image of a patient whose name nobody may see, at its place; ``values`` as of :func:`image`."""
    made = image(number, study=STUDY, series=series, pixels=pixels, **SECRET, **T1)
    made.FrameOfReferenceUID, made.SeriesDescription = f"{STUDY}.99", "t1_tse_obl_cor ISG"
    made.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    made.MRAcquisitionType, made.SliceThickness = "2D", "3.5"
    set_place(made, place, ROW, COLUMN, SPACING[1:])
    return change(made, **values)


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
        place = position(index) if places is None else places[index]
        dataset = plane(pixels, number=index + 1, place=place, series=series, **(changes or {}))
        if syntax is not None:
            dataset.compress(syntax, generate_instance_uid=False)
        paths.append(save(dataset, folder / f"{series}-{index:03d}.dcm"))
    return paths


def load(paths: Sequence[Path]) -> Volume:
    """All planes of the only series of these files, as a volume; the planes are given from last to first."""
    (series,) = read_study(paths).series
    return load_volume(tuple(reversed(series.images)), series=series)


def enhance(dataset: FileDataset, places_mm: Sequence[Iterable[float]]) -> None:
    """Make an image whose pixels are many frames an Enhanced MR object.

    Parameters
    ----------
    dataset : FileDataset
        Its orientation, spacing and thickness go to all frames.
    places_mm : sequence of positions
        Of the frames, from last to first: frame 1 lies at the last of them.
    """
    dataset.SOPClassUID = ENHANCED_MR
    dataset.NumberOfFrames = len(places_mm)
    shared = _item(
        PlaneOrientationSequence=[_item(ImageOrientationPatient=dataset.ImageOrientationPatient)],
        PixelMeasuresSequence=[_item(PixelSpacing=dataset.PixelSpacing, SliceThickness=dataset.SliceThickness)],
    )
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = [
        _item(PlanePositionSequence=[_item(ImagePositionPatient=[f"{value:.6f}" for value in place])])
        for place in reversed(places_mm)
    ]
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(dataset, keyword)


def write_enhanced(path: Path, *, voxels: NDArray[Any] | None = None, stir: bool = False) -> Path:
    """The same pattern as one Enhanced MR object, its frames stored from last to first."""
    voxels = pattern() if voxels is None else voxels
    dataset = plane(voxels[::-1], number=1, place=position(0), EchoPulseSequence="SPIN", **dict.fromkeys(T1))
    enhance(dataset, [position(index) for index in range(len(voxels))])
    shared = dataset.SharedFunctionalGroupsSequence[0]
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
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        scale = _item(RescaleSlope=2.0, RescaleIntercept=-5.0, RescaleType="US")
        frame.PixelValueTransformationSequence = [scale]
    return save(dataset, path)


def _item(**values: Any) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item
