"""Headers of the source images: what highdicom builds with in place of them, and references to the true ones.

References
----------
PS3.3 C.7.6.2 (Image Plane); PS3.5 section 6.2 (Decimal String).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import MRImageStorage

from config.codes import Code
from config.errors import UnusableInput
from inference.dicom import Losses, losses_of, open_header, reading
from inference.types import ImageHeader, Volume
from reporting.objects.identity import REQUIRED
from reporting.objects.legal import as_ds, legal_code_string
from reporting.uids import derived_uid

EQUIPMENT = ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions", "InstitutionName")


_REFERENCED = Tag("ReferencedSOPInstanceUID")


@dataclass(frozen=True, slots=True)
class PlaneReference:
    """How a result names one source plane: instance, and frame where the instance has several."""

    sop_class_uid: str
    sop_instance_uid: str
    frame: int | None


@dataclass(frozen=True, slots=True)
class SeriesSource:
    """A source series as highdicom can use it.

    Attributes
    ----------
    volume : Volume
        Where the planes lie.
    planes : tuple of Dataset
        One single-frame header for each slice, in slice order, with a UID of its own even where the source is a
        multi-frame instance.
    references : dict from str to PlaneReference
        From the UID of each plane to the source it stands for.
    """

    volume: Volume
    planes: tuple[Dataset, ...]
    references: dict[str, PlaneReference]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Source instances that reports refer to, as stand-ins, with the true class of each."""

    items: tuple[Dataset, ...]
    classes: Mapping[str, PlaneReference]

    @classmethod
    def of(cls, images: Iterable[tuple[str, ImageHeader]], study_instance_uid: str) -> "Evidence":
        """Of images with the UID of their series; an instance of several frames counts once."""
        items, classes = [], {}
        for series_uid, image in images:
            if image.sop_instance_uid in classes:
                continue
            item = placeholder(study_instance_uid)
            item.SeriesInstanceUID = series_uid
            item.SOPInstanceUID = image.sop_instance_uid
            classes[image.sop_instance_uid] = PlaneReference(image.sop_class_uid, image.sop_instance_uid, None)
            items.append(item)
        return cls(tuple(items), classes)


def read_header(path: Path, keywords: Sequence[str] | None = None) -> Dataset:
    """Read the header of one source file.

    Parameters
    ----------
    path : Path
    keywords : sequence of str, optional
        Keep these attributes alone (and the character set).

    Raises
    ------
    UnusableInput
        The file is gone or is not DICOM.
    """
    try:
        with reading():
            return open_header(path, keywords=keywords)[0]
    except UnusableInput as error:
        raise UnusableInput(
            Code.SOURCE_UNREADABLE, f"A source image of this study can no longer be read. Received: {error.code}."
        ) from None


def losses_among(images: Iterable[ImageHeader]) -> Losses | None:
    """How images were compressed with loss, told by the first of which it is known; None where none was.

    Raises
    ------
    UnusableInput
        A file of one that was is gone or damaged.
    """
    found = None
    for path in dict.fromkeys(image.path for image in images if image.lossy):
        found = losses_of(path)
        if found.methods:
            break
    return found


def describe_series(volume: Volume, header: Dataset, body_parts: Sequence[str]) -> SeriesSource:
    """Single-frame headers of every plane of a volume.

    Parameters
    ----------
    volume : Volume
        Its ``images`` name the source of each slice.
    header : Dataset
        Header of one instance of the series; gives the study, the modality and the body part.
    body_parts : sequence of str
        For :func:`body_part`.
    """
    planes, references = [], {}
    for index, image in enumerate(volume.images):
        plane = _plane(volume, index, header)
        plane.BodyPartExamined = body_part(header, body_parts)
        plane.SOPInstanceUID = plane_uid(image)
        references[plane.SOPInstanceUID] = PlaneReference(image.sop_class_uid, image.sop_instance_uid, image.frame)
        planes.append(plane)
    return SeriesSource(volume=volume, planes=tuple(planes), references=references)


def plane_uid(image: ImageHeader) -> str:
    """UID that stands for a plane while objects are built: its own, or a derived one for a frame of several."""
    return image.sop_instance_uid if image.frame is None else derived_uid(image.sop_instance_uid, "frame", image.frame)


def _plane(volume: Volume, index: int, header: Dataset) -> Dataset:
    plane = placeholder(str(header.StudyInstanceUID))
    plane.Modality = str(header.get("Modality", "") or "OT")
    plane.SeriesInstanceUID = volume.series_instance_uid
    plane.FrameOfReferenceUID = volume.frame_of_reference_uid
    plane.PositionReferenceIndicator = ""
    plane.InstanceNumber = index + 1
    _, plane.Rows, plane.Columns = volume.shape
    plane.ImagePositionPatient = as_ds(volume.positions_mm[index])
    plane.ImageOrientationPatient = as_ds((*volume.row_direction, *volume.column_direction))
    plane.PixelSpacing = as_ds(volume.pixel_spacing_mm)
    image = volume.images[index]
    plane.SliceThickness = as_ds((image.slice_thickness_mm or volume.slice_spacing_mm,))[0]
    plane.SamplesPerPixel, plane.PhotometricInterpretation = 1, "MONOCHROME2"
    return plane


def placeholder(study_instance_uid: str) -> Dataset:
    """A header with which highdicom can build; :func:`reporting.objects.stamp.stamp` writes the true identity later."""
    header = Dataset()
    header.SOPClassUID = MRImageStorage
    header.StudyInstanceUID = study_instance_uid
    header.SpecificCharacterSet = "ISO_IR 192"
    for keyword in REQUIRED:
        setattr(header, keyword, "")
    return header


def body_part(header: Dataset, body_parts: Sequence[str]) -> str:
    """Body part of the source if it is one of those that it may name, else the first of them.

    Where there are none, the source may name any; what is no code string is none.
    """
    part = str(header.get("BodyPartExamined", "") or "").strip().upper()
    if not body_parts:
        return legal_code_string(part)
    return part if part in body_parts else body_parts[0]


def relink(dataset: Dataset, references: Mapping[str, PlaneReference]) -> None:
    """Make every reference to a stand-in name the true instance, class and frame.

    Parameters
    ----------
    dataset : Dataset
        Changed in place, with all its sequences.
    references : mapping from str to PlaneReference
        From :class:`SeriesSource` or :class:`Evidence`.
    """
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                relink(item, references)
    named = dataset.get(_REFERENCED)
    reference = None if named is None else references.get(str(named.value))
    if reference is not None:
        dataset.ReferencedSOPClassUID = reference.sop_class_uid
        dataset.ReferencedSOPInstanceUID = reference.sop_instance_uid
        if reference.frame is not None and "SegmentNumber" not in dataset:
            dataset.ReferencedFrameNumber = reference.frame


def list_once(dataset: Dataset) -> None:
    """Name each source instance once in the list of references, without frames (they stand beside each frame)."""
    for series in dataset.get("ReferencedSeriesSequence", ()):
        unique = {str(item.ReferencedSOPInstanceUID): item for item in series.ReferencedInstanceSequence}
        for item in unique.values():
            if "ReferencedFrameNumber" in item:
                del item.ReferencedFrameNumber
        series.ReferencedInstanceSequence = list(unique.values())
