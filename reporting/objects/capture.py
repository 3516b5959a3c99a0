"""Secondary captures: the summary, and in a series of their own planes with the heat map over them.

References
----------
PS3.3 A.8.1 (Secondary Capture Image IOD), C.8.6.1 (SC Equipment).
"""

from typing import Any

import numpy as np
from highdicom.sc import SCImage
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset

from inference.result import Analysis, Grid, HeatMap, Images
from inference.types import Vector
from reporting.objects import codes
from reporting.objects.legal import as_ds
from reporting.objects.material import Material
from reporting.objects.sources import body_part
from reporting.objects.stamp import MANUFACTURER, stamp
from reporting.pictures import draw_heat, draw_page, heat_caption, heat_planes
from reporting.presentation import ByteArray
from reporting.types import KindRow, ResultObject


def build_summary(material: Material, row: KindRow) -> list[ResultObject]:
    """The summary: RGB, Explicit VR Little Endian, without a place in the patient."""
    if material.plates is None:
        return []
    software = ", ".join(material.context.software_versions)
    page = draw_page(material.analysis, material.presentation, material.report, software=software)
    capture = _capture(page, material, row, number=1, text=material.context.language.say("derived-summary"))
    capture.PatientOrientation = ""
    return [material.finish(row, capture)]


def build_heatmaps(material: Material, row: KindRow) -> list[ResultObject]:
    """Planes of the first heat map; they carry the geometry of their source, where it has one."""
    analysis, plates, terms = material.analysis, material.plates, material.presentation.terms
    captures: list[Dataset] = []
    if plates is None:
        return []
    for heat in analysis.heatmaps[:1]:
        images, levels = analysis.of_role(heat.role), plates.levels[heat.role]
        if images is None:
            continue
        planes = sent_planes(analysis, heat, row.most, key=row.default)
        said = {plane: heat_caption(heat, images, plane, terms) for plane in planes}
        drawn = draw_heat(heat, levels, said, language=terms.language, colormap=plates.colormap)
        for number, (plane, pixels) in enumerate(zip(planes, drawn, strict=True), start=1):
            text = " ".join((terms.say("heatmap-statement"), *said[plane][:-1]))
            captures.append(_heat_capture(pixels, images, plane, material, row, number=number, text=text))
    return [material.finish(row, capture) for capture in captures]


def sent_planes(analysis: Analysis, heat: HeatMap, most: int, *, key: bool) -> tuple[int, ...]:
    """Planes of a heat map that are sent: at most so many; of those without heat the key slices, or all."""
    first = [one.plane for one in analysis.key_slices if one.role == heat.role]
    return heat_planes(heat, most, first=first if key else None)


def _heat_capture(
    pixels: ByteArray, images: Images, plane: int, material: Material, row: KindRow, *, number: int, text: str
) -> Dataset:
    grid, image = images.grid, images.sources[plane]
    letters = patient_orientation(grid) if grid is not None else ("L", "F")
    capture = _capture(pixels, material, row, number=number, text=text, orientation=letters)
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
    orientation: tuple[str, str] = ("L", "F"),
) -> Dataset:
    context, research = material.context, material.context.language.say("research-line")
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
    capture.ConversionType = "WSD"
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.BodyPartExamined = body_part(context.header, material.presentation.body_parts)
    capture.BurnedInAnnotation = "YES"
    capture.RecognizableVisualFeatures = "NO"
    capture.DerivationDescription = f"{research}. {text}"
    capture.ImageComments = research
    stamp(capture, context, row, description=material.description(row))
    capture.DateOfSecondaryCapture = capture.ContentDate
    capture.TimeOfSecondaryCapture = capture.ContentTime
    return capture


def patient_orientation(grid: Grid) -> tuple[str, str]:
    """Letters towards which rows and columns run (PS3.3 C.7.6.1.1.1), the main one each."""
    return _letter(grid.row_direction), _letter(grid.column_direction)


def _letter(direction: Vector) -> str:
    axis = int(np.argmax(np.abs(direction)))
    return (("L", "R"), ("P", "A"), ("H", "F"))[axis][int(direction[axis] < 0)]
