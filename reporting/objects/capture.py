"""Secondary captures: the summary page first, then the slices with the heatmap over them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from highdicom.sc import SCImage
from highdicom.sr import CodedConcept
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset

from inference.sij_mri import Analysis
from inference.types import Vector, Volume
from reporting.objects import codes
from reporting.objects.sources import as_ds, body_part
from reporting.objects.stamp import MANUFACTURER, ResultContext, stamp
from reporting.pictures.drawing import ByteArray, blend_heat
from reporting.pictures.fonts import font
from reporting.sij_mri.report import HEATMAP_STATEMENT, PICTURE_TEXT, RESEARCH_LINE, image_name

KIND = "sc"
SERIES_NUMBER = 905
DESCRIPTION = "Grad-CAM (not diagnostic)"
MAX_HEAT_SLICES = 16
SMALLEST_TEXT_PX = 7


def heat_slices(analysis: Analysis) -> tuple[int, ...]:
    """Slices of the reference volume whose heatmap is sent: all that were explained, thinned evenly to 16."""
    if analysis.explanation is None:
        return ()
    explained = [index for index, source in enumerate(analysis.explanation.focus_source) if source]
    if len(explained) <= MAX_HEAT_SLICES:
        return tuple(explained)
    return tuple(
        explained[number] for number in np.linspace(0, len(explained) - 1, MAX_HEAT_SLICES).round().astype(int)
    )


def build_captures(
    analysis: Analysis, page: ByteArray, context: ResultContext, *, levels: ByteArray
) -> tuple[Dataset, ...]:
    """The captures of one result, in one series.

    Parameters
    ----------
    analysis : Analysis
        Applicable.
    page : uint8 array (rows, columns, 3)
        The summary page, RGB; becomes instance 1.
    context : ResultContext
    levels : uint8 array (slices, rows, columns)
        Grey levels of the reference volume.

    Returns
    -------
    tuple of Dataset
        Secondary Capture Image Storage, RGB, Explicit VR Little Endian. Heatmap slices carry the geometry of their
        source.
    """
    volume = analysis.reference
    if volume is None:
        return ()
    captures = [_capture(page, context, number=1, text="Summary of the AI research result")]
    captures[0].PatientOrientation = ""
    for number, index in enumerate(heat_slices(analysis), start=2):
        pixels = heat_picture(analysis, levels[index], index)
        captures.append(_heat_capture(pixels, volume, index, context, number=number))
    return tuple(captures)


def _heat_capture(pixels: ByteArray, volume: Volume, index: int, context: ResultContext, *, number: int) -> Dataset:
    capture = _capture(pixels, context, number=number, text=HEATMAP_STATEMENT, orientation=patient_orientation(volume))
    capture.FrameOfReferenceUID = volume.frame_of_reference_uid or None
    if not volume.frame_of_reference_uid:
        del capture.FrameOfReferenceUID
    else:
        capture.PositionReferenceIndicator = ""
    capture.ImagePositionPatient = as_ds(volume.positions_mm[index])
    capture.ImageOrientationPatient = as_ds((*volume.row_direction, *volume.column_direction))
    capture.PixelSpacing = as_ds(volume.pixel_spacing_mm)
    image = volume.images[index]
    capture.SliceThickness = as_ds((image.slice_thickness_mm or volume.slice_spacing_mm,))[0]
    source = Dataset()
    source.ReferencedSOPClassUID = image.sop_class_uid
    source.ReferencedSOPInstanceUID = image.sop_instance_uid
    if image.frame is not None:
        source.ReferencedFrameNumber = image.frame
    source.PurposeOfReferenceCodeSequence = [CodedConcept.from_code(codes.SOURCE_IMAGE)]
    capture.SourceImageSequence = [source]
    return capture


def _capture(
    pixels: ByteArray,
    context: ResultContext,
    *,
    number: int,
    text: str,
    orientation: tuple[str, str] = ("L", "F"),
) -> Dataset:
    capture: Any = SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=context.uids.study_instance_uid,
        series_instance_uid=context.uids.make(KIND, "series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=context.uids.make(KIND, number),
        instance_number=number,
        manufacturer=MANUFACTURER,
        patient_orientation=orientation,
        patient_id="",
        patient_birth_date="",
    )
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.BodyPartExamined = body_part(context.header)
    capture.BurnedInAnnotation = "YES"
    capture.RecognizableVisualFeatures = "NO"
    capture.DerivationDescription = f"{RESEARCH_LINE}. {text}"
    capture.ImageComments = RESEARCH_LINE
    stamp(capture, context, description=DESCRIPTION)
    capture.DateOfSecondaryCapture = capture.ContentDate
    capture.TimeOfSecondaryCapture = capture.ContentTime
    return capture


def heat_picture(analysis: Analysis, plane: ByteArray, index: int) -> ByteArray:
    """One slice with the focused heatmap over it, its number and RESEARCH burned in.

    Parameters
    ----------
    analysis : Analysis
        With an explanation.
    plane : uint8 array (rows, columns)
        Grey levels of the slice.
    index : int
        Slice of the reference volume.

    Returns
    -------
    uint8 array (rows, columns, 3)
        RGB.
    """
    volume, explanation = analysis.reference, analysis.explanation
    if volume is None or explanation is None:
        raise ValueError(f"an analysis without an explanation has no heatmap, received slice {index}")
    rgb = blend_heat(np.repeat(plane[..., None], 3, axis=2), explanation.focused[index])
    lines = (PICTURE_TEXT, f"Focused Grad-CAM, {image_name(volume, index)}")
    return burn_in(rgb, lines, size_px=max(11, volume.shape[1] // 28))


def burn_in(rgb: ByteArray, lines: Sequence[str], *, size_px: int) -> ByteArray:
    """Write lines of text into the upper left corner, on a darkened strip; smaller where they would not fit."""
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
        colour = (255, 196, 84) if number == 0 else (240, 240, 240)
        draw.text((edge, edge + number * step), line, font=font(size_px), fill=colour)
    burned: ByteArray = np.asarray(image)
    return burned


def patient_orientation(volume: Volume) -> tuple[str, str]:
    """Letters towards which rows and columns run (PS3.3 C.7.6.1.1.1), the main one each."""
    return _letter(volume.row_direction), _letter(volume.column_direction)


def _letter(direction: Vector) -> str:
    axis = int(np.argmax(np.abs(direction)))
    return (("L", "R"), ("P", "A"), ("H", "F"))[axis][int(direction[axis] < 0)]
