"""The terms of the published framework: every code says that it is what a published model says."""

from functools import cache
from pathlib import Path

from pydicom.sr.coding import Code as Concept

from inference.mri_slices import (
    AS_LABELS,
    CLASSIFIERS,
    FOCUSED,
    GRAD_CAM,
    SEGMENTERS,
    SLICES,
    STAGES,
    as_key,
    region_key,
    stage_key,
)
from inference.types import Key, Side
from reporting.language import Language, find_language, languages_in
from reporting.objects import codes
from reporting.objects.codes import local
from reporting.presentation import (
    AnatomyTerm,
    EvaluationTerm,
    LayerTerm,
    ProfileTerm,
    Rgb,
    RoleTerm,
    SegmentGroup,
    SegmentTerm,
    Terms,
    ValueTerm,
)

CATALOGUES = Path(__file__).parent / "language"
LANGUAGES = languages_in(CATALOGUES)

RED: Rgb = (255, 0, 0)
RED_LAB = (53.2, 80.1, 67.2)
SHOWN = local("SLICES_SHOWN", "Part of the body that the slices show")
STUDY_FINDING = local("PUBLISHED_MODELS", "What published models say, labels of brightness")
NAMES = {
    "unet": "U-Net",
    "unet-best": "U-Net best",
    "simple-cnn": "Simple CNN",
    "hybrid-v1": "Hybrid v1",
    "hybrid-v2": "Hybrid v2",
}
"""Of the models, in codes."""


@cache
def find_terms(code: str) -> Terms:
    """All terms in a language.

    Raises
    ------
    LanguageUnknown
        There is no catalogue of it.
    """
    language = find_language(code, CATALOGUES)
    say = language.say
    return Terms(
        language=language,
        roles={SLICES: RoleTerm(say("role-slices"), "slices", without=say("role-slices-without"))},
        anatomy={SLICES: AnatomyTerm(say("slices-of-what"), SHOWN)},
        segments={region_key(role): _region(role, language) for role in SEGMENTERS},
        evaluations=_evaluations(language),
        profiles=_profiles(language),
        heatmaps={FOCUSED: say("heatmap-focused"), GRAD_CAM: say("heatmap-grad-cam")},
        quantities=dict.fromkeys((FOCUSED, GRAD_CAM), codes.GRADIENT_WEIGHTED),
        heat_note=say("heat-note"),
        layers={
            **{
                region_key(role): LayerTerm(region_key(role), say(f"reason-model-{role}"), fill=76)
                for role in SEGMENTERS
            },
            FOCUSED: LayerTerm("heat", say("layer-focused"), shown=False),
            GRAD_CAM: LayerTerm("gradcam", say("layer-grad-cam"), shown=False),
        },
        whys={why: say(f"why-{why}") for why in ("largest-region", "most-present")},
        shown=say("slices-shown"),
    )


@cache
def find_groups(code: str) -> tuple[SegmentGroup, ...]:
    """The one group of segments.

    Raises
    ------
    LanguageUnknown
        There is no catalogue of the language.
    """
    description = find_language(code, CATALOGUES).say("group-regions")
    return (SegmentGroup("published", 5, description, tuple(map(region_key, SEGMENTERS))),)


def _region(role: Key, language: Language) -> SegmentTerm:
    kind = local(f"PUB_REGION{SEGMENTERS.index(role) + 1}", f"Region that the published {NAMES[role]} marks")
    return SegmentTerm(
        labels={None: language.say("region-of", model=language.say(f"reason-model-{role}"))},
        category=codes.ANATOMICAL_STRUCTURE,
        kind=kind,
        regions=(SHOWN,),
        finding=kind,
        lab={None: RED_LAB},
        rgb={None: RED},
    )


def _evaluations(language: Language) -> dict[Key, EvaluationTerm]:
    say = language.say
    made = {}
    for number, role in enumerate(CLASSIFIERS, 1):
        model = say(f"reason-model-{role}")
        values = {label: _value(f"as-{label}", f"PUB_AS_{label.upper()}", language) for label in map(str, AS_LABELS)}
        stages = {stage: _value(f"stage-{stage}", f"PUB_{stage.upper()}", language) for stage in STAGES}
        made[as_key(role)] = EvaluationTerm(
            say("as-of", model=model), _question(f"PUB_AS{number}", role, "class"), values,
            short=say("as-short", model=model), note=say("brightness"),
        )  # fmt: skip
        made[stage_key(role)] = EvaluationTerm(
            say("stage-of", model=model), _question(f"PUB_STAGE{number}", role, "stage"), stages,
            short=say("stage-short", model=model), note=say("brightness"),
        )  # fmt: skip
    return made


def _question(code: str, role: Key, what: str) -> dict[Side | None, Concept]:
    return {None: local(code, f"Published {NAMES[role]}: {what}, of brightness")}


def _value(word: str, code: str, language: Language) -> ValueTerm:
    english = find_language("en", CATALOGUES).say(word)
    what = word.partition("-")[0].replace("as", "AS")
    said = local(code, f"A published model says: {what} {english}")
    return ValueTerm(language.say(word), said, local(f"P_{code}"[:16], f"Its confidence: {what} {english}"))


def _profiles(language: Language) -> dict[Key, ProfileTerm]:
    say = language.say
    made = {}
    for role in CLASSIFIERS:
        model = say(f"reason-model-{role}")
        made[as_key(role)] = ProfileTerm(say("profile-as", model=model), of=as_key(role), value=str(AS_LABELS[1]))
        for stage in STAGES:
            words = say("profile-stage", stage=say(f"stage-{stage}"), model=model)
            made[stage_key(role, stage)] = ProfileTerm(words, of=stage_key(role), value=stage)
    return made
