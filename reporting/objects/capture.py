"""Secondary captures: the summary page, and in a series of their own the planes with the heat map over them.

References
----------
PS3.3 A.8.1 (Secondary Capture Image IOD), C.8.6.1 (SC Equipment).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from highdicom.sc import SCImage
from highdicom.sr import CodedConcept
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset

from inference.result import Grid, HeatMap, Images
from inference.types import Vector
from reporting.objects import codes
from reporting.objects.material import Material
from reporting.objects.sources import as_ds, body_part
from reporting.objects.stamp import MANUFACTURER, stamp
from reporting.pictures import blend_heat, draw_page, font
from reporting.presentation import ByteArray
from reporting.types import KindRow, ResultObject
from reporting.words import HEATMAP_STATEMENT, PICTURE_TEXT, RESEARCH_LINE, image_name

SMALLEST_TEXT_PX = 7


def heat_planes(heat: HeatMap, most: int) -> tuple[int, ...]:
    """Planes of a heat map that are sent: all that were explained, thinned evenly to the most that may be."""
    explained = heat.planes
    if len(explained) <= most:
        return explained
    return tuple(explained[number] for number in np.linspace(0, len(explained) - 1, most).round().astype(int))


def build_summary(material: Material, row: KindRow) -> list[ResultObject]:
    """The summary page: RGB, Explicit VR Little Endian, without a place in the patient."""
    if material.plates is None:
        return []
    software = ", ".join(material.context.software_versions)
    page = draw_page(material.analysis, material.presentation, material.report, material.plates, software=software)
    capture = _capture(
        page, material, row, number=1, text="Summary of the AI research result", description="AI summary"
    )
    capture.PatientOrientation = ""
    return [material.finish(row, capture)]


def build_heatmaps(material: Material, row: KindRow) -> list[ResultObject]:
    """Planes of the first heat map; they carry the geometry of their source, where it has one."""
    analysis, plates = material.analysis, material.plates
    captures: list[Dataset] = []
    if plates is None:
        return []
    for heat in analysis.heatmaps[:1]:
        images, levels = analysis.of_role(heat.role), plates.levels[heat.role]
        for number, plane in enumerate(heat_planes(heat, row.most), start=1):
            if images is not None:
                words = material.presentation.terms.heatmaps[heat.key]
                pixels = heat_picture(heat, words, images, levels[plane], plane)
                captures.append(_heat_capture(pixels, images, plane, material, row, number=number))
    return [material.finish(row, capture) for capture in captures]


def _heat_capture(
    pixels: ByteArray, images: Images, plane: int, material: Material, row: KindRow, *, number: int
) -> Dataset:
    grid, image = images.grid, images.sources[plane]
    letters = patient_orientation(grid) if grid is not None else ("L", "F")
    capture = _capture(
        pixels, material, row, number=number, text=HEATMAP_STATEMENT, description="AI heatmaps", orientation=letters
    )
    if grid is None:
        capture.PatientOrientation = ""
    else:
        _set_place(capture, grid, plane, image.slice_thickness_mm)
    source = Dataset()
    source.ReferencedSOPClassUID = image.sop_class_uid
    source.ReferencedSOPInstanceUID = image.sop_instance_uid
    if image.frame is not None:
        source.ReferencedFrameNumber = image.frame
    source.PurposeOfReferenceCodeSequence = [CodedConcept.from_code(codes.SOURCE_IMAGE)]
    capture.SourceImageSequence = [source]
    return capture


def _set_place(capture: Dataset, grid: Grid, plane: int, thickness_mm: float | None) -> None:
    if grid.frame_of_reference_uid:
        capture.FrameOfReferenceUID = grid.frame_of_reference_uid
        capture.PositionReferenceIndicator = ""
    capture.ImagePositionPatient = as_ds(grid.positions_mm[plane])
    capture.ImageOrientationPatient = as_ds((*grid.row_direction, *grid.column_direction))
    capture.PixelSpacing = as_ds(grid.pixel_spacing_mm)
    capture.SliceThickness = as_ds((thickness_mm or grid.slice_spacing_mm,))[0]


def _capture(
    pixels: ByteArray,
    material: Material,
    row: KindRow,
    *,
    number: int,
    text: str,
    description: str,
    orientation: tuple[str, str] = ("L", "F"),
) -> Dataset:
    context = material.context
    capture: Any = SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=context.study_instance_uid,
        series_instance_uid=context.uids.make(row.name, "series"),
        series_number=context.series_base + row.offset,
        sop_instance_uid=context.uids.make(row.name, number),
        instance_number=number,
        manufacturer=MANUFACTURER,
        patient_orientation=orientation,
        patient_id="",
        patient_birth_date="",
    )
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.BodyPartExamined = body_part(context.header, material.presentation.body_parts)
    capture.BurnedInAnnotation = "YES"
    capture.RecognizableVisualFeatures = "NO"
    capture.DerivationDescription = f"{RESEARCH_LINE}. {text}"
    capture.ImageComments = RESEARCH_LINE
    stamp(capture, context, row, description=description)
    capture.DateOfSecondaryCapture = capture.ContentDate
    capture.TimeOfSecondaryCapture = capture.ContentTime
    return capture


def heat_picture(heat: HeatMap, words: str, images: Images, levels: ByteArray, plane: int) -> ByteArray:
    """One plane with the heat map over it, its name and RESEARCH burned in.

    Parameters
    ----------
    heat : HeatMap
    words : str
        Name of its method.
    images : Images
        On which it lies.
    levels : uint8 array (rows, columns)
        Gray levels of the plane.
    plane : int
        One that was explained.

    Returns
    -------
    uint8 array (rows, columns, 3)
        RGB.
    """
    rgb = blend_heat(np.repeat(levels[..., None], 3, axis=2), heat.values[plane] / heat.full_scale)
    lines = (PICTURE_TEXT, f"{words}, {image_name(images, plane)}")
    return burn_in(rgb, lines, size_px=max(11, images.shape[1] // 28))


def burn_in(rgb: ByteArray, lines: Sequence[str], *, size_px: int) -> ByteArray:
    """Write lines of text into the upper left corner, on a darkened strip; smaller where they would not fit.

    Parameters
    ----------
    rgb : uint8 array (rows, columns, 3)
        Not changed.
    lines : sequence of str
        The first in amber.
    size_px : int
        Height of the letters, if they fit.

    Returns
    -------
    uint8 array (rows, columns, 3)
    """
    while size_px > SMALLEST_TEXT_PX and max(font(size_px).getlength(line) for line in lines) > rgb.shape[1] - size_px:
        size_px -= 1
    step, edge = size_px + 4, size_px // 3
    height = min(edge * 2 + step * len(lines), rgb.shape[0])
    width = min(int(max(font(size_px).getlength(line) for line in lines)) + 3 * edge, rgb.shape[1])
    darkened = rgb.copy()
    darkened[:height, :width] //= 4
    image = Image.fromarray(darkened)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        color = (255, 196, 84) if number == 0 else (240, 240, 240)
        draw.text((edge, edge + number * step), line, font=font(size_px), fill=color)
    burned: ByteArray = np.asarray(image)
    return burned


def patient_orientation(grid: Grid) -> tuple[str, str]:
    """Letters towards which rows and columns run (PS3.3 C.7.6.1.1.1), the main one each."""
    return _letter(grid.row_direction), _letter(grid.column_direction)


def _letter(direction: Vector) -> str:
    axis = int(np.argmax(np.abs(direction)))
    return (("L", "R"), ("P", "A"), ("H", "F"))[axis][int(direction[axis] < 0)]
