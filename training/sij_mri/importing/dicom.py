"""Import of DICOM studies: the series are chosen and read exactly as the node does it.

A study becomes one subject, with the masks of its DICOM Segmentations where it holds some that a reader made or
corrected (:mod:`training.sij_mri.importing.segments`). Names are pseudonyms keyed by a secret of the site: no
identifier of the patient or the study is kept.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset as DicomDataset

from config.errors import AxspaError, UnusableInput
from inference.dicom import load_volume, open_header, read_studies, reading, text_of
from inference.series import Candidate
from inference.sij_mri import Role, select
from inference.space import resample, same_space
from inference.types import BoolArray, StudyHeaders, Volume
from training.data import Dataset, Label, Mapping, Pseudonyms, Scan, Subject, read_patients, write_volumes
from training.sij_mri.importing.segments import INFLAMMATION, SEGMENTATION_STORAGE, read_segments

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Way:
    """What holds for every study of an import."""

    mapping: Mapping
    pseudonyms: Pseudonyms
    patients: dict[str, tuple[str, str, dict[str, Label]]]


def import_dicom(source: Path, out: Path, *, mapping: Mapping, pseudonyms: Pseudonyms) -> Dataset:
    """Import every study under a folder that has a sacroiliac T1-weighted series.

    Parameters
    ----------
    source : Path
        Searched with its subfolders.
    out : Path
        Folder of the data set, written whole or not at all; replaces one that is there.
    mapping : Mapping
        Name, source and terms; segments of other names; a table of patients, looked up by Patient ID.
    pseudonyms : Pseudonyms
        Of this site.

    Raises
    ------
    ValueError
        No study can be learned from.
    """
    paths = sorted(path for path in source.rglob("*") if path.is_file())
    studies, unreadable = read_studies(paths)
    if unreadable:
        log.warning("%d files could not be read as DICOM", len(unreadable))
    way = _Way(mapping, pseudonyms, read_patients(source, mapping))
    return write_volumes(
        out,
        _scans(studies, way),
        name=mapping.name or out.name,
        source=mapping.source or f"DICOM studies under a folder called {source.name}",
        terms=mapping.terms,
    )


def _scans(studies: tuple[StudyHeaders, ...] | list[StudyHeaders], way: _Way) -> Iterator[Scan]:
    for study in studies:
        try:
            scan = _scan(study, way)
        except AxspaError as error:
            log.warning("A study was left out: %s", error)
            continue
        if scan is not None:
            yield scan


def _scan(study: StudyHeaders, way: _Way) -> Scan | None:
    selection = select(study)
    chosen_t1, chosen_fluid = selection.chosen.get(Role.T1W), selection.chosen.get(Role.FLUID)
    if chosen_t1 is None:
        codes = sorted({str(reason.code) for one in selection.candidates for reason in one.refusals})
        log.warning("A study was left out: no T1-weighted series was found (%s)", ", ".join(codes))
        return None
    t1 = _load(study, chosen_t1)
    images, volumes = {"t1w": t1.voxels}, [t1]
    if chosen_fluid is not None:
        fluid = _load(study, chosen_fluid)
        if same_space(t1, fluid):
            images["stir"] = np.asarray(resample(fluid.voxels, fluid, t1), np.float32)
            volumes.append(fluid)
    identifier = _patient_id(chosen_t1)
    patient, center, labels = way.patients.get(identifier, (identifier, way.mapping.center, {}))
    subject = Subject(
        subject=way.pseudonyms.of(study.study_instance_uid),
        patient=way.pseudonyms.of(patient or study.study_instance_uid),
        images=images,
        labels=_masks(study, volumes, way.mapping),
        positions_mm=t1.positions_mm,
        directions=np.array([t1.row_direction, t1.column_direction]),
        pixel_spacing_mm=t1.pixel_spacing_mm,
    )
    return Scan(subject, center, labels)


def _load(study: StudyHeaders, candidate: Candidate) -> Volume:
    series = next(s for s in study.series if s.series_instance_uid == candidate.series_instance_uid)
    return load_volume(candidate.images, series=series)


def _masks(study: StudyHeaders, volumes: list[Volume], mapping: Mapping) -> dict[str, BoolArray]:
    """Masks of the study's segmentations: each one with edema is a reading; of others the latest counts."""
    masks: dict[str, BoolArray] = {}
    readings = 0
    for dataset in sorted((dcmread(path) for path in _segmentation_files(study)), key=_when):
        found = read_segments(dataset, volumes, mapping.dicom)
        edema = found.pop(INFLAMMATION, None)
        if edema is not None:
            readings += 1
            masks[f"{INFLAMMATION}_S{readings}"] = edema
        masks |= found
    return masks


def _segmentation_files(study: StudyHeaders) -> list[Path]:
    images = (image for series in study.series for image in series.images)
    return sorted({image.path for image in images if image.sop_class_uid == SEGMENTATION_STORAGE})


def _when(dataset: DicomDataset) -> tuple[str, str, str]:
    return tuple(str(dataset.get(key, "")) for key in ("ContentDate", "ContentTime", "SOPInstanceUID"))  # type: ignore[return-value]


def _patient_id(candidate: Candidate) -> str:
    try:
        with reading():
            return text_of(open_header(candidate.images[0].path, keywords=["PatientID"])[0], "PatientID")
    except UnusableInput:
        return ""
