"""The terms of the sacroiliac application: code, unit, color and words of each of its keys."""

from pydicom.sr.coding import Code as Concept

from inference.result import Answer
from inference.sij_mri import STAGES
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

GROUPS = (
    SegmentGroup("seg-anatomy", 1, "SIJ segmentation", ("region", "joint")),
    SegmentGroup("seg-edema", 11, "SIJ edema segmentation", ("edema",)),
)


def milliliters(volume_mm3: float) -> str:
    """A volume as people read it."""
    return f"{volume_mm3 / 1000:.1f} ml"


def _intensity(value: float) -> str:
    return f"{value:.0f}"


_VOLUME: dict[Side | None, Concept] = {None: dicom.VOLUME}
_MARROW: dict[Side | None, Concept] = {None: codes.MARROW_INTENSITY}
_LEARNED = "Learned from simulated lesions. How well it does on patients is unknown."
_JOINTS = LayerTerm("joints", "Joints", edge=170)

TERMS = Terms(
    roles=ROLES,
    anatomy={
        "sacroiliac-joint": AnatomyTerm("Sacroiliac joint", dicom.SACROILIAC_JOINT, paired=True),
        "sacrum-and-ilia": AnatomyTerm("Sacrum and ilia", dicom.SACROILIAC_JOINT, paired=True),
        "sacral-marrow": AnatomyTerm("Marrow of the sacrum", dicom.SACRUM),
    },
    segments={
        "region": SegmentTerm(
            labels={None: "Sacroiliac bone region"},
            category=dicom.ANATOMICAL_STRUCTURE,
            kind=codes.REGION,
            regions=(dicom.SACRUM, dicom.ILIUM),
            finding=dicom.SACROILIAC_JOINT,
            lab={None: (79.0, -13.0, -24.0)},
            rgb={None: (94, 190, 255)},
            volume="region-volume",
        ),
        "joint": SegmentTerm(
            labels={side: f"{side.capitalize()} sacroiliac joint" for side in Side},
            category=dicom.ANATOMICAL_STRUCTURE,
            kind=dicom.SACROILIAC_JOINT,
            regions=(dicom.SACROILIAC_JOINT,),
            finding=dicom.SACROILIAC_JOINT,
            lab={Side.LEFT: (86.0, -8.0, 68.0), Side.RIGHT: (76.0, -44.0, 46.0)},
            rgb=JOINT_RGB,
            volume="joint-volume",
        ),
        "edema": SegmentTerm(
            labels={side: f"{side.capitalize()} bone marrow edema" for side in Side},
            category=dicom.ABNORMAL_STRUCTURE,
            kind=dicom.EDEMA,
            regions=(dicom.SACROILIAC_JOINT,),
            finding=dicom.EDEMA,
            lab={Side.LEFT: (66.0, 48.0, 40.0), Side.RIGHT: (64.0, 62.0, -20.0)},
            rgb={Side.LEFT: (255, 98, 88), Side.RIGHT: (238, 110, 214)},
            volume="edema-volume",
        ),
    },
    traces={"joint-surface": JOINT_RGB},
    measurements={
        "region-volume": MeasurementTerm("Bone region", _VOLUME, dicom.CUBIC_MILLIMETER, milliliters, of_study=False),
        "joint-volume": MeasurementTerm("Joint region", _VOLUME, dicom.CUBIC_MILLIMETER, milliliters, of_study=False),
        "edema-volume": MeasurementTerm("Bone marrow edema", codes.EDEMA_VOLUME, dicom.CUBIC_MILLIMETER, milliliters),
        "edema-threshold": MeasurementTerm(
            "Intensity of edema, from", _MARROW, dicom.NO_UNITS, _intensity, of_study=False
        ),
        "marrow-mean": MeasurementTerm(
            "Normal marrow, mean intensity", _MARROW, dicom.NO_UNITS, _intensity, of_study=False
        ),
        "marrow-sd": MeasurementTerm(
            "Normal marrow, standard deviation",
            _MARROW,
            dicom.NO_UNITS,
            _intensity,
            of_study=False,
        ),
    },
    evaluations={
        "axspa": EvaluationTerm(
            "Ankylosing spondylitis (AS)",
            {None: codes.AS_STATUS},
            {
                Answer.PRESENT: ValueTerm("present", dicom.PRESENT, dicom.PROBABILITY, severity=1.0),
                Answer.ABSENT: ValueTerm("absent", dicom.ABSENT, severity=0.0),
            },
            short="AS",
        ),
        "stage": EvaluationTerm(
            "Stage",
            {None: codes.AS_STAGE},
            {
                stage.lower(): ValueTerm(
                    stage.value, codes.STAGE_VALUE[stage], codes.STAGE_PROBABILITY[stage], severity=number / 3
                )
                for number, stage in enumerate(STAGES)
            },
            note=_LEARNED,
        ),
        "asas": EvaluationTerm(
            "ASAS/OMERACT rule for active sacroiliitis",
            codes.ASAS_RULE,
            {
                Answer.PRESENT: ValueTerm("met", dicom.PRESENT, severity=1.0),
                Answer.ABSENT: ValueTerm("not met", dicom.ABSENT, severity=0.0),
            },
            of="edema",
            short="ASAS rule",
            note="Computed from the segmented edema, not from the class; check it by eye.",
        ),
    },
    profiles={
        "axspa": ProfileTerm("Probability of ankylosing spondylitis", of="axspa", value=Answer.PRESENT),
        **{
            stage.lower(): ProfileTerm(f"Probability of stage: {stage}", of="stage", value=stage.lower())
            for stage in STAGES
        },
        "joint-visibility": ProfileTerm("How clearly the joint line is seen"),
    },
    heatmaps={"focused": "Focused Grad-CAM", "grad-cam": "Grad-CAM"},
    layers={
        "region": LayerTerm("region", "Region", shown=False),
        "joint": _JOINTS,
        "joint-surface": _JOINTS,
        "edema": LayerTerm("edema", "Edema", fill=120, marked=True),
        "focused": LayerTerm("heat", "at the joints", shown=False),
        "grad-cam": LayerTerm("gradcam", "whole slice", shown=False),
    },
    lead="stage",
    limitations=LIMITATIONS,
    reasons=REASONS,
    shown=SHOWN,
)
