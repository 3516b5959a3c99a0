"""Outlines of the segments as grayscale softcopy presentation states: one for each series that has segments.

References
----------
PS3.3 A.33.1 (Grayscale Softcopy Presentation State IOD), C.10.5 (Graphic Annotation), C.11.8 (Softcopy VOI LUT).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from highdicom import ModalityLUTTransformation, PresentationLUTTransformation
from highdicom.color import CIELabColor
from highdicom.pr import (
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GrayscaleSoftcopyPresentationState,
    SoftcopyVOILUTTransformation,
    TextObject,
)
from pydicom.dataset import Dataset

from inference.result import Analysis, Images, Segment
from inference.types import ImageHeader
from reporting.objects.legal import as_ds
from reporting.objects.material import Material
from reporting.objects.outlines import edges
from reporting.objects.shading import Shading, alike, shadings
from reporting.objects.sources import body_part, placeholder, read_header
from reporting.objects.stamp import MANUFACTURER, MODEL_NAME, clip, stamp, tracking_identifier
from reporting.presentation import Presentation
from reporting.sites import segment_label
from reporting.types import KindRow, ResultObject

TEXT_BOX = (0.25, 0.9, 0.75, 0.95)  # of what is shown: in the middle below, where viewers write nothing


def drawn_series(analysis: Analysis, presentation: Presentation) -> tuple[Images, ...]:
    """The series on which segments of the default set lie."""
    return tuple(images for images in analysis.images if _segments(analysis, presentation, images))


def _segments(analysis: Analysis, presentation: Presentation, images: Images) -> list[Segment]:
    keys = [key for group in presentation.groups if group.default for key in group.keys]
    return [one for one in analysis.segments if one.role == images.role and one.key in keys]


def build_presentation_states(material: Material, row: KindRow) -> list[ResultObject]:
    """All presentation states of a result, in one series; each shows its images as they say themselves."""
    series = drawn_series(material.analysis, material.presentation)
    return [material.finish(row, _build(images, number, material, row)) for number, images in enumerate(series, 1)]


def _build(images: Images, number: int, material: Material, row: KindRow) -> Dataset:
    context, presentation = material.context, material.presentation
    references = _references(images, context.study_instance_uid)
    segments = _segments(material.analysis, presentation, images)
    layers = [_layer(order, segment, presentation) for order, segment in enumerate(segments, 1)]
    research = context.language.say("picture-text")
    text = GraphicLayer("RESEARCH", len(layers) + 1, research)
    annotations = [_text(text, research, references[images.sources[0].sop_instance_uid])]
    for layer, segment in zip(layers, segments, strict=True):
        tracking = tracking_identifier(segment.key, segment.site), context.tracking_uid(segment.key, segment.site)
        annotations += _outlines(layer, segment, images, references, tracking)
    shown = alike(shadings(images))
    dataset: Dataset = GrayscaleSoftcopyPresentationState(
        referenced_images=list(references.values()),
        series_instance_uid=context.uids.make(row.name, "series"),
        series_number=context.series_base + row.offset,
        sop_instance_uid=context.uids.make(row.name, images.role),
        instance_number=number,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL_NAME,
        software_versions=context.software_version,
        device_serial_number=context.serial_number,
        content_label="AXSPA_OUTLINES",
        content_description=research,
        graphic_layers=[*layers, text],
        graphic_annotations=annotations,
        modality_lut_transformation=_rescale(shown[0]),
        voi_lut_transformations=list(_windows(shown, images)),
        presentation_lut_transformation=PresentationLUTTransformation("INVERSE" if shown[0].inverse else "IDENTITY"),
    )
    del dataset.GraphicAnnotationSequence[0].ReferencedImageSequence  # the text is for all images
    _state_pixel_size(dataset.DisplayedAreaSelectionSequence[0], images)
    dataset.BodyPartExamined = body_part(read_header(images.sources[0].path), presentation.body_parts)
    stamp(dataset, context, row, description=material.description(row))
    return dataset


def _references(images: Images, study_instance_uid: str) -> dict[str, Dataset]:
    """The instances of a series, with what is needed to draw on them."""
    references: dict[str, Dataset] = {}
    for image in images.sources:
        item = placeholder(study_instance_uid)
        item.SeriesInstanceUID = images.series_instance_uid
        item.SOPClassUID, item.SOPInstanceUID = image.sop_class_uid, image.sop_instance_uid
        _, item.Rows, item.Columns = images.shape
        item.PixelSpacing = as_ds(images.pixel_spacing_mm)
        item.SamplesPerPixel = 1
        if image.frame is not None:
            item.NumberOfFrames = max(one.frame or 1 for one in images.sources if _same(one, image))
        references.setdefault(image.sop_instance_uid, item)
    return references


def _same(one: ImageHeader, other: ImageHeader) -> bool:
    return one.sop_instance_uid == other.sop_instance_uid


def _state_pixel_size(area: Dataset, images: Images) -> None:
    """The size of a pixel, where it is known, rather than that it is square."""
    if images.grid is not None or images.sources[0].pixel_spacing_mm:
        area.PresentationPixelSpacing = as_ds(images.pixel_spacing_mm)
        if "PresentationPixelAspectRatio" in area:
            del area.PresentationPixelAspectRatio


def _layer(order: int, segment: Segment, presentation: Presentation) -> GraphicLayer:
    terms = presentation.terms
    color = CIELabColor(*terms.segments[segment.key].lab[segment.site.side])
    return GraphicLayer(f"SEGMENT_{order}", order, clip(segment_label(segment, terms)), color)


def _text(layer: GraphicLayer, words: str, image: Dataset) -> GraphicAnnotation:
    """One line; it names an image only until the object is built."""
    line = TextObject(words, "DISPLAY", bounding_box=TEXT_BOX)
    frame = 1 if "NumberOfFrames" in image else None
    return GraphicAnnotation([image], layer, referenced_frame_number=frame, text_objects=[line])


def _outlines(
    layer: GraphicLayer,
    segment: Segment,
    images: Images,
    references: dict[str, Dataset],
    tracking: tuple[str, str],
) -> Iterator[GraphicAnnotation]:
    for plane in np.flatnonzero(segment.mask.any(axis=(1, 2))):
        image = images.sources[int(plane)]
        identifier, uid = tracking
        lines = [
            GraphicObject("POLYLINE", points, "PIXEL", tracking_id=identifier, tracking_uid=uid)
            for points in edges(segment.mask[plane])
        ]
        yield GraphicAnnotation(
            [references[image.sop_instance_uid]],
            layer,
            referenced_frame_number=image.frame,
            graphic_objects=lines,
        )


def _rescale(shading: Shading) -> ModalityLUTTransformation:
    return ModalityLUTTransformation(
        rescale_slope=shading.slope, rescale_intercept=shading.intercept, rescale_type="US"
    )


def _windows(shown: Sequence[Shading], images: Images) -> Iterator[SoftcopyVOILUTTransformation]:
    """Each window with the images that have it; one that all have is said once, of all."""
    planes: dict[tuple[float, float, str], list[ImageHeader]] = {}
    for shading, image in zip(shown, images.sources, strict=True):
        planes.setdefault((shading.center, shading.width, shading.function), []).append(image)
    for (center, width, function), sources in planes.items():
        window = SoftcopyVOILUTTransformation(
            window_center=float(as_ds((center,))[0]),
            window_width=float(as_ds((width,))[0]),
            voi_lut_function=function,
        )
        if len(planes) > 1:
            window.ReferencedImageSequence = list(_named(sources))
        yield window


def _named(sources: Sequence[ImageHeader]) -> Iterator[Dataset]:
    """References to images, the frames of an instance together."""
    frames: dict[tuple[str, str], list[int]] = {}
    for image in sources:
        own = frames.setdefault((image.sop_class_uid, image.sop_instance_uid), [])
        own += [] if image.frame is None else [image.frame]
    for (sop_class, uid), numbers in frames.items():
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, uid
        if numbers:
            reference.ReferencedFrameNumber = numbers
        yield reference
