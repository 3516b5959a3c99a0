"""Phantoms as DICOM MR studies: as scanners write them, and as they come when something went wrong on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, ExplicitVRLittleEndian, MRImageStorage
from scipy import ndimage

from inference.sij_mri import Role
from inference.types import Volume
from reporting.uids import derived_uid
from training.phantom.contrast import plain_t2, scout
from training.phantom.enhanced import enhanced_dataset
from training.phantom.phantom import GridSpec, Phantom, image_again, stack
from training.phantom.series import Series, decimal, full_scale, series_attributes, set_pixels, stored
from training.phantom.vendors import PHYSICS, VENDORS

KEYS = {Role.T1W: "t1", Role.FLUID: "fluid"}

# Names that come back intact only where the character set is respected, with that character set.
NAMES: dict[str, tuple[str | list[str], str]] = {
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "cyrillic": ("ISO_IR 144", "Люкceмбypг"),
    "latin1": ("ISO_IR 100", "Müller^Jürgen"),
    "utf8": ("ISO_IR 192", "Wang^XiaoDong=王^小东"),
}


@dataclass(frozen=True, slots=True)
class Patient:
    """Who the phantom is said to be. An empty string writes an empty attribute."""

    name: str = "Phantom^Synthetic"
    identifier: str = "AXSPA-PHANTOM-1"
    birth_date: str = "19800101"
    sex: str = "O"
    character_set: str | list[str] = "ISO_IR 192"


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """How the study is written, and what is wrong with it.

    Attributes
    ----------
    accession, study_date : str
    extra_series : bool
        Add an oblique axial T2-weighted series and a derived coronal reformat.
    roles : tuple of Role
        Which of the two series exist.
    enhanced : bool
        One Enhanced MR object for each of the two series instead of one image for each slice.
    transfer_syntax : str
        UID of an uncompressed or lossless compressed transfer syntax.
    missing_slices : mapping of Role to slice indices
    uneven_mm : float
        Distance added to the gap in the middle of both stacks.
    absent : tuple of str
        Keywords of attributes left out of every image.
    """

    accession: str = "PHANTOM1"
    study_date: str = "20250106"
    extra_series: bool = False
    roles: tuple[Role, ...] = (Role.T1W, Role.FLUID)
    enhanced: bool = False
    transfer_syntax: str = ExplicitVRLittleEndian
    missing_slices: Mapping[Role, tuple[int, ...]] = field(default_factory=dict)
    uneven_mm: float = 0.0
    absent: tuple[str, ...] = ()


def write_study(
    phantom: Phantom,
    folder: Path,
    *,
    patient: Patient | None = None,
    vendor: str = "siemens",
    options: StudyOptions | None = None,
) -> list[Path]:
    """Write a phantom as a DICOM study: localizer, T1W series, fluid-sensitive series, and what the options ask.

    Parameters
    ----------
    phantom : Phantom
    folder : Path
        Made where it does not exist; file names are ``MR``, series number and instance number.
    patient : Patient, optional
    vendor : str
        "siemens", "philips", "ge" or "canon".
    options : StudyOptions, optional

    Returns
    -------
    list of Path
        The files, in the order of series and instance number.

    Notes
    -----
    UIDs depend on nothing but the seed, the patient, the options and the vendor: the same call writes the same study.
    """
    patient, options = patient or Patient(), options or StudyOptions()
    folder.mkdir(parents=True, exist_ok=True)
    study_uid = derived_uid("phantom study", phantom.seed, patient, vendor, options.accession, options.study_date)
    common = _common(patient, options, study_uid) | VENDORS[vendor].equipment
    paths: list[Path] = []
    for series in study_series(phantom, options):
        if options.enhanced and series.kind in KEYS.values():
            datasets = [enhanced_dataset(series, common, vendor)]
        else:
            datasets = _single_frames(series, common, vendor)
        for dataset in datasets:
            paths.append(_save(dataset, folder, options))
    return paths


def study_series(phantom: Phantom, options: StudyOptions) -> list[Series]:
    """The series of a study, in the order of their numbers."""
    series = [Series("scout", 1, localizer(phantom), 8.0)]
    for number, role in enumerate(options.roles, 2):
        volume, spec = (phantom.t1, phantom.spec.t1) if role is Role.T1W else (phantom.fluid, phantom.spec.fluid)
        volume = _uneven(volume, options.uneven_mm)
        lost = options.missing_slices.get(role, ())
        series.append(Series(KEYS[role], number, (volume,), spec.thickness_mm, left_out=tuple(lost)))
    if options.extra_series:
        series.append(Series("axial", 4, (oblique_axial(phantom),), 4.0))
        derived = ("DERIVED", "SECONDARY", "MPR", "NORM")
        series.append(Series("mpr", 5, (reformat(phantom),), 3.0, image_type=derived))
    return series


def localizer(phantom: Phantom) -> tuple[Volume, ...]:
    """Three sagittal, three coronal and three axial gradient-echo planes."""
    x, y, z = np.eye(3)
    grid = GridSpec(slices=3, rows=128, columns=128, pixel_mm=2.5, step_mm=25.0, thickness_mm=8.0)
    planes = ((y, -z), (x, -z), (x, y))
    return tuple(
        image_again(
            phantom, stack(phantom.middle_mm, np.column_stack([row, column, np.cross(row, column)]), grid), scout()
        )
        for row, column in planes
    )


def oblique_axial(phantom: Phantom) -> Volume:
    """A few T2-weighted planes across the sacrum."""
    row, _, normal = phantom.axes.T
    grid = GridSpec(slices=7, rows=160, columns=160, pixel_mm=1.2, step_mm=8.0, thickness_mm=4.0)
    axes = np.column_stack([row, normal, np.cross(row, normal)])
    return image_again(phantom, stack(phantom.middle_mm, axes, grid), plain_t2())


def reformat(phantom: Phantom) -> Volume:
    """A straight coronal reformat of the T1W series, as a workstation makes it."""
    x, _, z = np.eye(3)
    grid = GridSpec(slices=10, rows=128, columns=128, pixel_mm=1.5, step_mm=5.0, thickness_mm=3.0)
    empty = stack(phantom.middle_mm, np.column_stack([x, -z, np.cross(x, -z)]), grid)
    source = phantom.t1
    _, rows, columns = empty.shape
    r, c = np.arange(rows)[:, None, None], np.arange(columns)[None, :, None]
    down = r * 1.5 * np.asarray(empty.column_direction)
    across = c * 1.5 * np.asarray(empty.row_direction)
    axes = phantom.axes * np.array([source.pixel_spacing_mm[1], source.pixel_spacing_mm[0], source.slice_spacing_mm])
    planes = []
    for position in empty.positions_mm:
        index = (position + down + across - source.positions_mm[0]) @ np.linalg.inv(axes).T
        where = (index[..., 2], index[..., 1], index[..., 0])
        planes.append(ndimage.map_coordinates(source.voxels, where, order=1, cval=0.0))
    return replace(empty, voxels=np.stack(planes).astype(np.float32))


def _uneven(volume: Volume, extra_mm: float) -> Volume:
    if extra_mm == 0.0:
        return volume
    positions = volume.positions_mm.copy()
    positions[len(positions) // 2 :] += extra_mm * volume.normal
    return replace(volume, positions_mm=positions)


def _common(patient: Patient, options: StudyOptions, study_uid: str) -> dict[str, Any]:
    """Attributes that every instance of the study shares."""
    return {
        "SpecificCharacterSet": patient.character_set,
        "PatientName": patient.name,
        "PatientID": patient.identifier,
        "PatientBirthDate": patient.birth_date,
        "PatientSex": patient.sex,
        "PatientAge": "045Y",
        "PatientWeight": "75",
        "StudyInstanceUID": study_uid,
        "StudyID": "1",
        "StudyDate": options.study_date,
        "StudyTime": "101500",
        "StudyDescription": "MR sacroiliac joints (synthetic)",
        "AccessionNumber": options.accession,
        "ReferringPhysicianName": "",
        "InstitutionName": "Synthetic",
        "Modality": "MR",
        "BodyPartExamined": "PELVIS",
        "PatientPosition": "HFS",
        "FrameOfReferenceUID": derived_uid(study_uid, "frame of reference"),
        "PositionReferenceIndicator": "",
        "MagneticFieldStrength": "1.5",
        "ImagingFrequency": "63.68",
        "ImagedNucleus": "1H",
    }


def _single_frames(series: Series, common: dict[str, Any], vendor: str) -> list[Dataset]:
    """One MR Image Storage dataset for each slice that is not lost."""
    scale = full_scale(series)
    datasets = []
    instance = 0
    for volume in series.volumes:
        for index, plane in enumerate(volume.voxels):
            instance += 1
            if index in series.left_out:
                continue
            dataset = Dataset()
            dataset.update(series_attributes(series, common, vendor))
            dataset.SOPClassUID = MRImageStorage
            dataset.SOPInstanceUID = derived_uid(dataset.SeriesInstanceUID, instance)
            dataset.InstanceNumber = instance
            dataset.ImageType = list(series.image_type)
            dataset.EchoNumbers = 1
            for keyword, value in (PHYSICS[series.kind] | VENDORS[vendor].sequences[series.kind]).items():
                setattr(dataset, keyword, value)
            dataset.SliceThickness = decimal(series.thickness_mm)
            dataset.SpacingBetweenSlices = decimal(volume.slice_spacing_mm)
            dataset.SliceLocation = decimal(float(volume.positions_mm[index] @ volume.normal))
            dataset.PixelSpacing = [decimal(spacing) for spacing in volume.pixel_spacing_mm]
            dataset.ImageOrientationPatient = [decimal(v) for v in (*volume.row_direction, *volume.column_direction)]
            dataset.ImagePositionPatient = [decimal(v) for v in volume.positions_mm[index]]
            dataset.WindowCenter, dataset.WindowWidth = "1000", "2000"
            set_pixels(dataset, stored(plane, scale))
            datasets.append(dataset)
    return datasets


def _save(dataset: Dataset, folder: Path, options: StudyOptions) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    path = folder / f"MR{int(dataset.SeriesNumber):02d}{int(dataset.InstanceNumber):03d}.dcm"
    file = FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128)
    for keyword in options.absent:
        if keyword in file:
            delattr(file, keyword)
    if options.transfer_syntax != ExplicitVRLittleEndian:
        file.compress(options.transfer_syntax, generate_instance_uid=False)
    file.save_as(path, enforce_file_format=True)
    return path
