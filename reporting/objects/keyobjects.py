"""The slices to look at first, as a selection of key objects that workstations list.

References
----------
PS3.3 A.35.4 (Key Object Selection Document IOD); PS3.16 TID 2010 (Key Object Selection).
"""

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom.dataset import Dataset

from inference.result import Analysis, KeySlice
from inference.types import ImageHeader
from reporting.objects import codes
from reporting.objects.document import observer
from reporting.objects.material import Material
from reporting.objects.stamp import MANUFACTURER, stamp
from reporting.presentation import Terms
from reporting.types import KindRow, ResultObject
from reporting.words import image_name


def build_key_objects(material: Material, row: KindRow) -> list[ResultObject]:
    """The key slices of an analysis in their order, with a text that says why each is one; none where it has none."""
    analysis, context = material.analysis, material.context
    chosen = _headers(analysis)
    if not chosen:
        return []
    evidence = {str(item.SOPInstanceUID): item for item in material.evidence.items}
    selection = KeyObjectSelection(
        document_title=codes.OF_INTEREST,
        referenced_objects=[_reference(evidence[uid]) for uid in chosen],
        observer_device_context=observer(context),
        description="\n".join((context.language.say("research-line"), *_whys(analysis, material.presentation.terms))),
    )
    document: Dataset = KeyObjectSelectionDocument(
        evidence=[evidence[uid] for uid in chosen],
        content=selection,
        series_instance_uid=context.uids.make(row.name, "series"),
        series_number=context.series_base + row.offset,
        sop_instance_uid=context.uids.make(row.name),
        instance_number=1,
        manufacturer=MANUFACTURER,
    )
    _name_frames(document, chosen)
    stamp(document, context, row, description=material.description(row))
    return [material.finish(row, document)]


def _headers(analysis: Analysis) -> dict[str, list[ImageHeader]]:
    """The images of the key slices, by instance, each once."""
    chosen: dict[str, list[ImageHeader]] = {}
    for one in analysis.key_slices:
        image = _image(analysis, one)
        frames = chosen.setdefault(image.sop_instance_uid, [])
        if image not in frames:
            frames.append(image)
    return chosen


def _image(analysis: Analysis, one: KeySlice) -> ImageHeader:
    images = analysis.of_role(one.role)
    if images is None:
        raise ValueError(f"a key slice of the role {one.role}, of which there are no images")
    return images.sources[one.plane]


def _reference(item: Dataset) -> Dataset:
    """A stand-in that counts as an image: it has a size."""
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = item.SOPClassUID, item.SOPInstanceUID
    image.Rows = image.Columns = 1
    return image


def _name_frames(root: Dataset, chosen: dict[str, list[ImageHeader]]) -> None:
    """Name the frames of instances that have several, and no purpose of reference, which the template forbids."""
    for item in root.ContentSequence:
        if item.ValueType != "IMAGE":
            continue
        del item.ConceptNameCodeSequence
        reference = item.ReferencedSOPSequence[0]
        frames = [image.frame for image in chosen[str(reference.ReferencedSOPInstanceUID)] if image.frame is not None]
        if frames:
            reference.ReferencedFrameNumber = frames if len(frames) > 1 else frames[0]


def _whys(analysis: Analysis, terms: Terms) -> list[str]:
    """A line for each key slice: ``T1-weighted, slice 9 of 25 (image 17): largest edema``."""
    lines = []
    for one in analysis.key_slices:
        images = analysis.of_role(one.role)
        if images is not None:
            name = f"{terms.roles[one.role].words}, {image_name(images, one.plane, terms.language)}"
            lines.append(f"{name}: {terms.whys.get(one.why, one.why)}")
    return lines
