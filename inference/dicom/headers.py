"""Files to headers: what selection needs to know of a study, without decoding a pixel.

Nothing that identifies a patient is read here. Hostile files never raise: each becomes an :class:`UnreadableFile`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset

from config.codes import Code
from config.errors import UnusableInput
from inference.dicom.fields import first, number, positive, text, unit_pair, vector, whole, words
from inference.dicom.file import open_header, reading
from inference.dicom.frames import MAX_FRAMES, enhanced_images, is_enhanced
from inference.dicom.lossy import is_lossy
from inference.types import ImageHeader, SeriesHeader, StudyHeaders, UnreadableFile

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, slots=True)
class _Instance:
    """One readable file: its series (without images) and its planes."""

    series: SeriesHeader
    images: tuple[ImageHeader, ...]


def read_study(paths: Iterable[Path]) -> StudyHeaders:
    """Read the headers of the files of one study.

    Parameters
    ----------
    paths : iterable of Path
        Files of any kind, in any order.

    Returns
    -------
    StudyHeaders
        Series sorted by number and UID. Files that cannot be read, or that belong to another study than most of
        them, are listed in ``unreadable``; where nothing can be read the study UID is empty.
    """
    studies, unreadable = read_studies(paths)
    if not studies:
        return StudyHeaders("", (), unreadable)
    main = max(studies, key=lambda study: sum(len(series.images) for series in study.series))
    strangers = tuple(
        UnreadableFile(
            path, Code.OTHER_STUDY, "The file belongs to another study than most of the files given with it."
        )
        for study in studies
        if study is not main
        for path in sorted({image.path for series in study.series for image in series.images})
    )
    return replace(main, unreadable=unreadable + strangers)


def read_studies(paths: Iterable[Path]) -> tuple[tuple[StudyHeaders, ...], tuple[UnreadableFile, ...]]:
    """Read the headers of files that may belong to several studies.

    Parameters
    ----------
    paths : iterable of Path
        Files of any kind; folders are not walked.

    Returns
    -------
    studies : tuple of StudyHeaders
        Sorted by study UID.
    unreadable : tuple of UnreadableFile
        Every file that gave nothing, with the reason.
    """
    series_of: dict[tuple[str, str], SeriesHeader] = {}
    images_of: dict[tuple[str, str], dict[tuple[str, int | None], ImageHeader]] = defaultdict(dict)
    unreadable: list[UnreadableFile] = []
    for path in sorted(set(paths)):
        found = _read_file(path)
        if isinstance(found, UnreadableFile):
            unreadable.append(found)
            continue
        key = (found.series.study_instance_uid, found.series.series_instance_uid)
        planes = {(image.sop_instance_uid, image.frame): image for image in found.images}
        if planes.keys() & images_of[key].keys():
            unreadable.append(
                _unreadable(path, Code.DUPLICATE_INSTANCE, "The same object was already read from another file.")
            )
            continue
        series_of[key] = _merged(series_of.get(key), found.series)
        images_of[key].update(planes)
    studies: dict[str, list[SeriesHeader]] = defaultdict(list)
    for (study_uid, _), series in series_of.items():
        key = (study_uid, series.series_instance_uid)
        studies[study_uid].append(replace(series, images=tuple(images_of[key].values())))
    ordered = (
        StudyHeaders(uid, tuple(sorted(studies[uid], key=lambda s: (s.series_number or 0, s.series_instance_uid))))
        for uid in sorted(studies)
    )
    return tuple(ordered), tuple(unreadable)


def _unreadable(path: Path, code: Code, sentence: str) -> UnreadableFile:
    return UnreadableFile(path, code, sentence)


def _merged(old: SeriesHeader | None, new: SeriesHeader) -> SeriesHeader:
    """The first header read, its gaps filled from the next one."""
    if old is None:
        return new
    names: tuple[str, ...] = ("modality", "description", "protocol_name", "sequence_name", "body_part", "manufacturer")
    names += ("contrast_agent", "frame_of_reference_uid", "series_number", "study_description", "coil")
    gaps = {name: getattr(new, name) for name in names if getattr(old, name) in ("", None)}
    return replace(old, **gaps) if any(gaps.values()) else old


def _read_file(path: Path) -> _Instance | UnreadableFile:
    """One file; whatever is wrong with it becomes a reason."""
    try:
        with reading():
            dataset, has_pixels = open_header(path)
            return _instance(path, dataset, has_pixels=has_pixels)
    except UnusableInput as error:
        return _unreadable(path, error.code, error.sentence)


def _instance(path: Path, dataset: FileDataset, *, has_pixels: bool) -> _Instance:
    sop_class = first(dataset, "SOPClassUID") or first(dataset.file_meta, "MediaStorageSOPClassUID")
    if sop_class == MEDIA_DIRECTORY:
        raise UnusableInput(Code.MEDIA_DIRECTORY, "The file is a DICOMDIR, an index of a medium. Received: no image.")
    study, series, sop = (first(dataset, name) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    missing = [name for name, value in (("Study", study), ("Series", series), ("SOP", sop)) if not value]
    if missing or not sop_class:
        names = ", ".join(f"{name} Instance UID" for name in missing) or "SOP Class UID"
        raise UnusableInput(Code.NO_IDENTITY, f"The object cannot be placed in a study. Received: no {names}.")
    header = SeriesHeader(
        study_instance_uid=study,
        series_instance_uid=series,
        modality=first(dataset, "Modality").upper(),
        series_number=whole(dataset, "SeriesNumber"),
        description=text(dataset, "SeriesDescription"),
        protocol_name=text(dataset, "ProtocolName"),
        sequence_name=text(dataset, "SequenceName") or text(dataset, "PulseSequenceName"),
        body_part=first(dataset, "BodyPartExamined").upper(),
        manufacturer=text(dataset, "Manufacturer"),
        contrast_agent=_contrast_agent(dataset),
        frame_of_reference_uid=first(dataset, "FrameOfReferenceUID"),
        study_description=text(dataset, "StudyDescription"),
        coil=text(dataset, "ReceiveCoilName"),
    )
    image = _image(path, dataset, sop_class, sop, has_pixels=has_pixels)
    if not is_enhanced(dataset):
        return _Instance(header, (image,))
    frames = whole(dataset, "NumberOfFrames") or 1
    if not 1 <= frames <= MAX_FRAMES:
        raise UnusableInput(Code.TOO_MANY_FRAMES, f"At most {MAX_FRAMES} frames are read. Received: {frames}.")
    return _Instance(header, enhanced_images(dataset, image, frames=frames))


def _contrast_agent(dataset: Dataset) -> str:
    agents = [text(item, "CodeMeaning") for item in dataset.get("ContrastBolusAgentSequence") or ()]
    return text(dataset, "ContrastBolusAgent") or next((agent for agent in agents if agent), "")


def _image(path: Path, dataset: Dataset, sop_class: str, sop: str, *, has_pixels: bool) -> ImageHeader:
    row, column = unit_pair(dataset)
    spacing = vector(dataset, "PixelSpacing", size=2)
    return ImageHeader(
        path=path,
        sop_class_uid=sop_class,
        sop_instance_uid=sop,
        instance_number=whole(dataset, "InstanceNumber"),
        rows=whole(dataset, "Rows"),
        columns=whole(dataset, "Columns"),
        position_mm=vector(dataset, "ImagePositionPatient", size=3),
        row_direction=row,
        column_direction=column,
        pixel_spacing_mm=spacing if spacing and min(spacing) > 0 else None,
        slice_thickness_mm=positive(dataset, "SliceThickness"),
        repetition_time_ms=positive(dataset, "RepetitionTime"),
        echo_time_ms=positive(dataset, "EchoTime"),
        inversion_time_ms=positive(dataset, "InversionTime"),
        echo_train_length=whole(dataset, "EchoTrainLength"),
        flip_angle_deg=number(dataset, "FlipAngle"),
        b_value=_b_value(dataset),
        scanning_sequence=words(dataset, "ScanningSequence"),
        sequence_variant=words(dataset, "SequenceVariant"),
        scan_options=words(dataset, "ScanOptions") + _philips_fat_suppression(dataset),
        image_type=words(dataset, "ImageType"),
        acquisition_type=first(dataset, "MRAcquisitionType").upper(),
        acquisition_number=whole(dataset, "AcquisitionNumber"),
        temporal_position=whole(dataset, "TemporalPositionIdentifier"),
        images_in_acquisition=whole(dataset, "ImagesInAcquisition"),
        has_pixels=has_pixels,
        lossy=is_lossy(dataset),
    )


def _b_value(dataset: Dataset) -> float | None:
    """The b-value, in s/mm2: the standard element, else those of Siemens, Philips and GE."""
    value = number(dataset, "DiffusionBValue")
    if value is None and "SIEMENS MR HEADER" in text(dataset, 0x00190010):
        value = number(dataset, 0x0019100C)
    if value is None and "Philips Imaging DD 001" in text(dataset, 0x20010010):
        value = number(dataset, 0x20011003)
    if value is None and "GEMS_PARM_01" in text(dataset, 0x00430010):
        packed = number(dataset, 0x00431039)
        value = None if packed is None else packed % 1e9  # GE adds a thousand million to flag its own
    return value if value is None or 0 <= value < 1e5 else None


def _philips_fat_suppression(dataset: Dataset) -> tuple[str, ...]:
    """("FS",) where Philips' private SPIR flag is set and the scan options do not say it."""
    flagged = "Philips Imaging DD 001" in text(dataset, 0x20010010) and first(dataset, 0x20011021).upper() == "Y"
    return ("FS",) if flagged and "FS" not in words(dataset, "ScanOptions") else ()
