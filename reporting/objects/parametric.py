"""The values of a heat map as a parametric map: what the picture shows in color, as numbers.

References
----------
PS3.3 A.75 (Parametric Map IOD), C.7.6.16.2.8 (Frame Anatomy), C.7.6.16.2.11 (Real World Value Mapping); PS3.16 CID 217
(Visual Explanation).
"""

import numpy as np
from highdicom import VOILUTFunctionValues, VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset

from inference.result import Analysis, HeatMap, Images
from inference.types import Side
from reporting.objects import codes
from reporting.objects.codes import local
from reporting.objects.material import Material
from reporting.objects.sources import describe_series, list_once, read_header, relink
from reporting.objects.stamp import MANUFACTURER, MODEL_NAME, clip, coding_schemes, stamp
from reporting.presentation import Presentation
from reporting.sites import is_paired
from reporting.types import KindRow, ResultObject


def mapped(analysis: Analysis) -> tuple[HeatMap, Images] | None:
    """The first heat map and its images, if these have a place in the patient."""
    for heat in analysis.heatmaps[:1]:
        images = analysis.of_role(heat.role)
        if images is not None and images.placed and heat.planes:
            return heat, images
    return None


def build_parametric_map(material: Material, row: KindRow) -> list[ResultObject]:
    """The first heat map, float32, a frame for each plane that was explained; none on images without a place."""
    found = mapped(material.analysis)
    if found is None:
        return []
    heat, images = found
    context, presentation = material.context, material.presentation
    header = read_header(images.sources[0].path)
    source = describe_series(images.volume, header, presentation.body_parts)
    dataset: Dataset = ParametricMap(
        source_images=[source.planes[plane] for plane in heat.planes],
        pixel_array=np.ascontiguousarray(heat.values[list(heat.planes)], np.float32),
        series_instance_uid=context.uids.make(row.name, "series"),
        series_number=context.series_base + row.offset,
        sop_instance_uid=context.uids.make(row.name),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL_NAME,
        software_versions=context.software_version,
        device_serial_number=context.serial_number,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[_quantity(heat, presentation)],
        voi_lut_transformations=[
            VOILUTTransformation(
                heat.full_scale / 2, heat.full_scale, voi_lut_function=VOILUTFunctionValues.LINEAR_EXACT
            )
        ],
        content_label="AXSPA_HEAT",
        content_description=clip(context.language.say("heat-looked")),
    )
    relink(dataset, source.references)
    list_once(dataset)
    _sort_along_normal(dataset)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.FrameAnatomySequence = [_anatomy(heat, presentation)]
    dataset.Modality = row.modality
    dataset.ContentCreatorName = ""
    dataset.BodyPartExamined = source.planes[0].BodyPartExamined
    dataset.CodingSchemeIdentificationSequence = coding_schemes()
    stamp(dataset, context, row, description=material.description(row))
    return [material.finish(row, dataset)]


def _sort_along_normal(dataset: Dataset) -> None:
    """Put the frames in order along the normal of rows and columns: dcmqi takes them to be."""
    groups = dataset.PerFrameFunctionalGroupsSequence
    directions = np.array(
        dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient, float
    )
    normal = np.cross(directions[:3], directions[3:])
    places = [normal @ np.array(one.PlanePositionSequence[0].ImagePositionPatient, float) for one in groups]
    order = np.argsort(places)
    frames = np.frombuffer(dataset.FloatPixelData, np.float32).reshape(len(groups), -1)
    dataset.FloatPixelData = frames[order].tobytes()
    dataset.PerFrameFunctionalGroupsSequence = [groups[int(frame)] for frame in order]
    for number, one in enumerate(dataset.PerFrameFunctionalGroupsSequence, 1):
        one.FrameContentSequence[0].DimensionIndexValues = [number]


def _quantity(heat: HeatMap, presentation: Presentation) -> RealWorldValueMapping:
    """Stored values are the real ones; they have no unit."""
    words, known = presentation.terms.heatmaps[heat.key], presentation.terms.quantities.get(heat.key)
    highest = max(float(np.nanmax(heat.values)), heat.full_scale)
    return RealWorldValueMapping(
        lut_label="HEAT",
        lut_explanation=clip(words),
        unit=codes.NO_UNITS,
        value_range=(0.0, highest),
        slope=1.0,
        intercept=0.0,
        quantity_definition=known or local(heat.key.upper().replace("-", "_")[:16], clip(words)),
    )


def _anatomy(heat: HeatMap, presentation: Presentation) -> Dataset:
    """Part of the body and side; some readers cannot do without it."""
    part = presentation.terms.anatomy[heat.site.anatomy].concept
    sides = {Side.LEFT: "L", Side.RIGHT: "R", None: "B" if is_paired(part, presentation.terms) else "U"}
    anatomy = Dataset()
    anatomy.FrameLaterality = sides[heat.site.side]
    anatomy.AnatomicRegionSequence = [CodedConcept.from_code(part)]
    return anatomy
