"""The terms of the sacroiliac application: code, unit and color of each of its keys, and its words by language."""

from functools import cache, partial
from pathlib import Path

from pydicom.sr.coding import Code as Concept

from inference.result import Answer
from inference.sij_mri import STAGES, Role
from inference.types import Side
from reporting.language import Language, find_language, languages_in
from reporting.objects import codes as dicom
from reporting.presentation import (
    AnatomyTerm,
    EvaluationTerm,
    LayerTerm,
    MeasurementTerm,
    ProfileTerm,
    Rgb,
    RoleTerm,
    SegmentGroup,
    SegmentTerm,
    Terms,
    ValueTerm,
)
from reporting.sij_mri import codes
from reporting.sij_mri.heat_words import PATIENTS

CATALOGUES = Path(__file__).parent / "language"
LANGUAGES = languages_in(CATALOGUES)

JOINT_RGB: dict[Side | None, Rgb] = {Side.LEFT: (230, 250, 85), Side.RIGHT: (157, 223, 255)}
DEEP_RGB: dict[Side | None, Rgb] = {Side.LEFT: (148, 52, 33), Side.RIGHT: (140, 31, 153)}


def milliliters(volume_mm3: float, language: Language, *, unit: bool = True) -> str:
    """A volume as people read it: none, under 0.1, or with one decimal; nothing is ever 0.0."""
    if volume_mm3 == 0:
        return language.say("milliliters-none")
    little = volume_mm3 < 50
    amount = 0.1 if little else volume_mm3 / 1000
    if unit:
        return language.say("milliliters-under" if little else "milliliters", ml=amount)
    return language.say("under", bound=language.number(amount, 1)) if little else language.number(amount, 1)


def _language(code: str) -> Language:
    return find_language(code, CATALOGUES)


_VOLUME: dict[Side | None, Concept] = {None: dicom.VOLUME}
_MARROW: dict[Side | None, Concept] = {None: codes.MARROW_INTENSITY}
_MM3 = dicom.CUBIC_MILLIMETER


@cache
def find_terms(code: str) -> Terms:
    """All terms in a language.

    Raises
    ------
    LanguageUnknown
        There is no catalogue of it.
    """
    language = _language(code)
    say, volume, intensity = language.say, partial(milliliters, language=language), language.number
    joints = LayerTerm("joints", say("layer-joints"), edge=170)
    edema = LayerTerm("edema", say("layer-edema"), fill=120, marked=True)
    return Terms(
        language=language,
        roles={
            Role.T1W: RoleTerm(say("role-t1"), "t1", wanted=say("role-t1-wanted"), without=say("role-t1-without")),
            Role.FLUID: RoleTerm(
                say("role-fluid"), "fluid", wanted=say("role-fluid-wanted"), without=say("role-fluid-without")
            ),
        },
        anatomy={
            "sacroiliac-joint": AnatomyTerm(say("anatomy-joint"), dicom.SACROILIAC_JOINT, paired=True),
            "sacrum-and-ilia": AnatomyTerm(say("anatomy-sacrum-and-ilia"), dicom.SACRUM, others=(dicom.ILIUM,)),
            "sacral-marrow": AnatomyTerm(say("anatomy-marrow"), dicom.SACRUM),
        },
        segments={
            "region": SegmentTerm(
                labels={None: say("segment-region")},
                category=dicom.ANATOMICAL_STRUCTURE,
                kind=codes.REGION,
                regions=(dicom.SACRUM, dicom.ILIUM),
                finding=codes.REGION,
                lab={None: (53.0, 43.0, -22.0)},
                rgb={None: (179, 96, 164)},
                volume="region-volume",
            ),
            "joint": SegmentTerm(
                labels={Side.LEFT: say("segment-joint-left"), Side.RIGHT: say("segment-joint-right")},
                category=dicom.ANATOMICAL_STRUCTURE,
                kind=codes.BAND,
                regions=(dicom.SACROILIAC_JOINT,),
                finding=codes.BAND,
                lab={Side.LEFT: (94.0, -27.0, 74.0), Side.RIGHT: (86.0, -13.0, -22.0)},
                rgb=JOINT_RGB,
                volume="joint-volume",
            ),
            "edema": SegmentTerm(
                labels={Side.LEFT: say("segment-edema-left"), Side.RIGHT: say("segment-edema-right")},
                category=dicom.ABNORMAL_STRUCTURE,
                kind=dicom.EDEMA,
                regions=(dicom.SACROILIAC_JOINT,),
                finding=dicom.EDEMA,
                lab={Side.LEFT: (61.0, 38.0, 41.0), Side.RIGHT: (58.0, 66.0, -62.0)},
                rgb={Side.LEFT: (223, 116, 75), Side.RIGHT: (194, 90, 248)},
                volume="edema-volume",
            ),
            "edema-deep": SegmentTerm(
                labels={Side.LEFT: say("segment-deep-left"), Side.RIGHT: say("segment-deep-right")},
                category=dicom.ABNORMAL_STRUCTURE,
                kind=dicom.EDEMA,
                regions=(dicom.SACROILIAC_JOINT,),
                finding=dicom.EDEMA,
                lab={Side.LEFT: (36.0, 39.0, 33.0), Side.RIGHT: (36.0, 59.0, -42.0)},
                rgb=DEEP_RGB,
                volume="edema-deep-volume",
            ),
            "edema-elsewhere": SegmentTerm(
                labels={None: say("segment-elsewhere")},
                category=dicom.ABNORMAL_STRUCTURE,
                kind=dicom.EDEMA,
                regions=(dicom.SACRUM, dicom.ILIUM),
                finding=dicom.EDEMA,
                lab={None: (86.0, -8.0, 8.0)},
                rgb={None: (204, 218, 198)},
                volume="edema-elsewhere-volume",
            ),
        },
        traces={"joint-surface": JOINT_RGB},
        measurements={
            "edema-volume": MeasurementTerm(
                say("measured-edema"),
                {None: codes.EDEMA_VOLUME},
                _MM3,
                volume,
                role=Role.FLUID,
            ),
            "edema-deep-volume": MeasurementTerm(
                say("measured-deep"), {None: codes.DEEP_EDEMA_VOLUME}, _MM3, volume, role=Role.FLUID
            ),
            "edema-elsewhere-volume": MeasurementTerm(
                say("measured-elsewhere"),
                {None: codes.OTHER_EDEMA_VOLUME},
                _MM3,
                volume,
                role=Role.FLUID,
            ),
            "joint-volume": MeasurementTerm(say("measured-joint"), _VOLUME, _MM3, volume, of_study=False),
            "region-volume": MeasurementTerm(say("measured-region"), _VOLUME, _MM3, volume, of_study=False),
            "edema-threshold": MeasurementTerm(
                say("measured-threshold"), _MARROW, dicom.NO_UNITS, intensity, of_study=False
            ),
            "marrow-mean": MeasurementTerm(say("measured-mean"), _MARROW, dicom.NO_UNITS, intensity, of_study=False),
            "marrow-sd": MeasurementTerm(
                say("measured-sd"),
                _MARROW,
                dicom.NO_UNITS,
                intensity,
                of_study=False,
            ),
        },
        evaluations={
            "asas": EvaluationTerm(
                say("asas"),
                {None: codes.ASAS_RULE},
                {
                    Answer.PRESENT: ValueTerm(say("asas-present"), dicom.PRESENT, severity=1.0),
                    Answer.ABSENT: ValueTerm(say("asas-absent"), dicom.ABSENT, severity=0.0),
                    Answer.UNDECIDED: ValueTerm(say("asas-undecided"), dicom.UNDECIDED),
                },
                of="edema",
                short=say("asas-short"),
                note=say("asas-note"),
            ),
            "axspa": EvaluationTerm(
                say("axspa"),
                {None: codes.AS_STATUS},
                {
                    Answer.PRESENT: ValueTerm(
                        say("axspa-present"),
                        dicom.PRESENT,
                        dicom.PROBABILITY,
                        severity=1.0,
                        suggests=codes.ANKYLOSING_SPONDYLITIS,
                    ),
                    Answer.ABSENT: ValueTerm(say("axspa-absent"), dicom.ABSENT, severity=0.0),
                    Answer.UNDECIDED: ValueTerm(say("axspa-undecided"), dicom.UNDECIDED),
                },
                short=say("axspa-short"),
                note=say("learned-note"),
            ),
            "stage": EvaluationTerm(
                say("stage"),
                {None: codes.AS_STAGE},
                {
                    **{
                        stage.lower(): ValueTerm(
                            say(f"stage-{stage.lower()}"),
                            codes.STAGE_VALUE[stage],
                            codes.STAGE_PROBABILITY[stage],
                            severity=number / 3,
                        )
                        for number, stage in enumerate(STAGES)
                    },
                    Answer.UNDECIDED: ValueTerm(say("stage-value-undecided"), dicom.UNDECIDED),
                },
                note=say("learned-note"),
            ),
        },
        profiles={
            "axspa": ProfileTerm(say("profile-axspa"), of="axspa", value=Answer.PRESENT),
            **{
                stage.lower(): ProfileTerm(
                    say("profile-stage", stage=say(f"stage-{stage.lower()}")), of="stage", value=stage.lower()
                )
                for stage in STAGES
            },
            "joint-visibility": ProfileTerm(say("profile-visibility"), shows=say("profile-visibility-shows")),
        },
        heatmaps={"focused": say("heatmap-focused"), "grad-cam": say("heatmap-grad-cam")},
        quantities=dict.fromkeys(("focused", "grad-cam"), dicom.GRADIENT_WEIGHTED),
        heat_note=say("heat-note", patients=PATIENTS),
        layers={
            "region": LayerTerm("region", say("layer-region"), shown=False),
            "joint": joints,
            "joint-surface": joints,
            "edema": edema,
            "edema-deep": edema,
            "edema-elsewhere": edema,
            "focused": LayerTerm("heat", say("layer-focused"), shown=False),
            "grad-cam": LayerTerm("gradcam", say("layer-grad-cam"), shown=False),
        },
        whys={
            "most-edema": say("why-most-edema"),
            "strongest-class": say("why-strongest-class"),
            "middle-of-joints": say("why-middle-of-joints"),
        },
        lead="asas",
        shown=say("joints-shown"),
    )


@cache
def find_groups(code: str) -> tuple[SegmentGroup, ...]:
    """The groups of segments in a language; the first is of the report that leads.

    Raises
    ------
    LanguageUnknown
        There is no catalogue of it.
    """
    say = _language(code).say
    return (
        SegmentGroup(
            "edema",
            5,
            say("group-edema"),
            ("edema", "edema-deep", "edema-elsewhere"),
            report_offset=3,
            report_description=say("group-edema-outlines"),
        ),
        SegmentGroup(
            "joints",
            6,
            say("group-joints"),
            ("joint",),
            report_offset=4,
            report_description=say("group-joints-outlines"),
        ),
        SegmentGroup("region", 8, say("group-region"), ("region",), default=False),
    )


TERMS = find_terms("en")
"""In English."""
