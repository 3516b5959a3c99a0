"""The study's results as content of the report that leads: what no outline can hold, and how far it can be trusted."""

from collections.abc import Collection, Iterator

from highdicom.sr import (
    CodeContentItem,
    ContainerContentItem,
    ContentItem,
    ContentSequence,
    FindingSite,
    ImageContentItem,
    NumContentItem,
    RelationshipTypeValues,
    TextContentItem,
    UIDRefContentItem,
)
from pydicom.sr.coding import Code

from inference.result import Images
from reporting.language import Language
from reporting.objects import codes
from reporting.objects.material import Material
from reporting.objects.said import Number, Thing, finding_sites, say_study
from reporting.objects.stamp import tracking_identifier
from reporting.seen import Seen, look_first, shown_in
from reporting.sites import is_paired
from reporting.words import conclusion_of, other_limitations

CONTAINS = RelationshipTypeValues.CONTAINS


def evaluations_container(material: Material, outlined: Collection[Thing]) -> ContainerContentItem:
    """The container Qualitative Evaluations: results in code, then conclusions, limitations and images in words.

    It may hold codes and texts alone, so that a number stands there as a text under its name in code.

    Parameters
    ----------
    material : Material
    outlined : collection of (Key, Site)
        Segments beside whose outlines the same report says what belongs to them.

    References
    ----------
    DICOM PS3.16 TID 1500.
    """
    report, analysis, terms = material.report, material.analysis, material.presentation.terms
    texts = [(codes.CONCLUSION, terms.say("research-line")), *((codes.LIMITATION, text) for text in report.missing)]
    after = [(codes.CONCLUSION, text) for text in conclusion_of(report)]
    after += [(codes.LIMITATION, text) for text in other_limitations(report)]
    seen = [(codes.KEY_SLICE, one) for one in look_first(analysis, terms)]
    seen += [(codes.SHOWN_IN, one) for one in shown_in(analysis, terms)]
    container = ContainerContentItem(
        name=codes.QUALITATIVE_EVALUATIONS, is_content_continuous=False, relationship_type=CONTAINS
    )
    container.ContentSequence = ContentSequence(
        [
            *(_text(name, text) for name, text in texts),
            *coded_results(material, outlined, numbers=False),
            *(_text(name, text) for name, text in after),
            *(_seen(name, one) for name, one in seen),
        ]
    )
    return container


def coded_results(material: Material, outlined: Collection[Thing], *, numbers: bool) -> Iterator[ContentItem]:
    """Everything that is said of the study in code, but what stands beside an outline.

    What it is read for comes first, with its site. What is said of another part, side or level has that as its site,
    and the tracking identifier of the thing of which it is said.

    Parameters
    ----------
    material : Material
    outlined : collection of (Key, Site)
    numbers : bool
        Where numbers may stand as such; else they are texts.
    """
    presentation = material.presentation
    paired = is_paired(presentation.study_site, presentation.terms)
    site = FindingSite(presentation.study_site, laterality=codes.BILATERAL if paired else None)
    yield _below(CodeContentItem(codes.FINDING, presentation.study_finding, CONTAINS), [site])
    for thing, said in say_study(material.analysis, presentation).items():
        if thing not in outlined:
            where = [] if thing is None else [*_tracked(material, thing), *finding_sites(thing[1], presentation.terms)]
            answers = (one.evaluation[0] for one in said.answers)
            items = [*answers, *(_number(one, material.context.language, numbers) for one in said.numbers)]
            yield from (_below(item, where) for item in items)


def _number(said: Number, language: Language, as_number: bool) -> ContentItem:
    if not as_number:
        return _text(said.name, said.words(language))
    item = NumContentItem(said.name, said.value, said.unit, relationship_type=CONTAINS)
    if said.note:
        item.ContentSequence = [TextContentItem(codes.BOUNDED, said.note, RelationshipTypeValues.HAS_PROPERTIES)]
    return item


def _below(item: ContentItem, children: Collection[ContentItem]) -> ContentItem:
    if children:
        item.ContentSequence = ContentSequence([*children, *item.get("ContentSequence", ())])
    return item


def _tracked(material: Material, thing: Thing) -> list[ContentItem]:
    """By what name the same thing is found in segmentations, and in other results."""
    context = RelationshipTypeValues.HAS_OBS_CONTEXT
    return [
        TextContentItem(codes.TRACKING_IDENTIFIER, tracking_identifier(*thing), context),
        UIDRefContentItem(codes.TRACKING_UID, material.context.tracking_uid(*thing), context),
    ]


def _text(name: Code, text: str) -> TextContentItem:
    return TextContentItem(name, text, CONTAINS)


def _seen(name: Code, seen: Seen) -> TextContentItem:
    """A text that is inferred from the images that it names."""
    text = _text(name, seen.words)
    text.ContentSequence = ContentSequence([_image(seen.images, plane) for plane in seen.planes])
    return text


def _image(images: Images, plane: int) -> ImageContentItem:
    image = images.sources[plane]
    return ImageContentItem(
        name=codes.SOURCE,
        referenced_sop_class_uid=image.sop_class_uid,
        referenced_sop_instance_uid=image.sop_instance_uid,
        referenced_frame_numbers=None if image.frame is None else [image.frame],
        relationship_type=RelationshipTypeValues.INFERRED_FROM,
    )
