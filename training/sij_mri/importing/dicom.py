"""Import of DICOM studies: the series are chosen and read exactly as the node does it.

A study becomes one unlabeled subject, or a labeled one where it holds a DICOM Segmentation of its T1-weighted series
with a segment called as the node calls it: a result of the node, corrected by a reader, comes back as a label. Names
are made from hashes: no identifier of the patient or the study is kept.
"""

import hashlib
import logging
from collections.abc import Iterable
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
from training.data import Dataset, Subject, SubjectEntry, write_index, write_subject

log = logging.getLogger(__name__)

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
SEGMENT_LABELS = {"Sacroiliac bone region": "region"}
SALT = "axspa-train"


def import_dicom(source: Path, out: Path) -> Dataset:
    """Import every study under a folder that has a sacroiliac T1-weighted series.

    Parameters
    ----------
    source : Path
        Searched with its subfolders.
    out : Path
        Folder of the data set; overwritten.
    """
    paths = sorted(path for path in source.rglob("*") if path.is_file())
    studies, unreadable = read_studies(paths)
    if unreadable:
        log.warning("%d files could not be read as DICOM", len(unreadable))
    entries: list[SubjectEntry] = []
    for study in studies:
        try:
            subject = _subject(study)
        except AxspaError as error:
            log.warning("A study was left out: %s", error)
            continue
        if subject is not None:
            entries.append(write_subject(out, subject))
    dataset = Dataset(out, f"DICOM studies under a folder called {source.name}", tuple(entries))
    write_index(dataset)
    return dataset


def _subject(study: StudyHeaders) -> Subject | None:
    selection = select(study)
    chosen_t1, chosen_fluid = selection.chosen.get(Role.T1W), selection.chosen.get(Role.FLUID)
    if chosen_t1 is None:
        codes = sorted({str(reason.code) for one in selection.candidates for reason in one.refusals})
        log.warning("A study was left out: no T1-weighted series was found (%s)", ", ".join(codes))
        return None
    t1 = _load(study, chosen_t1)
    images = {"t1w": t1.voxels}
    if chosen_fluid is not None:
        fluid = _load(study, chosen_fluid)
        if same_space(t1, fluid):
            images["stir"] = np.asarray(resample(fluid.voxels, fluid, t1), np.float32)
    return Subject(
        subject=_hashed(study.study_instance_uid),
        patient=_hashed(_patient_id(chosen_t1) or study.study_instance_uid),
        images=images,
        labels=_labels(study, t1),
        positions_mm=t1.positions_mm,
        directions=np.array([t1.row_direction, t1.column_direction]),
        pixel_spacing_mm=t1.pixel_spacing_mm,
    )


def _load(study: StudyHeaders, candidate: Candidate) -> Volume:
    series = next(s for s in study.series if s.series_instance_uid == candidate.series_instance_uid)
    return load_volume(candidate.images, series=series)


def _labels(study: StudyHeaders, t1: Volume) -> dict[str, BoolArray]:
    """Masks of the study's segmentations, on the grid of the T1-weighted volume."""
    labels: dict[str, BoolArray] = {}
    for path in _segmentation_files(study):
        labels |= _segments(dcmread(path), t1)
    return labels


def _segmentation_files(study: StudyHeaders) -> Iterable[Path]:
    images = (image for series in study.series for image in series.images)
    return sorted({image.path for image in images if image.sop_class_uid == SEGMENTATION_STORAGE})


def _segments(dataset: DicomDataset, t1: Volume) -> dict[str, BoolArray]:
    from highdicom.seg import Segmentation

    slices = {image.sop_instance_uid: index for index, image in enumerate(t1.images)}
    segmentation = Segmentation.from_dataset(dataset)
    labels: dict[str, BoolArray] = {}
    for number in segmentation.segment_numbers:
        name = SEGMENT_LABELS.get(segmentation.get_segment_description(number).segment_label)
        used = [uid for _, _, uid in segmentation.get_source_image_uids() if uid in slices]
        if name is None or not used:
            continue
        planes = segmentation.get_pixels_by_source_instance(
            used, segment_numbers=[number], ignore_spatial_locations=True
        )
        mask = np.zeros(t1.shape, np.bool_)
        for uid, plane in zip(used, planes[..., 0], strict=True):
            mask[slices[uid]] = plane > 0
        labels[name] = mask
    return labels


def _patient_id(candidate: Candidate) -> str:
    try:
        with reading():
            return text_of(open_header(candidate.images[0].path, keywords=["PatientID"])[0], "PatientID")
    except UnusableInput:
        return ""


def _hashed(identifier: str) -> str:
    return hashlib.sha256(f"{SALT}/{identifier}".encode()).hexdigest()[:12]
