"""What the tests of an application need: series on disk, and the application run on them, without a node.

Shipped, so that an application in a package of its own can be tested with nothing else installed. The synthetic images
hold noise and whatever is drawn into them; nobody's patient data.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, MRImageStorage

from inference.application import Application
from inference.dicom import read_study
from inference.result import Analysis, Key
from inference.types import ModelIdentity

STUDY_UID = "2.25.1414141414"
NO_BUNDLE = ModelIdentity("", "", "")

CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def write_series(
    folder: Path,
    pixels: NDArray[Any] | tuple[int, int, int],
    *,
    number: int = 1,
    orientation: Sequence[float] | None = CORONAL,
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    gap_mm: float = 4.0,
    study_uid: str = STUDY_UID,
    **attributes: Any,
) -> list[Path]:
    """Write a series of single-frame images of a patient that does not exist.

    Parameters
    ----------
    folder : Path
        Made where it does not exist; several series of one study may lie in it.
    pixels : array (planes, rows, columns) of integers from 0 to 4095, or its shape
        A shape is filled with noise, always the same.
    number : int
        Series number.
    orientation : six floats or None
        Image Orientation (Patient), LPS. None writes radiographs without place, spacing or frame of reference.
    spacing_mm, gap_mm
        Between rows and columns; between planes.
    **attributes
        Any other DICOM attribute by its keyword; None removes it.

    Returns
    -------
    list of Path
    """
    if isinstance(pixels, tuple):
        pixels = np.random.default_rng(number).integers(200, 900, pixels)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for plane, values in enumerate(np.asarray(pixels, np.uint16)):
        dataset = _image(values, number, plane, study_uid, orientation is not None)
        if orientation is not None:
            normal = np.cross(orientation[:3], orientation[3:])
            dataset.ImageOrientationPatient = [float(value) for value in orientation]
            dataset.ImagePositionPatient = [float(value) for value in normal * gap_mm * plane]
            dataset.PixelSpacing, dataset.SliceThickness = list(spacing_mm), gap_mm
            dataset.FrameOfReferenceUID = f"{study_uid}.9"
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
            if value is None:
                delattr(dataset, keyword)
        paths.append(folder / f"{number:03d}-{plane:03d}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def run(
    application: Application,
    folder: Path,
    models: Mapping[Key, Any] | None = None,
    *,
    bundle: ModelIdentity = NO_BUNDLE,
) -> Analysis:
    """Run an application on the one study in a folder, as the node does.

    Raises
    ------
    AssertionError
        It announced a step that is not among its steps, or a model that it needs was not given.
    """
    given = models or {}
    if not set(application.needs) <= set(given):
        raise AssertionError(f"models needed: {sorted(application.needs)}, given: {sorted(given)}")
    seen: list[Key] = []
    study = read_study(sorted(path for path in folder.rglob("*") if path.is_file()))
    selection = application.select(study)
    analysis = application.analyse(study, selection, given, bundle=bundle, progress=seen.append)
    if not set(seen) <= set(application.steps):
        raise AssertionError(f"steps known: {application.steps}, announced: {seen}")
    return analysis


def _image(values: NDArray[np.uint16], number: int, plane: int, study_uid: str, magnetic: bool) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MRImageStorage if magnetic else ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = f"{study_uid}.{number}.{plane + 1}"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid, f"{study_uid}.{number}"
    dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate, dataset.PatientSex = (
        "TEST-1",
        "Test^Nobody",
        "",
        "O",
    )
    dataset.StudyID, dataset.AccessionNumber, dataset.ReferringPhysicianName = "1", "", ""
    dataset.StudyDate, dataset.StudyTime = "20260101", "120000"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MR" if magnetic else "CR", number, plane + 1
    dataset.Manufacturer, dataset.BodyPartExamined = "axspa-node tests", "PELVIS"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    if magnetic:
        dataset.ScanningSequence, dataset.SequenceVariant, dataset.MRAcquisitionType = "SE", "NONE", "2D"
        dataset.RepetitionTime, dataset.EchoTime = 600.0, 10.0
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = values.tobytes()
    return dataset
