"""A chosen series as a volume: decoded, rescaled, sorted along its normal, its irregularities given as reasons."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TypeVar

import numpy as np

from config.codes import Code
from config.errors import UnusableInput
from inference.dicom.gaps import find_gaps
from inference.dicom.planes import decode_planes
from inference.dicom.stacks import PARALLEL_COSINE, SAME_POSITION_MM, along
from inference.types import FloatArray, ImageHeader, Reason, SeriesHeader, Vector, Volume

MAX_VOXELS = 256 << 20
MAX_FAILED_FRACTION = 0.2
SPACING_TOLERANCE = 0.05
_DEFAULT_THICKNESS_MM = 1.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Plane:
    image: ImageHeader
    place_mm: float
    pixels: FloatArray
    inverted: bool


def load_volume(images: tuple[ImageHeader, ...], *, series: SeriesHeader) -> Volume:
    """Decode the planes that were chosen of a series into a volume.

    Parameters
    ----------
    images : tuple of ImageHeader
        Its ``images`` are read; they need not be sorted.
    series : SeriesHeader
        The series that they belong to.

    Returns
    -------
    Volume
        float32 voxels (slice, row, column) after the Modality LUT, slices ascending along ``row x column``.
        MONOCHROME1 planes are turned so that bright is bright. Slices whose pixels cannot be read are left out with a
        warning, as are repeats at one position; gaps and unequal spacing are warned of.

    Raises
    ------
    UnusableInput
        ``NO_IMAGES``, ``NO_GEOMETRY`` (a plane has no place in the patient), ``NOT_PARALLEL``, ``VOLUME_TOO_LARGE``,
        ``PIXELS_DAMAGED`` (more than a fifth of the slices cannot be read).

    References
    ----------
    PS3.3 C.7.6.2 (Image Plane), C.11.1 (Modality LUT), C.7.6.16.2.9 (Pixel Value Transformation).
    """
    _check(images)
    planes, warnings = _planes(images)
    planes, repeats = _one_each(planes)
    first = planes[0].image
    return Volume(
        voxels=_voxels(planes),
        positions_mm=np.array([plane.image.position_mm for plane in planes], dtype=np.float64),
        row_direction=_known(first.row_direction),
        column_direction=_known(first.column_direction),
        pixel_spacing_mm=_known(first.pixel_spacing_mm),
        slice_spacing_mm=_slice_spacing(planes),
        series_instance_uid=series.series_instance_uid,
        frame_of_reference_uid=series.frame_of_reference_uid,
        images=tuple(plane.image for plane in planes),
        warnings=(*warnings, *repeats, *_irregularities(planes)),
    )


def _known(value: T | None) -> T:
    if value is None:
        raise UnusableInput(Code.NO_GEOMETRY, "The place of an image in the patient is not given. Received: no value.")
    return value


def _check(images: Sequence[ImageHeader]) -> None:
    """Refuse before decoding what cannot become one volume."""
    if not images:
        raise UnusableInput(Code.NO_IMAGES, "There are no images to read. Received: 0.")
    first = images[0]
    _known(first.pixel_spacing_mm)
    voxels = len(images) * (first.rows or 0) * (first.columns or 0)
    if not 0 < voxels <= MAX_VOXELS:
        raise UnusableInput(Code.VOLUME_TOO_LARGE, f"A volume may hold {MAX_VOXELS} voxels. Received: {voxels}.")
    for image in images:
        _known(image.position_mm)
        same = (image.rows, image.columns, image.pixel_spacing_mm) == (
            first.rows,
            first.columns,
            first.pixel_spacing_mm,
        )
        turned = min(
            _cosine(image.row_direction, first.row_direction), _cosine(image.column_direction, first.column_direction)
        )
        if not same or turned < PARALLEL_COSINE:
            raise UnusableInput(
                Code.NOT_PARALLEL, "The planes have several grids. Received: planes of different orientation."
            )


def _cosine(a: Vector | None, b: Vector | None) -> float:
    return sum(x * y for x, y in zip(_known(a), _known(b), strict=True))


def _planes(images: Sequence[ImageHeader]) -> tuple[list[_Plane], list[Reason]]:
    """All planes that can be decoded, sorted along their normal, and what to say of the others."""
    planes: list[_Plane] = []
    failures: Counter[str] = Counter()
    for image, result in zip(images, decode_planes(images), strict=True):
        if isinstance(result, str):
            failures[result] += 1
        else:
            planes.append(_Plane(image, _known(along(image)), *result))
    failed = failures.total()
    reasons = ", ".join(f"{count} x {reason}" for reason, count in failures.most_common(4))
    if not planes or failed > MAX_FAILED_FRACTION * len(images):
        raise UnusableInput(
            Code.PIXELS_DAMAGED,
            f"The pixels of {failed} of {len(images)} slices cannot be read. Received: {reasons}.",
        )
    planes.sort(key=lambda plane: (plane.place_mm, plane.image.instance_number or 0, plane.image.sop_instance_uid))
    damaged = Reason.of("pixels-damaged", damaged=failed, slices=len(images), codes=reasons)
    return planes, [damaged] if failed else []


def _one_each(planes: list[_Plane]) -> tuple[list[_Plane], list[Reason]]:
    kept = planes[:1]
    for plane in planes[1:]:
        if plane.place_mm - kept[-1].place_mm > SAME_POSITION_MM:
            kept.append(plane)
    dropped = len(planes) - len(kept)
    return kept, [Reason.of("repeated-positions", dropped=dropped)] if dropped else []


def _voxels(planes: list[_Plane]) -> FloatArray:
    voxels = np.stack([plane.pixels for plane in planes])
    inverted = np.array([plane.inverted for plane in planes])
    if inverted.any():
        part = voxels[inverted]
        voxels[inverted] = part.max() + part.min() - part
    return voxels


def _slice_spacing(planes: list[_Plane]) -> float:
    gaps = [b.place_mm - a.place_mm for a, b in pairwise(planes)]
    return float(median(gaps)) if gaps else planes[0].image.slice_thickness_mm or _DEFAULT_THICKNESS_MM


def _irregularities(planes: list[_Plane]) -> list[Reason]:
    """Missing slices and unequal spacing; slices are counted from 1."""
    spacing = _slice_spacing(planes)
    warnings = []
    holes = find_gaps([plane.place_mm for plane in planes], spacing_mm=spacing)
    for hole in holes:
        code = "missing-slice" if hole.missing == 1 else "missing-slices"
        place = {"missing": hole.missing, "before": hole.after + 1, "after": hole.after + 2}
        warnings.append(Reason(code, {**place, "gap_mm": hole.gap_mm, "spacing_mm": spacing}))
    wide = {hole.after for hole in holes}
    steps = [b.place_mm - a.place_mm for index, (a, b) in enumerate(pairwise(planes)) if index not in wide]
    unequal = max((abs(step - spacing) for step in steps), default=0.0)
    if unequal > SPACING_TOLERANCE * spacing:
        warnings.append(Reason.of("unequal-spacing", unequal_mm=unequal, spacing_mm=spacing))
    return warnings
