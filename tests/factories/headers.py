"""Builders of MR headers for the tests of selection: what scanners write, without files."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference.types import ImageHeader, SeriesHeader, StudyHeaders, Vector

MR = "1.2.840.10008.5.1.4.1.1.4"
SEMICORONAL = 38.0

T1: dict[str, Any] = dict(
    repetition_time_ms=610.0, echo_time_ms=9.0, echo_train_length=3, flip_angle_deg=150.0, scanning_sequence=("SE",)
)
STIR: dict[str, Any] = dict(
    repetition_time_ms=4000.0, echo_time_ms=60.0, inversion_time_ms=150.0, scanning_sequence=("SE", "IR")
)
T2: dict[str, Any] = dict(repetition_time_ms=3500.0, echo_time_ms=80.0, scanning_sequence=("SE",))
T2_FS: dict[str, Any] = {**T2, "scan_options": ("FS",)}
SCOUT: dict[str, Any] = dict(
    repetition_time_ms=8.6, echo_time_ms=4.0, flip_angle_deg=20.0, scanning_sequence=("GR",), sequence_variant=("SP",)
)
NOTHING: dict[str, Any] = {}


def tilted(degrees: float) -> tuple[Vector, Vector]:
    """Row and column direction of a plane tilted from coronal along the sacrum: 0 coronal, 90 axial."""
    angle = math.radians(degrees)
    return (1.0, 0.0, 0.0), (0.0, math.sin(angle), -math.cos(angle))


SAGITTAL: tuple[Vector, Vector] = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


def series(
    number: int,
    description: str,
    physics: dict[str, Any],
    *,
    slices: int = 24,
    tilt_deg: float = SEMICORONAL,
    plane: tuple[Vector, Vector] | None = None,
    spacing_mm: float = 4.4,
    pixel_mm: float = 0.6,
    matrix: int = 384,
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "M", "ND"),
    sop_class: str = MR,
    modality: str = "MR",
    first: int = 1,
    **series_fields: Any,
) -> SeriesHeader:
    """A series of equally spaced slices."""
    row, column = plane or tilted(tilt_deg)
    normal = (
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    )
    images = tuple(
        ImageHeader(
            path=Path(f"{number}-{first + n}.dcm"),
            sop_class_uid=sop_class,
            sop_instance_uid=f"1.2.3.{number}.{first + n}",
            instance_number=first + n,
            rows=matrix,
            columns=matrix,
            position_mm=tuple(-100.0 * (row[i] + column[i]) + n * spacing_mm * normal[i] for i in range(3)),
            row_direction=row,
            column_direction=column,
            pixel_spacing_mm=(pixel_mm, pixel_mm),
            slice_thickness_mm=min(4.0, spacing_mm),
            image_type=image_type,
            **{"acquisition_type": "2D", **physics},
        )
        for n in range(slices)
    )
    return SeriesHeader(
        study_instance_uid="1.2.3",
        series_instance_uid=f"1.2.3.{number}",
        modality=modality,
        series_number=number,
        description=description,
        frame_of_reference_uid="1.2.3.99",
        images=images,
        **series_fields,
    )


def joined(first: SeriesHeader, *others: SeriesHeader) -> SeriesHeader:
    """One series with the images of several."""
    return replace(first, images=sum((other.images for other in others), first.images))


def changed(source: SeriesHeader, **fields: Any) -> SeriesHeader:
    """The series with the same change in each image, under new instance UIDs."""
    suffix = "".join(str(value) for value in fields.values()).replace("'", "")
    return replace(
        source,
        images=tuple(
            replace(image, sop_instance_uid=f"{image.sop_instance_uid}.{suffix}", **fields) for image in source.images
        ),
    )


def study(*members: SeriesHeader) -> StudyHeaders:
    """A study of these series."""
    return StudyHeaders("1.2.3", members)
