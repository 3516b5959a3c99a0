"""One picture without geometry or frame of reference: a radiograph that names neither place nor spacing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydicom.sr.coding import Code

from inference.dicom import load_planes
from inference.result import (
    Analysis,
    Answer,
    Evaluation,
    Images,
    KeySlice,
    Limitation,
    Measurement,
    NotAssessable,
    Place,
    Site,
)
from inference.series import Candidate, Selection
from inference.types import ModelIdentity, Reason, SeriesHeader, StudyHeaders
from reporting.objects import codes, local
from reporting.plain import PlainPresentation
from reporting.presentation import (
    AnatomyTerm,
    EvaluationTerm,
    MeasurementTerm,
    RoleTerm,
    Terms,
    ValueTerm,
)

RADIOGRAPHS = ("CR", "DX")
PELVIS = Code("12921003", "SCT", "Pelvis")
WHOLE = Site("pelvis")


class Picture:
    """Says whether a radiograph is bright; its width in millimeters needs a spacing."""

    name = "picture"
    version = "1.0.0"
    steps = ("select", "load", "look")
    needs: Mapping[str, str] = {}
    cutters: Mapping[str, Any] = {}

    def wants(self, *, sop_class_uid: str, modality: str, image_type: tuple[str, ...] = ()) -> bool:
        """Radiographs only."""
        return modality in RADIOGRAPHS

    def select(self, study: StudyHeaders, *, chosen: Mapping[str, str] | None = None) -> Selection:
        """The first radiograph; all other series are refused."""
        for series in study.series:
            if series.modality in RADIOGRAPHS and series.images:
                uid, number = series.series_instance_uid, series.series_number
                found = Candidate(uid, number, series.description, "view", 100.0, True, True, images=series.images[:1])
                return Selection((found,), {"view": found})
        return Selection(tuple(_refused(series) for series in study.series), {})

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
        """Look at the picture."""
        whose = (self.name, self.version, study.study_instance_uid)
        found = selection.chosen.get("view")
        if found is None:
            return Analysis(*whose, "none", selection, bundle)
        progress("load")
        pixels = load_planes(found.images)
        progress("look")
        share = float((pixels > pixels.mean()).mean())
        _, rows, columns = pixels.shape
        spacing = found.images[0].pixel_spacing_mm
        no_spacing = NotAssessable(Limitation("NO_SPACING"))
        box = Place("view", 0, "box", ((0.0, 0.0), (rows - 1.0, columns - 1.0)))
        return Analysis(
            *whose,
            "partial" if spacing is None else "full",
            selection,
            bundle,
            images=(Images("view", pixels, found.images, None, found.series_instance_uid),),
            measurements=(
                Measurement("width", WHOLE, no_spacing if spacing is None else columns * spacing[1], at=(box,)),
            ),
            evaluations=(
                Evaluation(
                    "bright",
                    WHOLE,
                    Answer.PRESENT if share >= 0.5 else Answer.ABSENT,
                    "network",
                    {Answer.PRESENT: share, Answer.ABSENT: 1.0 - share},
                    at=(box,),
                ),
            ),
            key_slices=(KeySlice("view", 0, "only"),),
            limitations=(no_spacing.because,) if spacing is None else (),
        )


def _refused(series: SeriesHeader) -> Candidate:
    uid, number = series.series_instance_uid, series.series_number
    because = (Reason("no-radiograph"),)
    return Candidate(uid, number, series.description, "view", 0.0, False, False, refusals=because)


class PictureWords(PlainPresentation):
    """Its words and codes."""

    application = "picture"
    title = "Radiograph"
    terms = Terms(
        roles={"view": RoleTerm("radiograph", "view")},
        reasons={"no-radiograph": "no radiograph"},
        shown="a radiograph",
        anatomy={"pelvis": AnatomyTerm("Pelvis", PELVIS)},
        measurements={
            "width": MeasurementTerm(
                "Width of the picture",
                {None: local("WIDTH", "Width of the picture")},
                Code("mm", "UCUM", "millimeter"),
                lambda value: f"{value:.0f} mm",
            )
        },
        evaluations={
            "bright": EvaluationTerm(
                "Bright picture",
                {None: local("BRIGHT_PICTURE", "Bright picture")},
                {
                    Answer.PRESENT: ValueTerm("yes", codes.PRESENT, codes.PROBABILITY),
                    Answer.ABSENT: ValueTerm("no", codes.ABSENT),
                },
            )
        },
        limitations={"NO_SPACING": "The picture does not say how large its pixels are, so nothing was measured in mm."},
    )
    study_finding = local("BRIGHT_PICTURE", "Bright picture")
    study_site = PELVIS
