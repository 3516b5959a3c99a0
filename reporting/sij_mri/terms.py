"""The terms of the sacroiliac application: code, unit, color and words of each of its keys."""

from pydicom.sr.coding import Code as Concept

from inference.result import Answer
from inference.sij_mri import STAGES, Role
from inference.types import Side
from reporting.objects import codes as dicom
from reporting.presentation import (
    AnatomyTerm,
    EvaluationTerm,
    LayerTerm,
    MeasurementTerm,
    ProfileTerm,
    Rgb,
    SegmentGroup,
    SegmentTerm,
    Terms,
    ValueTerm,
)
from reporting.sij_mri import codes
from reporting.sij_mri.limitations import LIMITATIONS
from reporting.sij_mri.selection_words import REASONS, ROLES, SHOWN

JOINT_RGB: dict[Side | None, Rgb] = {Side.LEFT: (255, 209, 84), Side.RIGHT: (122, 226, 130)}
DEEP_RGB: dict[Side | None, Rgb] = {Side.LEFT: (176, 68, 61), Side.RIGHT: (160, 74, 144)}

GROUPS = (
    SegmentGroup("seg-anatomy", 1, "SIJ segmentation", ("region", "joint")),
    SegmentGroup("seg-edema", 11, "SIJ edema segmentation", ("edema", "edema-deep", "edema-elsewhere")),
)


def milliliters(volume_mm3: float) -> str:
    """A volume as people read it; what was found is never 0.0."""
    return "under 0.1 ml" if 0 < volume_mm3 < 50 else f"{volume_mm3 / 1000:.1f} ml"


def _intensity(value: float) -> str:
    return f"{value:.0f}"


_VOLUME: dict[Side | None, Concept] = {None: dicom.VOLUME}
_MARROW: dict[Side | None, Concept] = {None: codes.MARROW_INTENSITY}
_MM3 = dicom.CUBIC_MILLIMETER
_LEARNED = "Learned from simulated lesions only; not validated in patients."
_UNDECIDED = ValueTerm("undecided", dicom.UNDECIDED)
_JOINTS = LayerTerm("joints", "Joints", edge=170)
_EDEMA = LayerTerm("edema", "Edema", fill=120, marked=True)

TERMS = Terms(
    roles=ROLES,
    anatomy={
        "sacroiliac-joint": AnatomyTerm("Sacroiliac joint", dicom.SACROILIAC_JOINT, paired=True),
        "sacrum-and-ilia": AnatomyTerm("Sacrum and ilia", dicom.SACRUM, others=(dicom.ILIUM,)),
        "sacral-marrow": AnatomyTerm("Marrow of the sacrum", dicom.SACRUM),
    },
    segments={
        "region": SegmentTerm(
            labels={None: "Sacroiliac bone region"},
            category=dicom.ANATOMICAL_STRUCTURE,
            kind=codes.REGION,
            regions=(dicom.SACRUM, dicom.ILIUM),
            finding=codes.REGION,
            lab={None: (79.0, -13.0, -24.0)},
            rgb={None: (94, 190, 255)},
            volume="region-volume",
        ),
        "joint": SegmentTerm(
            labels={side: f"{side.capitalize()} sacroiliac joint band" for side in Side},
            category=dicom.ANATOMICAL_STRUCTURE,
            kind=codes.BAND,
            regions=(dicom.SACROILIAC_JOINT,),
            finding=codes.BAND,
            lab={Side.LEFT: (86.0, -8.0, 68.0), Side.RIGHT: (76.0, -44.0, 46.0)},
            rgb=JOINT_RGB,
            volume="joint-volume",
        ),
        "edema": SegmentTerm(
            labels={side: f"{side.capitalize()} bone marrow edema at the joint" for side in Side},
            category=dicom.ABNORMAL_STRUCTURE,
            kind=dicom.EDEMA,
            regions=(dicom.SACROILIAC_JOINT,),
            finding=dicom.EDEMA,
            lab={Side.LEFT: (66.0, 48.0, 40.0), Side.RIGHT: (64.0, 62.0, -20.0)},
            rgb={Side.LEFT: (255, 98, 88), Side.RIGHT: (238, 110, 214)},
            volume="edema-volume",
        ),
        "edema-deep": SegmentTerm(
            labels={side: f"{side.capitalize()} bone marrow edema, deep" for side in Side},
            category=dicom.ABNORMAL_STRUCTURE,
            kind=dicom.EDEMA,
            regions=(dicom.SACROILIAC_JOINT,),
            finding=dicom.EDEMA,
            lab={Side.LEFT: (46.0, 34.0, 28.0), Side.RIGHT: (44.0, 44.0, -14.0)},
            rgb=DEEP_RGB,
            volume="edema-deep-volume",
        ),
        "edema-elsewhere": SegmentTerm(
            labels={None: "Bone marrow edema elsewhere"},
            category=dicom.ABNORMAL_STRUCTURE,
            kind=dicom.EDEMA,
            regions=(dicom.SACRUM, dicom.ILIUM),
            finding=dicom.EDEMA,
            lab={None: (70.0, 0.0, 0.0)},
            rgb={None: (170, 170, 170)},
            volume="edema-elsewhere-volume",
        ),
    },
    traces={"joint-surface": JOINT_RGB},
    measurements={
        "edema-volume": MeasurementTerm(
            "Bone marrow edema within 10 mm of the joint",
            {None: codes.EDEMA_VOLUME},
            _MM3,
            milliliters,
            role=Role.FLUID,
        ),
        "edema-deep-volume": MeasurementTerm(
            "The same edema, farther than 10 mm", {None: codes.DEEP_EDEMA_VOLUME}, _MM3, milliliters, role=Role.FLUID
        ),
        "edema-elsewhere-volume": MeasurementTerm(
            "Bone marrow edema elsewhere, not counted",
            {None: codes.OTHER_EDEMA_VOLUME},
            _MM3,
            milliliters,
            role=Role.FLUID,
        ),
        "joint-volume": MeasurementTerm("Joint band", _VOLUME, _MM3, milliliters, of_study=False),
        "region-volume": MeasurementTerm("Bone region", _VOLUME, _MM3, milliliters, of_study=False),
        "edema-threshold": MeasurementTerm(
            "Intensity of edema, from", _MARROW, dicom.NO_UNITS, _intensity, of_study=False
        ),
        "marrow-mean": MeasurementTerm(
            "Reference marrow, mean intensity", _MARROW, dicom.NO_UNITS, _intensity, of_study=False
        ),
        "marrow-sd": MeasurementTerm(
            "Reference marrow, standard deviation",
            _MARROW,
            dicom.NO_UNITS,
            _intensity,
            of_study=False,
        ),
    },
    evaluations={
        "asas": EvaluationTerm(
            "ASAS/OMERACT rule for active sacroiliitis",
            {None: codes.ASAS_RULE},
            {
                Answer.PRESENT: ValueTerm("met", dicom.PRESENT, severity=1.0),
                Answer.ABSENT: ValueTerm("not met", dicom.ABSENT, severity=0.0),
                Answer.UNDECIDED: _UNDECIDED,
            },
            of="edema",
            short="ASAS rule",
            note="Computed from the segmented edema; undecided where it depends on the cut-off. Check it by eye.",
        ),
        "axspa": EvaluationTerm(
            "AI class (AS yes/no)",
            {None: codes.AS_STATUS},
            {
                Answer.PRESENT: ValueTerm(
                    "pattern suggestive of axial spondyloarthritis",
                    dicom.PRESENT,
                    dicom.PROBABILITY,
                    severity=1.0,
                    suggests=codes.ANKYLOSING_SPONDYLITIS,
                ),
                Answer.ABSENT: ValueTerm("no pattern of axial spondyloarthritis", dicom.ABSENT, severity=0.0),
                Answer.UNDECIDED: _UNDECIDED,
            },
            short="AI class",
            note=_LEARNED,
        ),
        "stage": EvaluationTerm(
            "Stage",
            {None: codes.AS_STAGE},
            {
                **{
                    stage.lower(): ValueTerm(
                        stage.value, codes.STAGE_VALUE[stage], codes.STAGE_PROBABILITY[stage], severity=number / 3
                    )
                    for number, stage in enumerate(STAGES)
                },
                Answer.UNDECIDED: _UNDECIDED,
            },
            note=_LEARNED,
        ),
    },
    profiles={
        "axspa": ProfileTerm("Network alone: probability of a pattern of axSpA", of="axspa", value=Answer.PRESENT),
        **{
            stage.lower(): ProfileTerm(f"Network alone: probability of stage {stage}", of="stage", value=stage.lower())
            for stage in STAGES
        },
        "joint-visibility": ProfileTerm("How clearly the joint line is seen", shows="joint traced"),
    },
    heatmaps={"focused": "Focused Grad-CAM", "grad-cam": "Grad-CAM"},
    quantities=dict.fromkeys(("focused", "grad-cam"), dicom.GRADIENT_WEIGHTED),
    layers={
        "region": LayerTerm("region", "Region", shown=False),
        "joint": _JOINTS,
        "joint-surface": _JOINTS,
        "edema": _EDEMA,
        "edema-deep": _EDEMA,
        "edema-elsewhere": _EDEMA,
        "focused": LayerTerm("heat", "at the joints", shown=False),
        "grad-cam": LayerTerm("gradcam", "whole slice", shown=False),
    },
    whys={
        "most-edema": "most edema at the joints",
        "strongest-class": "where the network is surest of a pattern",
        "middle-of-joints": "middle of the joints",
    },
    lead="asas",
    limitations=LIMITATIONS,
    reasons=REASONS,
    shown=SHOWN,
)
