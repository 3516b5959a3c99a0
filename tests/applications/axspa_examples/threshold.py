"""The smallest application: what is bright in the largest MR series, as one segment with its volume."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.sr.coding import Code

from inference.dicom import load_volume
from inference.result import (
    Analysis,
    Answer,
    Evaluation,
    HeatMap,
    Images,
    KeySlice,
    Limitation,
    Measurement,
    NotAssessable,
    Segment,
    Site,
)
from inference.series import Case, Selection, WantedSeries, choose
from inference.types import ModelIdentity, Reason, StudyHeaders
from reporting.objects import codes, local
from reporting.plain import PlainPresentation
from reporting.presentation import (
    AnatomyTerm,
    EvaluationTerm,
    MeasurementTerm,
    RoleTerm,
    SegmentGroup,
    SegmentTerm,
    Terms,
    ValueTerm,
)

BRIGHT_SD = 2.0
BODY = Site("body")
PELVIS = Code("12921003", "SCT", "Pelvis")


def judge(case: Case) -> Case:
    """Any MR series of parallel planes will do; more planes are better."""
    if not case.magnetic or not case.placed:
        case.refuse(Reason("no-place"))
    case.give("slices", min(100, 60 + len(case.stack.images)), Reason.of("slices", slices=len(case.stack.images)))
    return case


class Threshold:
    """Marks what is brighter than the mean by two standard deviations."""

    name = "threshold"
    version = "1.0.0"
    steps = ("select", "load", "threshold")
    needs: Mapping[str, str] = {}
    cutters: Mapping[str, Any] = {}

    def wants(self, *, sop_class_uid: str, modality: str, image_type: tuple[str, ...] = ()) -> bool:
        """MR only."""
        return modality == "MR"

    def select(self, study: StudyHeaders, *, chosen: Mapping[str, str] | None = None) -> Selection:
        """The series with most slices."""
        return choose(study, (WantedSeries("any", judge),))

    def analyse(
        self,
        study: StudyHeaders,
        selection: Selection,
        models: Mapping[str, Any],
        *,
        bundle: ModelIdentity,
        progress: Callable[[str], None],
        priors: Sequence[Analysis] = (),
        context: Mapping[str, Any] | None = None,
    ) -> Analysis:
        """Load, mark, measure."""
        whose = (self.name, self.version, study.study_instance_uid)
        candidate = selection.chosen.get("any")
        if candidate is None:
            return Analysis(*whose, "none", selection, bundle)
        progress("load")
        series = {one.series_instance_uid: one for one in study.series}
        volume = load_volume(candidate.images, series=series[candidate.series_instance_uid])
        progress("threshold")
        deviations = (volume.voxels - volume.voxels.mean()) / max(float(volume.voxels.std()), 1e-6)
        mask = deviations > BRIGHT_SD
        no_prior = NotAssessable(Limitation("NO_PRIOR"))
        return Analysis(
            *whose,
            "full",
            selection,
            bundle,
            images=(Images.of("any", volume),),
            segments=(Segment("bright", BODY, "any", mask),) if mask.any() else (),
            measurements=(
                Measurement("bright-volume", BODY, float(mask.sum()) * volume.voxel_volume_mm3, of="bright"),
            ),
            evaluations=(Evaluation("growth", BODY, no_prior, "rule"),),
            heatmaps=(HeatMap("deviation", "growth", BODY, Answer.PRESENT, "any", np.clip(deviations / 4, 0, 1)),),
            key_slices=(KeySlice("any", int(mask.sum(axis=(1, 2)).argmax()), "brightest"),),
            limitations=(no_prior.because,),
        )


class ThresholdWords(PlainPresentation):
    """Its words and codes."""

    application = "threshold"
    title = "Bright voxels"
    terms = Terms(
        roles={"any": RoleTerm("MR", "mr", without="nothing can be marked")},
        anatomy={"body": AnatomyTerm("Body", PELVIS)},
        segments={
            "bright": SegmentTerm(
                labels={None: "Bright voxels"},
                category=codes.ANATOMICAL_STRUCTURE,
                kind=local("BRIGHT", "Bright voxels"),
                regions=(PELVIS,),
                finding=local("BRIGHT", "Bright voxels"),
                lab={None: (86.0, -8.0, 68.0)},
                rgb={None: (255, 209, 84)},
                volume="bright-volume",
            )
        },
        measurements={
            "bright-volume": MeasurementTerm(
                "Volume of bright voxels",
                {None: codes.VOLUME},
                codes.CUBIC_MILLIMETER,
                lambda value: f"{value / 1000:.1f} ml",
                of_study=False,
            )
        },
        evaluations={
            "growth": EvaluationTerm(
                "Growth since the study before",
                {None: local("GROWTH", "Growth since the study before")},
                {
                    Answer.PRESENT: ValueTerm("present", codes.PRESENT),
                    Answer.ABSENT: ValueTerm("absent", codes.ABSENT),
                },
            )
        },
        heatmaps={"deviation": "Deviation from the mean"},
        limitations={"NO_PRIOR": "No study of the same patient before this one was given."},
        reasons={"slices": "{slices} slices"},
        shown="parallel planes",
    )
    groups = (
        SegmentGroup(
            "bright", 5, "AI bright areas", ("bright",), report_offset=3, report_description="AI bright outlines"
        ),
    )
    study_finding = local("BRIGHT", "Bright voxels")
    study_site = PELVIS
