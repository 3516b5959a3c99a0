"""Enhanced and legacy converted multi-frame MR: a header for each frame, from the functional groups (PS3.3 C.8.13)."""

from dataclasses import replace
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from inference.dicom.fields import first, number, positive, unit_pair, vector, whole, words
from inference.types import ImageHeader

MAX_FRAMES = 20_000


def is_enhanced(dataset: Dataset) -> bool:
    """True where frames are described by functional groups."""
    return "PerFrameFunctionalGroupsSequence" in dataset or "SharedFunctionalGroupsSequence" in dataset


def enhanced_images(dataset: Dataset, instance: ImageHeader, *, frames: int) -> tuple[ImageHeader, ...]:
    """One header for each frame.

    Parameters
    ----------
    dataset : Dataset
    instance : ImageHeader
        What the top level of the dataset says; a frame's own values come first.
    frames : int
        Number of Frames.
    """
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    per_frame = _items(dataset, "PerFrameFunctionalGroupsSequence")
    base = _described(replace(instance, frame=1), _Groups(shared, None), dataset)
    images = []
    for index in range(frames):
        own = per_frame[index] if index < len(per_frame) else None
        images.append(replace(_described(base, _Groups(None, own), dataset), frame=index + 1))
    return tuple(images)


class _Groups:
    """Functional groups of a frame: its own before the shared ones."""

    def __init__(self, shared: Dataset | None, own: Dataset | None) -> None:
        self._places = [place for place in (own, shared) if place is not None]

    def group(self, keyword: str) -> Dataset:
        for place in self._places:
            item = _first(place, keyword)
            if item is not None:
                return item
        return Dataset()


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    try:
        value: Any = dataset.get(keyword)
    except Exception:  # noqa: BLE001 - the edge: a damaged sequence raises when it is first converted
        return []
    return list(value) if isinstance(value, Sequence) else []


def _first(dataset: Dataset, keyword: str) -> Dataset | None:
    items = _items(dataset, keyword)
    return items[0] if items else None


def _described(image: ImageHeader, groups: _Groups, dataset: Dataset) -> ImageHeader:
    """The header with what these groups say put over it."""
    plane = _plane(groups)
    timing = _timing(groups)
    contrast = _contrast(image, groups, dataset)
    found = {name: value for name, value in {**plane, **timing, **contrast}.items() if value not in (None, ())}
    return replace(image, **found)


def _plane(groups: _Groups) -> dict[str, Any]:
    row, column = unit_pair(groups.group("PlaneOrientationSequence"))
    measures = groups.group("PixelMeasuresSequence")
    spacing = vector(measures, "PixelSpacing", size=2)
    return {
        "position_mm": vector(groups.group("PlanePositionSequence"), "ImagePositionPatient", size=3),
        "row_direction": row,
        "column_direction": column,
        "pixel_spacing_mm": spacing if spacing and min(spacing) > 0 else None,
        "slice_thickness_mm": positive(measures, "SliceThickness"),
        "temporal_position": whole(groups.group("FrameContentSequence"), "TemporalPositionIndex"),
        "acquisition_number": whole(groups.group("FrameContentSequence"), "FrameAcquisitionNumber"),
    }


def _timing(groups: _Groups) -> dict[str, Any]:
    timing = groups.group("MRTimingAndRelatedParametersSequence")
    modifier = groups.group("MRModifierSequence")
    return {
        "repetition_time_ms": positive(timing, "RepetitionTime"),
        "flip_angle_deg": number(timing, "FlipAngle"),
        "echo_train_length": whole(timing, "EchoTrainLength"),
        "echo_time_ms": positive(groups.group("MREchoSequence"), "EffectiveEchoTime"),
        "inversion_time_ms": positive(modifier, "InversionTimes"),
        "b_value": number(groups.group("MRDiffusionSequence"), "DiffusionBValue"),
    }


def _contrast(image: ImageHeader, groups: _Groups, dataset: Dataset) -> dict[str, Any]:
    modifier = groups.group("MRModifierSequence")
    frame_type = groups.group("MRImageFrameTypeSequence")
    return {
        "scanning_sequence": _scanning_sequence(image, modifier, dataset),
        "scan_options": _scan_options(image, modifier),
        "image_type": _image_type(frame_type) or None,
    }


def _scanning_sequence(image: ImageHeader, modifier: Dataset, dataset: Dataset) -> tuple[str, ...]:
    """The classic words for Echo Pulse Sequence and Inversion Recovery (PS3.3 C.8.13.4, C.8.13.5.6)."""
    echo = first(dataset, "EchoPulseSequence").upper()
    found = list(image.scanning_sequence)
    for value, names in (("SPIN", ("SE",)), ("GRADIENT", ("GR",)), ("BOTH", ("SE", "GR"))):
        found += [name for name in names if echo == value and name not in found]
    if first(modifier, "InversionRecovery").upper() == "YES" and "IR" not in found:
        found.append("IR")
    if first(dataset, "EchoPlanarPulseSequence").upper() == "YES" and "EP" not in found:
        found.append("EP")
    return tuple(found)


def _scan_options(image: ImageHeader, modifier: Dataset) -> tuple[str, ...]:
    """ "FS" where fat is suppressed; water suppression is "WS"."""
    suppressed = first(modifier, "SpectrallySelectedSuppression").upper()
    excited = first(modifier, "SpectrallySelectedExcitation").upper()
    found = list(image.scan_options)
    if (suppressed in ("FAT", "FAT_AND_WATER", "WATER_AND_FAT") or excited == "WATER") and "FS" not in found:
        found.append("FS")
    if suppressed == "WATER" and "WS" not in found:
        found.append("WS")
    return tuple(found)


def _image_type(frame_type: Dataset) -> tuple[str, ...]:
    """Frame Type, with the complex component where it is not magnitude."""
    component = first(frame_type, "ComplexImageComponent").upper()
    kinds = words(frame_type, "FrameType")
    return kinds + ((component,) if kinds and component not in ("", "MAGNITUDE") else ())
